//! Captures, voids, refunds and lookups of a payment that was made.

use core::time::Duration;

use paytone_psp::exchange::Body;
use paytone_psp::{
    AskError, CaptureRequest, DoubtCause, Found, GatewayError, IdempotencyKey, InDoubt, Operation,
    ProviderState, Reference, RefundRequest, Refusal, Snapshot, TransactionId, VoidRequest,
};

use crate::account::Account;
use crate::amount;
use crate::answer::{Page, PaymentIntent, REFERENCE, Status, WithId, is_id};
use crate::failure::Failure;
use crate::flow::Wire;
use crate::form::{form, query_value};

/// One payment, being changed or looked at.
pub(crate) struct Payment<'a> {
    account: &'a Account,
    wire: Wire,
    reference: Reference,
}

pub(crate) async fn capture(
    account: &Account,
    wire: Wire,
    request: CaptureRequest<'_>,
) -> Result<Snapshot, GatewayError> {
    let payment = Payment { account, wire, reference: request.reference };
    let Some(most) = amount::to_stripe(request.money) else {
        return Err(GatewayError::refused(Refusal::Amount));
    };
    let body = form(|form| {
        form.number("amount_to_capture", most);
        form.text("expand[0]", "latest_charge");
    });
    let change = Change { operation: Operation::Capture, key: request.key, verb: "capture" };
    payment.change(change, request.transaction, body, |state| matches!(state, ProviderState::Captured)).await
}

pub(crate) async fn void(
    account: &Account,
    wire: Wire,
    request: VoidRequest<'_>,
) -> Result<Snapshot, GatewayError> {
    let payment = Payment { account, wire, reference: request.reference };
    let body = form(|form| form.text("expand[0]", "latest_charge"));
    let change = Change { operation: Operation::Void, key: request.key, verb: "cancel" };
    payment.change(change, request.transaction, body, |state| !matches!(state, ProviderState::Captured)).await
}

pub(crate) async fn refund(
    account: &Account,
    wire: Wire,
    request: RefundRequest<'_>,
) -> Result<Snapshot, GatewayError> {
    let payment = Payment { account, wire, reference: request.reference };
    let Some(amount) = amount::to_stripe(request.money) else {
        return Err(GatewayError::refused(Refusal::Amount));
    };
    let id = payment.id(request.transaction).await?;
    if !account.is_stripe() {
        let before = payment.get(&id).await.map_err(Failure::before_money)?;
        if before.left() < amount {
            return Err(GatewayError::refused(Refusal::Amount));
        }
    }
    let body = form(|form| {
        form.text("payment_intent", &id);
        form.number("amount", amount);
        form.text(&format!("metadata[{REFERENCE}]"), request.reference.as_str());
    });
    let doubt = |cause| payment.doubt(Operation::Refund, &id, cause);
    let asked = account.post("/v1/refunds", request.key.as_str(), body);
    Failure::object::<WithId>(payment.wire.send(asked).await, account.is_test())
        .map_err(|failure| failure.in_doubt(doubt))?;
    // The refund is made; what is left of the payment is a second question, and until it is answered a doubt.
    let after = payment.get(&id).await.ok().and_then(|after| after.snapshot(request.reference));
    after.ok_or_else(|| GatewayError::InDoubt(doubt(DoubtCause::NoAnswer)))
}

pub(crate) async fn lookup(account: &Account, wire: Wire, doubt: &InDoubt) -> Result<Found, AskError> {
    let payment = Payment { account, wire, reference: *doubt.reference() };
    let journalled = doubt.checkpoint().and_then(|blob| core::str::from_utf8(blob.as_bytes()).ok());
    let known = doubt.transaction().map(TransactionId::as_str).or(journalled);
    let id = match known.filter(|id| is_payment_id(id)) {
        Some(id) => id.to_owned(),
        None => match payment.find().await? {
            Some(id) => id,
            None => return Ok(Found::Absent),
        },
    };
    let mut found = payment.get(&id).await.map_err(ask_error)?;
    // A charge that was sent and never confirmed is not confirmed any more, by anybody.
    let was_sent =
        matches!(doubt.operation(), Operation::Authorize | Operation::ChargeStored) && known.is_some();
    if was_sent && matches!(found.status, Status::RequiresConfirmation | Status::RequiresAction) {
        payment.cancel(&id).await;
        found = payment.get(&id).await.map_err(ask_error)?;
    }
    found.snapshot(payment.reference).map(Found::Present).ok_or(AskError::NoAnswer)
}

/// A change of state with a path of its own.
struct Change {
    operation: Operation,
    key: IdempotencyKey,
    verb: &'static str,
}

impl Payment<'_> {
    async fn change(
        &self,
        change: Change,
        known: Option<&TransactionId>,
        body: Body,
        fits: fn(ProviderState) -> bool,
    ) -> Result<Snapshot, GatewayError> {
        let id = self.id(known).await?;
        let doubt = |cause| self.doubt(change.operation, &id, cause);
        let path = format!("/v1/payment_intents/{id}/{}", change.verb);
        let request = self.account.post(&path, change.key.as_str(), body);
        let changed: PaymentIntent = Failure::object(self.wire.send(request).await, self.account.is_test())
            .map_err(|failure| failure.in_doubt(doubt))?;
        match changed.snapshot(self.reference) {
            Some(snapshot) if fits(snapshot.state) => Ok(snapshot),
            Some(_) => Err(GatewayError::refused(Refusal::WrongState)),
            None => Err(GatewayError::InDoubt(doubt(DoubtCause::Unreadable))),
        }
    }

    /// Stripe's id of the payment, looked for where no answer gave it.
    async fn id(&self, known: Option<&TransactionId>) -> Result<String, GatewayError> {
        match known.map(TransactionId::as_str).filter(|id| is_payment_id(id)) {
            Some(id) => Ok(id.to_owned()),
            None => match self.find().await {
                Ok(Some(id)) => Ok(id),
                Ok(None) => Err(GatewayError::refused(Refusal::NotFound)),
                Err(AskError::Refused(reason)) => Err(GatewayError::refused(reason)),
                Err(_) => Err(Failure::Unknown(DoubtCause::NoAnswer).before_money()),
            },
        }
    }

    async fn get(&self, id: &str) -> Result<PaymentIntent, Failure> {
        let request = self.account.get(&format!("/v1/payment_intents/{id}?expand%5B0%5D=latest_charge"));
        Failure::object(self.wire.send(request).await, self.account.is_test())
    }

    /// Makes sure that nothing can confirm it later. Whether that worked shows when it is looked at again.
    async fn cancel(&self, id: &str) {
        let path = format!("/v1/payment_intents/{id}/cancel");
        let request = self.account.post(&path, &format!("{id}-cancel"), form(|_| {}));
        drop(self.wire.send(request).await);
    }

    /// Goes through the payments made around the time the reference was made. One that holds money goes before one
    /// that was made and never confirmed.
    async fn find(&self) -> Result<Option<String>, AskError> {
        let mut found: Option<PaymentIntent> = None;
        let mut last: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let request = self.account.get(&self.page_after(last.as_deref()));
            let page: Page =
                Failure::object(self.wire.send(request).await, self.account.is_test()).map_err(ask_error)?;
            last = page.data.last().map(|payment| payment.id.clone());
            for payment in page.data.into_iter().filter(|payment| payment.is_of(&self.reference)) {
                if found.is_none() || was_confirmed(&payment) {
                    found = Some(payment);
                }
            }
            if !page.has_more || found.as_ref().is_some_and(was_confirmed) {
                return Ok(found.map(|payment| payment.id));
            }
        }
        // Too many to go through: that is no answer, and certainly not "nothing there".
        found.map(|payment| Some(payment.id)).ok_or(AskError::NoAnswer)
    }

    fn page_after(&self, last: Option<&str>) -> String {
        let mut path = String::from("/v1/payment_intents?limit=100");
        if self.account.is_stripe() {
            let made = self.reference.created();
            let (from, to) = (made.saturating_sub(BEFORE), made.saturating_add(AFTER));
            path.push_str(&format!("&created%5Bgte%5D={}&created%5Blte%5D={}", from.as_secs(), to.as_secs()));
        }
        if let Some(last) = last {
            path.push_str(&format!("&starting_after={}", query_value(last)));
        }
        path
    }

    fn doubt(&self, operation: Operation, id: &str, cause: DoubtCause) -> InDoubt {
        let doubt = InDoubt::new(self.reference, operation, cause);
        match TransactionId::parse(id) {
            Ok(transaction) => doubt.with_transaction(transaction),
            Err(_) => doubt,
        }
    }
}

/// A question Stripe refuses stays refused; any other is asked again.
fn ask_error(failure: Failure) -> AskError {
    match failure {
        Failure::Refused(reason, _) => AskError::Refused(reason),
        _ => AskError::NoAnswer,
    }
}

fn was_confirmed(payment: &PaymentIntent) -> bool {
    matches!(payment.status, Status::Succeeded | Status::RequiresCapture | Status::Processing)
}

/// Whether a text is one of Stripe's payment ids, and so safe in a path.
fn is_payment_id(text: &str) -> bool {
    text.starts_with("pi_") && is_id(text)
}

const MOST_PAGES: u32 = 50;

/// How far Stripe's clock may be behind ours.
const BEFORE: Duration = Duration::from_secs(10 * 60);

/// How long after its reference was made a payment can have been made, clocks that differ included.
const AFTER: Duration = Duration::from_secs(24 * 3600);
