//! What the merchant has to be told, and how far that has got.
//!
//! An event is written in the transaction of the change it tells of, together with one delivery for every address the
//! merchant has. Deliveries of one order to one address go out in the order the events happened: a later one waits for an
//! earlier one until that was taken or given up.

use core::time::Duration;

use paytone_psp::Reference;
use paytone_psp::attempt::State;
use serde::Serialize;
use sqlx::AnyConnection;

use super::sql::{Row, Word, sql};
use super::{
    AttemptRecord, DeliveryUlid, EndpointUlid, EventUlid, MerchantUlid, Order, OrderUlid, Store, StoreError,
    millis, next_position, order,
};
use crate::clock::rfc3339;
use crate::results::{AttemptView, OrderView, order_event};

/// One version of an attempt that the merchant has to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The attempt.
    pub reference: Reference,
    /// Its version: the merchant tells reports apart by both.
    pub version: u32,
    /// The state it arrived in.
    pub state: State,
}

/// Something the merchant is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// What it is told apart by.
    pub id: EventUlid,
    /// What happened, such as `payment.captured`.
    pub kind: String,
    /// The order it is about.
    pub order: Option<OrderUlid>,
    /// The JSON that is sent, word for word.
    pub body: String,
    /// When it happened.
    pub created_at: Duration,
}

/// One event's way to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryUlid,
    /// Whose it is.
    pub merchant: MerchantUlid,
    /// What is told.
    pub event: EventUlid,
    /// Where.
    pub endpoint: EndpointUlid,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next_at: Duration,
    /// What the last try got: an HTTP status, or 0 for no answer.
    pub last_status: Option<u16>,
    /// The body to send.
    pub body: String,
    /// Where to send it.
    pub url: String,
}

super::terms::words! { DeliveryState {
    Waiting => "waiting",
    Delivered => "delivered",
    Dead => "dead",
} }

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It will be tried.
    Waiting,
    /// The merchant has taken it.
    Delivered,
    /// It was tried for long enough; somebody has to look.
    Dead,
}

/// What came of a try to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The merchant took it.
    Taken(u16),
    /// Not this time; again then.
    Later {
        /// What was answered, 0 for nothing.
        status: u16,
        /// When to try again.
        at: Duration,
    },
    /// Not this time, and not again.
    GivenUp(u16),
}

impl Store {
    /// Every report there ever was, in the order it happened.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn reports(&self) -> Result<Vec<Report>, StoreError> {
        sql("SELECT reference, version, state FROM outbox WHERE reference IS NOT NULL ORDER BY position")
            .all(&mut *self.read().await?, |row| {
                Ok(Report {
                    reference: row.parsed("reference", Reference::parse)?,
                    version: row.count("version")?,
                    state: row.parsed("state", State::parse)?,
                })
            })
            .await
    }

    /// The merchant's events, oldest first, from after the one given, at most `most`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn events(
        &self,
        merchant: MerchantUlid,
        after: Option<EventUlid>,
        most: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        sql("SELECT * FROM outbox WHERE merchant = $1
               AND position > COALESCE((SELECT position FROM outbox WHERE id = $2 AND merchant = $1), 0)
             ORDER BY position LIMIT $3")
        .put(&merchant)
        .put(Word(after.as_ref().map_or("", EventUlid::as_str)))
        .put(i64::from(most))
        .all(&mut *self.read().await?, event)
        .await
    }

    /// The deliveries that are due and that no earlier one of the same order to the same address holds back.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn deliveries_due(&self, now: Duration, most: u32) -> Result<Vec<Delivery>, StoreError> {
        sql("SELECT d.*, o.body, e.url FROM deliveries d
             JOIN outbox o ON o.id = d.event JOIN webhook_endpoints e ON e.id = d.endpoint
             WHERE d.state = 'waiting' AND d.next_at <= $1 AND e.removed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM deliveries earlier WHERE earlier.endpoint = d.endpoint
                 AND earlier.order_ulid = d.order_ulid AND earlier.state = 'waiting' AND earlier.position < d.position)
             ORDER BY d.position LIMIT $2")
            .put(millis(now))
            .put(i64::from(most))
            .all(&mut *self.read().await?, delivery)
            .await
    }

    /// When the next delivery is due.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn next_delivery_at(&self) -> Result<Option<Duration>, StoreError> {
        sql("SELECT min(next_at) AS n FROM deliveries WHERE state = 'waiting'")
            .one(&mut *self.read().await?, |row| row.optional_time("n"))
            .await
    }

    /// Writes what came of a try.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn delivery_tried(
        &self,
        id: DeliveryUlid,
        tried: Tried,
        now: Duration,
    ) -> Result<(), StoreError> {
        let (state, status, next) = match tried {
            Tried::Taken(status) => (DeliveryState::Delivered, status, now),
            Tried::Later { status, at } => (DeliveryState::Waiting, status, at),
            Tried::GivenUp(status) => (DeliveryState::Dead, status, now),
        };
        let mut transaction = self.begin().await?;
        sql("UPDATE deliveries SET state = $1, tries = tries + 1, last_status = $2, next_at = $3, updated_at = $4
             WHERE id = $5 AND state = 'waiting'")
            .put(state.as_str())
            .put(i64::from(status))
            .put(millis(next))
            .put(millis(now))
            .put(&id)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Tries a delivery again, from the start. Whether the merchant has it.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn redeliver(
        &self,
        merchant: MerchantUlid,
        id: DeliveryUlid,
        now: Duration,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = sql("UPDATE deliveries SET state = 'waiting', tries = 0, next_at = $1, updated_at = $1
                           WHERE id = $2 AND merchant = $3")
        .put(millis(now))
        .put(&id)
        .put(&merchant)
        .run(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// The merchant's deliveries, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn deliveries(
        &self,
        merchant: MerchantUlid,
        state: Option<DeliveryState>,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        sql("SELECT d.*, o.body, e.url FROM deliveries d
             JOIN outbox o ON o.id = d.event JOIN webhook_endpoints e ON e.id = d.endpoint
             WHERE d.merchant = $1 AND ($2 = '' OR d.state = $2) ORDER BY d.position DESC LIMIT $3")
        .put(&merchant)
        .put(state.map_or("", DeliveryState::as_str))
        .put(i64::from(most))
        .all(&mut *self.read().await?, delivery)
        .await
    }
}

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: String,
    /// Counts the events of the order: a number that is missing was given up.
    sequence: i64,
    test: bool,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    order: &'a OrderView,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<&'a AttemptView>,
}

/// Writes the report of an attempt's new version.
pub(super) async fn attempt_changed(
    connection: &mut AnyConnection,
    record: &AttemptRecord,
    now: Duration,
) -> Result<(), StoreError> {
    let order = order::by_id(connection, record.order).await?;
    let kind = format!("payment.{}", record.attempt.state());
    tell(connection, &order, Some(record), &kind, now).await
}

/// Writes that an order came into another state, where no attempt's report says so.
pub(super) async fn order_changed(
    connection: &mut AnyConnection,
    order: &Order,
    now: Duration,
) -> Result<(), StoreError> {
    use super::OrderState::{Cancelled, Completed};
    match order.state {
        Cancelled | Completed => tell(connection, order, None, order_event(order.state), now).await,
        _ => Ok(()),
    }
}

/// Writes an event about an order, and its deliveries.
pub(super) async fn tell(
    connection: &mut AnyConnection,
    order: &Order,
    attempt: Option<&AttemptRecord>,
    kind: &str,
    now: Duration,
) -> Result<(), StoreError> {
    let id = EventUlid::generate(now);
    let sequence = sql("SELECT count(*) AS n FROM outbox WHERE order_ulid = $1").put(&order.id);
    let sequence = sequence.number(&mut *connection).await? + 1;
    let (view, payment) = (OrderView::new(order, now), attempt.map(AttemptView::from));
    let test = payment.as_ref().is_some_and(|payment| payment.test);
    let data = Data { order: &view, payment: payment.as_ref() };
    let body = Body { r#type: kind, timestamp: rfc3339(now), sequence, test, data };
    let body = serde_json::to_string(&body).map_err(|_| StoreError::Column("body"))?;
    let position = next_position(connection, "outbox").await?;
    sql("INSERT INTO outbox (id, merchant, position, kind, order_ulid, reference, version, state, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .put(&id)
        .put(&order.merchant)
        .put(position)
        .put(Word(kind))
        .put(&order.id)
        .put(attempt.map(|record| record.attempt.reference()))
        .put(attempt.map(|record| i64::from(record.attempt.version())))
        .put(attempt.map(|record| record.attempt.state().as_str()))
        .put(Word(&body))
        .put(millis(now))
        .run(connection)
        .await?;
    deliver(connection, order, id, now).await
}

async fn deliver(
    connection: &mut AnyConnection,
    order: &Order,
    event: EventUlid,
    now: Duration,
) -> Result<(), StoreError> {
    let endpoints =
        sql("SELECT id FROM webhook_endpoints WHERE merchant = $1 AND removed_at IS NULL ORDER BY position")
            .put(&order.merchant)
            .all(connection, |row| row.parsed("id", EndpointUlid::parse))
            .await?;
    for endpoint in endpoints {
        let position = next_position(connection, "deliveries").await?;
        sql("INSERT INTO deliveries (id, merchant, position, event, endpoint, order_ulid, state, tries, next_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7)")
            .put(&DeliveryUlid::generate(now))
            .put(&order.merchant)
            .put(position)
            .put(&event)
            .put(&endpoint)
            .put(&order.id)
            .put(millis(now))
            .run(connection)
            .await?;
    }
    Ok(())
}

fn event(row: &Row) -> Result<EventRecord, StoreError> {
    Ok(EventRecord {
        id: row.parsed("id", EventUlid::parse)?,
        kind: row.text("kind")?.to_owned(),
        order: row.optional_parsed("order_ulid", OrderUlid::parse)?,
        body: row.text("body")?.to_owned(),
        created_at: row.time("created_at")?,
    })
}

fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.parsed("id", DeliveryUlid::parse)?,
        merchant: row.parsed("merchant", MerchantUlid::parse)?,
        event: row.parsed("event", EventUlid::parse)?,
        endpoint: row.parsed("endpoint", EndpointUlid::parse)?,
        state: DeliveryState::parse(row.text("state")?).ok_or(StoreError::Column("state"))?,
        tries: row.count("tries")?,
        next_at: row.time("next_at")?,
        last_status: row.optional_count("last_status")?,
        body: row.text("body")?.to_owned(),
        url: row.text("url")?.to_owned(),
    })
}
