//! What no log line may hold, whatever the filter says.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ivr_payment_service::config::{LogConfig, LogFormat};
use ivr_payment_service::logging::{LoggingError, subscriber};
use paytone_card::test_numbers;
use tracing::subscriber::with_default;

/// Everything that was written.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(filter: &str, format: LogFormat, act: impl FnOnce()) -> String {
    let sink = Sink::default();
    let config = LogConfig { filter: filter.to_owned(), format };
    with_default(subscriber(&config, sink.clone()).unwrap(), act);
    String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
}

/// What the SIP library does all day, and once in a while.
fn sip_library_talks() {
    let raw_message = "INFO sip:pay@host SIP/2.0\r\nSignal=5\r\nDuration=160";
    let span = tracing::error_span!(target: "rsipstack::transaction", "invite", raw_message);
    let _inside = span.enter();
    tracing::trace!(target: "rsipstack::transport::udp", raw_message, "udp received");
    tracing::debug!(target: "rsipstack::transport::udp", raw_message, "udp received");
    tracing::info!(target: "rsipstack::transport::udp", raw_message, "udp received");
    tracing::warn!(target: "rsipstack::transport::udp", raw_message, "cannot parse {raw_message}");
    tracing::error!(target: "rsipstack", raw_message, "cannot answer {raw_message}");
    tracing::info!("ours, with their span around it");
}

#[test]
fn of_the_sip_library_only_the_level_and_the_place_of_a_problem_remain() {
    let filters = [
        "trace",
        "rsipstack=trace",
        "info,rsipstack=info",
        "[invite]=trace",
        "rsipstack[{raw_message}]=trace,warn",
    ];
    for filter in filters {
        for format in [LogFormat::Text, LogFormat::Json] {
            let lines = logged(filter, format, sip_library_talks);
            for word in ["Signal", "INFO sip", "Duration", "raw_message", "udp received", "cannot", "invite"]
            {
                assert!(!lines.contains(word), "{filter} {format:?}: {lines}");
            }
        }
    }
    let lines = logged("trace", LogFormat::Text, sip_library_talks);
    let lines: Vec<_> = lines.lines().map(|line| line.split_once("Z ").unwrap().1.trim()).collect();
    assert_eq!(
        lines,
        [
            "WARN rsipstack::transport::udp: the sip library reports a problem",
            "ERROR rsipstack: the sip library reports a problem",
            "INFO logging: ours, with their span around it",
        ]
    );
}

#[test]
fn the_filter_can_still_silence_the_sip_library_altogether() {
    assert_eq!(logged("rsipstack=off", LogFormat::Text, sip_library_talks), "");
}

#[test]
fn json_lines_are_json_with_the_usual_names() {
    let lines = logged("trace", LogFormat::Json, sip_library_talks);
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["level"], "WARN");
    assert_eq!(lines[0]["target"], "rsipstack::transport::udp");
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["fields"]["message"].is_string(), "{line}");
    }
}

#[test]
fn card_data_in_our_own_lines_is_masked() {
    let number = test_numbers::VISA;
    for format in [LogFormat::Text, LogFormat::Json] {
        let lines = logged("trace", format, || {
            let span = tracing::info_span!("call", number);
            let _inside = span.enter();
            tracing::info!(number, "number {number}");
            tracing::error!(error = %format!("unexpected {number}"), cvc = "123", "failed");
        });
        assert!(lines.contains("1111") && lines.contains("failed"), "{lines}");
        assert!(!lines.contains(&number[..9]) && !lines.contains("\"123\""), "{lines}");
    }
}

#[test]
fn a_filter_that_cannot_be_read_is_an_error() {
    let config = LogConfig { filter: "=loud=".to_owned(), format: LogFormat::Text };
    assert_eq!(subscriber(&config, io::sink()).err(), Some(LoggingError::Filter));
}
