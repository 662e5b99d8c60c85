//! Cards that are verified or stored. No money moves; it is journalled, asked and journalled all the same, and an answer that
//! did not come is looked up.

use paytone_card::Card;
use paytone_dialog::Verdict;
use paytone_psp::attempt::{PERSON_AFTER, SETTLE};
use paytone_psp::{
    CallContext, Decline, DoubtCause, Entry, Found, GatewayError, InDoubt, Operation, ProviderState, Refusal,
    Register, RegisterMode, Registration, StoredCard, Verification, Verify,
};

use super::answer::NoAnswer;
use super::checkpoint::NoCheckpoint;
use super::{Cashier, Payments, names};
use crate::bus::EventKind;
use crate::store::{
    CallUlid, CardOperation, CardRequest, CardRequestState, NewStoredCard, Order, Purpose, StoreError,
};

impl Payments {
    /// Asks about every card that was verified or stored without an answer, once. A request that is not there when it can no
    /// longer arrive was not done: its order is open again. How many are still in doubt.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn look_up_cards(&self) -> Result<usize, StoreError> {
        let mut left = 0;
        for request in self.cashier.tools.store.card_requests(CardRequestState::InDoubt).await? {
            match self.cashier.found_of(&request).await {
                Some(state) => self.cashier.card_became(&request, state, None).await?,
                None => left += 1,
            }
        }
        Ok(left)
    }
}

impl Cashier {
    /// Verifies or stores the card of an order without an amount, and completes the order.
    pub(super) async fn without_money(&self, call: CallUlid, order: &Order, card: Card) -> Verdict {
        let verify = order.terms.purpose == Purpose::Verify;
        let operation = if verify { CardOperation::Verify } else { CardOperation::Register };
        let Some(request) = self.begin_card(call, order, &card, operation).await else {
            return Verdict::Unavailable;
        };
        let asked = match operation {
            CardOperation::Verify => self.verify(&request, &card).await.map(|()| None),
            CardOperation::Register => {
                self.register(&request, &card, RegisterMode::VerifyThenStore).await.map(Some)
            }
        };
        let state = state_of(&asked);
        let (stored, verdict) = match asked {
            Ok(stored) if verify => (stored, Verdict::Checked),
            Ok(stored) => (stored, Verdict::Registered),
            Err(NotDone::Declined(decline)) => {
                let mut card = card;
                card.drop_code();
                let same_card = decline.recovery() == decline.reason.recovery();
                (None, Verdict::Declined { reason: decline.reason, card: same_card.then_some(card) })
            }
            Err(NotDone::NotATestCard) => (None, Verdict::NotATestCard),
            Err(NotDone::NotSent) => (None, Verdict::Unavailable),
            Err(NotDone::Unknown) => (None, Verdict::Unknown),
        };
        match self.card_became(&request, state, stored.as_ref()).await {
            Ok(()) => verdict,
            Err(error) => {
                // The journal says that it was asked for: the next start looks it up.
                tracing::error!(%call, %error, "what became of a card could not be journalled");
                Verdict::Unknown
            }
        }
    }

    /// Stores the card of a payment that was approved. That it could not be stored changes nothing about the payment.
    pub(super) async fn store_beside(&self, call: CallUlid, order: &Order, card: &Card) {
        let Some(request) = self.begin_card(call, order, card, CardOperation::Register).await else { return };
        let asked = self.register(&request, card, RegisterMode::StoreOnly).await.map(Some);
        let state = state_of(&asked);
        let stored = asked.unwrap_or_default();
        if stored.is_none() {
            tracing::warn!(order = %order.id, "the card of a payment was not stored");
        }
        if let Err(error) = self.card_became(&request, state, stored.as_ref()).await {
            tracing::error!(order = %order.id, %error, "a stored card could not be remembered");
        }
    }

    /// After a stop: what was asked for and not answered is in doubt.
    pub(super) async fn recover_cards(&self) -> Result<(), StoreError> {
        for request in self.tools.store.card_requests(CardRequestState::Asked).await? {
            self.card_became(&request, CardRequestState::InDoubt, None).await?;
        }
        Ok(())
    }

    /// Journals the request. Without it nothing is sent.
    async fn begin_card(
        &self,
        call: CallUlid,
        order: &Order,
        card: &Card,
        operation: CardOperation,
    ) -> Option<CardRequest> {
        let now = self.now();
        let deadline = now.saturating_add(self.tools.accounts.of(order.merchant).ok()?.deadline);
        let (reference, _) = names(now);
        let (last_four, brand, merchant) = (card.masked(), card.brand(), order.merchant);
        let request =
            CardRequest { reference, merchant, order: order.id, call, operation, last_four, brand, deadline };
        match self.tools.store.begin_card_request(&request, now).await {
            Ok(()) => Some(request),
            Err(error) => {
                tracing::error!(%call, %error, "a card request could not be journalled");
                None
            }
        }
    }

    async fn card_became(
        &self,
        request: &CardRequest,
        state: CardRequestState,
        stored: Option<&StoredCard>,
    ) -> Result<(), StoreError> {
        let new = stored.map(|stored| NewStoredCard {
            provider_id: &stored.id,
            last_four: request.last_four,
            brand: request.brand,
            test: stored.test,
        });
        let now = self.now();
        tracing::info!(call = %request.call, reference = %request.reference, %state, "card request");
        if state == CardRequestState::LeftOver {
            tracing::error!(reference = %request.reference, "a person has to look: the provider has something of a card");
            let alarm = EventKind::Alarm { alarm: "card_left_over" };
            self.tools.bus.publish(request.merchant, Some(request.call), now, alarm);
        }
        self.tools.store.card_request_became(request, state, new, now).await
    }

    /// What a lookup shows to have become of a request; nothing where that is not certain yet.
    async fn found_of(&self, request: &CardRequest) -> Option<CardRequestState> {
        let operation = match request.operation {
            CardOperation::Verify => Operation::Verify,
            CardOperation::Register => Operation::Register,
        };
        let doubt = InDoubt::new(request.reference, operation, DoubtCause::Restart);
        let now = self.now();
        let may_arrive = now < request.deadline.saturating_add(SETTLE);
        match self.ask_about(request.merchant, &doubt, now).await {
            Ok(Found::Absent) => (!may_arrive).then_some(CardRequestState::NotDone),
            Ok(Found::Present(found)) => match found.state {
                ProviderState::Pending => None,
                ProviderState::NotCharged => (!may_arrive).then_some(CardRequestState::NotDone),
                ProviderState::Declined(_) => Some(CardRequestState::NotDone),
                // A check that was let go of again is a card that is good; of a stored card we would not know the name.
                ProviderState::Voided if operation == Operation::Verify => Some(CardRequestState::Done),
                _ => Some(CardRequestState::LeftOver),
            },
            Err(_) => {
                (now >= request.deadline.saturating_add(PERSON_AFTER)).then_some(CardRequestState::LeftOver)
            }
        }
    }

    async fn verify(&self, asked: &CardRequest, card: &Card) -> Result<(), NotDone> {
        let account = self.tools.accounts.of(asked.merchant).map_err(|none| NotDone::from(&none))?;
        let (_, key) = names(self.now());
        let request = Verify { reference: asked.reference, key, entry: Entry::TelephoneOrder, card };
        let context = CallContext { now: self.now(), deadline: asked.deadline, checkpoint: &NoCheckpoint };
        match self.wait_for(account.gateway.verify(context, request), asked.deadline).await {
            Ok(Ok(Verification::Valid { .. })) => Ok(()),
            Ok(Ok(Verification::Declined(decline))) => Err(NotDone::Declined(decline)),
            Ok(Err(error)) => Err(NotDone::from(&error)),
            Err(NoAnswer) => Err(NotDone::Unknown),
        }
    }

    async fn register(
        &self,
        asked: &CardRequest,
        card: &Card,
        mode: RegisterMode,
    ) -> Result<StoredCard, NotDone> {
        let account = self.tools.accounts.of(asked.merchant).map_err(|none| NotDone::from(&none))?;
        let (_, key) = names(self.now());
        let request = Register { reference: asked.reference, key, mode, entry: Entry::TelephoneOrder, card };
        let context = CallContext { now: self.now(), deadline: asked.deadline, checkpoint: &NoCheckpoint };
        match self.wait_for(account.gateway.register(context, request), asked.deadline).await {
            Ok(Ok(Registration::Stored(stored))) => Ok(stored),
            Ok(Ok(Registration::Declined(decline))) => Err(NotDone::Declined(decline)),
            Ok(Err(error)) => Err(NotDone::from(&error)),
            Err(NoAnswer) => Err(NotDone::Unknown),
        }
    }
}

/// Why a card was not verified or stored.
enum NotDone {
    Declined(Decline),
    NotATestCard,
    NotSent,
    Unknown,
}

fn state_of<T>(asked: &Result<T, NotDone>) -> CardRequestState {
    match asked {
        Ok(_) => CardRequestState::Done,
        Err(NotDone::Unknown) => CardRequestState::InDoubt,
        Err(_) => CardRequestState::NotDone,
    }
}

impl From<&GatewayError> for NotDone {
    fn from(error: &GatewayError) -> Self {
        match error {
            GatewayError::Refused { reason: Refusal::NotATestNumber, .. } => Self::NotATestCard,
            GatewayError::NotSent { .. } | GatewayError::Refused { .. } => Self::NotSent,
            GatewayError::InDoubt(_) => Self::Unknown,
        }
    }
}
