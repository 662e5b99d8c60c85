//! Request bodies: one JSON object, field by field, so that an error can name the field and nothing else.

use core::fmt;
use core::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::Problem;

const LARGEST: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields of a body that have not been taken yet.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Reads the body of a request as JSON.
    pub(super) async fn read(request: Request) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::UNSUPPORTED_MEDIA_TYPE);
        }
        let body = tokio::time::timeout(PATIENCE, receive(request.into_body()));
        serde_json::from_slice(&body.await.map_err(|_| Problem::TOO_SLOW)??).map_err(|_| Problem::UNREADABLE)
    }

    /// Refuses fields that are not among `known`.
    pub(super) fn only(self, known: &[&'static str]) -> Result<Self, Problem> {
        match self.0.iter().all(|(name, _)| known.contains(&name.as_str())) {
            true => Ok(self),
            false => Err(Problem::unknown_field(known)),
        }
    }

    /// A text that has to be there.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Problem> {
        self.optional_text(name)?.ok_or_else(|| missing(name))
    }

    /// A text; `null` is as good as none.
    pub(super) fn optional_text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::field(name, "must be a text")),
        }
    }

    /// A whole number that has to be there.
    pub(super) fn whole_number(&mut self, name: &'static str) -> Result<u64, Problem> {
        let value = self.take(name).ok_or_else(|| missing(name))?;
        value.as_u64().ok_or_else(|| Problem::field(name, "must be a whole number, not a text or a fraction"))
    }

    /// A whole number; `null` is as good as none.
    pub(super) fn optional_whole_number(&mut self, name: &'static str) -> Result<Option<u64>, Problem> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_u64().map(Some).ok_or_else(|| Problem::field(name, "must be a whole number"))
            }
        }
    }

    /// A yes or no; no where there is none.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.take(name) {
            None | Some(Value::Null) => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| Problem::field(name, "must be true or false")),
        }
    }

    /// A list of texts; `null` is as good as none.
    pub(super) fn optional_texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, Problem> {
        let wrong = || Problem::field(name, "must be a list of texts");
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => {
                let texts = items.into_iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong));
                texts.collect::<Result<Vec<_>, _>>().map(Some)
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Texts by name; `null` is as good as none.
    pub(super) fn optional_map(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<(String, String)>>, Problem> {
        let wrong = || Problem::field(name, "must be an object of texts");
        match self.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(map)) => {
                let pairs = map.into_iter().map(|(key, value)| match value {
                    Value::String(text) => Ok((key, text)),
                    _ => Err(wrong()),
                });
                pairs.collect::<Result<Vec<_>, _>>().map(Some)
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Whether the field is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The body of a request that need not have one.
    pub(super) async fn read_or_none(request: Request) -> Result<Self, Problem> {
        if is_json(request.headers()) {
            return Self::read(request).await;
        }
        let body = tokio::time::timeout(PATIENCE, receive(request.into_body()));
        match body.await.map_err(|_| Problem::TOO_SLOW)??.is_empty() {
            true => Ok(Self(Vec::new())),
            false => Err(Problem::UNSUPPORTED_MEDIA_TYPE),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            /// A name that comes twice is an error: two readers could take it for two different orders.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("a name comes twice"));
                    }
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

fn missing(name: &'static str) -> Problem {
    Problem::field(name, "is missing")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

pub(super) async fn receive(body: Body) -> Result<axum::body::Bytes, Problem> {
    to_bytes(body, LARGEST).await.map_err(|error| {
        let too_large =
            core::error::Error::source(&error).is_some_and(|cause| cause.is::<LengthLimitError>());
        if too_large { Problem::TOO_LARGE } else { Problem::UNREADABLE }
    })
}
