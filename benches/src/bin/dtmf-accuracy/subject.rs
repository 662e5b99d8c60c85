#[cfg(feature = "peers")]
use benches::spandsp::DtmfReceiver;
use paytone_dtmf::{Detector, Key, SampleRate, ToneEvent};

/// A detector that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Paytone,
    #[cfg(feature = "peers")]
    SpanDsp,
}

/// A key it found; positions in samples.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) key: Key,
    pub(crate) at: u64,
    pub(crate) declared_at: u64,
}

/// A piece of a signal of which pieces went missing.
#[derive(Clone, Copy)]
pub(crate) enum Frame<'a> {
    Heard(&'a [i16]),
    Lost(usize),
}

impl Subject {
    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::Paytone,
            #[cfg(feature = "peers")]
            Self::SpanDsp,
        ]
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Paytone => "paytone",
            #[cfg(feature = "peers")]
            Self::SpanDsp => "spandsp",
        }
    }

    /// What it finds in audio, given in frames of 20 ms; `None` when it cannot read the rate.
    pub(crate) fn listen(self, samples: &[i16], rate: SampleRate) -> Option<Vec<Hit>> {
        let frames = samples.chunks(rate.hz() as usize / 50).map(Frame::Heard);
        self.listen_to(frames, rate)
    }

    /// As [`listen`](Self::listen), with frames that are known to be missing.
    pub(crate) fn listen_to<'a>(
        self,
        frames: impl Iterator<Item = Frame<'a>>,
        rate: SampleRate,
    ) -> Option<Vec<Hit>> {
        match self {
            Self::Paytone => Some(paytone(frames, rate)),
            #[cfg(feature = "peers")]
            Self::SpanDsp => (rate == SampleRate::Hz8000).then(|| spandsp(frames)),
        }
    }
}

fn paytone<'a>(frames: impl Iterator<Item = Frame<'a>>, rate: SampleRate) -> Vec<Hit> {
    let mut detector = Detector::new(rate);
    let mut hits = Vec::new();
    for frame in frames {
        match frame {
            Frame::Heard(samples) => hits.extend(detector.process(samples).filter_map(hit)),
            Frame::Lost(samples) => detector.frame_lost(samples),
        }
    }
    hits
}

fn hit(event: ToneEvent) -> Option<Hit> {
    match event {
        ToneEvent::Start { key, at_sample, declared_at, .. } => Some(Hit { key, at: at_sample, declared_at }),
        _ => None,
    }
}

/// SpanDSP says nothing of times: a digit is there when the second 102-sample block in a row holds it,
/// so it began two blocks before.
#[cfg(feature = "peers")]
fn spandsp<'a>(frames: impl Iterator<Item = Frame<'a>>) -> Vec<Hit> {
    let mut receiver = DtmfReceiver::new();
    let (mut hits, mut position) = (Vec::new(), 0u64);
    for frame in frames {
        match frame {
            Frame::Heard(samples) => {
                // In short pieces, so that it is known when a digit was seen.
                for piece in samples.chunks(8) {
                    receiver.process(piece);
                    position += piece.len() as u64;
                    let at = position.saturating_sub(204);
                    receiver.digits(|digit| {
                        hits.extend(Key::from_char(digit).map(|key| Hit { key, at, declared_at: position }));
                    });
                }
            }
            Frame::Lost(samples) => {
                receiver.frame_lost(samples);
                position += samples as u64;
            }
        }
    }
    hits
}
