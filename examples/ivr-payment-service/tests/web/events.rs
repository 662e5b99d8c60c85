//! The event stream: numbered, one merchant's only, and taken up where it was left.

use core::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use ivr_payment_service::bus::{Bus, CallCommand, EventKind, NotServed};
use ivr_payment_service::store::MerchantUlid;
use paytone_dialog::CommandRefused;
use paytone_redact::SafeText;
use tower::ServiceExt as _;

use super::{KEY, Shop};
use crate::fixtures::{NOW, call, merchant};

/// The stream's text until it says nothing more for a moment.
async fn read(shop: &Shop, last: Option<&str>) -> String {
    let mut request = Request::get("/v1/events/stream").header("authorization", format!("Bearer {KEY}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = shop.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let mut text = String::new();
    while let Ok(Some(frame)) = tokio::time::timeout(Duration::from_millis(200), body.frame()).await {
        text.push_str(core::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
    }
    text
}

fn alarm(bus: &Bus, merchant: MerchantUlid, alarm: &'static str) {
    bus.publish(merchant, None, NOW, EventKind::Alarm { alarm });
}

#[tokio::test]
async fn a_watcher_goes_on_where_it_was_and_is_told_of_a_gap() {
    let shop = Shop::new().await;
    let own = merchant(&shop.store).await;
    let other = shop.store.create_merchant(&SafeText::new("another"), NOW).await.unwrap().unwrap().id;
    for (whose, name) in [(own, "first"), (other, "theirs"), (own, "second")] {
        alarm(&shop.bus, whose, name);
    }
    let run = shop.bus.run();
    let text = read(&shop, Some(&format!("{run}-1"))).await;
    assert!(text.contains("second") && !text.contains("first") && !text.contains("theirs"), "{text}");
    assert!(text.contains(&format!("id: {run}-3")), "{text}");
    assert!(!text.contains("gap"), "{text}");

    assert_eq!(read(&shop, Some(&format!("{run}-3"))).await, "", "nothing was missed");
    let elsewhere = read(&shop, Some("1-1")).await;
    assert!(elsewhere.starts_with("event: gap") && elsewhere.contains("first"), "{elsewhere}");

    for _ in 0..2000 {
        alarm(&shop.bus, own, "many");
    }
    assert!(read(&shop, Some(&format!("{run}-1"))).await.starts_with("event: gap"));
}

#[tokio::test]
async fn a_command_reaches_the_call_that_is_served_and_no_other() {
    let shop = Shop::new().await;
    let (one, two) = (call(&shop.store).await, call(&shop.store).await);
    let mut commands = shop.bus.serve(one);
    let answer = shop.bus.command(one, CallCommand::Cancel).unwrap();
    assert_eq!(shop.bus.command(two, CallCommand::Cancel).err(), Some(NotServed));
    let commanded = commands.recv().await.unwrap();
    assert_eq!(commanded.command, CallCommand::Cancel);
    commanded.answer(Err(CommandRefused::Authorizing));
    assert_eq!(answer.await, Ok(Err(CommandRefused::Authorizing)), "the call's answer comes back");
    drop(commands);
    assert_eq!(shop.bus.command(one, CallCommand::Cancel).err(), Some(NotServed));
}

#[tokio::test]
async fn nothing_is_kept_of_a_call_that_is_over() {
    let shop = Shop::new().await;
    let call = call(&shop.store).await;
    let mut commands = shop.bus.serve(call);
    shop.bus.forget(call);
    assert_eq!(shop.bus.command(call, CallCommand::Cancel).err(), Some(NotServed));
    assert!(commands.recv().await.is_none(), "nobody holds the other end");
}

#[tokio::test]
async fn commands_carry_the_version_and_one_operator_controls_a_call() {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    let shop = Shop::new().await;
    let caller = call(&shop.store).await;
    let mut commands = shop.bus.serve(caller);
    let obedient = tokio::spawn(async move {
        while let Some(commanded) = commands.recv().await {
            commanded.answer(Ok(()));
        }
    });
    let mut keys = Vec::new();
    for name in ["anna", "ben"] {
        let made = shop.post("/v1/keys", json!({ "name": name, "role": "operator" })).await;
        keys.push(made.json["key"].as_str().unwrap().to_owned());
    }
    let path = format!("/v1/calls/{caller}/commands");
    let command = async |key: &str, version: u32, take_over: bool| {
        let body = json!({ "command": "cancel", "version": version, "take_over": take_over });
        shop.ask(key, &Method::POST, &path, None, Some(body)).await
    };
    let first = command(&keys[0], 1, false).await;
    assert_eq!(
        (first.status, &first.json["operator"], &first.json["version"]),
        (StatusCode::OK, &json!("anna"), &json!(2))
    );
    assert_eq!(command(&keys[0], 1, false).await.json["type"], "urn:paytone:problem:call-version");
    assert_eq!(command(&keys[1], 2, false).await.json["type"], "urn:paytone:problem:call-not-controlled");
    let taken = command(&keys[1], 2, true).await;
    assert_eq!((taken.status, &taken.json["operator"]), (StatusCode::OK, &json!("ben")));
    let entries = shop.get("/v1/audit").await.json.to_string();
    assert!(entries.contains("take over call") && entries.contains("anna"), "{entries}");
    obedient.abort();
}

#[tokio::test]
async fn a_command_that_the_call_does_not_follow_is_answered_with_the_reason() {
    use axum::http::StatusCode;
    use serde_json::json;

    let shop = Shop::new().await;
    let caller = call(&shop.store).await;
    let mut commands = shop.bus.serve(caller);
    let path = format!("/v1/calls/{caller}/commands");
    for (index, (why, kind)) in [
        (CommandRefused::NotReady, "not-ready"),
        (CommandRefused::Authorizing, "authorizing"),
        (CommandRefused::Over, "over"),
        (CommandRefused::NotAField, "not-a-field"),
        (CommandRefused::NotOptional, "not-optional"),
        (CommandRefused::TooEarly, "too-early"),
        (CommandRefused::Incomplete, "incomplete"),
        (CommandRefused::NothingOpen, "nothing-open"),
    ]
    .into_iter()
    .enumerate()
    {
        let asked = shop.post(&path, json!({ "command": "submit", "version": index + 1 }));
        let (answer, ()) = tokio::join!(asked, async { commands.recv().await.unwrap().answer(Err(why)) });
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.json["type"], format!("urn:paytone:problem:command-refused-{kind}"));
    }
    // A call that ends instead of answering.
    let asked = shop.post(&path, json!({ "command": "submit", "version": 9 }));
    let (answer, ()) = tokio::join!(asked, async { drop(commands.recv().await) });
    assert_eq!(answer.json["type"], "urn:paytone:problem:call-not-controlled");
}

#[tokio::test]
async fn every_command_is_passed_on_as_it_was_meant_and_others_are_refused() {
    use axum::http::StatusCode;
    use paytone_dialog::Field;
    use serde_json::json;

    let shop = Shop::new().await;
    let caller = call(&shop.store).await;
    let mut commands = shop.bus.serve(caller);
    let path = format!("/v1/calls/{caller}/commands");
    let meant = [
        ("directed", None, CallCommand::Directed(true)),
        ("capture", Some("pan"), CallCommand::Capture(Field::Pan)),
        ("clear", Some("expiry"), CallCommand::Clear(Field::Expiry)),
        ("skip", Some("security_code"), CallCommand::Skip(Field::SecurityCode)),
        ("repeat", None, CallCommand::Repeat),
        ("slow_mode", None, CallCommand::SlowMode(true)),
        ("submit", None, CallCommand::Submit),
        ("talk", None, CallCommand::Talk),
        ("cancel", None, CallCommand::Cancel),
        ("send_to_operator", None, CallCommand::TakeBack),
    ];
    for (index, (name, field, command)) in meant.into_iter().enumerate() {
        let body = json!({ "command": name, "field": field, "version": index + 1 });
        let (answer, commanded) = tokio::join!(shop.post(&path, body), async {
            let commanded = commands.recv().await.unwrap();
            let command = commanded.command;
            commanded.answer(Ok(()));
            command
        });
        assert_eq!((answer.status, commanded), (StatusCode::OK, command), "{name}");
    }
    for (name, field) in [("capture", None), ("repeat", Some("pan")), ("capture", Some("pin")), ("pay", None)]
    {
        let refused = shop.post(&path, json!({ "command": name, "field": field, "version": 11 })).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {field:?}");
    }
}
