//! What comes back, or does not.

use core::time::Duration;

use serde_json::{Value, json};

use super::fault::{Fault, SLOW};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// What the other side gets to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, after a time.
    Answer(Duration, Reply),
    /// An answer of which only this many bytes come, though more are announced.
    Truncated(Reply, usize),
    /// An answer of 64 MiB of spaces.
    Huge(Reply),
    /// Nothing ever; the connection stays open.
    Silence,
    /// Nothing; the connection closes.
    Closed,
}

impl Reply {
    pub(super) fn success(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    pub(super) fn problem(status: u16, title: &str, detail: &str, path: &str) -> Self {
        let body = json!({"title": title, "detail": detail, "instance": path}).to_string();
        Self { status, content_type: "application/problem+json", body: body.into_bytes() }
    }

    /// The provider complains about `parameter`.
    pub(super) fn invalid(title: &str, parameter: &str, path: &str) -> Self {
        let detail = format!("The value provided for parameter is invalid.({parameter})");
        Self::problem(400, title, &detail, path)
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What is seen of it when `fault` strikes.
    pub(super) fn spoilt(self, fault: Option<Fault>, path: &str) -> Outcome {
        let at_once = |reply| Outcome::Answer(Duration::ZERO, reply);
        let Some(fault) = fault else { return at_once(self) };
        match fault {
            Fault::ClosesBefore | Fault::ClosesAfter => Outcome::Closed,
            Fault::SilentBefore | Fault::SilentAfter | Fault::Late => Outcome::Silence,
            Fault::FailsBefore | Fault::FailsAfter => at_once(Self::problem(
                500,
                "internal_server_error",
                "An unexpected error has occurred.",
                path,
            )),
            Fault::Busy => at_once(Self::problem(429, "too_many_requests", "Too many requests.", path)),
            Fault::Conflict => at_once(Self::problem(409, "conflict", "Duplicate request.", path)),
            Fault::Slow => Outcome::Answer(SLOW, self),
            Fault::Truncated => {
                let half = self.body.len() / 2;
                Outcome::Truncated(self, half)
            }
            // "It is broken", in Shift_JIS.
            Fault::Garbage => {
                at_once(Self { body: b"<p>\x89\xf3\x82\xea\x82\xdc\x82\xb5\x82\xbd</p>".to_vec(), ..self })
            }
            Fault::Huge => Outcome::Huge(self),
            Fault::Redirects => at_once(Self { status: 307, ..self }),
        }
    }
}
