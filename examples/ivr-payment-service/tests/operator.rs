//! The operator stays on the line: two phones nobody here wrote talk through the service, one pays, the other one's
//! recording holds no key.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::peers::available;
use common::sound::{HEARD, loudest_at_the_end, loudness, voice};
use common::{CODE, EXPIRY, Fixture};
use ivr_payment_service::scan::{Findings, scan, scan_audio};
use paytone_card::test_numbers;
use paytone_dtmf::{Generator, Key, SampleRate};
use phone::{Call, Keys, Options, Target};
use serde_json::json;

/// What caller and operator say: tones no key has.
const CALLER_HZ: f64 = 310.0;
const OPERATOR_HZ: f64 = 470.0;
const PATIENCE: Duration = Duration::from_secs(20);

fn settings(operator: &str, recordings: &Path) -> String {
    format!(
        "[recording]\ndirectory = {recordings:?}\n\
         [[lines]]\nname = 'desk'\nkind = 'pay_order'\nusers = ['desk-{{code}}']\n\
         [lines.operator]\nuri = '{operator}'\nstays = true\n"
    )
}

/// Half a second of nothing and then the keys, 100 ms each.
fn tones(keys: &str) -> Vec<i16> {
    let mut audio = vec![0; 4000];
    for key in keys.chars().filter_map(Key::from_char) {
        audio.extend(Generator::new(SampleRate::Hz8000).key(key).take(800));
        audio.extend([0; 800]);
    }
    audio
}

/// The keys multimon-ng, a decoder nobody here wrote, hears.
fn keys_heard_by_multimon(folder: &Path, audio: &[i16]) -> usize {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = folder.join("decode.wav");
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    audio.iter().for_each(|sample| wav.write_sample(*sample).unwrap());
    wav.finalize().unwrap();
    let output =
        Command::new("multimon-ng").args(["-q", "-a", "DTMF", "-t", "wav"]).arg(&path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).matches("DTMF:").count()
}

#[derive(Clone, Copy, PartialEq)]
enum Keying {
    Events,
    Tones,
}

/// Keys, and waits until they are through.
async fn key(phone: &mut Baresip, keying: Keying, name: &str, keys: &str) {
    match keying {
        Keying::Events => phone.press(keys).await,
        Keying::Tones => {
            phone.say(name, &tones(keys)).await;
            tokio::time::sleep(Duration::from_millis(1000 + 200 * keys.len() as u64)).await;
        }
    }
}

async fn pay_with_the_operator_on_the_line(keying: Keying) {
    if !(available("baresip") && available("multimon-ng") && available("sox")) {
        return;
    }
    let (caller_folder, operator_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let says = voice(OPERATOR_HZ);
    let recordings = tempfile::tempdir().unwrap();
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(operator_folder.path(), setup).await;
    let fixture = Fixture::start_with(&settings(&operator.uri(), recordings.path())).await;
    let order = fixture.order("DESK-1", 1200).await;
    let says = voice(CALLER_HZ);
    let mut caller = Baresip::start_as(caller_folder.path(), Setup { says: &says, ..Setup::default() }).await;

    let mut events = fixture.watch();
    let desk = format!("desk-{}", order["code"].as_str().unwrap());
    caller.command(&format!("dial {}", fixture.uri(&desk))).await;
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    key(&mut caller, keying, "before", "4711").await;

    fixture.take_payment().await;
    events.wait_for("secured").await;
    let (status, again) = fixture.command(json!({ "command": "take_payment" })).await;
    assert_eq!((status, &again["type"]), (409, &json!("urn:paytone:problem:command-refused-not-ready")));
    events.wait_for("command_refused").await;
    key(&mut caller, keying, "during", &format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    let ended = events.wait_for("payment_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    fixture.order_becomes("DESK-1", "paid").await;

    key(&mut caller, keying, "after", "0815").await;
    caller.say("again", &voice(CALLER_HZ)).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    caller.command("hangup").await;
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    caller.stop().await;
    operator.stop().await;
    fixture.stop().await;

    let heard = Baresip::heard(operator_folder.path());
    let found = scan_audio(&heard, SampleRate::Hz8000);
    assert_eq!(found, Findings::default(), "our detector, at raised sensitivity, and the eavesdropper");
    assert_eq!(keys_heard_by_multimon(operator_folder.path(), &heard), 0, "multimon-ng");
    let caller_at_the_end = loudest_at_the_end(&heard, CALLER_HZ);
    assert!(caller_at_the_end > HEARD, "the operator hears the caller again: {caller_at_the_end}");
    for file in std::fs::read_dir(recordings.path()).unwrap() {
        assert_eq!(scan(&file.unwrap().path()), Ok(Findings::default()), "our own recording");
    }
    let heard = Baresip::heard(caller_folder.path());
    let operator_at_the_end = loudest_at_the_end(&heard, OPERATOR_HZ);
    assert!(operator_at_the_end > HEARD, "the caller hears the operator: {operator_at_the_end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_hears_no_telephone_event_and_both_talk_again() {
    pay_with_the_operator_on_the_line(Keying::Events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_hears_no_tone_and_both_talk_again() {
    pay_with_the_operator_on_the_line(Keying::Tones).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_put_on_hold_while_the_card_is_taken() {
    if !available("baresip") {
        return;
    }
    let (folder, recordings) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut operator = Baresip::start_as(folder.path(), Setup { answers: true, ..Setup::default() }).await;
    let fixture = Fixture::start_with(&settings(&operator.uri(), recordings.path())).await;
    let order = fixture.order("HOLD-1", 1200).await;
    let mut events = fixture.watch();
    let target = fixture.uri(&format!("desk-{}", order["code"].as_str().unwrap()));
    let mut caller = Call::dial(&target.parse::<Target>().unwrap(), &Options::new()).await.unwrap();
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.hold().await.expect("before the card, holding is nobody's business but theirs");
    caller.resume().await.unwrap();
    fixture.take_payment().await;
    events.wait_for("secured").await;
    assert!(caller.hold().await.is_err(), "refused");
    caller.press(&Keys::parse(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).unwrap()).await.unwrap();
    let ended = events.wait_for("payment_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    fixture.order_becomes("HOLD-1", "paid").await;
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    operator.stop().await;
    fixture.stop().await;
}

/// Before the card, and after it: who is held hears nothing, no key is counted, and both talk again.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_holds_the_caller_and_takes_them_back() {
    if !available("baresip") {
        return;
    }
    let (folder, recordings) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let says = voice(OPERATOR_HZ);
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(folder.path(), setup).await;
    let held = "[call]\nrtp_timeout_s = 2\n";
    let settings = format!("{held}{}", settings(&operator.uri(), recordings.path()));
    let fixture = Fixture::start_with(&settings).await;
    let order = fixture.order("HELD-1", 1200).await;
    let mut events = fixture.watch();
    let target = fixture.uri(&format!("desk-{}", order["code"].as_str().unwrap()));
    let mut caller = Call::dial(&target.parse::<Target>().unwrap(), &Options::new()).await.unwrap();
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    hears_operator(&caller, true).await;

    operator.command("hold").await;
    hears_operator(&caller, false).await;
    // Longer than a leg may be silent that nobody holds.
    caller.pause(Duration::from_secs(3)).await.expect("a held call stays up");
    operator.command("resume").await;
    hears_operator(&caller, true).await;

    fixture.take_payment().await;
    events.wait_for("secured").await;
    caller.press(&Keys::parse(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).unwrap()).await.unwrap();
    let ended = events.wait_for("payment_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    hears_operator(&caller, true).await;
    caller.hang_up().await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    operator.stop().await;
    fixture.stop().await;
}

/// Waits until the caller hears the operator, or does not, for half a second.
async fn hears_operator(caller: &Call, wanted: bool) {
    let mut loud = 0.0;
    for _ in 0..100 {
        let before = caller.heard().samples().len();
        caller.pause(Duration::from_millis(500)).await.expect("the call is up");
        loud = loudness(&caller.heard().samples()[before..], OPERATOR_HZ);
        if (loud > HEARD) == wanted && (wanted || loud < HEARD / 50.0) {
            return;
        }
    }
    panic!("the caller hears the operator at {loud}, wanted: {wanted}");
}

#[test]
fn both_listeners_hear_keys_where_there_are_some() {
    if !(available("multimon-ng") && available("sox")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(scan_audio(&tones("4711"), SampleRate::Hz8000).keys, 4);
    assert_eq!(keys_heard_by_multimon(folder.path(), &tones("4711")), 4);
}
