//! Each operation as steps.

use paytone_card::Card;
use paytone_psp::exchange::{Adapter, NoResponse, Response, Step};
use paytone_psp::{
    Approval, AskError, Authorization, Authorize, CaptureRequest, ChargeStored, CheckpointBlob,
    DeclineReason, DoubtCause, Found, GatewayError, GatewayInfo, IdempotencyKey, InDoubt, Money, Operation,
    ProviderState, Reference, RefundRequest, Refusal, Register, RegisterMode, Registration, Retry, Snapshot,
    StoredCard, StoredCardId, Verification, Verify, VoidRequest,
};

use crate::Gmo;
use crate::order::{Answer, Order, Status, difference};
use crate::problem::{Verdict, decline};
use crate::requests::Stored;

impl Adapter for Gmo {
    fn info(&self) -> &GatewayInfo {
        &self.info
    }

    fn verify<'a>(&'a self, request: Verify<'a>) -> Step<'a, Result<Verification, GatewayError>> {
        if !has_room_for(request.card) {
            return Step::Done(Ok(Verification::Declined(decline(
                DeclineReason::CardNotUsable,
                None,
                self.is_test(),
            ))));
        }
        Step::send(self.verify_card(&request), move |answer| {
            let judged = self.judge(answer, request.reference, Operation::Verify);
            Step::Done(judged.and_then(|judged| match judged {
                Judged::Declined(decline) => Ok(Verification::Declined(decline)),
                Judged::Done(answer) => {
                    let order = self.checked(&answer, request.reference, Operation::Verify)?;
                    Ok(Verification::Valid { transaction: order.transaction, test: self.is_test() })
                }
            }))
        })
    }

    fn authorize<'a>(&'a self, request: Authorize<'a>) -> Step<'a, Result<Authorization, GatewayError>> {
        if !has_room_for(request.card) {
            return Step::Done(Ok(Authorization::Declined(decline(
                DeclineReason::CardNotUsable,
                None,
                self.is_test(),
            ))));
        }
        let reference = request.reference;
        self.after_checkpoint(reference, move || {
            Step::send(self.charge(&request), move |answer| {
                Step::Done(self.authorization(answer, reference, Operation::Authorize))
            })
        })
    }

    fn charge_stored<'a>(
        &'a self,
        request: ChargeStored<'a>,
    ) -> Step<'a, Result<Authorization, GatewayError>> {
        let Some(stored) = Stored::of(request.stored) else {
            return Step::Done(Err(GatewayError::refused(Refusal::NotFound)));
        };
        let reference = request.reference;
        self.after_checkpoint(reference, move || {
            Step::send(self.charge_onfile(&request, stored), move |answer| {
                Step::Done(self.authorization(answer, reference, Operation::ChargeStored))
            })
        })
    }

    fn capture<'a>(&'a self, request: CaptureRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>> {
        let change = Change { reference: request.reference, key: request.key, operation: Operation::Capture };
        self.look_first(change, move |order, access_id| {
            // All or nothing: taking less would mean to cancel and to ask the card company again.
            if order.status == Status::Authorised && order.amount != request.money {
                return Step::Done(Err(GatewayError::refused(Refusal::Amount)));
            }
            let request = self.capture_order(access_id, &change.key);
            Step::send(request, move |answer| Step::Done(self.changed(answer, change, None)))
        })
    }

    fn void<'a>(&'a self, request: VoidRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>> {
        let change = Change { reference: request.reference, key: request.key, operation: Operation::Void };
        self.look_first(change, move |order, access_id| {
            // The provider's cancel would give back what was taken as well, and that is no void.
            if order.status == Status::Captured {
                return Step::Done(Err(GatewayError::refused(Refusal::WrongState)));
            }
            let request = self.cancel_order(access_id, &change.key);
            Step::send(request, move |answer| Step::Done(self.changed(answer, change, order.original)))
        })
    }

    fn refund<'a>(&'a self, request: RefundRequest<'a>) -> Step<'a, Result<Snapshot, GatewayError>> {
        let change = Change { reference: request.reference, key: request.key, operation: Operation::Refund };
        self.look_first(change, move |order, access_id| {
            let request = match order.status {
                // A repetition of a full refund is answered by its key.
                Status::Cancelled => self.cancel_order(access_id, &change.key),
                Status::Captured if request.money == order.amount => {
                    self.cancel_order(access_id, &change.key)
                }
                Status::Captured if request.money < order.amount => {
                    self.update_order(access_id, difference(order.amount, request.money), &change.key)
                }
                Status::Captured => return Step::Done(Err(GatewayError::refused(Refusal::Amount))),
                _ => return Step::Done(Err(GatewayError::refused(Refusal::WrongState))),
            };
            let original = Some(order.original.unwrap_or(order.amount));
            Step::send(request, move |answer| Step::Done(self.changed(answer, change, original)))
        })
    }

    fn lookup<'a>(&'a self, doubt: &'a InDoubt) -> Step<'a, Result<Found, AskError>> {
        let reference = *doubt.reference();
        Step::send(self.inquire(&reference), move |answer| {
            Step::Done(match found(answer, &reference) {
                Err(why) => Err(why),
                Ok(None) => Ok(Found::Absent),
                Ok(Some(order)) => {
                    Ok(Found::Present(order.snapshot(reference, doubt.operation(), self.is_test())))
                }
            })
        })
    }

    fn register<'a>(&'a self, request: Register<'a>) -> Step<'a, Result<Registration, GatewayError>> {
        if !has_room_for(request.card) {
            return Step::Done(Ok(Registration::Declined(decline(
                DeclineReason::CardNotUsable,
                None,
                self.is_test(),
            ))));
        }
        let wire = match request.mode {
            RegisterMode::VerifyThenStore => self.verify_and_store(&request),
            RegisterMode::StoreOnly => self.store_card(&request),
        };
        Step::send(wire, move |answer| {
            let judged = self.judge(answer, request.reference, Operation::Register);
            Step::Done(judged.and_then(|judged| match judged {
                Judged::Declined(decline) => Ok(Registration::Declined(decline)),
                Judged::Done(answer) => {
                    let id = answer
                        .stored_card()
                        .ok_or_else(|| unreadable(request.reference, Operation::Register))?;
                    Ok(Registration::Stored(StoredCard {
                        id,
                        masked: request.card.masked(),
                        test: self.is_test(),
                    }))
                }
            }))
        })
    }

    fn forget<'a>(&'a self, stored: &'a StoredCardId) -> Step<'a, Result<(), AskError>> {
        let Some(stored) = Stored::of(stored) else {
            return Step::Done(Err(AskError::Refused(Refusal::NotFound)));
        };
        Step::send(self.delete_card(stored), move |answer| match gone(answer) {
            Ok(()) => Step::send(self.delete_member(stored.member), move |answer| Step::Done(gone(answer))),
            Err(why) => Step::Done(Err(why)),
        })
    }
}

/// A capture, void or refund.
#[derive(Clone, Copy)]
struct Change {
    reference: Reference,
    key: IdempotencyKey,
    operation: Operation,
}

/// What the provider answered, as far as it is one of two answers.
enum Judged {
    Done(Answer),
    Declined(paytone_psp::Decline),
}

impl Gmo {
    const fn is_test(&self) -> bool {
        self.info.test
    }

    /// The transaction is found again by our own reference, so nothing else has to survive.
    fn after_checkpoint<'a>(
        &'a self,
        reference: Reference,
        then: impl FnOnce() -> Step<'a, Result<Authorization, GatewayError>> + Send + 'a,
    ) -> Step<'a, Result<Authorization, GatewayError>> {
        let Ok(blob) = CheckpointBlob::new(reference.as_str().as_bytes().to_vec()) else {
            return Step::Done(Err(GatewayError::NotSent { retry: Retry::Never }));
        };
        Step::save(blob, move |saved| match saved {
            Ok(()) => then(),
            Err(failed) => Step::Done(Err(failed.into())),
        })
    }

    /// A change needs the provider's own id, and sense in the state the transaction is in.
    fn look_first<'a>(
        &'a self,
        change: Change,
        then: impl FnOnce(Order, &str) -> Step<'a, Result<Snapshot, GatewayError>> + Send + 'a,
    ) -> Step<'a, Result<Snapshot, GatewayError>> {
        Step::send(self.inquire(&change.reference), move |answer| match found(answer, &change.reference) {
            Ok(Some(order)) => match order.transaction.clone() {
                Some(id) => then(order, id.as_str()),
                None => Step::Done(Err(GatewayError::refused(Refusal::NotFound))),
            },
            Ok(None) => Step::Done(Err(GatewayError::refused(Refusal::NotFound))),
            Err(AskError::Refused(refusal)) => Step::Done(Err(GatewayError::refused(refusal))),
            // A question has no effect: the change itself was certainly not sent.
            Err(_) => Step::Done(Err(GatewayError::NotSent { retry: ASK_AGAIN })),
        })
    }

    fn judge(
        &self,
        answer: Result<Response, NoResponse>,
        reference: Reference,
        operation: Operation,
    ) -> Result<Judged, GatewayError> {
        let in_doubt = |cause| InDoubt::new(reference, operation, cause);
        let response = answer.map_err(|none| none.into_error(in_doubt))?;
        match response.status() {
            // A page for the cardholder to go on at, which a telephone order has asked not to get.
            202 => Ok(Judged::Declined(decline(DeclineReason::AuthenticationRequired, None, self.is_test()))),
            200 | 201 => {
                Answer::of(&response).map(Judged::Done).ok_or_else(|| unreadable(reference, operation))
            }
            _ => match Verdict::of(&response) {
                Verdict::Declined(reason, code) => {
                    Ok(Judged::Declined(decline(reason, code, self.is_test())))
                }
                Verdict::NotAccepted(retry) => Err(GatewayError::NotSent { retry }),
                Verdict::Refused(reason, code) => Err(GatewayError::Refused { reason, code }),
                Verdict::InDoubt(cause) => Err(GatewayError::InDoubt(in_doubt(cause))),
            },
        }
    }

    fn checked(
        &self,
        answer: &Answer,
        reference: Reference,
        operation: Operation,
    ) -> Result<Order, GatewayError> {
        answer.order(&reference).ok_or_else(|| unreadable(reference, operation))
    }

    fn authorization(
        &self,
        answer: Result<Response, NoResponse>,
        reference: Reference,
        operation: Operation,
    ) -> Result<Authorization, GatewayError> {
        let answer = match self.judge(answer, reference, operation)? {
            Judged::Declined(decline) => return Ok(Authorization::Declined(decline)),
            Judged::Done(answer) => answer,
        };
        let order = self.checked(&answer, reference, operation)?;
        if !matches!(order.status, Status::Authorised | Status::Captured) {
            return Err(unreadable(reference, operation));
        }
        let snapshot = order.snapshot(reference, operation, self.is_test());
        Ok(Authorization::Approved(Approval { snapshot, approval_code: order.approval_code }))
    }

    /// The answer to a change. The card company can refuse one; then everything is as it was before.
    fn changed(
        &self,
        answer: Result<Response, NoResponse>,
        change: Change,
        original: Option<Money>,
    ) -> Result<Snapshot, GatewayError> {
        let answer = match self.judge(answer, change.reference, change.operation)? {
            Judged::Declined(decline) => {
                return Err(GatewayError::Refused { reason: Refusal::WrongState, code: decline.code });
            }
            Judged::Done(answer) => answer,
        };
        let mut order = self.checked(&answer, change.reference, change.operation)?;
        order.original = order.original.or(original);
        let snapshot = order.snapshot(change.reference, change.operation, self.is_test());
        let is_done = matches!(
            (change.operation, snapshot.state),
            (Operation::Capture, ProviderState::Captured)
                | (Operation::Void, ProviderState::Voided)
                | (Operation::Refund, ProviderState::Refunded { .. })
        );
        if is_done { Ok(snapshot) } else { Err(unreadable(change.reference, change.operation)) }
    }
}

/// The answer to a question about our order id: `None` where the provider knows no such order.
fn found(answer: Result<Response, NoResponse>, reference: &Reference) -> Result<Option<Order>, AskError> {
    let response = answer?;
    if response.status() == 200 {
        let order = Answer::of(&response).and_then(|answer| answer.order(reference));
        return order.map(Some).ok_or(AskError::NoAnswer);
    }
    match Verdict::of(&response) {
        // Our own order id is well formed, so a complaint about it means that there is no such order.
        Verdict::InDoubt(DoubtCause::AlreadyRunning) if response.status() == 400 => Ok(None),
        Verdict::Refused(refusal, _) => Err(AskError::Refused(refusal)),
        _ => Err(AskError::NoAnswer),
    }
}

/// The answer to a deletion: what is gone already is gone.
fn gone(answer: Result<Response, NoResponse>) -> Result<(), AskError> {
    let response = answer?;
    if matches!(response.status(), 200..=202) {
        return Ok(());
    }
    match Verdict::of(&response) {
        Verdict::Refused(Refusal::NotFound, _) => Ok(()),
        Verdict::Refused(refusal, _) => Err(AskError::Refused(refusal)),
        _ => Err(AskError::NoAnswer),
    }
}

/// The provider takes card numbers of 12 to 16 digits.
fn has_room_for(card: &Card) -> bool {
    card.pan().expose(|digits| (12..=16).contains(&digits.len()))
}

fn unreadable(reference: Reference, operation: Operation) -> GatewayError {
    GatewayError::InDoubt(InDoubt::new(reference, operation, DoubtCause::Unreadable))
}

const ASK_AGAIN: Retry = Retry::SameKey { after: core::time::Duration::from_secs(1) };
