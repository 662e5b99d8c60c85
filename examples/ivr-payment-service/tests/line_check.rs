//! A line is tried out over SIP and RTP: what the service says it heard, and how.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::time::Duration;

use common::Fixture;
use common::ear::Ear;
use paytone_dialog::Language;
use phone::{Call, Keying, Keys, Options, Target};
use serde_json::json;

const LINE: &str = "[[lines]]\nname = 'try'\nkind = 'check'\nusers = ['check']\nallow_info = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_spoken_back_with_the_way_they_came() {
    let fixture = Fixture::start_with_own_voice_and(LINE).await;
    let target: Target = fixture.uri("check").parse().unwrap();
    let ear = Ear::new();
    let ways = [
        (
            Keying::Event { payload_type: 101 },
            true,
            "letter-e",
            json!({ "events": 1, "infos": 0, "tones": 0 }),
        ),
        (Keying::Info, true, "letter-i", json!({ "events": 0, "infos": 1, "tones": 0 })),
        (Keying::Tone, false, "letter-t", json!({ "events": 0, "infos": 0, "tones": 1 })),
    ];
    for (keying, events, letter, wanted) in ways {
        let mut watch = fixture.watch();
        let options = Options::new().keying(keying).offer_events(events);
        let mut call = Call::dial(&target, &options).await.unwrap();
        call.press(&Keys::parse("7").unwrap()).await.unwrap();
        call.pause(Duration::from_secs(3)).await.unwrap();
        let heard = call.heard();
        for name in ["number-7", letter] {
            assert!(ear.hears(heard.samples(), Language::En, name), "{name}");
        }
        call.hang_up().await;
        let checked = watch.wait_for("line_checked").await;
        assert_eq!(
            (&checked["data"]["keys"], &checked["data"]["doubled"]),
            (&json!(1), &json!(0)),
            "{checked}"
        );
        for (name, count) in wanted.as_object().unwrap() {
            assert_eq!(&checked["data"][name], count, "{checked}");
        }
        assert!(!checked.to_string().contains("\"7\""), "which keys they were is not told");
    }
    fixture.stop().await;
}
