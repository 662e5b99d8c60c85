//! The programs `detect` and `mask`, run as a user runs them. `cargo test -p examples` builds them; after a change to
//! one of them `--test` alone would run the old one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use examples::wav::{self, Wav};
use paytone_dtmf::{Generator, Key, SampleRate};

/// Built by `cargo test` beside this test.
fn program(name: &str, arguments: &[&Path]) -> Output {
    let mut path: PathBuf = std::env::current_exe().expect("the test's own path");
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    assert!(path.exists(), "{name} is not built: cargo build -p examples --examples");
    Command::new(path).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Keys of 50 ms, 50 ms apart, after 10 ms of silence.
fn keys(rate: SampleRate) -> Vec<i16> {
    let generator = Generator::new(rate)
        .with_duration(std::time::Duration::from_millis(50))
        .with_pause(std::time::Duration::from_millis(50));
    let silence = std::iter::repeat_n(0, rate.hz() as usize / 100);
    silence.chain([Key::D5, Key::D5, Key::Pound].into_iter().flat_map(|key| generator.key(key))).collect()
}

#[test]
fn every_key_is_an_object_on_a_line_of_its_own_at_every_rate() {
    let folder = tempfile::tempdir().expect("a folder");
    for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
        let file = folder.path().join("keys.wav");
        wav::write(&file, &Wav { rate, channels: vec![keys(rate)] }).expect("written");
        let output = program("detect", &[&file, Path::new("--json")]);
        assert!(output.status.success());
        let lines: Vec<serde_json::Value> =
            text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(lines.len(), 3);
        for (n, (line, digit)) in lines.iter().zip(["5", "5", "#"]).enumerate() {
            assert_eq!(line["digit"], digit);
            let ms = |name: &str| line[name].as_f64().expect("a number");
            let start = 10.0 + 100.0 * n as f64;
            assert!((ms("start_ms") - start).abs() <= 2.0, "{line}");
            assert!((ms("end_ms") - start - 50.0).abs() <= 3.0, "{line}");
            assert!((25.0..50.0).contains(&(ms("at_ms") - start)), "{line}");
        }
        let table = program("detect", &[&file]);
        assert_eq!(text(&table.stdout).lines().count(), 4, "a heading and three keys");
    }
}

#[test]
fn the_plot_marks_every_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, plot) = (folder.path().join("keys.wav"), folder.path().join("keys.svg"));
    wav::write(&file, &Wav { rate: SampleRate::Hz8000, channels: vec![keys(SampleRate::Hz8000)] })
        .expect("written");
    assert!(program("detect", &[&file, Path::new("--plot"), &plot]).status.success());
    let svg = std::fs::read_to_string(plot).expect("a plot");
    assert_eq!(svg.matches(r#"class="key""#).count(), 3);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.matches("<path fill=").count() >= 3, "there are shades");
}

#[test]
fn a_rate_that_cannot_be_read_ends_in_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cd.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    hound::WavWriter::create(&file, spec).expect("created").finalize().expect("written");
    let masked = folder.path().join("masked.wav");
    for output in [program("detect", &[&file]), program("mask", &[&file, &masked])] {
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains("not 8000, 16000 or 48000 Hz"), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
    assert!(!program("detect", &[&folder.path().join("missing.wav")]).status.success());
}

#[test]
fn masked_files_hold_no_keys_and_stay_in_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, masked) = (folder.path().join("keys.wav"), folder.path().join("masked.wav"));
    let rate = SampleRate::Hz8000;
    let mut with_voice = keys(rate);
    // A steady 300 Hz before and after the keys.
    let voice = |n: usize| (3000.0 * (std::f64::consts::TAU * 300.0 * n as f64 / 8000.0).sin()) as i16;
    with_voice.splice(0..0, (0..4000).map(voice));
    with_voice.extend((0..4000).map(voice));
    let second = with_voice.iter().map(|sample| sample / 2).collect();
    wav::write(&file, &Wav { rate, channels: vec![with_voice.clone(), second] }).expect("written");
    for delay in ["25", "0"] {
        let arguments = [&file, &masked, Path::new("--delay-ms"), Path::new(delay)];
        let output = program("mask", &arguments);
        assert_eq!(text(&output.stdout), "6 keys masked\n");
        let Wav { channels, .. } = wav::read(&masked).expect("written by mask");
        assert_eq!(channels.len(), 2);
        assert_eq!(channels[0].len(), with_voice.len());
        assert_eq!(channels[0][..3900], with_voice[..3900]);
        assert_eq!(channels[0][with_voice.len() - 3000..], with_voice[with_voice.len() - 3000..]);
        assert_eq!(text(&program("detect", &[&masked, Path::new("--json")]).stdout), "");
    }
}
