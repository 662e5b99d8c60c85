/// The stretches of a signal that are masked, oldest first. Positions count samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    spans: [Option<Span>; SPANS],
}

/// Positions to mask; without an end while it is not known.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u64,
    to: Option<u64>,
}

impl Spans {
    /// Whether a position is masked. Positions are asked for in rising order.
    pub(super) fn contain(&mut self, at: u64) -> bool {
        while let Some(span) = self.spans[0] {
            if span.to.is_none_or(|to| at < to) {
                return at >= span.from;
            }
            self.spans.rotate_left(1);
            self.spans[SPANS - 1] = None;
        }
        false
    }

    pub(super) fn open(&mut self, from: u64) {
        let used = self.spans.iter().flatten().count();
        match used.checked_sub(1).and_then(|last| self.spans[last].as_mut()) {
            Some(last) if last.to.is_none_or(|to| from <= to) => {
                last.to = None;
                last.from = last.from.min(from);
            }
            // More stretches than fit: they become one, so that nothing is let through.
            Some(last) if used == SPANS => last.to = None,
            _ => self.spans[used] = Some(Span { from, to: None }),
        }
    }

    pub(super) fn close(&mut self, to: u64) {
        if let Some(last) = self.spans.iter_mut().flatten().last()
            && last.to.is_none()
        {
            last.to = Some(to.max(last.from));
        }
    }
}

/// Stretches that may be waiting within the delay.
const SPANS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_become_one_and_old_ones_are_forgotten() {
        let mut spans = Spans::default();
        spans.open(10);
        spans.close(20);
        spans.open(15);
        spans.close(30);
        spans.open(40);
        spans.close(35);
        let masked: Vec<u64> = (0..60).filter(|&at| spans.contain(at)).collect();
        assert_eq!(masked, (10..30).collect::<Vec<_>>());
        assert!(spans.spans.iter().all(Option::is_none));
    }

    #[test]
    fn too_many_stretches_mask_more_not_less() {
        let mut spans = Spans::default();
        for n in 0..20 {
            spans.open(n * 10);
            spans.close(n * 10 + 5);
        }
        assert!((0..20).all(|n| (n * 10..n * 10 + 5).all(|at| spans.contain(at))));
    }
}
