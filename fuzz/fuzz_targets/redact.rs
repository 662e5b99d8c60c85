//! Any bytes, cut anywhere: the output must not depend on the cuts, and a second pass must change nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use paytone_redact::{Redactor, find, redact_bytes};

fuzz_target!(|input: &[u8]| {
    let [cut, text @ ..] = input else { return };
    let whole = redact_bytes(text);

    for size in [1, usize::from(*cut) + 1] {
        let mut redactor = Redactor::new();
        let mut out = Vec::new();
        for piece in text.chunks(size) {
            redactor.process(piece, &mut out);
            assert!(redactor.held() <= 1024);
        }
        redactor.finish(&mut out);
        assert_eq!(out, *whole, "cut every {size} bytes");
    }

    assert_eq!(redact_bytes(&whole), whole, "second pass");

    let mut end = 0;
    for finding in find(text) {
        assert!(finding.range.start >= end && finding.range.end > finding.range.start);
        end = finding.range.end;
    }
    assert!(end <= text.len());
});
