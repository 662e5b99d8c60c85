//! Keys in RTP of which packets go missing.

use paytone_dtmf::SampleRate;
use rand::RngExt;

use crate::bench::Bench;
use crate::subject::Frame;
use crate::support::{Sent, generator, line, ms, rng};
use crate::table::{Cell, Group, Job};

/// What is played instead of a lost packet.
#[derive(Clone, Copy, PartialEq)]
enum Filled {
    /// Nothing: the detector is told.
    Marked,
    Zeros,
    /// The packet before.
    Repeat,
    /// The packet before, fading out.
    Fade,
}

const FRAME: usize = 160;

pub(crate) fn group() -> Group {
    let mut jobs = Vec::new();
    for (percent, run) in [(1, 1), (3, 1), (5, 1), (10, 1), (5, 2)] {
        for (fill, name) in [
            (Filled::Zeros, "zeros"),
            (Filled::Repeat, "repeated"),
            (Filled::Fade, "faded"),
            (Filled::Marked, "marked as lost"),
        ] {
            let name = format!("{percent} % lost, {run} at a time, {name}");
            jobs.push(Job::new(name, move |bench, seed| {
                with_losses(bench, seed, f64::from(percent) / 100.0, run, fill)
            }));
        }
    }
    let about = "640 keys of 100/100 ms at -10 dBm0 in u-law packets of 20 ms. What is heard of a lost packet is \
                 silence, the packet before it again, the same fading, or nothing and the detector is told.";
    Group { title: "Packet loss", summed: true, about, jobs }
}

fn with_losses(bench: &Bench, seed: u64, part: f64, run: usize, fill: Filled) -> Vec<Cell> {
    let generator = generator().with_duration(ms(100)).with_pause(ms(100));
    let mut sent = Sent::shuffled(&generator, 100, bench.count(40), seed);
    line::u_law(&mut sent.audio);
    let mut samples = sent.samples();
    let lost = lost_frames(samples.len().div_ceil(FRAME), part, run, seed ^ 1);
    conceal(&mut samples, &lost, fill);
    bench.each(|subject| {
        let frames = samples.chunks(FRAME).zip(&lost).map(|(samples, &lost)| {
            if lost && fill == Filled::Marked { Frame::Lost(samples.len()) } else { Frame::Heard(samples) }
        });
        let hits = subject.listen_to(frames, SampleRate::Hz8000)?;
        Some(Cell::Found(sent.score_of(&hits.iter().map(|hit| (hit.key, hit.at)).collect::<Vec<_>>())))
    })
}

/// Which frames are lost: `part` of them, `run` in a row.
fn lost_frames(count: usize, part: f64, run: usize, seed: u64) -> Vec<bool> {
    let mut rng = rng(seed);
    let mut lost = vec![false; count];
    for n in 0..count {
        if rng.random_bool(part / run as f64) {
            let end = count.min(n + run);
            lost[n..end].fill(true);
        }
    }
    lost
}

fn conceal(samples: &mut [i16], lost: &[bool], fill: Filled) {
    let mut missing = 0;
    for (n, &lost) in lost.iter().enumerate() {
        missing = if lost { missing + 1 } else { 0 };
        let from = n * FRAME;
        let to = samples.len().min(from + FRAME);
        if lost {
            for at in from..to {
                let before = at.checked_sub(FRAME).map_or(0, |before| samples[before]);
                let faded = (missing - 1) as f32 + (at - from) as f32 / FRAME as f32;
                samples[at] = match fill {
                    Filled::Marked | Filled::Zeros => 0,
                    Filled::Repeat => before,
                    Filled::Fade => (f32::from(before) * (1.0 - faded / 3.0).max(0.0)) as i16,
                };
            }
        }
    }
}
