//! What the pages show and do.

use core::time::Duration;

use axum::http::StatusCode;
use ivr_payment_service::store::{AuditHead, NewIncident, OperatorRole};
use paytone_dialog::{Field, Outcome, Phase};
use paytone_redact::SafeText;

use super::{PASSWORD, Screen};
use crate::fixtures::{NOW, call};

#[tokio::test]
async fn an_order_is_made_and_shows_where_to_transfer_to() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    let fields = [
        ("order_id", "A-1001"),
        ("amount", "１２，０００"),
        ("currency", "JPY"),
        ("purpose", "capture"),
        ("customer_number", "C-7"),
    ];
    let made = browser.post("/console/new", &fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let page = browser.get(made.location()).await;
    let order = screen.store.order(screen.first_merchant().await, "A-1001").await.unwrap().unwrap();
    let code = order.code.as_str();
    let spoken = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
    for part in [
        "JPY 12,000",
        "C-7",
        &spoken,
        &format!("sip:pay-{code}@127.0.0.1:5060"),
        "sip:order@127.0.0.1:5060",
        "Waiting for the caller",
    ] {
        assert!(page.text.contains(part), "{part} is missing");
    }
    let again =
        browser.post("/console/new", &[("order_id", "A-1001"), ("amount", "5"), ("currency", "JPY")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("There is another order with this id"));
}

#[tokio::test]
async fn a_refund_is_given_once_however_often_the_form_is_sent() {
    let screen = Screen::new().await;
    let paid = screen.paid_order("A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Supervisor).await;
    let path = format!("/console/orders/{}", paid.id);
    let page = browser.get(&path).await;
    assert!(page.text.contains("Refund") && page.text.contains("Visa ···· 1111"), "{}", page.text);
    let once =
        page.text.split_once("name=\"once\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let fields = [("once", once.as_str()), ("amount", "500")];
    for _ in 0..3 {
        assert_eq!(browser.post(&format!("{path}/refund"), &fields).await.status, StatusCode::SEE_OTHER);
    }
    let page = browser.get(&path).await;
    assert!(page.text.contains("JPY 500"), "{}", page.text);
    let attempts = screen.store.attempts_of(paid.id).await.unwrap();
    assert_eq!(attempts[0].attempt.refunded().minor(), 500);
}

#[tokio::test]
async fn training_is_marked_and_left_out_of_reports() {
    let screen = Screen::new().await;
    screen.paid_order("A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Supervisor).await;
    let day = "from=2027-01-01&to=2027-12-31";
    let page = browser.get(&format!("/console/reports?{day}")).await;
    assert!(
        page.text.contains("Training") && page.text.contains("1 training calls are left out"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("JPY 1,200"));
    let with = browser.get(&format!("/console/reports?{day}&training=1")).await;
    assert!(with.text.contains("JPY 1,200") && with.text.contains("1:00 – 1:29"), "{}", with.text);
    let csv = browser.get(&format!("/console/closing.csv?{day}&training=1")).await;
    assert!(
        csv.text.starts_with('\u{feff}') && csv.text.contains("\"A-1\"") && csv.text.contains("\"1200\""),
        "{}",
        csv.text
    );
    assert_eq!(
        browser.get(&format!("/console/closing.csv?{day}")).await.text.lines().count(),
        1,
        "heads alone"
    );
}

#[tokio::test]
async fn a_shift_is_closed_by_operator() {
    let screen = Screen::new().await;
    screen.paid_order("A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Supervisor).await;
    // The payment was made at 17:00 in Tokyo.
    let day = "from=2027-01-15&to=2027-01-15&training=1";
    let page = browser.get(&format!("/console/reports?{day}")).await;
    for part in
        ["without an operator", "JPY 1,200", "name=\"operator\"", "value=\"supervisor\"", "type=\"time\""]
    {
        assert!(page.text.contains(part), "{part} is missing in {}", page.text);
    }
    for (more, lines) in [
        ("", 2),
        ("&from_time=16:00&to_time=18:00", 2),
        ("&from_time=17:30&to_time=23:00", 1),
        ("&operator=supervisor", 1),
    ] {
        let csv = browser.get(&format!("/console/closing.csv?{day}{more}")).await;
        assert_eq!(csv.text.lines().count(), lines, "{more}: {}", csv.text);
    }
}

#[tokio::test]
async fn what_was_given_back_is_in_the_closing_and_no_page_says_that_it_went_through() {
    let screen = Screen::new().await;
    let paid = screen.paid_order("A-1", 1200).await;
    let mut browser = screen.signed_in(OperatorRole::Supervisor).await;
    let path = format!("/console/orders/{}", paid.id);
    assert!(browser.get(&path).await.text.contains("The payment went through"));
    let refund = [("once", "abcdefghijklmnopqrstuvwxyzabcdef")];
    assert_eq!(browser.post(&format!("{path}/refund"), &refund).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await.text;
    assert!(page.contains("Paid, and given back since.") && !page.contains("went through"), "{page}");
    let report = browser.get("/console/reports?from=2027-01-15&to=2027-01-15&training=1").await.text;
    let closing: Vec<_> = cells(&report, "#closing").collect();
    assert_eq!(closing, ["without an operator", "1", "JPY 1,200", "JPY 1,200", "JPY 0"]);
}

#[tokio::test]
async fn a_payment_counts_for_whoever_had_the_order_in_front_of_them() {
    let screen = Screen::new().await;
    let mut operator = screen.signed_in(OperatorRole::Operator).await;
    let fields = [("order_id", "A-1"), ("amount", "1200"), ("currency", "JPY")];
    let made = operator.post("/console/new", &fields).await;
    operator.get(made.location()).await;
    let merchant = screen.first_merchant().await;
    screen.pay(&screen.store.order(merchant, "A-1").await.unwrap().unwrap()).await;
    // Whoever looks later changes nothing.
    let mut browser = screen.signed_in(OperatorRole::Supervisor).await;
    browser.get(made.location()).await;
    let day = "from=2027-01-15&to=2027-01-15&training=1";
    let report = browser.get(&format!("/console/reports?{day}")).await.text;
    assert_eq!(cells(&report, "#closing").next(), Some("operator"));
    let csv = browser.get(&format!("/console/closing.csv?{day}&operator=operator")).await.text;
    assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with("\"operator\",\"2027-01-15\"")), "{csv}");
    assert_eq!(csv.lines().count(), 2, "{csv}");
}

/// The cells of the first table after this section begins, as text.
fn cells<'a>(page: &'a str, section: &str) -> impl Iterator<Item = &'a str> {
    let id = format!("id=\"{}\"", section.trim_start_matches('#'));
    let table = page.split_once(&id).unwrap().1.split_once("<tbody>").unwrap().1;
    let table = table.split_once("</tbody>").unwrap().0;
    table
        .split("</td>")
        .filter_map(|cell| cell.rsplit_once('>').map(|(_, text)| text))
        .filter(|text| !text.is_empty())
}

#[tokio::test]
async fn callers_give_up_at_a_field() {
    let screen = Screen::new().await;
    for (at, hung_up) in [(Some(Field::Expiry), Phase::Collecting), (None, Phase::Securing)] {
        let caller = call(&screen.store).await;
        if let Some(field) = at {
            screen.store.call_left_at(caller, field).await.unwrap();
        }
        screen.store.call_ended(caller, &Outcome::CallerHungUp(hung_up), NOW).await.unwrap();
    }
    let mut browser = screen.signed_in(OperatorRole::Auditor).await;
    let report = browser.get("/console/reports?from=2027-01-15&to=2027-01-15&training=1").await.text;
    let chart = report.split_once("Where callers gave up").unwrap().1.split_once("</figure>").unwrap().0;
    assert!(chart.contains("Expiry date") && chart.contains("Before the first prompt"), "{chart}");
    assert!(!chart.contains("While keying"), "the field is known: {chart}");
}

#[tokio::test]
async fn the_board_says_how_each_call_ended_and_which_order_it_was() {
    let screen = Screen::new().await;
    screen.paid_order("A-1", 1200).await;
    for outcome in [Outcome::OperatorRequested, Outcome::CallerHungUp(Phase::Collecting)] {
        screen.store.call_ended(call(&screen.store).await, &outcome, NOW).await.unwrap();
    }
    call(&screen.store).await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    let board = browser.get("/console/board").await.text;
    for part in [
        "A-1 · JPY 1,200",
        "Paid.",
        "The caller asked for you.",
        "The caller hung up",
        "<strong>1</strong> / 5",
    ] {
        assert!(board.contains(part), "{part} is missing in {board}");
    }
}

#[tokio::test]
async fn the_audit_counts_what_is_there_and_names_what_was_done() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Auditor).await;
    let merchant = screen.first_merchant().await;
    for _ in 0..4 {
        assert_eq!(browser.sign_in("auditor", PASSWORD).await.status, StatusCode::SEE_OTHER);
    }
    let whole = browser.get("/console/audit?check=1").await.text;
    assert!(whole.contains("5 entries, every one as it was written."), "{whole}");
    let third = screen.store.audit_entries(merchant, 2, 1).await.unwrap().remove(0);
    let head = AuditHead { number: third.number, hash: third.hash };
    assert_eq!(screen.store.cut_audit(merchant, head, NOW).await.unwrap(), Ok(3));
    let rest = browser.get("/console/audit?check=1").await.text;
    assert!(rest.contains("2 entries, every one") && rest.contains("up to number 3."), "{rest}");
    assert!(!rest.contains("Older</a>"), "there is nothing older: {rest}");
}

#[tokio::test]
async fn an_incident_is_on_every_page_until_its_time_is_over() {
    let screen = Screen::new().await;
    let mut admin = screen.signed_in(OperatorRole::Admin).await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    let fields = [("text", "The card network is slow"), ("minutes", "60"), ("recovery", "30")];
    assert_eq!(admin.post("/console/incident", &fields).await.status, StatusCode::SEE_OTHER);
    for path in ["/console/new", "/console/board"] {
        let page = browser.get(path).await;
        assert!(
            page.text.contains("The card network is slow") && page.text.contains("03-0000-0000"),
            "{path}"
        );
    }
    for _ in 0..6 {
        screen.clock.advance(Duration::from_secs(600));
        browser.get("/console/alive").await;
        browser.get("/console/board").await;
    }
    assert!(!browser.get("/console/board").await.text.contains("The card network is slow"), "expired");
}

#[tokio::test]
async fn an_expired_incident_is_never_shown() {
    let screen = Screen::new().await;
    let text = SafeText::new("long over");
    let new = NewIncident { text: &text, recovery_at: None, until: NOW, author: &text };
    screen
        .store
        .show_incident(screen.first_merchant().await, new, NOW - Duration::from_secs(60))
        .await
        .unwrap();
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    assert!(!browser.get("/console/board").await.text.contains("long over"));
}

#[tokio::test]
async fn trouble_is_on_every_page_with_what_to_do() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    assert!(!browser.get("/console/new").await.text.contains("Trouble"));
    screen.health.note_gateway(screen.first_merchant().await, false, NOW);
    let page = browser.get("/console/new").await;
    assert!(page.text.contains("orders stay open") && page.text.contains("03-0000-0000"));
    screen.health.note_gateway(screen.first_merchant().await, true, NOW);
    assert!(!browser.get("/console/new").await.text.contains("Trouble"));
}

#[tokio::test]
async fn without_its_database_the_console_says_so_in_both_languages() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    screen.store.close().await;
    let page = browser.get("/console/new").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text.contains("The database cannot be reached") && page.text.contains("データベース"));
    assert!(page.text.contains("03-0000-0000"), "whom to call");
}

#[tokio::test]
async fn an_operator_reads_japanese_from_then_on() {
    let screen = Screen::new().await;
    let mut browser = screen.signed_in(OperatorRole::Operator).await;
    browser.post("/console/profile/language", &[("language", "ja")]).await;
    let page = browser.get("/console/new").await;
    assert!(page.text.contains(r#"<html lang="ja">"#) && page.text.contains("新規受注"));
    let made = browser
        .post("/console/new", &[("order_id", "J-1"), ("amount", "￥12,000"), ("currency", "JPY")])
        .await;
    let order = browser.get(made.location()).await.text;
    assert!(order.contains("12,000円") && !order.contains("JPY 12"), "{order}");
}
