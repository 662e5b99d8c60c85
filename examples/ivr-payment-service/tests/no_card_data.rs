//! Whatever a call leaves behind holds no card: every log line at every level, every byte of the database files, every
//! HTTP body.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use common::peers::{available, sipp_calls_with, sipp_runs};
use common::{Captured, Fixture};
use hyper::Method;
use ivr_payment_service::config::{Config, LogFormat};
use ivr_payment_service::logging;
use paytone_card::test_numbers;
use phone::{Call, Keying, Keys, Options, Target};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

/// Everything that any code in this process logs, the SIP library included, through the service's own subscriber. The calls
/// of this file run one after the other.
fn log() -> &'static Captured {
    static LOG: OnceLock<Captured> = OnceLock::new();
    LOG.get_or_init(|| {
        let captured = Captured::default();
        let mut config = Config::isolated(Path::new("."), "").unwrap().log;
        config.filter = "trace".to_owned();
        config.format = LogFormat::Json;
        tracing::subscriber::set_global_default(logging::subscriber(&config, captured.clone()).unwrap())
            .unwrap();
        captured
    })
}

/// What one call left behind.
#[derive(Default)]
struct Traces {
    log: String,
    files: Vec<u8>,
    /// Every text of the database, one a line.
    rows: String,
    bodies: Vec<String>,
}

impl Traces {
    /// Places where 9 or more digits of the number in a row can be read, however the digits are written.
    fn findings(&self, pan: &str) -> Vec<String> {
        let mut found = digit_runs(self.log.as_bytes(), pan, "log");
        found.extend(digit_runs(&self.files, pan, "files"));
        for body in &self.bodies {
            found.extend(digit_runs(body.as_bytes(), pan, "http"));
        }
        found
    }

    /// Lines and words that only one of two calls left, without what differs from run to run anyway.
    fn differences(&self, other: &Self) -> Vec<String> {
        let places = [
            (normalised(&self.log), normalised(&other.log)),
            (normalised(&self.settled_bodies()), normalised(&other.settled_bodies())),
            (normalised(&self.rows), normalised(&other.rows)),
        ];
        let compared = places.iter().flat_map(|(one, other)| {
            assert!(one.len() > 5, "nothing to compare");
            one.symmetric_difference(other).cloned()
        });
        compared.collect()
    }

    /// What was answered about a call in progress depends on when it was asked.
    fn settled_bodies(&self) -> String {
        let settled = self.bodies.iter().filter(|body| !body.contains("\"in_progress\""));
        settled.map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Places where a security code stands behind its name, or one key behind a label.
    fn labelled(&self, code: &str) -> Vec<String> {
        let mut found = labelled(&self.log, code);
        found.extend(labelled(&String::from_utf8_lossy(&self.files), code));
        self.bodies.iter().for_each(|body| found.extend(labelled(body, code)));
        found
    }
}

/// Lines of the SIP library's own: it writes whole messages below WARN, and nothing of that may get as far as the redactor.
fn sip_library_lines(log: &str) -> Vec<&str> {
    let quiet = |line: &&str| line.contains("\"level\":\"WARN\"") || line.contains("\"level\":\"ERROR\"");
    log.lines().filter(|line| line.contains("rsipstack") && !quiet(line)).collect()
}

fn digit_runs(bytes: &[u8], pan: &str, place: &str) -> Vec<String> {
    // Separators between digits hide nothing.
    let digits: Vec<u8> = bytes.iter().copied().filter(|byte| !b" -.,:;_\"'".contains(byte)).collect();
    let windows: BTreeSet<_> = pan.as_bytes().windows(9).collect();
    let hits = digits.windows(9).filter(|window| windows.contains(window)).count();
    if hits == 0 { Vec::new() } else { vec![format!("{hits} runs in {place}")] }
}

fn labelled(text: &str, code: &str) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let labels = ["cvc", "cvv", "cvn", "cid", "csc", "security_code", "security code", "securitycode"];
    let code_found = labels.iter().flat_map(|label| text.match_indices(label)).filter(|(at, label)| {
        let behind: String = text[at + label.len()..].chars().take(12).collect();
        behind.contains(code)
    });
    let keys = ["signal=", "signal =", "dtmf-relay\\r\\n\\r\\n"];
    let key_found = keys.iter().flat_map(|label| text.match_indices(label));
    code_found.chain(key_found).map(|(_, label)| label.to_owned()).collect()
}

/// Calls one after the other, so that each knows its own lines of the log.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// One paid call on a service of its own; what it leaves behind.
async fn paid_call(keying: Keying, pan: &str, expiry: &str, code: &str) -> Traces {
    let _turn = ONE_AT_A_TIME.lock().await;
    let before = log().text().len();
    let fixture = Fixture::start().await;
    let order = fixture.order("LEAK", 1200).await;
    let target: Target = fixture.uri(&format!("pay-{}", order["code"].as_str().unwrap())).parse().unwrap();
    let options = Options::new().keying(keying).offer_events(keying != Keying::Tone);
    let mut call = Call::dial(&target, &options).await.unwrap();
    call.press(&Keys::parse(&format!("~{pan}#{expiry}{code}")).unwrap()).await.unwrap();
    let report = call.wait_for_hang_up(Duration::from_secs(60)).await;
    assert_eq!(fixture.ended_call(report.call_id()).await["outcome"], "approved");
    assert_eq!(fixture.get("/v1/orders/LEAK").await["state"], "paid");
    for field in ["order_id", "customer_number", "description"] {
        let mut body = json!({ "order_id": "L-2", "amount": 1, "currency": "JPY" });
        body[field] = json!(pan);
        fixture.request(Method::POST, "/v1/orders", Some(&body)).await;
    }
    fixture.request(Method::GET, &format!("/v1/orders/{pan}"), None).await;
    let bodies = fixture.bodies();
    let folder = fixture.stop().await;
    let log = log().text()[before..].to_owned();
    Traces { log, files: database(folder.path()), rows: rows(folder.path()).await, bodies }
}

fn database(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bytes: Vec<u8> =
        files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect();
    assert!(bytes.len() > 4096, "the database was not found");
    bytes
}

async fn rows(folder: &Path) -> String {
    let options = SqliteConnectOptions::new().filename(folder.join("paytone.sqlite")).read_only(true);
    let mut database = options.connect().await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    let mut texts = Vec::new();
    for (table, column) in columns {
        let select = format!("SELECT {column} FROM {table} WHERE typeof({column}) = 'text'");
        let values: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut database).await.unwrap();
        texts.extend(values.iter().map(|value| format!("{table}.{column} {value}")));
    }
    texts.join("\n")
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let pan = test_numbers::VISA_42;
    let spaced: String = pan.chars().flat_map(|digit| [digit, ' ']).collect();
    for hidden in [pan.to_owned(), format!("x{}y", &pan[3..12]), spaced] {
        let traces = Traces { files: hidden.clone().into_bytes(), ..Traces::default() };
        assert_eq!(traces.findings(pan).len(), 1, "{hidden}");
    }
    let log = r#"{"cvc":"987"} {"message":"Signal=5"}"#.to_owned();
    let traces = Traces { log, ..Traces::default() };
    assert_eq!(traces.labelled("987").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_leaves_no_card_data_behind() {
    let pan = test_numbers::VISA_42;
    for keying in [Keying::Event { payload_type: 101 }, Keying::Info, Keying::Tone] {
        let traces = paid_call(keying, pan, "1230", "987").await;
        assert!(traces.log.contains("call ended"), "the log was not captured");
        assert!(traces.log.contains("TRACE"), "the log is not at trace level");
        assert_eq!(sip_library_lines(&traces.log), Vec::<&str>::new(), "{keying:?}");
        assert_eq!(traces.findings(pan), Vec::<String>::new(), "{keying:?}");
        assert_eq!(traces.labelled("987"), Vec::<String>::new(), "{keying:?}");
    }
}

/// The keys of a call's encryption travel in its SIP messages; who has the log must not have them.
#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_call_leaves_no_key_of_its_encryption_behind() {
    if !available("sipp") {
        return;
    }
    let _turn = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let before = log().text().len();
    let fixture = Fixture::start().await;
    // A request is what libraries have most to say about.
    fixture.order("KEYS", 1200).await;
    let sdp = format!(
        "v=0\no=u 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [auto_media_port] RTP/SAVP 0 96\n\
         a=rtpmap:0 PCMU/8000\na=rtpmap:96 telephone-event/8000\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{THEIR_KEY}\n"
    );
    let messages = sipp_runs(folder.path(), fixture.sip(), "pay", &sipp_calls_with(&sdp)).await;
    let keys: BTreeSet<&str> = messages
        .split("inline:")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| c.is_whitespace() || c == '|').next())
        .collect();
    assert_eq!(keys.len(), 2, "ours and theirs");
    let folder = fixture.stop().await;
    let (log, files) = (log().text()[before..].to_owned(), database(folder.path()));
    assert!(log.contains("TRACE") && log.contains("call ended"), "the log is at trace level");
    for key in keys {
        assert!(!log.contains(key), "a key is in the log");
        assert!(!files.windows(key.len()).any(|bytes| bytes == key.as_bytes()), "a key is in the database");
    }
}

/// Thirty bytes that nobody else has.
const THEIR_KEY: &str = "d2hhdCBhIHBob25lIHdvdWxkIGNob29zZSEhISEh";

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_differ_in_expiry_date_and_code_leave_the_same_behind() {
    let pan = test_numbers::VISA_42;
    let mut differences = Vec::new();
    // What shows differs every time. What differs by chance, such as a question asked once more before the answer was
    // there, does not.
    for _ in 0..3 {
        let one = paid_call(Keying::Info, pan, "1230", "987").await;
        let other = paid_call(Keying::Info, pan, "0829", "012").await;
        differences = one.differences(&other);
        if differences.is_empty() {
            return;
        }
    }
    panic!("expiry date or code show: {differences:#?}");
}

/// Log lines without what differs from run to run anyway: a word with a digit in it (times, ports, ULIDs) or of 20 letters
/// and more (SIP's random names) is an id.
fn normalised(log: &str) -> BTreeSet<String> {
    // The test's own HTTP client logs too.
    log.lines().filter(|line| !line.contains("hyper_util::client")).map(normalised_line).collect()
}

fn normalised_line(line: &str) -> String {
    let is_id = |word: &str| word.len() >= 20 || word.bytes().any(|byte| byte.is_ascii_digit());
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(|word| if is_id(word) { "#" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}
