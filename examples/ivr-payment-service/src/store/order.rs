//! Orders: what is to be paid.

use core::time::Duration;

use paytone_dialog::OrderCode;
use paytone_psp::{Currency, CustomerNumber, Money, OrderId};
use paytone_redact::SafeText;
use rand::RngExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, Sqlite, SqliteConnection, Transaction};

use super::{CallUlid, OrderUlid, Store, StoreError, millis, read, time, whole};

/// The first amount in minor units that is too large. Ten digits, so that an amount cannot be a card number.
pub const MAX_AMOUNT: u64 = 10_000_000_000;

/// How often a code that is taken already is drawn again.
const CODE_TRIES: u32 = 8;

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Order {
    /// Our own id.
    pub id: OrderUlid,
    /// The merchant's id, unique.
    pub order_id: OrderId,
    /// How much.
    pub money: Money,
    /// The merchant's own number of the customer.
    pub customer_number: Option<CustomerNumber>,
    /// What it is for, redacted.
    pub description: Option<SafeText>,
    /// What the caller keys or dials; unique, and worth nothing once the order is paid.
    pub code: OrderCode,
    /// Where it stands.
    pub state: OrderState,
    /// The call that has it to itself.
    pub leased_by: Option<CallUlid>,
    /// When it was made.
    pub created_at: Duration,
    /// From when on no call can take it any more.
    pub expires_at: Duration,
    /// When it last changed.
    pub updated_at: Duration,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// It can be paid.
    Open,
    /// A call is paying it.
    Collecting,
    /// A payment was sent and has no answer; nothing else may be sent until there is one.
    InDoubt,
    /// It is paid.
    Paid,
    /// Its time is over. Not stored: see [`Order::state_at`].
    Expired,
}

/// An order to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The merchant's id.
    pub order_id: OrderId,
    /// How much; from 1 up to [`MAX_AMOUNT`].
    pub money: Money,
    /// The merchant's own number of the customer.
    pub customer_number: Option<CustomerNumber>,
    /// What it is for.
    pub description: Option<SafeText>,
    /// For how long it can be paid.
    pub ttl: Duration,
}

/// What became of a request to make an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    New(Order),
    /// The same order was there already: the request was repeated.
    Same(Order),
    /// The merchant's id belongs to another order.
    Taken,
}

impl Order {
    /// Where the order stands at `now`: an open one whose time is over has expired.
    #[must_use]
    pub fn state_at(&self, now: Duration) -> OrderState {
        match self.state {
            OrderState::Open if now >= self.expires_at => OrderState::Expired,
            state => state,
        }
    }

    fn is_what(&self, new: &NewOrder) -> bool {
        self.money == new.money
            && self.customer_number == new.customer_number
            && self.description == new.description
    }
}

impl OrderState {
    /// Its name in the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Collecting => "collecting",
            Self::InDoubt => "in_doubt",
            Self::Paid => "paid",
            Self::Expired => "expired",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Collecting, Self::InDoubt, Self::Paid]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl Store {
    /// Makes an order with a new code, unless the merchant's id is known already.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn create_order(&self, new: &NewOrder, now: Duration) -> Result<Created, StoreError> {
        let mut transaction = self.begin().await?;
        if let Some(known) = by_order_id(&mut transaction, &new.order_id).await? {
            return Ok(if known.is_what(new) { Created::Same(known) } else { Created::Taken });
        }
        let order = insert(&mut transaction, new, None, now).await?;
        transaction.commit().await?;
        Ok(Created::New(order))
    }

    /// Makes an order for one call on a fixed-price line; the call has it at once, and nobody else ever will: left unpaid
    /// it expires with the call.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`] where the call is over, or the database fails.
    pub async fn create_fixed_price_order(
        &self,
        call: CallUlid,
        line: &str,
        money: Money,
        ttl: Duration,
        now: Duration,
    ) -> Result<Order, StoreError> {
        let name = format!("{line}-{}", OrderUlid::generate(now));
        let order_id = read("order_id", OrderId::parse(&name))?;
        let new = NewOrder { order_id, money, customer_number: None, description: None, ttl };
        let mut transaction = self.begin().await?;
        super::call::require_running(&mut transaction, call).await?;
        let order = insert(&mut transaction, &new, Some(call), now).await?;
        super::call::set_order(&mut transaction, call, order.id).await?;
        transaction.commit().await?;
        Ok(order)
    }

    /// The order with this id: ours, or the merchant's.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn order(&self, id: &str) -> Result<Option<Order>, StoreError> {
        let found: Option<StoredOrder> = sqlx::query_as(
            "SELECT * FROM orders WHERE id = ?1 OR order_id = ?1 ORDER BY id = ?1 DESC LIMIT 1",
        )
        .bind(id)
        .fetch_optional(&self.reader)
        .await?;
        Ok(found.map(|StoredOrder(order)| order))
    }
}

async fn by_order_id(
    connection: &mut SqliteConnection,
    order_id: &OrderId,
) -> Result<Option<Order>, StoreError> {
    let found: Option<StoredOrder> = sqlx::query_as("SELECT * FROM orders WHERE order_id = ?")
        .bind(order_id.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|StoredOrder(order)| order))
}

async fn insert(
    transaction: &mut Transaction<'static, Sqlite>,
    new: &NewOrder,
    call: Option<CallUlid>,
    now: Duration,
) -> Result<Order, StoreError> {
    let order = Order {
        id: OrderUlid::generate(now),
        order_id: new.order_id.clone(),
        money: new.money,
        customer_number: new.customer_number.clone(),
        description: new.description.clone(),
        code: free_code(transaction).await?,
        state: if call.is_some() { OrderState::Collecting } else { OrderState::Open },
        leased_by: call,
        created_at: now,
        expires_at: now.saturating_add(new.ttl),
        updated_at: now,
    };
    sqlx::query(
        "INSERT INTO orders (id, order_id, origin, amount, currency, customer_number, description, code, state,
                             leased_by, created_at, expires_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.id.as_str())
    .bind(order.order_id.as_str())
    .bind(if call.is_some() { "line" } else { "api" })
    .bind(whole("amount", order.money.minor())?)
    .bind(order.money.currency().code())
    .bind(order.customer_number.as_ref().map(CustomerNumber::as_str))
    .bind(order.description.as_ref().map(SafeText::as_str))
    .bind(order.code.as_str())
    .bind(order.state.as_str())
    .bind(order.leased_by.as_ref().map(CallUlid::as_str))
    .bind(millis(order.created_at))
    .bind(millis(order.expires_at))
    .bind(millis(order.updated_at))
    .execute(&mut **transaction)
    .await?;
    Ok(order)
}

/// A code no order ever had. With as many orders as there can be in practice the first draw is free.
async fn free_code(connection: &mut SqliteConnection) -> Result<OrderCode, StoreError> {
    for _ in 0..CODE_TRIES {
        let code = draw_code()?;
        let taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM orders WHERE code = ?)")
            .bind(code.as_str())
            .fetch_one(&mut *connection)
            .await?;
        if !taken {
            return Ok(code);
        }
    }
    Err(StoreError::Conflict)
}

fn draw_code() -> Result<OrderCode, StoreError> {
    let mut rng = rand::rng();
    read("code", OrderCode::generate([(); 8].map(|()| rng.random_range(0..10))))
}

/// An [`Order`] as a row.
pub(super) struct StoredOrder(pub(super) Order);

impl<'r> FromRow<'r, SqliteRow> for StoredOrder {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        order(row).map(Self).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

fn order(row: &SqliteRow) -> Result<Order, StoreError> {
    let currency = read("currency", Currency::parse(row.try_get("currency")?))?;
    let amount = read("amount", u64::try_from(row.try_get::<i64, _>("amount")?))?;
    let customer_number: Option<&str> = row.try_get("customer_number")?;
    let description: Option<&str> = row.try_get("description")?;
    let leased_by: Option<&str> = row.try_get("leased_by")?;
    Ok(Order {
        id: read("id", OrderUlid::parse(row.try_get("id")?))?,
        order_id: read("order_id", OrderId::parse(row.try_get("order_id")?))?,
        money: Money::new(amount, currency),
        customer_number: read("customer_number", customer_number.map(CustomerNumber::parse).transpose())?,
        description: description.map(SafeText::new),
        code: read("code", OrderCode::parse(row.try_get("code")?))?,
        state: OrderState::parse(row.try_get("state")?).ok_or(StoreError::Column("state"))?,
        leased_by: read("leased_by", leased_by.map(CallUlid::parse).transpose())?,
        created_at: time("created_at", row.try_get("created_at")?)?,
        expires_at: time("expires_at", row.try_get("expires_at")?)?,
        updated_at: time("updated_at", row.try_get("updated_at")?)?,
    })
}
