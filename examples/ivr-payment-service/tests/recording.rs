//! Recordings of calls: what is in them in every mode, and that a scan would find a key.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use common::{CODE, EXPIRY, Fixture};
use ivr_payment_service::scan::{Findings, scan};
use paytone_card::test_numbers;
use paytone_dtmf::{Generator, Key, SampleRate};
use phone::{Call, Keying, Keys, Options, Target};

const PATIENCE: Duration = Duration::from_secs(60);

fn settings(folder: &Path, fill: &str, caller_speech: bool) -> String {
    format!(
        "[recording]\ndirectory = {:?}\nfill = '{fill}'\ncaller_speech = {caller_speech}\n",
        folder.to_str().unwrap()
    )
}

/// The files of a folder, as the program's `recording scan` judges them.
fn scanned(files: &[PathBuf]) -> Output {
    let program = env!("CARGO_BIN_EXE_ivr-payment-service");
    Command::new(program).args(["recording", "scan"]).args(files).output().unwrap()
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

/// The caller's side and the other one.
fn channels(file: &Path) -> [Vec<i16>; 2] {
    let mut wav = hound::WavReader::open(file).unwrap();
    assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8000));
    let samples: Vec<i16> = wav.samples::<i16>().map(Result::unwrap).collect();
    [0, 1].map(|side| samples.iter().skip(side).step_by(2).copied().collect())
}

async fn pay(fixture: &Fixture, options: &Options) {
    let target: Target = fixture.uri("pay").parse().unwrap();
    let mut call = Call::dial(&target, options).await.unwrap();
    let keys = format!("{}#{EXPIRY}{CODE}", test_numbers::VISA);
    call.press(&Keys::parse(&keys).unwrap()).await.unwrap();
    let call = call.wait_for_hang_up(PATIENCE).await;
    assert_eq!(fixture.ended_call(call.call_id()).await["outcome"], "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_of_every_mode_hold_no_key() {
    let mut tasks = Vec::new();
    for fill in ["silence", "flat_tone"] {
        for caller_speech in [false, true] {
            tasks.push(tokio::spawn(async move {
                let folder = tempfile::tempdir().unwrap();
                let kept = folder.path().join("kept");
                let fixture = Fixture::start_with(&settings(&kept, fill, caller_speech)).await;
                let tones = Options::new().keying(Keying::Tone).offer_events(false).line_noise_db(30.0);
                pay(&fixture, &tones).await;
                pay(&fixture, &Options::new()).await;
                fixture.stop().await;
                let files = recordings(&kept);
                assert_eq!(files.len(), 2);
                let output = scanned(&files);
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{fill} {caller_speech}: {said}");
                assert_eq!(said.lines().filter(|line| line.ends_with(": no key")).count(), 2, "{said}");
                for file in &files {
                    judge(file, fill, caller_speech);
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// There is a voice on the prompts' side, and on the caller's what the settings say.
fn judge(file: &Path, fill: &str, caller_speech: bool) {
    let [caller, heard] = channels(file);
    assert_eq!(caller.len(), heard.len());
    assert!(caller.len() > 8000, "{} samples", caller.len());
    assert!(heard.iter().any(|sample| sample.abs() > 3000), "the prompts are there");
    let tone = caller.iter().filter(|sample| sample.abs() > 1500).count();
    match (fill, caller_speech) {
        // The card was taken for more than a second, and all of it is that tone.
        ("flat_tone", false) => assert!(tone > 2000, "{tone}"),
        // Noise of the line, and no tone.
        ("silence", _) => assert_eq!(tone, 0),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_unless_a_folder_is_named() {
    let fixture = Fixture::start().await;
    pay(&fixture, &Options::new()).await;
    let folder = fixture.stop().await;
    let mut left = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
    assert!(!left.any(|path| path.extension().is_some_and(|ending| ending == "wav")));
}

#[test]
fn a_recording_nobody_masked_fails_the_scan() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, samples: &[i16]| {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let path = folder.path().join(name);
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        for sample in samples {
            wav.write_sample(0_i16).unwrap();
            wav.write_sample(*sample).unwrap();
        }
        wav.finalize().unwrap();
        path
    };
    let mut audio = vec![0; 4000];
    for key in test_numbers::VISA.chars().filter_map(Key::from_char) {
        audio.extend(Generator::new(SampleRate::Hz8000).key(key).take(800));
        audio.resize(audio.len() + 800, 0);
    }
    let clean = write("clean.wav", &vec![0; 8000]);
    let keyed = write("keyed.wav", &audio);
    assert_eq!(scan(&keyed).unwrap().keys, 16);
    assert_eq!(scan(&clean), Ok(Findings::default()));
    let output = scanned(&[clean.clone(), keyed]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("clean.wav: no key") && said.contains("keyed.wav: 16 keys"), "{said}");
    let missing = scanned(&[clean, folder.path().join("missing.wav")]);
    assert!(!missing.status.success(), "what nobody has looked at is not clean");
}
