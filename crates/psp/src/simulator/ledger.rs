//! What the simulated provider remembers.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use paytone_card::MaskedPan;

use super::table::{Effect, Fault, LATE, Row};
use crate::{
    Advice, Approval, ApprovalCode, Authorization, Capture, Decline, Found, GatewayError, IdempotencyKey,
    Money, Operation, OrderId, PaymentMethod, ProviderCode, ProviderState, Reference, Refusal, Registration,
    Snapshot, StoredCard, StoredCardId, TransactionId,
};

/// The provider's books. Nothing in it holds card digits. Of an answer it keeps what the request does not say itself: a
/// simulator that runs for days holds every payment in memory.
#[derive(Default)]
pub(super) struct Ledger {
    transactions: BTreeMap<Reference, Transaction>,
    answers: BTreeMap<IdempotencyKey, Answer>,
    stored: BTreeMap<StoredCardId, Option<&'static Row>>,
    approvals: u32,
}

/// What one key stands for. A second request under the key must be the same.
#[derive(Clone, Hash)]
pub(super) struct Request {
    pub(super) key: IdempotencyKey,
    pub(super) operation: Operation,
    pub(super) reference: Reference,
    pub(super) money: Option<Money>,
    pub(super) charge: Option<Charge>,
}

/// What only a charge has.
#[derive(Clone, Hash)]
pub(super) struct Charge {
    pub(super) order: OrderId,
    pub(super) capture: Capture,
    pub(super) method: PaymentMethod,
    pub(super) means: Means,
}

/// What a charge is made to.
#[derive(Clone, Hash)]
pub(super) enum Means {
    Card(MaskedPan),
    Stored(StoredCardId),
}

/// A remembered answer, given again to the same request.
#[derive(Clone)]
struct Answer {
    /// Of the request, so that another one under its key is told from it.
    hash: u64,
    decided: Decided,
}

#[derive(Clone)]
enum Decided {
    /// A charge, and the number of its approval.
    Charge(Effect, Option<u32>),
    /// A capture, void or refund, and what it made of the transaction.
    Change(ProviderState, Money),
    Registration(Box<Registration>),
}

/// An answer, and whether it is the first to this key.
pub(super) struct Answered<T> {
    pub(super) value: T,
    pub(super) is_first: bool,
}

#[derive(Clone)]
struct Transaction {
    state: ProviderState,
    money: Money,
    visible_from: Duration,
    fault_to_come: Option<Fault>,
}

impl Ledger {
    pub(super) fn transactions(&self) -> Vec<Snapshot> {
        self.transactions.iter().map(|(reference, transaction)| transaction.snapshot(*reference)).collect()
    }

    pub(super) fn find(&self, reference: &Reference, now: Duration) -> Found {
        match self.transactions.get(reference) {
            Some(transaction) if transaction.visible_from <= now => {
                Found::Present(transaction.snapshot(*reference))
            }
            _ => Found::Absent,
        }
    }

    /// Charges, or answers again what was answered to the same key.
    pub(super) fn charge(
        &mut self,
        request: &Request,
        effect: Effect,
        now: Duration,
    ) -> Result<Answered<Authorization>, GatewayError> {
        let (Some(charge), Some(money)) = (&request.charge, request.money) else {
            return Err(GatewayError::refused(Refusal::Parameters));
        };
        let transaction = |effect| Transaction::new(state_of(effect, charge.capture), money, effect, now);
        if let Some(decided) = self.recall(request)? {
            let Decided::Charge(effect, approval) = decided else { return Err(key_reused()) };
            let value = answer_to_charge(effect, approval, transaction(effect).snapshot(request.reference));
            return Ok(Answered { value, is_first: false });
        }
        if self.transactions.contains_key(&request.reference) {
            return Err(GatewayError::refused(Refusal::ReferenceReused));
        }
        let approval = decline_of(effect, true).is_none().then(|| self.next_approval());
        let transaction = transaction(effect);
        let value = answer_to_charge(effect, approval, transaction.snapshot(request.reference));
        self.transactions.insert(request.reference, transaction);
        self.remember(request, Decided::Charge(effect, approval));
        Ok(Answered { value, is_first: true })
    }

    const fn next_approval(&mut self) -> u32 {
        self.approvals = (self.approvals + 1) % 1_000_000;
        self.approvals
    }

    /// Captures, voids or refunds. The second value is the fault this transaction is scripted for, used up by
    /// now.
    pub(super) fn change(
        &mut self,
        request: &Request,
        now: Duration,
    ) -> Result<(Snapshot, Option<Fault>), GatewayError> {
        if let Some(decided) = self.recall(request)? {
            let Decided::Change(state, money) = decided else { return Err(key_reused()) };
            return Ok((snapshot(request.reference, state, money), None));
        }
        let transaction = self
            .transactions
            .get_mut(&request.reference)
            .filter(|transaction| transaction.visible_from <= now)
            .ok_or(GatewayError::refused(Refusal::NotFound))?;
        let changed = transaction.changed(request.operation, request.money)?;
        let fault = transaction.fault_to_come.take();
        if fault != Some(Fault::LostRequestLater) {
            *transaction = Transaction { fault_to_come: None, ..changed };
        }
        let snapshot = transaction.snapshot(request.reference);
        if fault != Some(Fault::LostRequestLater) {
            self.remember(request, Decided::Change(snapshot.state, snapshot.money));
        }
        Ok((snapshot, fault))
    }

    /// Stores a card, or answers again what was answered to the same key.
    pub(super) fn register(
        &mut self,
        request: &Request,
        row: Option<&'static Row>,
        declined: Option<Decline>,
        masked: MaskedPan,
    ) -> Result<Registration, GatewayError> {
        if let Some(decided) = self.recall(request)? {
            let Decided::Registration(value) = decided else { return Err(key_reused()) };
            return Ok(*value);
        }
        let registration = match (declined, StoredCardId::parse(&format!("sim-card-{}", request.reference))) {
            (Some(decline), _) => Registration::Declined(decline),
            (None, Ok(id)) => {
                self.stored.insert(id.clone(), row);
                Registration::Stored(StoredCard { id, masked, test: true })
            }
            (None, Err(_)) => return Err(GatewayError::refused(Refusal::Parameters)),
        };
        self.remember(request, Decided::Registration(Box::new(registration.clone())));
        Ok(registration)
    }

    /// The row of a stored card: `None` where no such card is stored.
    pub(super) fn stored(&self, id: &StoredCardId) -> Option<Option<&'static Row>> {
        self.stored.get(id).copied()
    }

    pub(super) fn forget(&mut self, id: &StoredCardId) {
        self.stored.remove(id);
    }

    fn recall(&self, request: &Request) -> Result<Option<Decided>, GatewayError> {
        match self.answers.get(&request.key) {
            Some(answer) if answer.hash == hash(request) => Ok(Some(answer.decided.clone())),
            Some(_) => Err(key_reused()),
            None => Ok(None),
        }
    }

    fn remember(&mut self, request: &Request, decided: Decided) {
        self.answers.insert(request.key, Answer { hash: hash(request), decided });
    }
}

fn hash(request: &Request) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(request)
}

const fn key_reused() -> GatewayError {
    GatewayError::refused(Refusal::KeyReused)
}

impl Transaction {
    fn new(state: ProviderState, money: Money, effect: Effect, now: Duration) -> Self {
        let (wait, fault_to_come) = match effect {
            Effect::Fault(Fault::Late) => (LATE, None),
            Effect::Fault(fault @ (Fault::LostAnswerLater | Fault::LostRequestLater)) => {
                (Duration::ZERO, Some(fault))
            }
            _ => (Duration::ZERO, None),
        };
        Self { state, money, visible_from: now.saturating_add(wait), fault_to_come }
    }

    fn snapshot(&self, reference: Reference) -> Snapshot {
        snapshot(reference, self.state, self.money)
    }

    /// The transaction after a capture, void or refund, where its state and amount allow that.
    fn changed(&self, operation: Operation, money: Option<Money>) -> Result<Self, GatewayError> {
        let mut changed = self.clone();
        match (operation, self.state, money) {
            (Operation::Capture, ProviderState::Authorised, Some(money)) => {
                changed.money = within(money, self.money)?;
                changed.state = ProviderState::Captured;
            }
            (Operation::Void, ProviderState::Authorised, None) => changed.state = ProviderState::Voided,
            (Operation::Refund, ProviderState::Captured, Some(money)) => {
                changed.state = ProviderState::Refunded { total: within(money, self.money)? };
            }
            (Operation::Refund, ProviderState::Refunded { total }, Some(money)) => {
                let total = total.checked_add(money).ok_or(GatewayError::refused(Refusal::Amount))?;
                let added =
                    within(total, self.money).and_then(|total| within(money, total).map(|_| total))?;
                changed.state = ProviderState::Refunded { total: added };
            }
            _ => return Err(GatewayError::refused(Refusal::WrongState)),
        }
        Ok(changed)
    }
}

fn snapshot(reference: Reference, state: ProviderState, money: Money) -> Snapshot {
    let transaction = TransactionId::parse(&format!("sim-{reference}")).ok();
    Snapshot { reference, state, money, transaction, test: true }
}

fn answer_to_charge(effect: Effect, approval: Option<u32>, snapshot: Snapshot) -> Authorization {
    if let Some(decline) = decline_of(effect, true) {
        return Authorization::Declined(Decline { transaction: snapshot.transaction, ..decline });
    }
    let approval_code = approval.and_then(|number| ApprovalCode::parse(&format!("{number:06}")).ok());
    Authorization::Approved(Approval { snapshot, approval_code })
}

/// `money`, where it is something and at most `most`.
fn within(money: Money, most: Money) -> Result<Money, GatewayError> {
    if money.is_zero() || most.checked_sub(money).is_none() {
        return Err(GatewayError::refused(Refusal::Amount));
    }
    Ok(money)
}

fn state_of(effect: Effect, capture: Capture) -> ProviderState {
    match (effect, capture) {
        (Effect::Decline(reason, _) | Effect::DeclineCharge(reason), _) => ProviderState::Declined(reason),
        (_, Capture::Auto) => ProviderState::Captured,
        (_, Capture::Manual) => ProviderState::Authorised,
    }
}

/// The decline an effect means for a charge, or for a check alone.
pub(super) fn decline_of(effect: Effect, is_charge: bool) -> Option<Decline> {
    let (reason, advice) = match effect {
        Effect::Decline(reason, advice) => (reason, advice),
        Effect::DeclineCharge(reason) if is_charge => (reason, Advice::Unspecified),
        _ => return None,
    };
    let code = ProviderCode::parse(reason.as_str()).ok();
    Some(Decline { advice, code, test: true, ..Decline::new(reason) })
}
