//! The journal of cards that are verified or stored. No money moves, and what is not known is looked up all the same.

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_psp::Reference;
use sqlx::AnyConnection;

use super::order::{self, OrderState};
use super::sql::{Row, Word, sql};
use super::terms::words;
use super::{
    CallUlid, MerchantUlid, NewStoredCard, OrderUlid, Store, StoreError, change, claim, millis,
    next_position, outbox,
};

/// A request to verify or store a card, as it is journalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRequest {
    /// Its name at the provider.
    pub reference: Reference,
    /// Whose it is.
    pub merchant: MerchantUlid,
    /// What the card is for.
    pub order: OrderUlid,
    /// The call in which it was keyed.
    pub call: CallUlid,
    /// What is asked for.
    pub operation: CardOperation,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// Its brand.
    pub brand: Brand,
    /// Until when the request may still arrive at the provider.
    pub deadline: Duration,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardOperation {
    /// Whether the card is good.
    Verify,
    /// That the provider stores it.
    Register,
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardRequestState {
    /// It may have been sent.
    Asked,
    /// It may have been sent, and there was no answer: it is looked up.
    InDoubt,
    /// It was done.
    Done,
    /// It was not: declined, refused, not sent, or never arrived.
    NotDone,
    /// It was not answered, and the provider has something of it that we cannot use: somebody has to look.
    LeftOver,
}

words! { CardOperation {
    Verify => "verify",
    Register => "register",
} }

words! { CardRequestState {
    Asked => "asked",
    InDoubt => "in_doubt",
    Done => "done",
    NotDone => "not_done",
    LeftOver => "left_over",
} }

impl Store {
    /// Journals a request before it is sent. The call has to have the order, and none for the order may be open.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`], [`StoreError::LiveAttempt`], or the database fails: nothing may then be sent.
    pub async fn begin_card_request(&self, new: &CardRequest, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let order = order::by_id(&mut transaction, new.order).await?;
        // The card of a payment is stored after the approval, when the order is nobody's any more.
        if order.terms.purpose.has_amount() {
            if order.state != OrderState::Paid {
                return Err(StoreError::NotHeld);
            }
        } else if order.leased_by != Some(new.call) {
            return Err(StoreError::NotHeld);
        }
        if is_open(&mut transaction, new.order).await? {
            return Err(StoreError::LiveAttempt);
        }
        let position = next_position(&mut transaction, "card_requests").await?;
        sql("INSERT INTO card_requests (reference, merchant, position, node, order_ulid, call_ulid, operation, state,
                                        last_four, brand, deadline, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, $9, $10, $11, $11)")
        .put(&new.reference)
        .put(&new.merchant)
        .put(position)
        .put(Word(self.node()))
        .put(&new.order)
        .put(&new.call)
        .put(new.operation.as_str())
        .put(&new.last_four)
        .put(&new.brand)
        .put(millis(new.deadline))
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Writes what became of a request, and of its order: done, an order without an amount is completed, and the card that
    /// was stored is remembered; not done, the order can be tried again.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn card_request_became(
        &self,
        request: &CardRequest,
        state: CardRequestState,
        card: Option<NewStoredCard<'_>>,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE card_requests SET state = $1, updated_at = $2 WHERE reference = $3")
            .put(state.as_str())
            .put(millis(now))
            .put(&request.reference)
            .run(&mut transaction)
            .await?;
        let stored = order::by_id(&mut transaction, request.order).await?;
        let whole = !stored.terms.purpose.has_amount();
        if let Some(card) = card {
            change::remember(&mut transaction, &stored, card, now).await?;
        }
        match state {
            CardRequestState::Done if whole => change::complete(&mut transaction, stored, now).await?,
            CardRequestState::Done => {
                outbox::tell(&mut transaction, &stored, None, "card.stored", now).await?;
            }
            _ if whole => claim::refresh(&mut transaction, request.order, now).await?,
            _ => {}
        }
        Ok(transaction.commit().await?)
    }

    /// How far a request is.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or the database fails.
    pub async fn card_request_state(&self, reference: Reference) -> Result<CardRequestState, StoreError> {
        sql("SELECT state FROM card_requests WHERE reference = $1")
            .put(&reference)
            .one(&mut *self.read().await?, |row| {
                CardRequestState::parse(row.text("state")?).ok_or(StoreError::Column("state"))
            })
            .await
    }

    /// The merchant's requests that somebody has to look at: the provider has something of a card that we cannot use.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn cards_for_a_person(&self, merchant: MerchantUlid) -> Result<Vec<CardRequest>, StoreError> {
        sql("SELECT * FROM card_requests WHERE merchant = $1 AND state = 'left_over' ORDER BY position")
            .put(&merchant)
            .all(&mut *self.read().await?, request)
            .await
    }

    /// The requests of this node that are that far, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn card_requests(&self, state: CardRequestState) -> Result<Vec<CardRequest>, StoreError> {
        sql("SELECT * FROM card_requests WHERE node = $1 AND state = $2 ORDER BY position")
            .put(Word(self.node()))
            .put(state.as_str())
            .all(&mut *self.read().await?, request)
            .await
    }
}

/// Whether nobody knows yet what became of a request for this order.
pub(super) async fn is_open(connection: &mut AnyConnection, order: OrderUlid) -> Result<bool, StoreError> {
    sql("SELECT reference FROM card_requests WHERE order_ulid = $1 AND state IN ('asked', 'in_doubt')")
        .put(&order)
        .finds(connection)
        .await
}

fn request(row: &Row) -> Result<CardRequest, StoreError> {
    Ok(CardRequest {
        reference: row.parsed("reference", Reference::parse)?,
        merchant: row.parsed("merchant", MerchantUlid::parse)?,
        order: row.parsed("order_ulid", OrderUlid::parse)?,
        call: row.parsed("call_ulid", CallUlid::parse)?,
        operation: CardOperation::parse(row.text("operation")?).ok_or(StoreError::Column("operation"))?,
        last_four: row.parsed("last_four", MaskedPan::from_last_four)?,
        brand: row.parsed("brand", |name| Brand::from_name(name).ok_or(()))?,
        deadline: row.time("deadline")?,
    })
}
