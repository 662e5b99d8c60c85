//! Card checks and stored cards.

use paytone_psp::{
    AskError, Decline, DeclineReason, DoubtCause, GatewayError, IdempotencyKey, InDoubt, Operation,
    Reference, Refusal, Register, RegisterMode, Registration, StoredCard, StoredCardId, TransactionId,
    Verification, Verify,
};

use crate::account::Account;
use crate::answer::{REFERENCE, SetupIntent, Status, WithId, is_id};
use crate::charge::keep_card;
use crate::decline::decline;
use crate::failure::Failure;
use crate::flow::Wire;
use crate::form::form;

/// A stored card's two ids at Stripe, kept as `customer/payment_method`. Every card has a customer of its own, which
/// goes with it.
pub(crate) struct StoredParts<'a> {
    pub(crate) customer: &'a str,
    pub(crate) card: &'a str,
}

impl<'a> StoredParts<'a> {
    pub(crate) fn of(id: &'a StoredCardId) -> Option<Self> {
        let (customer, card) = id.as_str().split_once('/')?;
        let fits = |text: &str, prefix: &str| text.starts_with(prefix) && is_id(text);
        (fits(customer, "cus_") && fits(card, "pm_")).then_some(Self { customer, card })
    }
}

/// A card being checked or stored.
struct Setup<'a> {
    account: &'a Account,
    wire: Wire,
    reference: Reference,
    key: IdempotencyKey,
    operation: Operation,
}

pub(crate) async fn verify(
    account: &Account,
    wire: Wire,
    request: Verify<'_>,
) -> Result<Verification, GatewayError> {
    let Verify { reference, key, .. } = request;
    let setup = Setup { account, wire, reference, key, operation: Operation::Verify };
    let checked = match keep_card(account, &setup.wire, &key, request.card, None).await {
        Ok(card) => setup.check(&card, None).await,
        Err(failure) => Err(failure),
    };
    match checked {
        Ok(id) => {
            Ok(Verification::Valid { transaction: TransactionId::parse(&id).ok(), test: account.is_test() })
        }
        Err(Failure::Declined(decline)) => Ok(Verification::Declined(decline)),
        // A check moves nothing and keeps nothing, so it may simply be made again.
        Err(failure) => Err(failure.before_money()),
    }
}

pub(crate) async fn register(
    account: &Account,
    wire: Wire,
    request: Register<'_>,
) -> Result<Registration, GatewayError> {
    let Register { reference, key, .. } = request;
    let setup = Setup { account, wire, reference, key, operation: Operation::Register };
    match setup.store(&request).await {
        Ok(id) => Ok(Registration::Stored(StoredCard {
            id,
            masked: request.card.masked(),
            test: account.is_test(),
        })),
        Err(Failure::Declined(decline)) => Ok(Registration::Declined(decline)),
        Err(failure) => Err(failure.in_doubt(|cause| setup.doubt(cause))),
    }
}

pub(crate) async fn forget(account: &Account, wire: Wire, stored: &StoredCardId) -> Result<(), AskError> {
    let Some(stored) = StoredParts::of(stored) else { return Ok(()) };
    let detach = format!("/v1/payment_methods/{}/detach", stored.card);
    let request = account.post(&detach, &format!("{}-detach", stored.card), form(|_| {}));
    gone(Failure::object::<WithId>(wire.send(request).await, account.is_test()))?;
    let request = account.delete(&format!("/v1/customers/{}", stored.customer));
    gone(Failure::object::<WithId>(wire.send(request).await, account.is_test()))
}

/// What is not there, or not attached any more, is forgotten.
fn gone(answer: Result<WithId, Failure>) -> Result<(), AskError> {
    match answer {
        Ok(_) | Err(Failure::Refused(Refusal::NotFound | Refusal::Parameters | Refusal::WrongState, _)) => {
            Ok(())
        }
        Err(Failure::Refused(reason, _)) => Err(AskError::Refused(reason)),
        Err(_) => Err(AskError::NoAnswer),
    }
}

impl Setup<'_> {
    /// Has the issuer asked about a card; with a customer, for later use. Answers with the id of the check.
    async fn check(&self, card: &str, customer: Option<&str>) -> Result<String, Failure> {
        let body = form(|form| {
            form.text("payment_method_types[0]", "card");
            form.text("usage", if customer.is_some() { "off_session" } else { "on_session" });
            form.text(&format!("metadata[{REFERENCE}]"), self.reference.as_str());
            if let Some(customer) = customer {
                form.text("customer", customer);
            }
        });
        let made: WithId = self.post("/v1/setup_intents", "setup", body).await?;
        let body = form(|form| {
            form.text("payment_method", card);
            if self.account.is_stripe() {
                form.text("payment_method_options[card][moto]", "true");
            }
        });
        let path = format!("/v1/setup_intents/{}/confirm", made.id);
        let confirmed: SetupIntent = self.post(&path, "confirm", body).await?;
        match (confirmed.status, &confirmed.last_setup_error) {
            (Status::Succeeded, _) => Ok(confirmed.id),
            (Status::RequiresAction, _) => {
                let decline = Decline::new(DeclineReason::AuthenticationRequired);
                Err(Failure::Declined(Decline { test: self.account.is_test(), ..decline }))
            }
            (_, Some(error)) => Err(Failure::Declined(decline(error, self.account.is_test()))),
            _ => Err(Failure::Unknown(DoubtCause::Unreadable)),
        }
    }

    async fn store(&self, request: &Register<'_>) -> Result<StoredCardId, Failure> {
        let card = keep_card(self.account, &self.wire, &self.key, request.card, None).await?;
        let body = form(|form| form.text(&format!("metadata[{REFERENCE}]"), self.reference.as_str()));
        let customer: WithId = self.post("/v1/customers", "customer", body).await?;
        if request.mode == RegisterMode::VerifyThenStore {
            self.check(&card, Some(&customer.id)).await?;
        }
        // A check for a customer attaches the card; without one, or at the stand-in, that is left to us.
        if request.mode == RegisterMode::StoreOnly || !self.account.is_stripe() {
            let body = form(|form| form.text("customer", &customer.id));
            self.post::<WithId>(&format!("/v1/payment_methods/{card}/attach"), "attach", body).await?;
        }
        StoredCardId::parse(&format!("{}/{card}", customer.id))
            .map_err(|_| Failure::Unknown(DoubtCause::Unreadable))
    }

    async fn post<T: for<'a> serde::Deserialize<'a>>(
        &self,
        path: &str,
        step: &str,
        body: paytone_psp::exchange::Body,
    ) -> Result<T, Failure> {
        let request = self.account.post(path, &format!("{}-{step}", self.key), body);
        Failure::object(self.wire.send(request).await, self.account.is_test())
    }

    fn doubt(&self, cause: DoubtCause) -> InDoubt {
        InDoubt::new(self.reference, self.operation, cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_cards_id_cannot_lead_to_another_path() {
        let parts = |text: &str| StoredParts::of(&StoredCardId::parse(text).expect("printable")).is_some();
        assert!(parts("cus_1/pm_1"));
        for text in ["cus_1", "cus_1/../pm_1", "cus_1/pm_1/detach", "cus_1?x/pm_1", "pm_1/cus_1"] {
            assert!(!parts(text), "{text}");
        }
    }
}
