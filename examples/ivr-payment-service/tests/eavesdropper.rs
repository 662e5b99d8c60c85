//! What an operator's phone has recorded is given to somebody who knows to the millisecond when each key was pressed, and who
//! takes the two tones that fit best: that must be a guess, with the masking's delay and without it. And the two are as loud to
//! each other afterwards as without a service in between.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::peers::available;
use common::sound::{loudest_tenth_at_the_end, loudness, voice};
use common::{CODE, EXPIRY, Fixture};
use paytone_card::test_numbers;
use paytone_dtmf::{Eavesdropper, Generator, Key, SampleRate};

const PATIENCE: Duration = Duration::from_secs(20);
/// How often a call is recorded at most until one recording has no gaps.
const RECORDINGS: usize = 4;
const CALLER_HZ: f64 = 310.0;
const OPERATOR_HZ: f64 = 470.0;
/// What `voice` sends.
const SENT: f64 = 8000.0;
/// Samples of a millisecond.
const MS: usize = 8;

/// A burst of the caller's voice, and half a second later the keys, one every 250 ms for 100 ms.
fn marked(keys: &str) -> Vec<i16> {
    let mut audio = vec![0; 500 * MS];
    audio.extend(&voice(CALLER_HZ)[..BURST]);
    audio.resize(500 * MS + FIRST_KEY, 0);
    for key in keys.chars().filter_map(Key::from_char) {
        audio.extend(Generator::new(SampleRate::Hz8000).key(key).take(KEY));
        audio.resize(audio.len() + EVERY - KEY, 0);
    }
    audio
}

/// From the beginning of the burst.
const BURST: usize = 300 * MS;
const FIRST_KEY: usize = 800 * MS;
const KEY: usize = 100 * MS;
const EVERY: usize = 250 * MS;

/// Where bursts of the caller's voice begin.
fn bursts(heard: &[i16]) -> Vec<usize> {
    let (step, mut found, mut quiet_since) = (5 * MS, Vec::new(), 0);
    for place in (0..heard.len().saturating_sub(BURST)).step_by(step) {
        // Keys are none: nearly everything of a burst has one pitch, of which a busy machine may lose some packets.
        let is_loud = |from: usize| loudness(&heard[from..from + 20 * MS], CALLER_HZ) > SENT / 2.0;
        if is_loud(place) {
            if place >= quiet_since + 200 * MS
                && (1..12).filter(|part| is_loud(place + part * 20 * MS)).count() >= 8
            {
                found.push(place);
            }
            quiet_since = place;
        }
    }
    found
}

/// How many of these keys somebody gets right who knows their times.
fn right(heard: &[i16], burst: usize, keys: &str) -> usize {
    let eavesdropper = Eavesdropper::new(SampleRate::Hz8000);
    let known = keys.chars().filter_map(Key::from_char).enumerate();
    let read = known.filter(|(place, key)| {
        let from = burst + FIRST_KEY + place * EVERY;
        // With room for the masking's delay, and for what a busy machine moves.
        let window = heard.get(from - 50 * MS..from + KEY + 80 * MS).unwrap_or_default();
        eavesdropper.read(window).is_some_and(|reading| reading.key == *key)
    });
    read.count()
}

/// The most that guessing, right one time in sixteen, gets right of so many in all but one of a million tests.
fn most_by_chance(keys: usize) -> usize {
    let mut exactly = (15.0_f64 / 16.0).powi(i32::try_from(keys).unwrap());
    let (mut up_to, mut count) = (exactly, 0);
    while 1.0 - up_to > 1e-6 {
        exactly *= (keys - count) as f64 / (count + 1) as f64 / 15.0;
        count += 1;
        up_to += exactly;
    }
    count
}

const BEFORE: &str = "159*2580#37046913";
const AFTER: &str = "74108529630*#1593";

fn card() -> String {
    format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)
}

/// Waits until what is said by now has been heard: it takes so long, and the last key has to be recognised.
async fn through(audio: &[i16]) {
    tokio::time::sleep(Duration::from_millis((audio.len() / MS) as u64 + 500)).await;
}

async fn say(phone: &mut Baresip, name: &str, keys: &str) {
    let audio = marked(keys);
    phone.say(name, &audio).await;
    through(&audio).await;
}

#[test]
fn what_chance_may_do_is_worked_out() {
    assert_eq!(most_by_chance(1), 1);
    assert!((11..=18).contains(&most_by_chance(58)), "{}", most_by_chance(58));
}

/// Nobody masks anything between two phones: then all of it is read. That shows that the reading works, and where to look.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_service_every_key_is_read() {
    if !available("baresip") {
        return;
    }
    let mut read = None;
    for _ in 0..RECORDINGS {
        read = read_between_two_phones().await;
        if read.is_some_and(|read| read * 10 >= BEFORE.len() * 9) {
            return;
        }
    }
    panic!("{read:?} of {}", BEFORE.len());
}

/// How many keys are read, where the burst before them was recorded whole.
async fn read_between_two_phones() -> Option<usize> {
    let (folder, caller_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut operator = Baresip::start_as(folder.path(), Setup { answers: true, ..Setup::default() }).await;
    let mut caller = Baresip::start(caller_folder.path()).await;
    caller.command(&format!("dial {}", operator.uri())).await;
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    say(&mut caller, "keys", BEFORE).await;
    caller.command("hangup").await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    caller.stop().await;
    operator.stop().await;
    let heard = Baresip::heard(folder.path());
    let [burst] = bursts(&heard)[..] else { return None };
    Some(right(&heard, burst, BEFORE))
}

async fn nothing_is_read(delay_ms: usize) {
    if !available("baresip") {
        return;
    }
    for _ in 0..RECORDINGS {
        if was_judged(delay_ms).await {
            return;
        }
    }
    panic!("in none of {RECORDINGS} calls the payment was approved and every burst recorded whole");
}

/// Whether a call was recorded without gaps, which a machine with too much to do makes; then nothing was read in it.
async fn was_judged(delay_ms: usize) -> bool {
    let (folder, caller_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let says = voice(OPERATOR_HZ);
    let setup = Setup { answers: true, says: &says, ..Setup::default() };
    let mut operator = Baresip::start_as(folder.path(), setup).await;
    let settings = format!(
        "[[lines]]\nname = 'desk'\nkind = 'pay_order'\nusers = ['desk-{{code}}']\n\
         [lines.operator]\nuri = '{}'\nstays = true\nhears_speech = true\nmasking_delay_ms = {delay_ms}\n",
        operator.uri()
    );
    let fixture = Fixture::start_with(&settings).await;
    let order = fixture.order("LISTEN", 1200).await;
    let mut events = fixture.watch();
    let mut caller = Baresip::start(caller_folder.path()).await;
    let desk = fixture.uri(&format!("desk-{}", order["code"].as_str().unwrap()));
    caller.command(&format!("dial {desk}")).await;
    operator.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    caller.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    say(&mut caller, "before", BEFORE).await;
    fixture.take_payment().await;
    events.wait_for("secured").await;
    say(&mut caller, "during", &card()).await;
    let ended = events.wait_for("payment_ended").await;
    let is_paid = ended["data"]["outcome"] == "approved";
    say(&mut caller, "after", AFTER).await;
    let again = voice(CALLER_HZ);
    caller.say("again", &again).await;
    through(&again[..3000 * MS]).await;
    caller.command("hangup").await;
    operator.wait_for("CALL_CLOSED", PATIENCE).await;
    caller.stop().await;
    operator.stop().await;
    fixture.stop().await;
    is_paid && judge(folder.path(), caller_folder.path(), delay_ms)
}

fn judge(operator: &Path, caller: &Path, delay_ms: usize) -> bool {
    let heard = Baresip::heard(operator);
    let [before, during, after, _talking_again] = bursts(&heard)[..] else { return false };
    let card = card();
    let parts = [(before, BEFORE), (during, card.as_str()), (after, AFTER)];
    let (mut keys, mut read) = (0, 0);
    for (burst, part) in parts {
        keys += part.len();
        read += right(&heard, burst, part);
    }
    let most = most_by_chance(keys);
    assert!(read <= most, "{delay_ms} ms: {read} of {keys} keys read, {most} at most by chance");
    for (folder, hz, who) in [(operator, CALLER_HZ, "the caller"), (caller, OPERATOR_HZ, "the operator")] {
        let loud = loudest_tenth_at_the_end(&Baresip::heard(folder), hz) / SENT;
        // A decibel either way.
        assert!((0.89..1.12).contains(&loud), "{who} is heard at {loud} of what was said");
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_delay_of_25_ms_whoever_knows_the_times_guesses() {
    nothing_is_read(25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_delay_whoever_knows_the_times_guesses() {
    nothing_is_read(0).await;
}
