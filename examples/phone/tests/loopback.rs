//! The phone against a small server in the same process, over real sockets on loopback.

mod uas;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use phone::{
    Call, CallPlan, Codec, Dialing, Ending, Keying, Keys, Options, Pace, Phone, PhoneError, Target, Transport,
};
use uas::{Manner, Uas};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LIMIT: Duration = Duration::from_secs(10);

fn target(uas: &Uas) -> Target {
    format!("sip:pay@{}", uas.address).parse().expect("a SIP address")
}

fn keys(text: &str) -> Keys {
    Keys::parse(text).expect("keys")
}

fn quick() -> Options {
    Options::new().pace(Pace::steady(Duration::from_millis(60), Duration::from_millis(60)))
}

#[tokio::test]
async fn keys_arrive_as_events_and_the_other_side_hangs_up() {
    let uas = Uas::start(V4, Manner::HangUpAfterPound).await;
    let plan =
        CallPlan::new(target(&uas)).options(quick()).listen(LIMIT).press(keys("12*0#")).hang_up_after(LIMIT);
    let report = Phone::call(plan).await.expect("a call");
    assert_eq!((report.ending(), report.status()), (Ending::Callee, Some(200)));
    assert_eq!(uas.noted().event_keys(), "12*0#");
    assert_eq!(uas.noted().tones, "", "the audio stays silent");
    assert!(report.heard().packets() > 15);
    assert!(report.heard().loud() >= Duration::from_millis(200), "the greeting was heard");
    assert!(report.duration() >= Duration::from_secs(1));
    assert!(!report.call_id().contains(|c: char| c.is_ascii_digit()));
}

#[tokio::test]
async fn any_payload_type_and_either_codec_will_do() {
    let uas = Uas::start(V4, Manner::HangUpAfterPound).await;
    let options = quick().keying(Keying::Event { payload_type: 96 }).codec(Codec::Pcma);
    let plan = CallPlan::new(target(&uas)).options(options).press(keys("5#")).hang_up_after(LIMIT);
    let report = Phone::call(plan).await.expect("a call");
    assert_eq!(report.ending(), Ending::Callee);
    let noted = uas.noted();
    assert_eq!(noted.event_keys(), "5#");
    assert_eq!((noted.agreed[0].codec(), noted.agreed[0].payload_types().event()), (Codec::Pcma, Some(96)));
}

#[tokio::test]
async fn keys_arrive_as_tones_through_noise() {
    let uas = Uas::start(V4, Manner::Answer).await;
    let options = quick().keying(Keying::Tone).offer_events(false).line_noise_db(25.0);
    let plan =
        CallPlan::new(target(&uas)).options(options).press(keys("12#D,")).hang_up_after(Duration::ZERO);
    let report = Phone::call(plan).await.expect("a call");
    assert_eq!(report.ending(), Ending::Caller);
    assert_eq!(uas.noted().tones, "12#D");
    assert_eq!(uas.noted().event_keys(), "");
    assert!(uas.noted().bye);
}

#[tokio::test]
async fn keys_arrive_as_info_over_tcp() {
    let uas = Uas::start(V4, Manner::Answer).await;
    let options = quick().keying(Keying::Info).transport(Transport::Tcp);
    let mut call = Call::dial(&target(&uas), &options).await.expect("a call");
    call.press(&keys("1234#")).await.expect("keys");
    let report = call.hang_up().await;
    assert_eq!(report.ending(), Ending::Caller);
    assert_eq!(uas.noted().infos, "1234#");
    assert!(uas.noted().bye);
}

#[tokio::test]
async fn events_survive_a_bad_line() {
    let uas = Uas::start(V4, Manner::Answer).await;
    let options = Options::new().loss(0.1).reorder(0.2).seed(42).pace(Pace::person());
    let plan =
        CallPlan::new(target(&uas)).options(options).press(keys("4242#,")).hang_up_after(Duration::ZERO);
    Phone::call(plan).await.expect("a call");
    assert_eq!(uas.noted().event_keys(), "4242#");
    assert!(uas.noted().lost > 0, "the line did lose packets");
}

#[tokio::test]
async fn hold_rests_the_stream_and_resume_brings_it_back() {
    let uas = Uas::start(V4, Manner::Answer).await;
    let mut call = Call::dial(&target(&uas), &quick()).await.expect("a call");
    call.press(&keys("1")).await.expect("a key");
    call.hold().await.expect("hold");
    call.pause(Duration::from_millis(100)).await.expect("still up");
    let held = uas.noted().packets;
    call.pause(Duration::from_millis(300)).await.expect("still up");
    assert_eq!(uas.noted().packets, held, "nothing is sent on hold");
    call.resume().await.expect("resume");
    call.press(&keys("2,")).await.expect("a key");
    call.hang_up().await;
    let directions: Vec<_> = uas.noted().agreed.iter().map(|agreed| agreed.direction().name()).collect();
    assert_eq!(directions, ["sendrecv", "recvonly", "sendrecv"]);
    assert_eq!(uas.noted().event_keys(), "12");
    assert!(uas.noted().packets > held);
}

#[tokio::test]
async fn ipv6_works_alike() {
    let uas = Uas::start(Ipv6Addr::LOCALHOST.into(), Manner::HangUpAfterPound).await;
    let plan = CallPlan::new(target(&uas)).options(quick()).press(keys("7#")).hang_up_after(LIMIT);
    assert_eq!(Phone::call(plan).await.expect("a call").ending(), Ending::Callee);
    assert_eq!(uas.noted().event_keys(), "7#");
}

#[tokio::test]
async fn a_refusal_is_an_outcome_with_its_status() {
    let uas = Uas::start(V4, Manner::Busy).await;
    let report = Phone::call(CallPlan::new(target(&uas))).await.expect("an outcome");
    assert_eq!((report.ending(), report.status()), (Ending::Refused, Some(486)));
    let dialled = Call::dial(&target(&uas), &Options::new()).await.map(drop);
    assert_eq!(dialled, Err(PhoneError::Refused { status: 486 }));
}

#[tokio::test]
async fn a_ringing_call_can_be_cancelled() {
    let uas = Uas::start(V4, Manner::Ring).await;
    let dialing = Dialing::start(&target(&uas), &Options::new()).await.expect("an INVITE");
    dialing.ringing(LIMIT).await.expect("ringing");
    assert_eq!(dialing.cancel().await.ending(), Ending::Cancelled);
    assert!(uas.noted().cancelled);
}

#[tokio::test]
async fn nobody_answers_for_ever() {
    let uas = Uas::start(V4, Manner::Ring).await;
    let options = Options::new().answer_within(Duration::from_millis(300));
    let report = Phone::call(CallPlan::new(target(&uas)).options(options)).await.expect("an outcome");
    assert_eq!((report.ending(), report.status()), (Ending::NoAnswer, None));
    assert!(uas.noted().cancelled);
}

#[tokio::test]
async fn events_that_were_not_agreed_are_not_sent() {
    let uas = Uas::start(V4, Manner::AnswerWithoutEvents).await;
    let dialled = Call::dial(&target(&uas), &Options::new()).await.map(drop);
    assert_eq!(dialled, Err(PhoneError::NoEvents));
    assert!(uas.noted().bye, "the useless call is ended");
}

#[tokio::test]
async fn keys_after_the_end_are_an_error() {
    let uas = Uas::start(V4, Manner::HangUpAfterPound).await;
    let mut call = Call::dial(&target(&uas), &quick()).await.expect("a call");
    assert_eq!(call.press(&keys("#,,1")).await, Err(PhoneError::HungUp));
    assert!(!call.is_up());
    assert_eq!(call.hang_up().await.ending(), Ending::Callee);
}
