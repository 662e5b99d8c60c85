//! Orders: what is to be paid.

use core::time::Duration;

use paytone_dialog::OrderCode;
use paytone_psp::{Currency, CustomerNumber, Money, OrderId};
use paytone_redact::SafeText;
use rand::RngExt;
use sqlx::AnyConnection;

use super::sql::{Row, sql, sql_of};
use super::terms::{self, OrderTerms, words};
use super::{CallUlid, MerchantUlid, OrderUlid, Store, StoreError, millis, next_position, whole};

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
    /// Whose it is.
    pub merchant: MerchantUlid,
    /// Counts the changes a merchant would see; 1 at first.
    pub version: u32,
    /// The merchant's id, unique among the merchant's orders.
    pub order_id: OrderId,
    /// How much; zero where no money is to move.
    pub money: Money,
    /// The merchant's own number of the customer.
    pub customer_number: Option<CustomerNumber>,
    /// What it is for, redacted.
    pub description: Option<SafeText>,
    /// What else the merchant said.
    pub terms: OrderTerms,
    /// What the caller keys or dials; unique, and worth nothing once the order is paid.
    pub code: OrderCode,
    /// Where it stands.
    pub state: OrderState,
    /// The call that has it to itself.
    pub leased_by: Option<CallUlid>,
    /// Since when.
    pub leased_at: Option<Duration>,
    /// It was cancelled while a payment was on its way: an approval is voided.
    pub void_on_approval: bool,
    /// When it was made.
    pub created_at: Duration,
    /// From when on no call can take it any more. It stands still while a call has it.
    pub expires_at: Duration,
    /// When it last changed.
    pub updated_at: Duration,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderState {
    /// It can be paid.
    Open,
    /// A call is paying it.
    Collecting,
    /// A payment was sent and has no answer; nothing else may be sent until there is one.
    InDoubt,
    /// It is paid: the money is reserved or taken.
    Paid,
    /// The card was verified or stored; no money was to move.
    Completed,
    /// The reserved money was let go of.
    Voided,
    /// All the money was given back.
    Refunded,
    /// The merchant does not want it paid any more.
    Cancelled,
    /// Its time is over. Not stored: see [`Order::state_at`].
    Expired,
}

words! { OrderState {
    Open => "open",
    Collecting => "collecting",
    InDoubt => "in_doubt",
    Paid => "paid",
    Completed => "completed",
    Voided => "voided",
    Refunded => "refunded",
    Cancelled => "cancelled",
    Expired => "expired",
} }

/// An order to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The merchant's id.
    pub order_id: OrderId,
    /// How much; from 1 up to [`MAX_AMOUNT`], or zero where the purpose has no amount.
    pub money: Money,
    /// The merchant's own number of the customer.
    pub customer_number: Option<CustomerNumber>,
    /// What it is for.
    pub description: Option<SafeText>,
    /// What else there is to say.
    pub terms: OrderTerms,
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

/// Which orders to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderFilter<'a> {
    /// Only those in this state.
    pub state: Option<OrderState>,
    /// Only those of this customer.
    pub customer_number: Option<&'a CustomerNumber>,
    /// Only the one with this code, whatever has become of it.
    pub code: Option<&'a OrderCode>,
    /// Only those made at this time or later.
    pub created_from: Option<Duration>,
    /// Only those made before this time.
    pub created_before: Option<Duration>,
    /// Only those older than this one.
    pub after: Option<OrderUlid>,
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
            && self.terms == new.terms
    }
}

impl Store {
    /// Makes an order with a new code, unless the merchant's id is known already.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn create_order(
        &self,
        merchant: MerchantUlid,
        new: &NewOrder,
        now: Duration,
    ) -> Result<Created, StoreError> {
        let mut transaction = self.begin().await?;
        if let Some(known) = by_order_id(&mut transaction, merchant, &new.order_id).await? {
            return Ok(if known.is_what(new) { Created::Same(known) } else { Created::Taken });
        }
        let order = insert(&mut transaction, merchant, new, None, now).await?;
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
        let order_id = OrderId::parse(&name).map_err(|_| StoreError::Column("order_id"))?;
        let terms = OrderTerms::default();
        let new = NewOrder { order_id, money, customer_number: None, description: None, terms, ttl };
        let mut transaction = self.begin().await?;
        let merchant = super::call::require_running(&mut transaction, call).await?;
        let order = insert(&mut transaction, merchant, &new, Some(call), now).await?;
        super::call::set_order(&mut transaction, call, order.id).await?;
        transaction.commit().await?;
        Ok(order)
    }

    /// The merchant's order with this id: ours, or the merchant's.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn order(&self, merchant: MerchantUlid, id: &str) -> Result<Option<Order>, StoreError> {
        let mut connection = self.read().await?;
        if let Ok(ulid) = OrderUlid::parse(id) {
            let found = sql("SELECT * FROM orders WHERE merchant = $1 AND id = $2")
                .put(&merchant)
                .put(&ulid)
                .first(&mut connection, order)
                .await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let Ok(order_id) = OrderId::parse(id) else { return Ok(None) };
        by_order_id(&mut connection, merchant, &order_id).await
    }

    /// The merchant's orders, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn orders(
        &self,
        merchant: MerchantUlid,
        filter: &OrderFilter<'_>,
        now: Duration,
        most: u32,
    ) -> Result<Vec<Order>, StoreError> {
        let stored = match filter.state {
            Some(OrderState::Expired) => Some(OrderState::Open),
            state => state,
        };
        let (open, expired) =
            (filter.state == Some(OrderState::Open), filter.state == Some(OrderState::Expired));
        sql("SELECT * FROM orders WHERE merchant = $1
               AND ($2 = '' OR state = $2)
               AND ($3 = '' OR customer_number = $3)
               AND created_at >= $4 AND created_at < $5
               AND (expires_at > $6 OR $7 = 0) AND (expires_at <= $6 OR $8 = 0)
               AND position < COALESCE((SELECT position FROM orders WHERE id = $9 AND merchant = $1), $10)
               AND ($12 = '' OR code = $12)
             ORDER BY position DESC LIMIT $11")
        .put(&merchant)
        .put(stored.map_or("", OrderState::as_str))
        .put(super::sql::Word(filter.customer_number.map_or("", CustomerNumber::as_str)))
        .put(millis(filter.created_from.unwrap_or_default()))
        .put(filter.created_before.map_or(i64::MAX, millis))
        .put(millis(now))
        .put(open)
        .put(expired)
        .put(super::sql::Word(filter.after.as_ref().map_or("", OrderUlid::as_str)))
        .put(i64::MAX)
        .put(i64::from(most))
        .put(super::sql::Word(filter.code.map_or("", OrderCode::as_str)))
        .all(&mut *self.read().await?, order)
        .await
    }
}

pub(super) async fn by_id(connection: &mut AnyConnection, id: OrderUlid) -> Result<Order, StoreError> {
    sql("SELECT * FROM orders WHERE id = $1").put(&id).one(connection, order).await
}

pub(super) async fn by_order_id(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    order_id: &OrderId,
) -> Result<Option<Order>, StoreError> {
    sql("SELECT * FROM orders WHERE merchant = $1 AND order_id = $2")
        .put(&merchant)
        .put(order_id)
        .first(connection, order)
        .await
}

async fn insert(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    new: &NewOrder,
    call: Option<CallUlid>,
    now: Duration,
) -> Result<Order, StoreError> {
    let order = Order {
        id: OrderUlid::generate(now),
        merchant,
        version: 1,
        order_id: new.order_id.clone(),
        money: new.money,
        customer_number: new.customer_number.clone(),
        description: new.description.clone(),
        terms: new.terms.clone(),
        code: free_code(connection).await?,
        state: if call.is_some() { OrderState::Collecting } else { OrderState::Open },
        leased_by: call,
        leased_at: call.map(|_| now),
        void_on_approval: false,
        created_at: now,
        expires_at: now.saturating_add(new.ttl),
        updated_at: now,
    };
    let text = format!(
        "INSERT INTO orders ({}, id, merchant, position, version, order_id, origin, amount, currency, customer_number,
                             description, code, state, leased_by, leased_at, void_on_approval, created_at, expires_at,
                             updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, 0, $25, $26, $27)",
        terms::COLUMNS
    );
    terms::put(sql_of(text), &order.terms)
        .put(&order.id)
        .put(&merchant)
        .put(next_position(connection, "orders").await?)
        .put(i64::from(order.version))
        .put(&order.order_id)
        .put(if call.is_some() { "line" } else { "api" })
        .put(whole("amount", order.money.minor())?)
        .put(order.money.currency().code())
        .put(order.customer_number.as_ref())
        .put(order.description.as_ref())
        .put(&order.code)
        .put(order.state.as_str())
        .put(order.leased_by.as_ref())
        .put(order.leased_at.map(millis))
        .put(millis(order.created_at))
        .put(millis(order.expires_at))
        .put(millis(order.updated_at))
        .run(connection)
        .await?;
    Ok(order)
}

/// A code no order ever had. With as many orders as there can be in practice the first draw is free.
async fn free_code(connection: &mut AnyConnection) -> Result<OrderCode, StoreError> {
    for _ in 0..CODE_TRIES {
        let code = draw_code()?;
        if !sql("SELECT id FROM orders WHERE code = $1").put(&code).finds(&mut *connection).await? {
            return Ok(code);
        }
    }
    Err(StoreError::Conflict)
}

fn draw_code() -> Result<OrderCode, StoreError> {
    let mut rng = rand::rng();
    OrderCode::generate([(); 8].map(|()| rng.random_range(0..10))).map_err(|_| StoreError::Column("code"))
}

pub(super) fn order(row: &Row) -> Result<Order, StoreError> {
    let currency = row.parsed("currency", Currency::parse)?;
    Ok(Order {
        id: row.parsed("id", OrderUlid::parse)?,
        merchant: row.parsed("merchant", MerchantUlid::parse)?,
        version: row.count("version")?,
        order_id: row.parsed("order_id", OrderId::parse)?,
        money: Money::new(row.count("amount")?, currency),
        customer_number: row.optional_parsed("customer_number", CustomerNumber::parse)?,
        description: row.optional_safe_text("description")?,
        terms: terms::read(row)?,
        code: row.parsed("code", OrderCode::parse)?,
        state: OrderState::parse(row.text("state")?).ok_or(StoreError::Column("state"))?,
        leased_by: row.optional_parsed("leased_by", CallUlid::parse)?,
        leased_at: row.optional_time("leased_at")?,
        void_on_approval: row.flag("void_on_approval")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        updated_at: row.time("updated_at")?,
    })
}
