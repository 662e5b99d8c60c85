//! What the fake remembers. None of it is card digits.

use std::collections::BTreeMap;

use crate::cards::{Behaviour, Refused};

#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) methods: BTreeMap<String, Method>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) payments: BTreeMap<String, Payment>,
    pub(crate) setups: BTreeMap<String, Setup>,
    made: u64,
}

/// A card handed in.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) behaviour: Behaviour,
    pub(crate) last_four: String,
    pub(crate) expiry: (u64, u64),
    pub(crate) customer: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) metadata: Vec<(String, String)>,
}

/// A payment intent with its one charge.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) status: &'static str,
    pub(crate) amount: u64,
    pub(crate) captured: u64,
    pub(crate) refunded: u64,
    pub(crate) currency: String,
    pub(crate) is_manual: bool,
    pub(crate) method: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) charge: Option<Charge>,
    pub(crate) error: Option<Refused>,
    pub(crate) created: u64,
    pub(crate) order: u64,
}

/// A charge that went through.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) approval: String,
    pub(crate) last_four: String,
    /// Charged by telephone.
    pub(crate) is_moto: bool,
    /// In seconds since the Unix epoch.
    pub(crate) at: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) status: &'static str,
    pub(crate) customer: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) error: Option<Refused>,
}

/// One payment as the provider's own list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The payment's id.
    pub id: String,
    /// The metadata field `reference`.
    pub reference: String,
    /// The metadata field `order_id`.
    pub order: String,
    /// Its status, in Stripe's words.
    pub status: &'static str,
    /// What is reserved or taken and not given back, in Stripe's units.
    pub held: u64,
    /// When it was charged, in seconds since the Unix epoch; `None` where it was not.
    pub charged: Option<u64>,
    /// Whether it was charged as a telephone order.
    pub by_telephone: bool,
}

impl Books {
    /// A new id with this prefix.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_fake{:08}", self.made)
    }

    /// How many things were made so far: their order.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        let text = |payment: &Payment, name: &str| {
            let found = payment.metadata.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let held = |(id, payment): (&String, &Payment)| Held {
            id: id.clone(),
            reference: text(payment, "reference"),
            order: text(payment, "order_id"),
            status: payment.status,
            held: payment.held(),
            charged: payment.charge.as_ref().map(|charge| charge.at),
            by_telephone: payment.charge.as_ref().is_some_and(|charge| charge.is_moto),
        };
        self.payments.iter().map(held).collect()
    }
}

impl Payment {
    fn held(&self) -> u64 {
        match self.status {
            "requires_capture" => self.amount,
            "succeeded" => self.captured - self.refunded,
            _ => 0,
        }
    }
}
