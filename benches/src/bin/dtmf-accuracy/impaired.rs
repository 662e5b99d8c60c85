//! Keys over bad lines and over prompts.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::support::{generator, line, ms, rng, voice};
use crate::table::{Group, Job};

type Line = fn(&mut Vec<f32>, &mut StdRng);

/// What happens to keys of 50/50 ms at a level, with so much low over high.
const LINES: [(&str, f32, f32, Line); 23] = [
    ("clean", -10.0, 0.0, |_, _| {}),
    ("u-law", -10.0, 0.0, |a, _| line::u_law(a)),
    ("A-law", -10.0, 0.0, |a, _| line::a_law(a)),
    ("u-law at -25 dBm0", -25.0, 0.0, |a, _| line::u_law(a)),
    ("A-law at -35 dBm0", -35.0, 0.0, |a, _| line::a_law(a)),
    ("A-law twice, line slope of 4 dB, -20 dBm0", -20.0, 0.0, |a, _| {
        line::a_law(a);
        line::slope(a, 4.0);
        line::a_law(a);
    }),
    // Two tones fill the scale at -2.9 dBm0 each.
    ("clipped: 6 dB over full scale", -10.0, 0.0, |a, _| line::gain(a, 13.1)),
    ("clipped: 12 dB over full scale", -10.0, 0.0, |a, _| line::gain(a, 19.1)),
    ("clipped: 20 dB over full scale", -10.0, 0.0, |a, _| line::gain(a, 27.1)),
    ("DC of 1000", -10.0, 0.0, |a, _| offset(a, 1000.0)),
    ("DC of 4000", -10.0, 0.0, |a, _| offset(a, 4000.0)),
    ("hum 50 Hz, level of one tone", -10.0, 0.0, |a, _| line::tone(a, 50.0, -10.0)),
    ("hum 60 Hz, 6 dB over one tone", -10.0, 0.0, |a, _| line::tone(a, 60.0, -4.0)),
    ("dial tone 350+440 Hz, -10 dB", -10.0, 0.0, |a, _| dial_tone(a, -20.0)),
    ("dial tone 350+440 Hz, equal level", -10.0, 0.0, |a, _| dial_tone(a, -10.0)),
    ("dial tone 350+440 Hz, +6 dB", -10.0, 0.0, |a, _| dial_tone(a, -4.0)),
    ("dial tone 425 Hz, equal level", -10.0, 0.0, |a, _| line::tone(a, 425.0, -10.0)),
    ("echo 10 ms, -10 dB", -10.0, 0.0, |a, _| line::echo(a, 10, -10.0)),
    ("echo 20 ms, -6 dB", -10.0, 0.0, |a, _| line::echo(a, 20, -6.0)),
    ("echo 30 ms, -10 dB", -10.0, 0.0, |a, _| line::echo(a, 30, -10.0)),
    ("noise 15 dB, low over high +6 dB, u-law", -10.0, 6.0, |a, r| noisy(a, r)),
    ("noise 15 dB, low over high -3 dB, u-law", -10.0, -3.0, |a, r| noisy(a, r)),
    ("slips of 1 ms every 300 ms", -10.0, 0.0, |a, _| line::slips(a)),
];

pub(crate) fn group() -> Group {
    let mut jobs: Vec<Job> = LINES
        .into_iter()
        .map(|(name, level, twist, line)| {
            let generator = generator().with_level_dbm0(level).with_low_over_high_db(twist);
            Job::new(name, move |bench, seed| bench.keys(generator, 50, 20, seed, line))
        })
        .collect();
    jobs.extend([-20.0, -14.0, -8.0].map(made_up_prompt));
    let about = "320 keys of 50/50 ms at -10 dBm0 unless said otherwise.";
    Group { title: "Impaired lines", summed: true, about, jobs }
}

fn offset(audio: &mut [f32], by: f32) {
    audio.iter_mut().for_each(|sample| *sample += by);
}

fn dial_tone(audio: &mut [f32], dbm0: f32) {
    line::tone(audio, 350.0, dbm0);
    line::tone(audio, 440.0, dbm0);
}

fn noisy(audio: &mut [f32], rng: &mut StdRng) {
    line::noise(audio, -24.0, rng);
    line::u_law(audio);
}

fn made_up_prompt(db: f32) -> Job {
    Job::new(format!("made-up voice under the keys, {db} dB"), move |bench, seed| {
        let voice = voice::voice(voice::SPEAKING, 40, &mut rng(seed ^ 2));
        let unit = gain_to_keys(&voice);
        bench.keys(generator(), 50, 20, seed, |a, _| line::add(a, &voice, unit * 10f32.powf(db / 20.0)))
    })
}

/// Keys over prompts as a caller hears them: speech read aloud or recorded, whatever is installed.
pub(crate) fn prompts() -> Group {
    let jobs = [-30.0, -20.0, -14.0, -8.0, -2.0f32].map(|db| {
        Job::new(format!("prompt {db} dB under the keys"), move |bench, seed| {
            let mut rng = rng(seed ^ 3);
            let speech = bench.speech();
            if speech.is_empty() {
                return bench.each(|_| None);
            }
            let generator = generator().with_pause(ms(70));
            // Prompts of every voice, one after the other, from random places.
            let mut prompt = Vec::new();
            while prompt.len() < 16 * 20 * 1300 {
                let voice = &speech[rng.random_range(0..speech.len())].samples;
                let from = rng.random_range(0..voice.len().saturating_sub(32_000).max(1));
                let piece = &voice[from..voice.len().min(from + 32_000)];
                let piece: Vec<f32> = piece.iter().map(|&sample| f32::from(sample)).collect();
                let unit = gain_to_keys(&piece);
                prompt.extend(piece.iter().map(|sample| sample * unit));
            }
            // As many keys in a quick run: they are spread over many voices.
            bench.keys(generator, 70, if bench.quick { 80 } else { 20 }, seed, |a, _| {
                line::add(a, &prompt, 10f32.powf(db / 20.0));
                line::u_law(a);
            })
        })
    });
    let about = "320 keys of 70/70 ms at -10 dBm0 over speech, u-law. The level is that of the speech while somebody \
                 speaks, against both tones together.";
    Group { title: "Keys over a prompt", summed: true, about, jobs: jobs.into() }
}

/// The gain that brings speech, while it is not silent, to the level of two tones of -10 dBm0.
pub(crate) fn gain_to_keys(speech: &[f32]) -> f32 {
    let power = |frame: &[f32]| frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32;
    let frames: Vec<f32> = speech.chunks(160).map(power).collect();
    let loudest = frames.iter().copied().fold(1.0, f32::max);
    let active: Vec<f32> = frames.into_iter().filter(|&power| power > loudest / 300.0).collect();
    let mean = active.iter().sum::<f32>() / active.len().max(1) as f32;
    line::amplitude(-7.0) / (2.0 * mean.max(1.0)).sqrt()
}
