//! Idempotency keys, as Stripe describes them: the first answer is kept, a 500 too, and given again; other
//! parameters under the same key are refused; what failed validation is not kept.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::{Answer, Incoming};

/// The answers given so far, by key.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    kept: BTreeMap<String, Kept>,
    // Keyed afresh in every process, so that a sum gives nothing away about a body.
    hasher: RandomState,
}

#[derive(Debug)]
struct Kept {
    sum: u64,
    answer: Answer,
}

impl Keys {
    /// The answer to a request that was answered before.
    pub(crate) fn answer(&self, request: &Incoming) -> Option<Answer> {
        let kept = self.kept.get(key(request)?)?;
        if kept.sum != self.sum(request) {
            return Some(Answer::error(400, "idempotency_error", "idempotency_key_reused"));
        }
        Some(kept.answer.clone().with_header("idempotent-replayed", "true"))
    }

    pub(crate) fn remember(&mut self, request: &Incoming, answer: &Answer) {
        let work_began = matches!(answer.status, 200 | 402 | 500..=599);
        if let (Some(key), true) = (key(request), work_began) {
            let kept = Kept { sum: self.sum(request), answer: answer.clone() };
            self.kept.entry(key.to_owned()).or_insert(kept);
        }
    }

    fn sum(&self, request: &Incoming) -> u64 {
        self.hasher.hash_one((request.path(), request.body()))
    }
}

/// Keys count for requests that change something through a body.
fn key(request: &Incoming) -> Option<&str> {
    request.key().filter(|_| request.method() == "POST")
}
