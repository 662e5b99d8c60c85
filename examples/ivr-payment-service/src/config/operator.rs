//! The operator of a line: where the phone is, and how caller and operator meet.

use core::time::Duration;

use paytone_dtmf::Masker;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::sip::Encryption;

/// The operator of a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorConfig {
    /// The SIP URI of the operator's phone, or of a queue.
    #[serde(deserialize_with = "sip_uri")]
    pub uri: String,
    /// The operator is called when the caller calls, and stays on the line while a payment is taken.
    #[serde(default)]
    pub stays: bool,
    /// The line on which operators call in and wait: where one does, the caller gets that one, and nobody is called.
    pub waits_on: Option<String>,
    /// How a caller gets to the operator after the payment, where the operator does not stay.
    #[serde(default)]
    pub back: WayBack,
    /// The operator hears the caller speak while the card is taken, keys masked.
    #[serde(default)]
    pub hears_speech: bool,
    /// By how many milliseconds the operator hears the caller late, so that nothing of a key is heard: 25, or 0 to 40. With
    /// less than 25 a key's beginning may be.
    #[serde(rename = "masking_delay_ms", default = "usual_delay", deserialize_with = "delay")]
    pub masking_delay: usize,
    /// Whether the media towards the operator is encrypted: `required`, or else not.
    #[serde(default = "plain")]
    pub encryption: Encryption,
    /// How long the operator's phone may ring.
    #[serde(rename = "ring_s", default = "usual_ring", deserialize_with = "super::seconds")]
    pub ring: Duration,
}

/// How a caller gets back to the operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayBack {
    /// The service calls the operator and connects the two; it stays in between. Where the phone is busy or nobody answers,
    /// the caller's side is asked.
    #[default]
    Dial,
    /// The caller's side is asked to call the operator (REFER). Where it refuses or fails, the service dials.
    Refer,
}

pub(super) fn sip_uri<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let rest = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:"));
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '?');
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(is_plain) => Ok(text),
        _ => Err(D::Error::custom("must be a sip URI without headers")),
    }
}

fn delay<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let delay = usize::deserialize(deserializer)?;
    if delay <= Masker::MAX_DELAY_MS { Ok(delay) } else { Err(D::Error::custom("at most 40")) }
}

const fn usual_delay() -> usize {
    25
}

const fn plain() -> Encryption {
    Encryption::Off
}

const fn usual_ring() -> Duration {
    Duration::from_secs(30)
}
