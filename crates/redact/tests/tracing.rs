//! Events of tracing, formatted by tracing-subscriber and redacted.
#![cfg(feature = "tracing")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use paytone_redact::{Finding, Kind, Policy, RedactingMakeWriter};
use tracing_subscriber::fmt::MakeWriter;

/// Remembers each write.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn writes(&self) -> Vec<String> {
        self.0.lock().expect("no test panics with it").clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics with it").push(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn json(log: &Log, events: impl FnOnce()) -> Vec<serde_json::Value> {
    let subscriber =
        tracing_subscriber::fmt().json().with_writer(RedactingMakeWriter::new(log.clone())).finish();
    tracing::subscriber::with_default(subscriber, events);
    log.writes().iter().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn json_events_are_masked_and_stay_json() {
    let log = Log::default();
    let events = json(&log, || {
        let span = tracing::info_span!("call", id = "01J5ZK9T3WQ4X8M2N7P6R5S1VB");
        let _guard = span.enter();
        tracing::info!(pan = 4111111111111111_u64, cvc = "123", "keyed {}", "4111 1111 1111 1111");
        tracing::info!(
            body = "Signal=5\r\nDuration=160",
            peer = "192.168.100.200:5060",
            ms = 1754043753123_u64
        );
    });
    assert_eq!(events[0]["fields"]["pan"], "[card:****1111]");
    assert_eq!(events[0]["fields"]["cvc"], "[code:removed]");
    assert_eq!(events[0]["fields"]["message"], "keyed [card:****1111]");
    assert_eq!(events[0]["span"]["id"], "01J5ZK9T3WQ4X8M2N7P6R5S1VB");
    assert_eq!(events[1]["fields"]["body"], "Signal=[key:removed]\r\nDuration=160");
    assert_eq!(events[1]["fields"]["peer"], "192.168.100.200:5060");
    assert_eq!(events[1]["fields"]["ms"], 1754043753123_u64);
    let timestamp = events[1]["timestamp"].as_str().unwrap();
    assert!(timestamp.ends_with('Z') && timestamp.len() == 27, "{timestamp}");
}

#[test]
fn errors_and_debug_values_are_masked_too() {
    let log = Log::default();
    let error = io::Error::other("no such card 4111111111111111");
    let events = json(&log, || {
        tracing::error!(error = &error as &dyn std::error::Error, fields = ?["5555555555554444"]);
    });
    assert_eq!(events[0]["fields"]["error"], "no such card [card:****1111]");
    assert_eq!(events[0]["fields"]["fields"], r#"["[card:****4444]"]"#);
}

#[test]
fn an_event_is_written_at_once_and_whole() {
    let log = Log::default();
    let make = RedactingMakeWriter::new(log.clone());
    let mut writer = make.make_writer();
    for piece in "card 4111 1111 1111 1111".as_bytes().chunks(3) {
        writer.write_all(piece).unwrap();
    }
    assert!(log.writes().is_empty());
    drop(writer);
    assert_eq!(log.writes(), ["card [card:****1111]"], "nothing waits for a line end");
}

#[test]
fn long_lines() {
    let log = Log::default();
    let line = format!("{}4111111111111111{}\n", "x".repeat(100_000), "y".repeat(100_000));
    let make = RedactingMakeWriter::new(log.clone());
    make.make_writer().write_all(line.as_bytes()).unwrap();
    assert_eq!(log.writes().concat(), line.replace("4111111111111111", "[card:****1111]"));
}

#[test]
fn findings_are_counted_and_reported_without_their_content() {
    let log = Log::default();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let heard = Arc::clone(&heard);
        move |finding: &Finding| {
            heard.lock().expect("no test panics with it").push((finding.kind, finding.range.clone()));
        }
    };
    let make = RedactingMakeWriter::new(log.clone()).with_policy(Policy::RemoveAll).with_hook(hook);
    make.make_writer().write_all(b"pan 4111111111111111 cvc=123").unwrap();
    let clone = make.clone();
    clone.make_writer().write_all(b"Signal=5 ;4111111111111111=3012101000?").unwrap();
    assert_eq!(
        log.writes(),
        ["pan [card:removed] cvc=[code:removed]", "Signal=[key:removed] ;[track:removed]?"]
    );
    let counts = make.counts();
    assert_eq!((counts.card_numbers, counts.security_codes, counts.keys, counts.tracks), (1, 1, 1, 1));
    let heard = heard.lock().expect("no test panics with it");
    assert_eq!(heard[..2], [(Kind::CardNumber, 4..20), (Kind::SecurityCode, 25..28)]);
    assert_eq!(heard.len(), 4);
}
