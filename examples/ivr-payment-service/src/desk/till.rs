//! Where a call pays.

use paytone_card::Card;
use paytone_dialog::{Details, Verdict};
use paytone_redact::SafeText;

use crate::Services;
use crate::bus::EventKind;
use crate::guard::{Ruling, Try};
use crate::store::{CallUlid, Order, StoreError};

/// Where one call pays: the guard first, then the payments.
pub(super) struct Till {
    pub(super) services: Services,
    pub(super) call: CallUlid,
    pub(super) source: SafeText,
    pub(super) line: String,
}

impl Till {
    pub(super) async fn pay(&self, order: &Order, card: Card, details: Details) -> Verdict {
        match self.judge(order, &card).await {
            Ok(Ruling::Pass) => {}
            Ok(Ruling::PassWithAlarm(alarm)) => self.alarm(alarm),
            Err(error) => {
                tracing::error!(call = %self.call, %error, "a try could not be counted, and was not made");
                return Verdict::Unavailable;
            }
            Ok(Ruling::Stop(alarm)) => {
                tracing::warn!(call = %self.call, alarm, "a card was not tried");
                self.alarm(alarm);
                return Verdict::Unavailable;
            }
        }
        let verdict = self.services.payments.authorize_as(self.call, order, card, details).await;
        if matches!(verdict, Verdict::Declined { .. }) {
            let counted = self.services.shop.guard.declined(&self.line, order.id, crate::clock::now());
            match counted.await {
                Ok(alarm) => alarm.into_iter().for_each(|alarm| self.alarm(alarm)),
                Err(error) => tracing::error!(call = %self.call, %error, "a decline could not be counted"),
            }
        }
        verdict
    }

    async fn judge(&self, order: &Order, card: &Card) -> Result<Ruling, StoreError> {
        let (merchant, money, caller) = (order.merchant, order.money, self.source.as_str());
        let call = self.services.store.call(merchant, self.call.as_str()).await.ok().flatten();
        let operator = call.and_then(|call| call.operator);
        let operator = operator.as_ref().map(SafeText::as_str);
        let this = Try { order: order.id, money, caller, operator, line: &self.line, card };
        self.services.shop.guard.judge(&this, crate::clock::now()).await
    }

    fn alarm(&self, alarm: &'static str) {
        let (merchant, now) = (self.services.shop.merchant_id, crate::clock::now());
        self.services.bus.publish(merchant, Some(self.call), now, EventKind::Alarm { alarm });
    }
}
