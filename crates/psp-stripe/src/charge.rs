//! Charges: a payment is made unconfirmed, its id journalled, and only then confirmed.

use paytone_card::Card;
use paytone_psp::exchange::Body;
use paytone_psp::{
    Approval, ApprovalCode, Authorization, Authorize, Capture, ChargeStored, CheckpointBlob, Decline,
    DeclineReason, DoubtCause, Entry, GatewayError, IdempotencyKey, InDoubt, Money, Operation, OrderId,
    PaymentMethod, Postcode, ProviderState, Reference, Refusal, Retry, TransactionId,
};

use crate::account::Account;
use crate::amount;
use crate::answer::{ORDER, PaymentIntent, REFERENCE, Status, WithId};
use crate::failure::Failure;
use crate::flow::Wire;
use crate::form::{Form, form};
use crate::stored::StoredParts;

/// What a keyed and a stored card's charge have in common.
pub(crate) struct Charge<'a> {
    pub(crate) account: &'a Account,
    pub(crate) wire: Wire,
    pub(crate) reference: Reference,
    pub(crate) key: IdempotencyKey,
    pub(crate) order: &'a OrderId,
    pub(crate) money: Money,
    pub(crate) capture: Capture,
    pub(crate) method: PaymentMethod,
    pub(crate) entry: Entry,
    pub(crate) operation: Operation,
}

pub(crate) async fn authorize(
    account: &Account,
    wire: Wire,
    request: Authorize<'_>,
) -> Result<Authorization, GatewayError> {
    let charge = Charge {
        account,
        wire,
        reference: request.reference,
        key: request.key,
        order: request.order,
        money: request.money,
        capture: request.capture,
        method: request.method,
        entry: request.entry,
        operation: Operation::Authorize,
    };
    match keep_card(account, &charge.wire, &charge.key, request.card, request.postcode).await {
        Ok(card) => charge.run(&card, None).await,
        Err(Failure::Declined(decline)) => Ok(Authorization::Declined(decline)),
        Err(failure) => Err(failure.before_money()),
    }
}

pub(crate) async fn charge_stored(
    account: &Account,
    wire: Wire,
    request: ChargeStored<'_>,
) -> Result<Authorization, GatewayError> {
    let Some(stored) = StoredParts::of(request.stored) else {
        return Err(GatewayError::refused(Refusal::NotFound));
    };
    let charge = Charge {
        account,
        wire,
        reference: request.reference,
        key: request.key,
        order: request.order,
        money: request.money,
        capture: request.capture,
        method: request.method,
        entry: request.entry,
        operation: Operation::ChargeStored,
    };
    charge.run(stored.card, Some(stored.customer)).await
}

/// Hands the card to Stripe; everything after this names it by the id that comes back.
pub(crate) async fn keep_card(
    account: &Account,
    wire: &Wire,
    key: &IdempotencyKey,
    card: &Card,
    postcode: Option<Postcode>,
) -> Result<String, Failure> {
    let body = form(|form| {
        form.text("type", "card");
        card.pan().expose(|digits| form.bytes("card[number]", digits));
        form.number("card[exp_month]", card.expiry().month().into());
        form.number("card[exp_year]", card.expiry().year().into());
        if let Some(code) = card.code() {
            code.expose(|digits| form.bytes("card[cvc]", digits));
        }
        if let Some(postcode) = &postcode {
            form.text("billing_details[address][postal_code]", postcode.as_str());
        }
    });
    let request = account.post("/v1/payment_methods", &format!("{key}-card"), body);
    Failure::object::<WithId>(wire.send(request).await, account.is_test()).map(|kept| kept.id)
}

impl Charge<'_> {
    /// Makes the payment, journals its id, confirms it.
    async fn run(&self, card: &str, customer: Option<&str>) -> Result<Authorization, GatewayError> {
        let Some(amount) = amount::to_stripe(self.money) else {
            return Err(GatewayError::refused(Refusal::Amount));
        };
        let made = self.make(amount, card, customer).await.map_err(Failure::before_money)?;
        let never = GatewayError::NotSent { retry: Retry::Never };
        let Ok(blob) = CheckpointBlob::new(made.id.clone().into_bytes()) else { return Err(never) };
        if self.wire.save(blob.clone()).await.is_err() {
            self.cancel(&made.id).await;
            return Err(never);
        }
        self.confirm(&made.id, blob).await
    }

    async fn make(&self, amount: u64, card: &str, customer: Option<&str>) -> Result<WithId, Failure> {
        let body = form(|form| {
            form.number("amount", amount);
            form.text("currency", &amount::code(self.money.currency()));
            form.text("payment_method", card);
            form.text("payment_method_types[0]", "card");
            if let Some(customer) = customer {
                form.text("customer", customer);
            }
            form.text("capture_method", if self.capture == Capture::Auto { "automatic" } else { "manual" });
            form.text(&format!("metadata[{REFERENCE}]"), self.reference.as_str());
            form.text(&format!("metadata[{ORDER}]"), self.order.as_str());
        });
        let request = self.account.post("/v1/payment_intents", &format!("{}-payment", self.key), body);
        Failure::object(self.wire.send(request).await, self.account.is_test())
    }

    /// The one request that moves money.
    async fn confirm(&self, id: &str, blob: CheckpointBlob) -> Result<Authorization, GatewayError> {
        let path = format!("/v1/payment_intents/{id}/confirm");
        let request = self.account.post(&path, self.key.as_str(), self.confirmation());
        let answer = self.wire.send(request).await;
        let doubt = |cause| self.doubt(id, blob, cause);
        match Failure::object::<PaymentIntent>(answer, self.account.is_test()) {
            Ok(payment) => self.outcome(&payment, doubt).await,
            Err(Failure::Declined(decline)) => Ok(Authorization::Declined(with_id(decline, id))),
            // Somebody confirmed or cancelled it already: an earlier try, or a lookup. Only a look can tell.
            Err(Failure::Refused(reason, _)) if self.may_mean_confirmed(reason) => {
                Err(GatewayError::InDoubt(doubt(DoubtCause::AlreadyRunning)))
            }
            Err(failure) => Err(failure.in_doubt(doubt)),
        }
    }

    /// The stand-in gives no codes, so there any bad request may mean it.
    fn may_mean_confirmed(&self, reason: Refusal) -> bool {
        reason == Refusal::WrongState || reason == Refusal::Parameters && !self.account.is_stripe()
    }

    fn confirmation(&self) -> Body {
        form(|form| {
            form.text("expand[0]", "latest_charge");
            if self.account.is_stripe() {
                match self.entry {
                    // Stripe has no other word for "the holder is on the phone and cannot see a screen".
                    Entry::TelephoneOrder | Entry::StoredCustomerInitiated => {
                        form.text("payment_method_options[card][moto]", "true");
                    }
                    _ => form.text("off_session", "true"),
                }
                form.text("error_on_requires_action", "true");
                self.instalments(form);
            }
        })
    }

    fn instalments(&self, form: &mut Form<'_, '_>) {
        let kind = match self.method {
            PaymentMethod::Instalments { count } => {
                form.number(&plan("count"), count.count().into());
                form.text(&plan("interval"), "month");
                "fixed_count"
            }
            PaymentMethod::Bonus => "bonus",
            PaymentMethod::Revolving => "revolving",
            _ => return,
        };
        form.text(&plan("type"), kind);
    }

    async fn outcome(
        &self,
        payment: &PaymentIntent,
        doubt: impl FnOnce(DoubtCause) -> InDoubt,
    ) -> Result<Authorization, GatewayError> {
        if payment.status == Status::RequiresAction {
            self.cancel(&payment.id).await;
            let decline = Decline { test: self.account.is_test(), ..Decline::new(AUTHENTICATION) };
            return Ok(Authorization::Declined(with_id(decline, &payment.id)));
        }
        let Some(snapshot) = payment.snapshot(self.reference) else {
            return Err(GatewayError::InDoubt(doubt(DoubtCause::Unreadable)));
        };
        match snapshot.state {
            ProviderState::Authorised | ProviderState::Captured => {
                let approval_code =
                    payment.authorization_code().and_then(|code| ApprovalCode::parse(code).ok());
                Ok(Authorization::Approved(Approval { snapshot, approval_code }))
            }
            ProviderState::Declined(reason) => {
                let decline = Decline { test: snapshot.test, ..Decline::new(reason) };
                Ok(Authorization::Declined(with_id(decline, &payment.id)))
            }
            _ => Err(GatewayError::InDoubt(doubt(DoubtCause::AlreadyRunning))),
        }
    }

    /// Cancels a payment nobody will confirm. Best effort: left as it is, it moves no money either.
    async fn cancel(&self, id: &str) {
        let path = format!("/v1/payment_intents/{id}/cancel");
        let request = self.account.post(&path, &format!("{}-cancel", self.key), form(|_| {}));
        drop(self.wire.send(request).await);
    }

    fn doubt(&self, id: &str, blob: CheckpointBlob, cause: DoubtCause) -> InDoubt {
        let doubt = InDoubt::new(self.reference, self.operation, cause).with_checkpoint(blob);
        match TransactionId::parse(id) {
            Ok(transaction) => doubt.with_transaction(transaction),
            Err(_) => doubt,
        }
    }
}

fn with_id(decline: Decline, id: &str) -> Decline {
    Decline { transaction: TransactionId::parse(id).ok(), ..decline }
}

fn plan(field: &str) -> String {
    format!("payment_method_options[card][installments][plan][{field}]")
}

const AUTHENTICATION: DeclineReason = DeclineReason::AuthenticationRequired;
