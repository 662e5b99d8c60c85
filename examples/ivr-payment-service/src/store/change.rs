//! What the merchant does to an order: edit it, cancel it; and what ends one without money.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_psp::attempt::State;
use paytone_psp::{CustomerNumber, Money, StoredCardId};
use paytone_redact::SafeText;
use sqlx::AnyConnection;

use super::order::{self, Order, OrderState};
use super::sql::{Row, Word, sql, sql_of};
use super::{
    CallUlid, MerchantUlid, OrderTerms, OrderUlid, Store, StoreError, StoredCardUlid, attempt, card_request,
    claim, millis, next_position, outbox, terms, whole,
};

/// What may be changed about an order; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// How much.
    pub money: Option<Money>,
    /// The merchant's own number of the customer.
    pub customer_number: Option<CustomerNumber>,
    /// What it is for.
    pub description: Option<SafeText>,
    /// What else there is to say; all of it.
    pub terms: Option<OrderTerms>,
    /// From now on, for how long it can be paid.
    pub ttl: Option<Duration>,
}

/// What happens to a payment that is on its way when its order is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhileSending {
    /// The order is not cancelled.
    #[default]
    Refuse,
    /// The order is cancelled once the payment's outcome is known; an approval is voided.
    VoidOnApproval,
}

/// What a change to an order came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The order now.
    pub order: Order,
    /// The call that had it, and has to be told that it has it no more.
    pub taken_from: Option<CallUlid>,
}

/// A card a provider has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCardRecord {
    /// Our own id.
    pub id: StoredCardUlid,
    /// The order it was stored with.
    pub order: OrderUlid,
    /// The customer of that order.
    pub customer_number: Option<CustomerNumber>,
    /// What the provider calls it.
    pub provider_id: StoredCardId,
    /// What may be shown of it.
    pub last_four: MaskedPan,
    /// Its brand.
    pub brand: Brand,
    /// No real card.
    pub test: bool,
    /// When it was stored.
    pub created_at: Duration,
}

/// A card to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct NewStoredCard<'a> {
    /// What the provider calls it.
    pub provider_id: &'a StoredCardId,
    /// What may be shown of it.
    pub last_four: MaskedPan,
    /// Its brand.
    pub brand: Brand,
    /// No real card.
    pub test: bool,
}

impl Store {
    /// Changes an order that is not paid. A call that has it loses it, unless it is sending a payment.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`]; [`StoreError::LiveAttempt`] while a payment is on its way or in doubt;
    /// [`StoreError::NotHeld`] where the order is over; or the database fails.
    pub async fn edit_order(
        &self,
        merchant: MerchantUlid,
        id: OrderUlid,
        edit: &Edit,
        now: Duration,
    ) -> Result<Changed, StoreError> {
        let mut transaction = self.begin().await?;
        let stored = found(&mut transaction, merchant, id).await?;
        require_idle(&mut transaction, &stored).await?;
        let taken_from = stored.leased_by;
        let mut order = released(stored, OrderState::Open, now);
        order.money = edit.money.unwrap_or(order.money);
        order.customer_number = edit.customer_number.clone().or(order.customer_number);
        order.description = edit.description.clone().or(order.description);
        order.terms = edit.terms.clone().unwrap_or(order.terms);
        order.expires_at = edit.ttl.map_or(order.expires_at, |ttl| now.saturating_add(ttl));
        write(&mut transaction, &order).await?;
        claim::set_state(&mut transaction, &order, now).await?;
        let order = order::by_id(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(Changed { order, taken_from })
    }

    /// Cancels an order that is not paid. A call that has it loses it.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`]; [`StoreError::LiveAttempt`] while a payment is on its way or in doubt and that is to
    /// refuse it; [`StoreError::NotHeld`] where the order is over; or the database fails.
    pub async fn cancel_order(
        &self,
        merchant: MerchantUlid,
        id: OrderUlid,
        while_sending: WhileSending,
        now: Duration,
    ) -> Result<Changed, StoreError> {
        let mut transaction = self.begin().await?;
        let stored = found(&mut transaction, merchant, id).await?;
        let order = match require_idle(&mut transaction, &stored).await {
            Ok(()) => released(stored.clone(), OrderState::Cancelled, now),
            Err(StoreError::LiveAttempt) if while_sending == WhileSending::VoidOnApproval => {
                Order { void_on_approval: true, ..stored.clone() }
            }
            Err(refused) => return Err(refused),
        };
        let taken_from = stored.leased_by.filter(|_| order.leased_by.is_none());
        claim::set_state(&mut transaction, &order, now).await?;
        let order = order::by_id(&mut transaction, id).await?;
        if order.state == OrderState::Cancelled {
            outbox::order_changed(&mut transaction, &order, now).await?;
        }
        transaction.commit().await?;
        Ok(Changed { order, taken_from })
    }

    /// Ends an order whose card was verified or stored; no money moved. The call has to have it.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`], or the database fails.
    pub async fn complete_order(
        &self,
        call: CallUlid,
        id: OrderUlid,
        card: Option<NewStoredCard<'_>>,
        now: Duration,
    ) -> Result<Order, StoreError> {
        let mut transaction = self.begin().await?;
        let stored = order::by_id(&mut transaction, id).await?;
        if stored.leased_by != Some(call) {
            return Err(StoreError::NotHeld);
        }
        require_idle(&mut transaction, &stored).await?;
        if let Some(card) = card {
            remember(&mut transaction, &stored, card, now).await?;
        }
        complete(&mut transaction, stored, now).await?;
        let order = order::by_id(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(order)
    }

    /// The merchant's stored cards that were not forgotten, newest first, at most `most`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn stored_cards(
        &self,
        merchant: MerchantUlid,
        customer: Option<&CustomerNumber>,
        most: u32,
    ) -> Result<Vec<StoredCardRecord>, StoreError> {
        sql("SELECT * FROM stored_cards WHERE merchant = $1 AND forgotten_at IS NULL
             AND ($2 = '' OR customer_number = $2) ORDER BY position DESC LIMIT $3")
        .put(&merchant)
        .put(Word(customer.map_or("", CustomerNumber::as_str)))
        .put(i64::from(most))
        .all(&mut *self.read().await?, stored_card)
        .await
    }

    /// The merchant's stored card with this id, unless it was forgotten.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn stored_card(
        &self,
        merchant: MerchantUlid,
        id: StoredCardUlid,
    ) -> Result<Option<StoredCardRecord>, StoreError> {
        sql("SELECT * FROM stored_cards WHERE merchant = $1 AND id = $2 AND forgotten_at IS NULL")
            .put(&merchant)
            .put(&id)
            .first(&mut *self.read().await?, stored_card)
            .await
    }

    /// Notes that the provider has forgotten a card.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn card_forgotten(&self, id: StoredCardUlid, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE stored_cards SET forgotten_at = $1 WHERE id = $2")
            .put(millis(now))
            .put(&id)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

async fn found(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    id: OrderUlid,
) -> Result<Order, StoreError> {
    let order = order::by_id(connection, id).await?;
    if order.merchant == merchant { Ok(order) } else { Err(StoreError::NotFound) }
}

/// Nothing of the order is on its way, in doubt or over.
async fn require_idle(connection: &mut AnyConnection, order: &Order) -> Result<(), StoreError> {
    match order.state {
        OrderState::Open => Ok(()),
        OrderState::InDoubt => Err(StoreError::LiveAttempt),
        OrderState::Collecting => {
            let attempts = attempt::of_order(connection, order.id).await?;
            let on_its_way = |state| matches!(state, State::Created | State::Intent | State::Sending);
            let sent = attempts.iter().any(|record| on_its_way(record.attempt.state()));
            match sent || card_request::is_open(connection, order.id).await? {
                true => Err(StoreError::LiveAttempt),
                false => Ok(()),
            }
        }
        _ => Err(StoreError::NotHeld),
    }
}

/// The order without the call that had it; the time it was with the call does not count.
fn released(order: Order, state: OrderState, now: Duration) -> Order {
    Order {
        expires_at: claim::thawed(&order, now),
        state,
        leased_by: None,
        leased_at: None,
        updated_at: now,
        ..order
    }
}

async fn write(connection: &mut AnyConnection, order: &Order) -> Result<(), StoreError> {
    let columns = terms::COLUMNS.split(", ").enumerate();
    let assignments: Vec<_> = columns.map(|(index, column)| format!("{column} = ${}", index + 1)).collect();
    let text = format!(
        "UPDATE orders SET {}, amount = $11, currency = $12, customer_number = $13, description = $14,
                           version = version + 1 WHERE id = $15",
        assignments.join(", ")
    );
    terms::put(sql_of(text), &order.terms)
        .put(whole("amount", order.money.minor())?)
        .put(order.money.currency().code())
        .put(order.customer_number.as_ref())
        .put(order.description.as_ref())
        .put(&order.id)
        .run(connection)
        .await?;
    Ok(())
}

/// Ends an order whose card was verified or stored, unless it is over.
pub(super) async fn complete(
    connection: &mut AnyConnection,
    order: Order,
    now: Duration,
) -> Result<(), StoreError> {
    if !matches!(order.state, OrderState::Open | OrderState::Collecting | OrderState::InDoubt) {
        return Ok(());
    }
    let order = released(order, OrderState::Completed, now);
    claim::set_state(&mut *connection, &order, now).await?;
    let order = order::by_id(&mut *connection, order.id).await?;
    outbox::order_changed(connection, &order, now).await
}

pub(super) async fn remember(
    connection: &mut AnyConnection,
    order: &Order,
    card: NewStoredCard<'_>,
    now: Duration,
) -> Result<StoredCardUlid, StoreError> {
    let id = StoredCardUlid::generate(now);
    let position = next_position(connection, "stored_cards").await?;
    sql("INSERT INTO stored_cards (id, merchant, position, order_ulid, customer_number, provider_id, last_four, brand,
                                   test, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .put(&id)
        .put(&order.merchant)
        .put(position)
        .put(&order.id)
        .put(order.customer_number.as_ref())
        .put(card.provider_id)
        .put(&card.last_four)
        .put(&card.brand)
        .put(card.test)
        .put(millis(now))
        .run(connection)
        .await?;
    Ok(id)
}

fn stored_card(row: &Row) -> Result<StoredCardRecord, StoreError> {
    Ok(StoredCardRecord {
        id: row.parsed("id", StoredCardUlid::parse)?,
        order: row.parsed("order_ulid", OrderUlid::parse)?,
        customer_number: row.optional_parsed("customer_number", CustomerNumber::parse)?,
        provider_id: row.parsed("provider_id", StoredCardId::parse)?,
        last_four: row.parsed("last_four", MaskedPan::from_last_four)?,
        brand: row.parsed("brand", |name| Brand::from_name(name).ok_or(()))?,
        test: row.flag("test")?,
        created_at: row.time("created_at")?,
    })
}
