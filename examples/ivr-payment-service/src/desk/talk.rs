//! A call whose people talk, and pay when the operator says so.

use std::sync::{Arc, Mutex};

use paytone_dialog::{AfterCall, Entry, Language, OrderCode, Outcome, Script};

use super::{Desk, build_script, locked, merchant, summary};
use crate::bus::{CallCommand, EventKind};
use crate::config::LineDialog;
use crate::matching::{Clues, KeyedCode, Matcher as _};
use crate::store::{Claim, OrderUlid};

/// There is no payment to take: the order is not there, or not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no order to pay")]
pub struct CannotPay;

impl Desk {
    /// The script of a payment of this order, or of the order the call has; without either the caller is asked for a code.
    /// The operator is there when it ends. A future of its own: the call goes on meanwhile.
    ///
    /// # Errors
    /// The future's: [`CannotPay`].
    pub fn next_payment(
        &mut self,
        order: Option<OrderUlid>,
    ) -> impl Future<Output = Result<Script, CannotPay>> + Send + use<> {
        let wanted = order.or_else(|| locked(&self.order).as_ref().map(|order| order.id));
        let kept = Arc::new(Mutex::new(None));
        self.order = kept.clone();
        let (services, languages) = (self.services.clone(), self.languages.clone());
        let asker = self.asker(crate::clock::now());
        let dialog = LineDialog { after: None, ..self.dialog.clone() };
        async move {
            let entry = match wanted {
                None => Entry::AskOrderCode,
                Some(id) => {
                    let found = services.store.order(services.shop.merchant_id, id.as_str()).await;
                    let found = found.ok().flatten().ok_or(CannotPay)?;
                    let clues = Clues { keyed: Some(found.code.as_str().to_owned()), ..Clues::default() };
                    let claim = KeyedCode::OnAScreen.find(&asker, &clues).await;
                    let Ok(Some(Claim::Taken(order))) = claim else { return Err(CannotPay) };
                    let summary = summary(merchant(&services), &order);
                    *locked(&kept) = Some(order);
                    Entry::Order(summary)
                }
            };
            build_script(&services.config.dialog, &languages, &dialog, entry, AfterCall::Operator)
                .map_err(|_| CannotPay)
        }
    }

    /// The merchant's id of the order the call has.
    #[must_use]
    pub fn order_id(&self) -> Option<String> {
        locked(&self.order).as_ref().map(|order| order.order_id.to_string())
    }

    /// The code of the order the call has: what a caller is known by who calls again.
    #[must_use]
    pub fn order_code(&self) -> Option<OrderCode> {
        locked(&self.order).as_ref().map(|order| order.code.clone())
    }

    /// What is spoken on the call.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language.or_else(|| self.languages.first().copied()).unwrap_or_default()
    }

    /// A script for a call on which nothing is paid any more.
    #[must_use]
    pub fn idle_script(&self) -> Script {
        super::script(&self.services, &self.languages, &self.dialog, Entry::AskOrderCode, AfterCall::HangUp)
    }

    /// A payment of a call that goes on has come to its end.
    pub fn settled(&self, outcome: &Outcome) {
        tracing::info!(call = %self.call, %outcome, "payment ended, the call goes on");
        self.publish(EventKind::PaymentEnded(*outcome));
    }

    /// The payment that an operator wanted could not begin after all.
    pub fn no_payment(&self) {
        let command = CallCommand::TakePayment(None);
        self.publish(EventKind::CommandRefused { command, reason: "no-order-to-pay", version: None });
    }

    /// Somebody has to look.
    pub fn alarm(&self, alarm: &'static str) {
        tracing::warn!(call = %self.call, alarm, "alarm");
        self.publish(EventKind::Alarm { alarm });
    }

    /// The user part of the caller's URI, for the operator's display; `anonymous` where there is none.
    #[must_use]
    pub fn caller_user(&self) -> &str {
        let rest = self.from.split_once(':').map_or("", |(_, rest)| rest);
        let user = rest.split_once('@').map_or("", |(user, _)| user);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        if !user.is_empty() && user.chars().all(is_plain) { user } else { "anonymous" }
    }
}
