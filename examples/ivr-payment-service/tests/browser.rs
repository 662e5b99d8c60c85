//! A real browser at a real call: an operator signs in, makes an order, watches the caller key, sees it paid, refunds it.
//! Whatever the browser has seen by then holds no card.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;
mod driver;

use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::peers::available;
use common::{CODE, EXPIRY, Fixture};
use driver::{Browser, Engine};
use paytone_card::test_numbers;
use phone::{Call, Keys, Options, Target};
use secrecy::ExposeSecret;

const OWN_PASSWORD: &str = "a sentence of mine";
const HANG_UP: Duration = Duration::from_secs(60);
const PAN: &str = test_numbers::JCB;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_watches_a_call_pay_and_gives_the_money_back() {
    watches_a_call_pay(Engine::Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_watches_a_call_pay_in_firefox() {
    watches_a_call_pay(Engine::Firefox).await;
}

async fn watches_a_call_pay(engine: Engine) {
    if !engine.is_available() {
        return;
    }
    let fixture = Fixture::start_with("").await;
    let mut browser = Browser::start(engine, "en").await;
    let console = format!("http://{}/console", fixture.service.http());
    sign_in(&mut browser, &console, &fixture).await;

    browser.wait_for("input[name=order_id]").await;
    browser.write("input[name=order_id]", "A-1001").await;
    browser.write("input[name=customer_number]", "C-77").await;
    browser.write("input[name=amount]", "12000").await;
    browser.picture("new-order").await;
    browser.click("main button.primary").await;
    let code = browser.text_of("#code").await.replace(' ', "");
    browser.wait_for("#call-phase .phase").await;
    browser.picture("hand-over").await;

    let target: Target = fixture.uri(&format!("pay-{code}")).parse().unwrap();
    let mut call = Call::dial(&target, &Options::new()).await.unwrap();
    browser.wait_for("[data-field=pan][data-state=open]").await;
    call.press(&Keys::parse(&PAN[..9]).unwrap()).await.unwrap();
    browser.wait_for("[data-field=pan] .dots i:nth-child(9)").await;
    call.press(&Keys::parse(&format!("{}#", &PAN[9..])).unwrap()).await.unwrap();
    browser.wait_for("[data-field=expiry][data-state=open]").await;
    assert!(browser.text_of("#card").await.ends_with("0000"), "the last four, once complete");
    call.press(&Keys::parse(&EXPIRY[..2]).unwrap()).await.unwrap();
    browser.wait_for("[data-field=expiry] .dots i:nth-child(2)").await;
    browser.picture("live-panel").await;
    call.press(&Keys::parse(&EXPIRY[2..]).unwrap()).await.unwrap();
    browser.wait_for("[data-field=security_code][data-state=open]").await;
    call.press(&Keys::parse(CODE).unwrap()).await.unwrap();
    browser.wait_for("[data-outcome=approved]").await;
    browser.wait_for("#order-state [data-state=paid]").await;
    call.wait_for_hang_up(HANG_UP).await;
    browser.picture("paid").await;

    browser.click("#refund").await;
    browser.accept().await;
    browser.wait_for("#order-state [data-state=refunded]").await;
    browser.picture("refunded").await;
    comes_back(&mut browser, &console, &fixture).await;
    for page in ["board", "orders", "person", "reports?training=1", "audit", "operators", "incident"] {
        browser.open(&format!("{console}/{page}")).await;
        browser.wait_for("main h1").await;
        browser.picture(page.split('?').next().unwrap()).await;
    }
    let seen = browser.stop().await;
    fixture.stop().await;

    assert!(seen.contains("/console/orders/"), "requests were logged");
    assert_eq!(runs(&seen), 0, "no run of nine digits of the number");
    assert_eq!(labelled(&seen), Vec::<&str>::new(), "no security code behind its name");
    assert_eq!(Browser::complaints(&seen), "", "nothing the browser complains of");
}

/// The operator has gone on to something else: the order opens by itself when its call is over.
async fn comes_back(browser: &mut Browser, console: &str, fixture: &Fixture) {
    browser.open(&format!("{console}/new")).await;
    browser.write("input[name=order_id]", "A-1002").await;
    browser.write("input[name=amount]", "500").await;
    browser.click("main button.primary").await;
    let code = browser.text_of("#code").await.replace(' ', "");
    browser.open(&format!("{console}/board")).await;
    let target: Target = fixture.uri(&format!("pay-{code}")).parse().unwrap();
    let mut call = Call::dial(&target, &Options::new()).await.unwrap();
    browser.wait_for("#board a.call").await;
    browser.picture("board-live").await;
    call.press(&Keys::parse(&format!("{PAN}#{EXPIRY}{CODE}")).unwrap()).await.unwrap();
    browser.wait_for("#order-state [data-state=paid]").await;
    browser.wait_for("[data-outcome=approved]").await;
    call.wait_for_hang_up(HANG_UP).await;
}

/// The operator stays on the line, talks with the caller, leads field by field; all of it in Japanese.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_on_the_line_leads_a_japanese_payment() {
    if !(Engine::Chromium.is_available() && available("baresip")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut phone = Baresip::start_as(folder.path(), Setup { answers: true, ..Setup::default() }).await;
    let line = format!(
        "[[lines]]\nname = 'desk'\nkind = 'pay_order'\nusers = ['desk-{{code}}']\nlanguages = ['ja']\n\
         [lines.dialog]\ndirected = true\n[lines.operator]\nuri = '{}'\nstays = true\n",
        phone.uri()
    );
    let fixture = Fixture::start_with(&line).await;
    let mut browser = Browser::start(Engine::Chromium, "ja").await;
    let console = format!("http://{}/console", fixture.service.http());
    sign_in(&mut browser, &console, &fixture).await;
    browser.wait_for("input[name=order_id]").await;
    browser.click("header.top button[lang=ja]").await;
    browser.wait_for("html[lang=ja] main").await;
    browser.open(&format!("{console}/new")).await;
    browser.write("input[name=order_id]", "J-2001").await;
    browser.write("input[name=amount]", "３，９８０").await;
    browser.picture("ja-new-order").await;
    browser.click("main button.primary").await;
    let code = browser.text_of("#code").await.replace(' ', "");
    browser.wait_for("#call-phase .phase").await;

    let target: Target = fixture.uri(&format!("desk-{code}")).parse().unwrap();
    let mut call = Call::dial(&target, &Options::new()).await.unwrap();
    browser.wait_for("[data-phase=talk]").await;
    phone.wait_for("CALL_ESTABLISHED", HANG_UP).await;
    assert!(browser.text_of("#call-phase").await.contains("お客様と通話中です"));
    browser.picture("ja-talk").await;
    browser.click("#do-take_payment").await;
    browser.click("#do-capture-pan").await;
    browser.wait_for("[data-field=pan][data-state=open]").await;
    call.press(&Keys::parse(&PAN[..9]).unwrap()).await.unwrap();
    browser.wait_for("[data-field=pan] .dots i:nth-child(9)").await;
    assert!(browser.text_of("#masking").await.contains("保護中"));
    browser.picture("ja-keying").await;
    call.press(&Keys::parse(&format!("{}#", &PAN[9..])).unwrap()).await.unwrap();
    browser.wait_for("[data-field=pan][data-state=done]").await;
    // A word in between: the keys are not asked for meanwhile.
    browser.click("#do-talk:not([disabled])").await;
    browser.wait_for("#do-talk[disabled]").await;
    assert!(browser.text_of("#missing").await.contains("有効期限"));
    for (field, keys) in [("expiry", EXPIRY), ("security_code", CODE)] {
        browser.click(&format!("#do-capture-{field}")).await;
        browser.wait_for(&format!("[data-field={field}][data-state=open]")).await;
        call.press(&Keys::parse(keys).unwrap()).await.unwrap();
        browser.wait_for(&format!("[data-field={field}][data-state=done]")).await;
    }
    browser.picture("ja-complete").await;
    browser.click("#do-submit:not([disabled])").await;
    browser.wait_for("[data-outcome=approved]").await;
    browser.wait_for("#order-state [data-state=paid]").await;
    assert!(browser.text_of("#call-phase").await.contains("支払いが完了しました"));
    browser.picture("ja-paid").await;
    call.hang_up().await;
    phone.wait_for("CALL_CLOSED", HANG_UP).await;
    let seen = browser.stop().await;
    phone.stop().await;
    fixture.stop().await;
    assert_eq!((runs(&seen), labelled(&seen)), (0, Vec::new()), "no digits of the card");
    assert_eq!(Browser::complaints(&seen), "");
}

/// With the password that was shown once, and then with one's own.
async fn sign_in(browser: &mut Browser, console: &str, fixture: &Fixture) {
    let given = fixture.service.first_password().unwrap().expose_secret().to_owned();
    browser.open(console).await;
    browser.wait_for("input[name=login]").await;
    browser.picture("sign-in").await;
    enter(browser, &given).await;
    browser.wait_for("input[name=old]").await;
    browser.write("input[name=old]", &given).await;
    browser.write("input[name=new]", OWN_PASSWORD).await;
    browser.write("input[name=again]", OWN_PASSWORD).await;
    browser.click("main section:first-child button.primary").await;
    browser.wait_for("input[name=login]:not([hidden])").await;
    enter(browser, OWN_PASSWORD).await;
}

async fn enter(browser: &mut Browser, password: &str) {
    browser.write("input[name=login]", "admin").await;
    browser.write("input[name=password]", password).await;
    browser.click("button.primary").await;
}

/// How often nine digits of the number stand in a row, whatever separates them.
fn runs(seen: &str) -> usize {
    let plain: Vec<u8> = seen.bytes().filter(|byte| !b" -.,:;_\"'".contains(byte)).collect();
    plain.windows(9).filter(|window| PAN.as_bytes().windows(9).any(|digits| digits == *window)).count()
}

fn labelled(seen: &str) -> Vec<&'static str> {
    let seen = seen.to_ascii_lowercase();
    let labels =
        ["cvc", "cvv", "csc", "security_code", "security code", "securitycode", "セキュリティコード"];
    let found = labels.into_iter().filter(|label| {
        seen.match_indices(label).any(|(at, label)| {
            let behind: String = seen[at + label.len()..].chars().take(12).collect();
            behind.contains(CODE)
        })
    });
    found.collect()
}

#[test]
fn what_is_looked_for_would_be_found() {
    assert!(runs(&format!("<p>{} {}</p>", &PAN[..4], &PAN[4..])) > 0);
    assert_eq!(labelled(&format!("<b>Security code</b>: {CODE}")), ["security code"]);
}
