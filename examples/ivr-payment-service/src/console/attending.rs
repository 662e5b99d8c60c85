//! Which operator an order is in front of: whoever looked at it last.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use paytone_redact::SafeText;

use crate::store::OrderUlid;

/// How many orders are remembered; the oldest are forgotten first.
const MOST: usize = 10_000;

/// Who looked at which order last.
#[derive(Debug, Default)]
pub(super) struct Attending(Mutex<Looked>);

#[derive(Debug, Default)]
struct Looked {
    by: HashMap<OrderUlid, SafeText>,
    oldest: VecDeque<OrderUlid>,
}

impl Attending {
    /// Somebody looks at an order.
    pub(super) fn looks(&self, order: OrderUlid, login: &SafeText) {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.by.insert(order, login.clone()).is_none() {
            looked.oldest.push_back(order);
        }
        if looked.oldest.len() > MOST
            && let Some(forgotten) = looked.oldest.pop_front()
        {
            looked.by.remove(&forgotten);
        }
    }

    /// Whether this operator was the last to look at it.
    pub(super) fn is(&self, order: OrderUlid, login: &SafeText) -> bool {
        let looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.by.get(&order).is_some_and(|last| last == login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_who_looked_has_it() {
        let (attending, hanako, taro) =
            (Attending::default(), SafeText::new("hanako"), SafeText::new("taro"));
        let order = OrderUlid::parse("01ARYZ6S41TSV4RRFFQ69G5FAV").unwrap();
        assert!(!attending.is(order, &hanako));
        attending.looks(order, &hanako);
        attending.looks(order, &taro);
        assert!(attending.is(order, &taro) && !attending.is(order, &hanako));
    }
}
