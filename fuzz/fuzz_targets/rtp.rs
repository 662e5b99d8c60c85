//! Any datagrams at any times: frames stay short, and the receiver falls silent when nothing comes.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use paytone_media::latch::SourceLatch;
use paytone_media::rtp::{Frame, PayloadTypes, Receiver};

const TYPES: PayloadTypes = PayloadTypes::new(0, Some(101));

fuzz_target!(|datagrams: Vec<(u8, Vec<u8>)>| {
    let mut latch = SourceLatch::new(None);
    let mut receiver = Receiver::new(TYPES);
    let mut now = Duration::from_secs(1_800_000_000);
    for (milliseconds, datagram) in datagrams {
        now += Duration::from_millis(milliseconds.into());
        let _ = latch.accept(([192, 0, 2, 7], 4000).into(), &datagram, TYPES);
        let _ = receiver.push(&datagram, now);
        for frames in 0.. {
            assert!(frames < 10_000, "one datagram made the receiver talk for ever");
            let Some(frame) = receiver.pop(now) else { break };
            let samples = match frame {
                Frame::Audio { payload, .. } => payload.len(),
                Frame::Lost { samples } | Frame::Silence { samples } => samples,
            };
            assert!((1..=160).contains(&samples));
        }
    }
});
