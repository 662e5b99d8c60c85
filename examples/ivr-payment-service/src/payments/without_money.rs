//! Cards that are verified or stored: no money moves, so nothing has to be journalled before.

use paytone_card::Card;
use paytone_dialog::Verdict;
use paytone_psp::{
    CallContext, Entry, GatewayError, Refusal, Register, RegisterMode, Registration, StoredCard,
    Verification, Verify,
};

use super::checkpoint::NoCheckpoint;
use super::{Cashier, names};
use crate::store::{CallUlid, MerchantUlid, NewStoredCard, Order, Purpose};

impl Cashier {
    /// Verifies or stores the card of an order without an amount, and completes the order.
    pub(super) async fn without_money(&self, call: CallUlid, order: &Order, card: Card) -> Verdict {
        let (last_four, brand) = (card.masked(), card.brand());
        let asked = match order.terms.purpose {
            Purpose::Verify => self.verify(order.merchant, &card).await.map(|()| None),
            _ => self.register(order.merchant, &card, RegisterMode::VerifyThenStore).await.map(Some),
        };
        let stored = match asked {
            Ok(stored) => stored,
            Err(NotDone::Declined(decline)) => {
                let mut card = card;
                card.drop_code();
                let same_card = decline.recovery() == decline.reason.recovery();
                return Verdict::Declined { reason: decline.reason, card: same_card.then_some(card) };
            }
            Err(NotDone::NotATestCard) => return Verdict::NotATestCard,
            Err(NotDone::Failed) => return Verdict::Unavailable,
        };
        drop(card);
        let new = stored.as_ref().map(|stored| NewStoredCard {
            provider_id: &stored.id,
            last_four,
            brand,
            test: stored.test,
        });
        match self.tools.store.complete_order(call, order.id, new, self.now()).await {
            Ok(_) if order.terms.purpose == Purpose::Verify => Verdict::Checked,
            Ok(_) => Verdict::Registered,
            Err(error) => {
                tracing::error!(%call, %error, "an order could not be completed");
                Verdict::Unavailable
            }
        }
    }

    /// Stores the card of a payment that was approved. That it could not be stored changes nothing about the payment.
    pub(super) async fn store_beside(&self, order: &Order, card: &Card) {
        let (last_four, brand) = (card.masked(), card.brand());
        match self.register(order.merchant, card, RegisterMode::StoreOnly).await {
            Ok(stored) => {
                let new = NewStoredCard { provider_id: &stored.id, last_four, brand, test: stored.test };
                if let Err(error) = self.tools.store.remember_card(order.id, new, self.now()).await {
                    tracing::error!(order = %order.id, %error, "a stored card could not be remembered");
                }
            }
            Err(_) => tracing::warn!(order = %order.id, "the card of a payment was not stored"),
        }
    }

    async fn verify(&self, merchant: MerchantUlid, card: &Card) -> Result<(), NotDone> {
        let (reference, key) = names(self.now());
        let request = Verify { reference, key, entry: Entry::TelephoneOrder, card };
        let account = self.tools.accounts.of(merchant).map_err(|none| NotDone::from(&none))?;
        let (now, deadline) = (self.now(), self.now().saturating_add(account.deadline));
        let context = CallContext { now, deadline, checkpoint: &NoCheckpoint };
        match self.wait_for(account.gateway.verify(context, request), deadline).await {
            Ok(Ok(Verification::Valid { .. })) => Ok(()),
            Ok(Ok(Verification::Declined(decline))) => Err(NotDone::Declined(decline)),
            Ok(Err(error)) => Err(NotDone::from(&error)),
            Err(_) => Err(NotDone::Failed),
        }
    }

    async fn register(
        &self,
        merchant: MerchantUlid,
        card: &Card,
        mode: RegisterMode,
    ) -> Result<StoredCard, NotDone> {
        let (reference, key) = names(self.now());
        let request = Register { reference, key, mode, entry: Entry::TelephoneOrder, card };
        let account = self.tools.accounts.of(merchant).map_err(|none| NotDone::from(&none))?;
        let (now, deadline) = (self.now(), self.now().saturating_add(account.deadline));
        let context = CallContext { now, deadline, checkpoint: &NoCheckpoint };
        match self.wait_for(account.gateway.register(context, request), deadline).await {
            Ok(Ok(Registration::Stored(stored))) => Ok(stored),
            Ok(Ok(Registration::Declined(decline))) => Err(NotDone::Declined(decline)),
            Ok(Err(error)) => Err(NotDone::from(&error)),
            Err(_) => Err(NotDone::Failed),
        }
    }
}

/// Why a card was not verified or stored.
enum NotDone {
    Declined(paytone_psp::Decline),
    NotATestCard,
    Failed,
}

impl From<&GatewayError> for NotDone {
    fn from(error: &GatewayError) -> Self {
        match error {
            GatewayError::Refused { reason: Refusal::NotATestNumber, .. } => Self::NotATestCard,
            _ => Self::Failed,
        }
    }
}
