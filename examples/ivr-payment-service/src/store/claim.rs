//! Which call has which order: one at a time, by a code that cannot be guessed.

use core::time::Duration;

use paytone_dialog::{OrderCode, OrderRefusal};
use paytone_psp::attempt::State;
use paytone_redact::SafeText;
use sqlx::SqliteConnection;

use super::order::StoredOrder;
use super::{CallUlid, Order, OrderState, OrderUlid, Store, StoreError, call, millis};

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The call has this order now.
    Taken(Order),
    /// It does not get one.
    Refused(OrderRefusal),
}

/// Who keys a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// The call.
    pub call: CallUlid,
    /// Where it comes from: what wrong codes are counted by beside the call itself.
    pub source: SafeText,
}

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
    /// Gives the call the order with this code, if the code is right, the order can be paid, and whoever keys it has not
    /// guessed too often.
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
        call::require_running(&mut transaction, claimant.call).await?;
        if has_guessed_too_often(&mut transaction, claimant, limits, now).await? {
            return Ok(Claim::Refused(OrderRefusal::TooManyGuesses));
        }
        let Ok(code) = OrderCode::parse(code) else { return Ok(Claim::Refused(OrderRefusal::Unknown)) };
        let found = by_code(&mut transaction, &code).await?.ok_or(OrderRefusal::Unknown);
        let claim = match found.and_then(|order| may_take(order, claimant.call, now)) {
            Ok(order) => Claim::Taken(lease(&mut transaction, order, claimant.call, now).await?),
            Err(refusal) => {
                count_guess(&mut transaction, claimant, now).await?;
                Claim::Refused(refusal)
            }
        };
        transaction.commit().await?;
        Ok(claim)
    }
}

fn may_take(order: Order, call: CallUlid, now: Duration) -> Result<Order, OrderRefusal> {
    match order.state_at(now) {
        OrderState::Open => Ok(order),
        OrderState::Collecting if order.leased_by == Some(call) => Ok(order),
        OrderState::Collecting | OrderState::InDoubt => Err(OrderRefusal::Busy),
        OrderState::Paid => Err(OrderRefusal::AlreadyPaid),
        OrderState::Expired => Err(OrderRefusal::Expired),
    }
}

async fn by_code(connection: &mut SqliteConnection, code: &OrderCode) -> Result<Option<Order>, StoreError> {
    let found: Option<StoredOrder> = sqlx::query_as("SELECT * FROM orders WHERE code = ?")
        .bind(code.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|StoredOrder(order)| order))
}

async fn lease(
    connection: &mut SqliteConnection,
    order: Order,
    call: CallUlid,
    now: Duration,
) -> Result<Order, StoreError> {
    let order = Order { state: OrderState::Collecting, leased_by: Some(call), updated_at: now, ..order };
    set_state(connection, order.id, order.state, order.leased_by, now).await?;
    call::set_order(connection, call, order.id).await?;
    Ok(order)
}

/// Sets the order's state to what its attempts and its call make of it.
///
/// Money that moved pays the order, money that may have moved blocks it, a request on its way keeps it with its call, and
/// otherwise it stays with a call that is up and is open again after one that is over.
pub(super) async fn refresh(
    connection: &mut SqliteConnection,
    order: OrderUlid,
    now: Duration,
) -> Result<(), StoreError> {
    let StoredOrder(stored) = sqlx::query_as("SELECT * FROM orders WHERE id = ?")
        .bind(order.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let states: Vec<(String, bool)> =
        sqlx::query_as("SELECT state, compensate FROM attempts WHERE order_ulid = ?")
            .bind(order.as_str())
            .fetch_all(&mut *connection)
            .await?;
    let running = match stored.leased_by {
        Some(call) => call::is_running(connection, call).await?,
        None => false,
    };
    let mut standing = Standing::Free;
    for (state, compensate) in &states {
        let state = State::parse(state).map_err(|_| StoreError::Column("state"))?;
        standing = standing.max(Standing::of(state, *compensate));
    }
    let (state, lease) = match standing {
        Standing::Paid => (OrderState::Paid, None),
        Standing::InDoubt => (OrderState::InDoubt, None),
        Standing::OnItsWay => (OrderState::Collecting, stored.leased_by),
        Standing::Free if running => (OrderState::Collecting, stored.leased_by),
        Standing::Free => (OrderState::Open, None),
    };
    if state == OrderState::Open && stored.state != OrderState::Open {
        expire_if_made_for_a_call(connection, order, now).await?;
    }
    set_state(connection, order, state, lease, now).await
}

/// What one attempt means for its order; the greatest of all counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Free,
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
            State::Declined | State::NotCharged | State::Voided | State::Refunded | State::Abandoned => {
                Self::Free
            }
        }
    }
}

/// Nobody but its call knows the code of an order that a line made.
async fn expire_if_made_for_a_call(
    connection: &mut SqliteConnection,
    order: OrderUlid,
    now: Duration,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE orders SET expires_at = min(expires_at, ?) WHERE id = ? AND origin = 'line'")
        .bind(millis(now))
        .bind(order.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn set_state(
    connection: &mut SqliteConnection,
    order: OrderUlid,
    state: OrderState,
    lease: Option<CallUlid>,
    now: Duration,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE orders SET state = ?, leased_by = ?, updated_at = ? WHERE id = ?")
        .bind(state.as_str())
        .bind(lease.as_ref().map(CallUlid::as_str))
        .bind(millis(now))
        .bind(order.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn has_guessed_too_often(
    connection: &mut SqliteConnection,
    claimant: &Claimant,
    limits: &GuessLimits,
    now: Duration,
) -> Result<bool, StoreError> {
    let (by_call, by_source): (u32, u32) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM wrong_codes WHERE call_ulid = ?),
                (SELECT count(*) FROM wrong_codes WHERE source = ? AND tried_at > ?)",
    )
    .bind(claimant.call.as_str())
    .bind(claimant.source.as_str())
    .bind(millis(now.saturating_sub(limits.window)))
    .fetch_one(connection)
    .await?;
    Ok(by_call >= limits.per_call || by_source >= limits.per_caller)
}

async fn count_guess(
    connection: &mut SqliteConnection,
    claimant: &Claimant,
    now: Duration,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO wrong_codes (source, call_ulid, tried_at) VALUES (?, ?, ?)")
        .bind(claimant.source.as_str())
        .bind(claimant.call.as_str())
        .bind(millis(now))
        .execute(connection)
        .await?;
    Ok(())
}
