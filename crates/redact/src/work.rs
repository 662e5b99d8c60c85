//! How much is looked at, counted in tests, so that what hostile texts cost can be told without a clock.

#[cfg(test)]
use core::cell::Cell;

#[cfg(test)]
std::thread_local! {
    static WORK: Cell<u64> = const { Cell::new(0) };
}

/// Notes so many looks at a block, a token, or a byte of a loop whose length the text decides.
#[inline(always)]
pub(crate) fn note(looks: usize) {
    #[cfg(test)]
    WORK.with(|work| work.set(work.get() + looks as u64));
    let _ = looks;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Redactor;

    /// The looks it takes to redact a text that comes in such pieces.
    fn work(text: &[u8], piece: usize) -> u64 {
        WORK.with(|work| work.set(0));
        let mut redactor = Redactor::new();
        let mut out = Vec::new();
        for piece in text.chunks(piece) {
            redactor.process(piece, &mut out);
            assert!(redactor.held() <= 1024);
        }
        redactor.finish(&mut out);
        WORK.with(Cell::get)
    }

    fn hostile(size: usize) -> Vec<(&'static str, Vec<u8>)> {
        let filled = |pattern: &[u8]| pattern.iter().copied().cycle().take(size).collect::<Vec<_>>();
        // Findings in front of an end that may go on for ever.
        let open_end = |pattern: &[u8]| {
            let (half, mut text) = (size / 2, filled(pattern));
            text[half..].fill(b'a');
            text
        };
        vec![
            ("digits", filled(b"4")),
            ("single digits with spaces", filled(b"4 1 7 3 5 2 ")),
            ("single digits that are numbers everywhere", filled(b"0 0 4 0 0 0 ")),
            ("groups of four", filled(b"4111 ")),
            ("groups of all sizes", filled(b"4 41 411 4111 41111 411111 ")),
            ("card numbers", filled(b"4111111111111111 ")),
            ("card numbers before an open end", open_end(b"z4111111111111111z")),
            ("tracks without an end", filled(b"4111111111111111^")),
            ("escaped digits", filled(b"%34")),
            ("escaped digits and spaces", filled(b"%34%20")),
            ("escapes that never end", filled(b"\\u003")),
            ("percent signs", filled(b"%")),
            ("full-width digits", filled("４".as_bytes())),
            ("full-width digits with spaces", filled("４ ".as_bytes())),
            ("lead bytes", filled(b"\xE3")),
            ("labels", filled(b"cvc=12 dtmf 45 ")),
            ("labels of labels", filled(b"cvc cvc=")),
            ("separators", filled(b"=:")),
            ("separators and keys", filled(b"dtmf========================================1 ")),
            ("spaces and dashes", filled(b" -")),
            ("bank accounts", filled(b"GB29 4111111111111111 ")),
            ("origins", filled(b"o=- 4111111111111111 ")),
            ("hexadecimal digits", filled(b"4111111111111111a")),
            ("keys of objects", filled(b"\"a\":4111111111111111,")),
        ]
    }

    #[test]
    fn hostile_texts_take_linear_work() {
        let (small, large) = (1 << 13, 1 << 16);
        for ((name, text), (_, longer)) in hostile(small).into_iter().zip(hostile(large)) {
            for piece in [61, 4096, usize::MAX] {
                let (first, second) = (work(&text, piece), work(&longer, piece));
                // Eight times the text.
                assert!(second <= 9 * first + 10_000, "{name} in pieces of {piece}: {first}, then {second}");
                assert!(second <= 80 * large as u64, "{name} in pieces of {piece}: {second}");
            }
        }
    }

    #[test]
    fn looks_are_counted() {
        assert!(work(&[b'4'; 1000], 1000) >= 1000);
        assert!(work(&[b'z'; 1000], 1000) < 100);
    }
}
