//! Keys through speech codecs: G.711 made here, the others by programs that are asked when installed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::bench::Bench;
use crate::support::{Sent, generator, line, ms};
use crate::table::{Cell, Group, Job};

/// A codec that a program knows: what it writes and reads `in.wav`, `coded` and `out.wav` with.
#[derive(Clone, Copy)]
struct Program {
    name: &'static str,
    encode: &'static [&'static str],
    decode: &'static [&'static str],
}

const PROGRAMS: [Program; 6] = [
    Program {
        name: "GSM 06.10 full rate (sox)",
        encode: &["sox", "in.wav", "-t", "gsm", "coded"],
        decode: &["sox", "-t", "gsm", "coded", "-b", "16", "out.wav"],
    },
    Program {
        name: "IMA ADPCM (sox)",
        encode: &["sox", "in.wav", "-t", "wav", "-e", "ima-adpcm", "coded"],
        decode: &["sox", "-t", "wav", "coded", "-b", "16", "-e", "signed", "out.wav"],
    },
    Program {
        name: "Opus 16 kbit/s (opusenc)",
        encode: &["opusenc", "--quiet", "--bitrate", "16", "in.wav", "coded"],
        decode: &["opusdec", "--quiet", "--rate", "8000", "coded", "out.wav"],
    },
    Program {
        name: "G.722 64 kbit/s (ffmpeg)",
        encode: &["ffmpeg", "-i", "in.wav", "-ar", "16000", "-f", "g722", "coded"],
        decode: &["ffmpeg", "-f", "g722", "-i", "coded", "-ar", "8000", "-c:a", "pcm_s16le", "out.wav"],
    },
    g726(
        "G.726 32 kbit/s (ffmpeg)",
        &["ffmpeg", "-i", "in.wav", "-c:a", "g726", "-b:a", "32k", "-f", "wav", "coded"],
    ),
    g726(
        "G.726 24 kbit/s (ffmpeg)",
        &["ffmpeg", "-i", "in.wav", "-c:a", "g726", "-b:a", "24k", "-f", "wav", "coded"],
    ),
];

const fn g726(name: &'static str, encode: &'static [&'static str]) -> Program {
    let decode = &["ffmpeg", "-f", "wav", "-i", "coded", "-c:a", "pcm_s16le", "out.wav"];
    Program { name, encode, decode }
}

pub(crate) fn group() -> Group {
    let mut jobs = Vec::new();
    for tone_ms in [50, 100] {
        jobs.push(Job::new(format!("G.711 u-law, {tone_ms}/{tone_ms} ms"), move |bench, seed| {
            bench.keys(generator().with_pause(ms(tone_ms)), tone_ms, 20, seed, |a, _| line::u_law(a))
        }));
        jobs.push(Job::new(format!("G.711 A-law, {tone_ms}/{tone_ms} ms"), move |bench, seed| {
            bench.keys(generator().with_pause(ms(tone_ms)), tone_ms, 20, seed, |a, _| line::a_law(a))
        }));
        for program in PROGRAMS {
            let name = format!("{}, {tone_ms}/{tone_ms} ms", program.name);
            jobs.push(Job::new(name, move |bench, seed| through(bench, program, tone_ms, seed)));
        }
    }
    let about = "320 keys at -10 dBm0, encoded and decoded; n/a where the program is not installed.";
    Group { title: "Codecs", summed: true, about, jobs }
}

fn through(bench: &Bench, program: Program, tone_ms: u64, seed: u64) -> Vec<Cell> {
    let generator = generator().with_duration(ms(tone_ms)).with_pause(ms(tone_ms));
    let sent = Sent::shuffled(&generator, tone_ms, bench.count(20), seed);
    match coded(&sent.samples(), program) {
        Some(samples) => bench.scores_of(&samples, &sent),
        None => bench.each(|_| None),
    }
}

fn coded(samples: &[i16], program: Program) -> Option<Vec<i16>> {
    let folder = tempfile::tempdir().ok()?;
    write_wav(&folder.path().join("in.wav"), samples).ok()?;
    run(folder.path(), program.encode)?;
    run(folder.path(), program.decode)?;
    read_wav(&folder.path().join("out.wav"))
}

/// Runs a command in a folder and waits; `None` when it is not installed or fails.
pub(crate) fn run(folder: &Path, command: &[&str]) -> Option<()> {
    let (program, arguments) = command.split_first()?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().ok()?.success().then_some(())
}

fn write_wav(path: &Path, samples: &[i16]) -> Result<(), hound::Error> {
    let spec =
        WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(path, spec)?;
    for &sample in samples {
        writer.write_sample(sample)?;
    }
    writer.finalize()
}

/// The samples of a WAV file of 16 bits, 8 kHz and one channel; `None` for any other.
pub(crate) fn read_wav(path: &Path) -> Option<Vec<i16>> {
    let reader = WavReader::new(std::io::Cursor::new(fs::read(path).ok()?)).ok()?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (8000, 1, 16) {
        return None;
    }
    reader.into_samples::<i16>().collect::<Result<_, _>>().ok()
}
