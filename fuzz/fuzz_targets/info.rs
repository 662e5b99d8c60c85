#![no_main]

use libfuzzer_sys::fuzz_target;
use paytone_dtmf::info;

// Content type and body made of the input, and the body under the types that are read.
fuzz_target!(|data: (&str, &[u8])| {
    let (content_type, body) = data;
    let _ = info::parse(content_type, body);
    let relay = info::parse("application/dtmf-relay", body);
    let plain = info::parse("application/dtmf", body);
    let _ = info::parse("audio/telephone-event", body);
    if let (Ok(Some(relay)), Ok(Some(plain))) = (relay, plain) {
        assert_eq!(relay, plain);
    }
});
