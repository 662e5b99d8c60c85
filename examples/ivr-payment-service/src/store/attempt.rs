//! The journal of attempts. What is written here is durable when the verb returns; what another system can see is done
//! only after that.

mod row;

use core::time::Duration;

use paytone_card::{Brand, MaskedPan};
use paytone_dialog::{Details, KeyedDigits};
use paytone_psp::attempt::{Attempt, InvalidEvent, Transition};
use paytone_psp::{PaymentMethod, Reference};
use sqlx::AnyConnection;

use self::row::{attempt, attempts, insert, stored, write};
use super::sql::{Word, sql};
use super::{
    CallUlid, MerchantUlid, Order, OrderUlid, RequestKey, Store, StoreError, StoredCardUlid, call, claim,
    idempotency, millis, outbox,
};

/// An attempt to be journalled, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What it pays.
    pub order: OrderUlid,
    /// How it is made.
    pub source: Source,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// The card's brand.
    pub brand: Brand,
    /// What the caller chose and keyed beside it.
    pub chosen: &'a Chosen,
}

/// What a caller chose and keyed beside the card. None of it can be a card number: a text of it has ten digits at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// How the cardholder pays the issuer.
    pub method: PaymentMethod,
    /// Whether the card may be stored; `None` where nobody asked.
    pub consent: Option<bool>,
    /// The digits of the postcode.
    pub postcode: Option<String>,
    /// The merchant's own numbers, in the order they were asked for; one that was left out is `-`.
    pub numbers: Vec<String>,
}

impl Chosen {
    /// What the caller said; where that is nothing, what the order says.
    #[must_use]
    pub fn new(order: &Order, details: &Details) -> Self {
        let digits = |keyed: &KeyedDigits| keyed.as_str().to_owned();
        let number = |place| details.custom(place).map(digits);
        let asked = (0..4).rev().find(|place| details.custom(*place).is_some()).map_or(0, |last| last + 1);
        Self {
            method: details.method().unwrap_or_else(|| order.terms.payment_methods.first()),
            consent: details.consent(),
            postcode: details.postcode().map(digits),
            numbers: (0..asked).map(|place| number(place).unwrap_or_else(|| "-".to_owned())).collect(),
        }
    }
}

/// Where an attempt's card comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A caller keys it in this call.
    Call(CallUlid),
    /// The provider has it.
    StoredCard(StoredCardUlid),
}

/// An attempt as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The attempt.
    pub attempt: Attempt,
    /// Whose it is.
    pub merchant: MerchantUlid,
    /// What it pays.
    pub order: OrderUlid,
    /// How it was made.
    pub source: Source,
    /// What may be shown of the card.
    pub last_four: MaskedPan,
    /// The card's brand.
    pub brand: Brand,
    /// What the caller chose and keyed beside it.
    pub chosen: Chosen,
    /// When it was made.
    pub created_at: Duration,
    /// When it last changed.
    pub updated_at: Duration,
}

/// Why an attempt was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// What happened cannot happen to it.
    #[error(transparent)]
    Event(#[from] InvalidEvent),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Source {
    /// The call, where there is one.
    #[must_use]
    pub const fn call(self) -> Option<CallUlid> {
        match self {
            Self::Call(call) => Some(call),
            Self::StoredCard(_) => None,
        }
    }

    /// The stored card, where it is one.
    #[must_use]
    pub const fn stored_card(self) -> Option<StoredCardUlid> {
        match self {
            Self::StoredCard(card) => Some(card),
            Self::Call(_) => None,
        }
    }
}

impl Store {
    /// Journals a new attempt. Where another attempt of the order has moved money or may have, there cannot be one.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotHeld`] where the call does not have the order (any more), or an order to be paid by a stored card
    /// cannot be paid; [`StoreError::LiveAttempt`], or the database fails. Nothing may then be sent.
    pub async fn begin_attempt(&self, new: NewAttempt<'_>, now: Duration) -> Result<(), StoreError> {
        self.begin_attempt_for(None, new, now).await
    }

    /// The same for a request: that this attempt is what it began is written with it.
    ///
    /// # Errors
    ///
    /// As for [`begin_attempt`](Self::begin_attempt).
    pub async fn begin_attempt_for(
        &self,
        request: Option<&RequestKey>,
        new: NewAttempt<'_>,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let held = match new.source {
            Source::Call(call) => sql("SELECT orders.merchant FROM orders JOIN calls ON calls.id = orders.leased_by
                                       WHERE orders.id = $1 AND calls.id = $2 AND calls.ended_at IS NULL")
                .put(&new.order)
                .put(&call),
            Source::StoredCard(card) => sql("SELECT orders.merchant FROM orders JOIN stored_cards
                                                    ON stored_cards.merchant = orders.merchant
                                             WHERE orders.id = $1 AND orders.state = 'open' AND stored_cards.id = $2
                                               AND stored_cards.forgotten_at IS NULL")
                .put(&new.order)
                .put(&card),
        };
        let merchant =
            held.first(&mut transaction, |row| row.parsed("merchant", MerchantUlid::parse)).await?;
        let merchant = merchant.ok_or(StoreError::NotHeld)?;
        insert(&mut transaction, &new, merchant, self.node(), now).await?;
        write(&mut transaction, &new.attempt.to_record(), new.attempt.version(), now).await?;
        match new.source {
            Source::Call(call) => call::set_card(&mut transaction, call, new.last_four, new.brand).await?,
            Source::StoredCard(_) => claim::refresh(&mut transaction, new.order, now).await?,
        }
        if let Some(request) = request {
            idempotency::begin(&mut transaction, request, new.attempt).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Changes an attempt and writes what has become of it: the attempt, its order's state and, where the transition says
    /// so, the report to the merchant, all or nothing. `change` sees the attempt as it is stored, and nobody else changes
    /// it meanwhile.
    ///
    /// # Errors
    ///
    /// `change` refused, or the store did not do it; nothing has changed then.
    pub async fn change_attempt(
        &self,
        reference: Reference,
        now: Duration,
        change: impl FnOnce(&mut Attempt) -> Result<Transition, InvalidEvent> + Send,
    ) -> Result<(AttemptRecord, Transition), ChangeError> {
        self.change_attempt_for(None, reference, now, change).await
    }

    /// The same for a request: that this change is what it began is written with it.
    ///
    /// # Errors
    ///
    /// As for [`change_attempt`](Self::change_attempt).
    pub async fn change_attempt_for(
        &self,
        request: Option<&RequestKey>,
        reference: Reference,
        now: Duration,
        change: impl FnOnce(&mut Attempt) -> Result<Transition, InvalidEvent> + Send,
    ) -> Result<(AttemptRecord, Transition), ChangeError> {
        let mut transaction = self.begin().await?;
        let mut record = stored(&mut transaction, reference).await?;
        let before = record.attempt.version();
        let transition = change(&mut record.attempt)?;
        record.updated_at = now;
        write(&mut transaction, &record.attempt.to_record(), before, now).await?;
        claim::refresh(&mut transaction, record.order, now).await?;
        if transition.report {
            outbox::attempt_changed(&mut transaction, &record, now).await?;
        }
        if let Some(request) = request {
            idempotency::begin(&mut transaction, request, &record.attempt).await?;
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok((record, transition))
    }

    /// Every attempt of this node that waits for something: to be sent, to be answered, to be looked up.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn open_attempts(&self) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts(
            "attempts.node = $1 AND (attempts.pending_operation IS NOT NULL OR attempts.state = 'created')",
        )
        .put(Word(self.node()))
        .all(&mut *self.read().await?, attempt)
        .await
    }

    /// Every attempt of this node that holds money it must not hold, and has nothing else going on.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_to_compensate(&self) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts("attempts.node = $1 AND attempts.pending_operation IS NULL AND attempts.state IN ('approved', 'captured')
                  AND (attempts.compensate = 1 OR orders.void_on_approval = 1)")
            .put(Word(self.node()))
            .all(&mut *self.read().await?, attempt)
            .await
    }

    /// The attempts of this node that hold money and were not compared with the provider since `before`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_to_check(&self, before: Duration) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts("attempts.node = $1 AND attempts.pending_operation IS NULL AND attempts.state IN ('approved', 'captured')
                  AND COALESCE(attempts.checked_at, attempts.updated_at) < $2")
            .put(Word(self.node()))
            .put(millis(before))
            .all(&mut *self.read().await?, attempt)
            .await
    }

    /// Notes that an attempt was compared with what the provider has.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempt_checked(&self, reference: Reference, now: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE attempts SET checked_at = $1 WHERE reference = $2")
            .put(millis(now))
            .put(&reference)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The merchant's attempts that a person has to look at: in doubt for too long, or holding money that could not be
    /// given back; and reservations made before `lapsing`, which the issuer will let go of soon.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_for_a_person(
        &self,
        merchant: MerchantUlid,
        lapsing: Duration,
    ) -> Result<Vec<AttemptRecord>, StoreError> {
        attempts(
            "attempts.merchant = $1 AND (attempts.state = 'needs_person' OR attempts.compensate = 1
                  OR (attempts.state = 'approved' AND attempts.since < $2))",
        )
        .put(&merchant)
        .put(millis(lapsing))
        .all(&mut *self.read().await?, attempt)
        .await
    }

    /// The merchant's attempt with this reference.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempt(
        &self,
        merchant: MerchantUlid,
        reference: Reference,
    ) -> Result<Option<AttemptRecord>, StoreError> {
        attempts("attempts.merchant = $1 AND attempts.reference = $2")
            .put(&merchant)
            .put(&reference)
            .first(&mut *self.read().await?, attempt)
            .await
    }

    /// The attempts to pay an order, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attempts_of(&self, order: OrderUlid) -> Result<Vec<AttemptRecord>, StoreError> {
        of_order(&mut *self.read().await?, order).await
    }
}

pub(super) async fn of_order(
    connection: &mut AnyConnection,
    order: OrderUlid,
) -> Result<Vec<AttemptRecord>, StoreError> {
    attempts("attempts.order_ulid = $1").put(&order).all(connection, attempt).await
}
