#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use paytone_dtmf::Phase;
use paytone_dtmf::telephone_event::{EventReceiver, RedundantBlock, conceal};

// Packets made of the input: at most one key is down, and every end has its start. And the input as one
// redundant payload, whose blocks lie within it.
fuzz_target!(|data: &[u8]| {
    let blocks = RedundantBlock::parse(data, 7).map(|block| block.data().len()).sum::<usize>();
    assert!(blocks < data.len().max(1));
    conceal(&mut data.to_vec());
    let mut receiver = EventReceiver::new();
    let mut now = Duration::ZERO;
    let (mut starts, mut ends) = (0u32, 0u32);
    for packet in data.chunks(16) {
        let Some((&[ssrc, high, low, flags], payload)) = packet.split_first_chunk::<4>() else { return };
        let timestamp = u32::from_be_bytes([0xff, high, low, flags & 0xf0]);
        now += Duration::from_millis(u64::from(flags & 0x0e) * 10);
        let timed_out = receiver.handle_timeout(now);
        let keys = receiver.handle(ssrc.into(), timestamp, flags & 1 != 0, payload, now);
        for key in timed_out.into_iter().chain(keys) {
            match key.phase() {
                Phase::Start => starts += 1,
                Phase::End => ends += 1,
            }
            assert!(ends <= starts && starts <= ends + 2);
        }
    }
});
