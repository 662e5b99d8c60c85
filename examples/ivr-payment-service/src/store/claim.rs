//! Which call has which order: one at a time, by a code that cannot be guessed, or by who rings and agrees. Every finding
//! and every refusal that counts is in the merchant's audit.

use core::time::Duration;

use paytone_dialog::{OrderCode, OrderRefusal};
use paytone_psp::CustomerNumber;
use paytone_psp::attempt::State;
use paytone_redact::SafeText;
use sqlx::AnyConnection;

use super::order::{self, by_id};
use super::sql::sql;
use super::terms::words;
use super::{
    AuditEntry, CallUlid, MerchantUlid, Order, OrderState, OrderUlid, Store, StoreError, audit, call, millis,
    outbox,
};

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub enum Claim {
    /// The call has this order now.
    Taken(Order),
    /// It does not get one.
    Refused(OrderRefusal),
}

/// Who wants an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// The call.
    pub call: CallUlid,
    /// Where it comes from: what wrong codes are counted by beside the call itself.
    pub source: SafeText,
    /// What names the order.
    pub by: MatchedBy,
}

/// What names the order of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchedBy {
    /// The SIP user that was dialled.
    Dialled,
    /// A code keyed in the call: by the caller, or by an operator before the caller is joined.
    Keyed,
    /// An operator's word, on a screen.
    Operator,
    /// The caller's telephone number, which is the customer number of one open order.
    CallerId,
    /// A header of the SIP request.
    Header,
}

words! { MatchedBy {
    Dialled => "dialled",
    Keyed => "keyed",
    Operator => "operator",
    CallerId => "caller_id",
    Header => "header",
} }

/// How many wrong codes are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessLimits {
    /// Within one call.
    pub per_call: u32,
    /// From one source within the window.
    pub per_caller: u32,
    /// How far back a source's wrong codes count.
    pub window: Duration,
}

impl Store {
    /// Gives the call the order with this code, if the code is right, the order is the merchant's the call is for and can
    /// be paid, and whoever keys it has not guessed too often.
    ///
    /// A code whose check digit is wrong is a slip, not a guess: it is refused as unknown and not counted.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`] where the call is over, or the database fails.
    pub async fn claim_order(
        &self,
        code: &str,
        claimant: &Claimant,
        limits: &GuessLimits,
        now: Duration,
    ) -> Result<Claim, StoreError> {
        let mut transaction = self.begin().await?;
        let merchant = call::require_running(&mut transaction, claimant.call).await?;
        if has_guessed_too_often(&mut transaction, claimant, limits, now).await? {
            return Ok(Claim::Refused(OrderRefusal::TooManyGuesses));
        }
        let Ok(code) = OrderCode::parse(code) else { return Ok(Claim::Refused(OrderRefusal::Unknown)) };
        let found = sql("SELECT * FROM orders WHERE code = $1 AND merchant = $2")
            .put(&code)
            .put(&merchant)
            .first(&mut transaction, order::order)
            .await?
            .ok_or(OrderRefusal::Unknown);
        let claim = match found.and_then(|order| may_take(order, claimant.call, now)) {
            Ok(order) => Claim::Taken(lease(&mut transaction, order, claimant.call, now).await?),
            Err(refusal) => {
                count_guess(&mut transaction, claimant, now).await?;
                Claim::Refused(refusal)
            }
        };
        note(&mut transaction, merchant, claimant, &claim, now).await?;
        transaction.commit().await?;
        Ok(claim)
    }

    /// Gives the call the merchant's one open order of this customer number, if there is exactly one and the call is the
    /// merchant's. It is for the caller to agree to it; who keys a code instead loses it with that.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`] where the call is over, or the database fails.
    pub async fn claim_only_order_of(
        &self,
        customer: &CustomerNumber,
        claimant: &Claimant,
        now: Duration,
    ) -> Result<Claim, StoreError> {
        let mut transaction = self.begin().await?;
        let merchant = call::require_running(&mut transaction, claimant.call).await?;
        let mut open =
            sql("SELECT * FROM orders WHERE merchant = $1 AND customer_number = $2 AND state = 'open'
                            AND expires_at > $3 ORDER BY position LIMIT 2")
            .put(&merchant)
            .put(customer)
            .put(millis(now))
            .all(&mut transaction, order::order)
            .await?;
        let claim = match (open.pop(), open.is_empty()) {
            (Some(order), true) => Claim::Taken(lease(&mut transaction, order, claimant.call, now).await?),
            (Some(_), false) => Claim::Refused(OrderRefusal::Busy),
            (None, _) => Claim::Refused(OrderRefusal::Unknown),
        };
        note(&mut transaction, merchant, claimant, &claim, now).await?;
        transaction.commit().await?;
        Ok(claim)
    }
}

/// Writes down who was given which order by what, or why nobody was.
async fn note(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    claimant: &Claimant,
    claim: &Claim,
    now: Duration,
) -> Result<(), StoreError> {
    let caller = sql("SELECT caller FROM calls WHERE id = $1")
        .put(&claimant.call)
        .one(connection, |row| row.optional_safe_text("caller"))
        .await?;
    let (object, detail) = match claim {
        Claim::Taken(order) => (order.id.to_string(), "taken"),
        Claim::Refused(refusal) => ("no order".to_owned(), refusal.as_str()),
    };
    let entry = AuditEntry {
        actor: caller.unwrap_or_else(|| SafeText::new("caller")),
        action: SafeText::new(&format!("match order by {}", claimant.by)),
        success: matches!(claim, Claim::Taken(_)),
        origin: claimant.source.clone(),
        object: SafeText::new(&object),
        detail: SafeText::new(&format!("{detail}, call {}", claimant.call)),
    };
    audit::append(connection, merchant, &entry, now).await.map(drop)
}

fn may_take(order: Order, call: CallUlid, now: Duration) -> Result<Order, OrderRefusal> {
    match order.state_at(now) {
        OrderState::Open => Ok(order),
        OrderState::Collecting if order.leased_by == Some(call) => Ok(order),
        OrderState::Collecting | OrderState::InDoubt => Err(OrderRefusal::Busy),
        OrderState::Paid | OrderState::Completed | OrderState::Voided | OrderState::Refunded => {
            Err(OrderRefusal::AlreadyPaid)
        }
        // Nobody has to know why a code that was given out is worth nothing any more.
        OrderState::Expired | OrderState::Cancelled => Err(OrderRefusal::Expired),
    }
}

async fn lease(
    connection: &mut AnyConnection,
    order: Order,
    call: CallUlid,
    now: Duration,
) -> Result<Order, StoreError> {
    let_go(connection, call, order.id, now).await?;
    let leased_at = order.leased_at.or(Some(now));
    let order =
        Order { state: OrderState::Collecting, leased_by: Some(call), leased_at, updated_at: now, ..order };
    set_state(connection, &order, now).await?;
    call::set_order(connection, call, order.id).await?;
    Ok(order)
}

/// A call has one order: it lets go of every other.
async fn let_go(
    connection: &mut AnyConnection,
    call: CallUlid,
    but: OrderUlid,
    now: Duration,
) -> Result<(), StoreError> {
    let held = sql("SELECT * FROM orders WHERE leased_by = $1")
        .put(&call)
        .all(&mut *connection, order::order)
        .await?;
    for order in held.into_iter().filter(|order| order.id != but) {
        if standing(&mut *connection, order.id).await? == Standing::OnItsWay {
            continue;
        }
        let expires_at = thawed(&order, now);
        let state = OrderState::Open;
        let free = Order { state, leased_by: None, leased_at: None, expires_at, updated_at: now, ..order };
        set_state(&mut *connection, &free, now).await?;
        refresh(&mut *connection, free.id, now).await?;
    }
    Ok(())
}

/// Sets the order's state to what its attempts and its call make of it.
///
/// Money that moved pays the order, money that may have moved blocks it, a request on its way keeps it with its call, and
/// otherwise it stays with a call that is up and is open again after one that is over. Money that was given back ends it:
/// a code is spent on approval.
pub(super) async fn refresh(
    connection: &mut AnyConnection,
    id: OrderUlid,
    now: Duration,
) -> Result<(), StoreError> {
    let stored = by_id(connection, id).await?;
    let standing = standing(connection, id).await?;
    let running = match stored.leased_by {
        Some(call) => call::is_running(connection, call).await?,
        None => false,
    };
    let over = matches!(stored.state, OrderState::Completed | OrderState::Cancelled);
    let (state, lease) = match standing {
        Standing::Paid => (OrderState::Paid, None),
        Standing::InDoubt => (OrderState::InDoubt, None),
        Standing::Refunded => (OrderState::Refunded, None),
        Standing::Voided => (OrderState::Voided, None),
        Standing::Free if over => return Ok(()),
        Standing::OnItsWay if stored.leased_by.is_some() => (OrderState::Collecting, stored.leased_by),
        // A stored card is charged without a call.
        Standing::OnItsWay => (OrderState::InDoubt, None),
        Standing::Free if running => (OrderState::Collecting, stored.leased_by),
        // It was cancelled while a payment was on its way, and no money moved.
        Standing::Free if stored.void_on_approval => (OrderState::Cancelled, None),
        Standing::Free => (OrderState::Open, None),
    };
    let mut next = Order { state, leased_by: lease, updated_at: now, ..stored.clone() };
    if lease.is_none() {
        next.expires_at = thawed(&stored, now);
        next.leased_at = None;
    }
    if state == OrderState::Open && stored.state != OrderState::Open {
        next.expires_at = expired_if_made_for_a_call(connection, &next, now).await?;
    }
    set_state(connection, &next, now).await?;
    if state == stored.state { Ok(()) } else { outbox::order_changed(connection, &next, now).await }
}

/// The time an order was with a call does not count.
pub(super) fn thawed(order: &Order, now: Duration) -> Duration {
    let frozen = order.leased_at.map_or(Duration::ZERO, |since| now.saturating_sub(since));
    order.expires_at.saturating_add(frozen)
}

async fn standing(connection: &mut AnyConnection, order: OrderUlid) -> Result<Standing, StoreError> {
    let all = sql("SELECT state, compensate FROM attempts WHERE order_ulid = $1")
        .put(&order)
        .all(&mut *connection, |row| {
            Ok(Standing::of(row.parsed("state", State::parse)?, row.flag("compensate")?))
        })
        .await?;
    let asked = sql("SELECT card_requests.state FROM card_requests JOIN orders ON orders.id = card_requests.order_ulid
                     WHERE orders.id = $1 AND orders.amount = 0 AND card_requests.state IN ('asked', 'in_doubt')")
        .put(&order)
        .all(connection, |row| Ok(if row.text("state")? == "asked" { Standing::OnItsWay } else { Standing::InDoubt }))
        .await?;
    Ok(all.into_iter().chain(asked).max().unwrap_or(Standing::Free))
}

/// What one attempt means for its order; the greatest of all counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Free,
    Voided,
    Refunded,
    OnItsWay,
    Paid,
    InDoubt,
}

impl Standing {
    const fn of(state: State, compensate: bool) -> Self {
        match state {
            // Money is held that must not be: nothing more may be sent, and nobody may take it for a payment.
            _ if compensate => Self::InDoubt,
            State::InDoubt | State::NeedsPerson => Self::InDoubt,
            State::Created | State::Intent | State::Sending => Self::OnItsWay,
            State::Approved | State::Capturing | State::Captured | State::Voiding | State::Refunding => {
                Self::Paid
            }
            State::Voided => Self::Voided,
            State::Refunded => Self::Refunded,
            State::Declined | State::NotCharged | State::Abandoned => Self::Free,
        }
    }
}

/// Nobody but its call knows the code of an order that a line made.
async fn expired_if_made_for_a_call(
    connection: &mut AnyConnection,
    order: &Order,
    now: Duration,
) -> Result<Duration, StoreError> {
    let made = sql("SELECT id FROM orders WHERE id = $1 AND origin = 'line'").put(&order.id);
    Ok(if made.finds(connection).await? { order.expires_at.min(now) } else { order.expires_at })
}

/// Writes what changes in an order's life.
pub(super) async fn set_state(
    connection: &mut AnyConnection,
    order: &Order,
    now: Duration,
) -> Result<(), StoreError> {
    sql("UPDATE orders SET version = version + CASE WHEN state <> $1 THEN 1 ELSE 0 END, state = $1, leased_by = $2,
                leased_at = $3, expires_at = $4, void_on_approval = $5, updated_at = $6 WHERE id = $7")
        .put(order.state.as_str())
        .put(order.leased_by.as_ref())
        .put(order.leased_at.map(millis))
        .put(millis(order.expires_at))
        .put(order.void_on_approval)
        .put(millis(now))
        .put(&order.id)
        .run(connection)
        .await?;
    Ok(())
}

async fn has_guessed_too_often(
    connection: &mut AnyConnection,
    claimant: &Claimant,
    limits: &GuessLimits,
    now: Duration,
) -> Result<bool, StoreError> {
    let by_call = sql("SELECT count(*) AS n FROM wrong_codes WHERE call_ulid = $1")
        .put(&claimant.call)
        .number(&mut *connection)
        .await?;
    let by_source = sql("SELECT count(*) AS n FROM wrong_codes WHERE source = $1 AND tried_at > $2")
        .put(&claimant.source)
        .put(millis(now.saturating_sub(limits.window)))
        .number(&mut *connection)
        .await?;
    Ok(by_call >= i64::from(limits.per_call) || by_source >= i64::from(limits.per_caller))
}

async fn count_guess(
    connection: &mut AnyConnection,
    claimant: &Claimant,
    now: Duration,
) -> Result<(), StoreError> {
    sql("INSERT INTO wrong_codes (source, call_ulid, tried_at) VALUES ($1, $2, $3)")
        .put(&claimant.source)
        .put(&claimant.call)
        .put(millis(now))
        .run(connection)
        .await?;
    Ok(())
}
