//! What limits on tries are counted by, so that a restart forgets none of it.

use core::time::Duration;

use paytone_psp::{Currency, Money};

use super::sql::{Bytes, Row, sql};
use super::terms::words;
use super::{MerchantUlid, OrderUlid, Store, StoreError, millis, whole};

/// Something that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What.
    pub kind: MarkKind,
    /// Of whom or what, as a digest.
    pub subject: [u8; 32],
    /// When; for a closed line, until when.
    pub at: Duration,
    /// What was paid.
    pub paid: Option<(OrderUlid, Money)>,
}

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// A card was tried.
    Try,
    /// It was declined.
    Decline,
    /// The line is closed until then.
    Closed,
    /// The card paid this much for this order.
    Payment,
}

words! { MarkKind {
    Try => "try",
    Decline => "decline",
    Closed => "closed",
    Payment => "payment",
} }

impl Store {
    /// Keeps marks, and forgets the merchant's from before `before`.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn keep_marks(
        &self,
        merchant: MerchantUlid,
        marks: &[Mark],
        before: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for mark in marks {
            let amount = mark.paid.map(|(_, money)| whole("amount", money.minor())).transpose()?;
            sql("INSERT INTO tries (merchant, kind, subject, at, order_ulid, amount, currency)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .put(&merchant)
            .put(mark.kind.as_str())
            .put(Bytes(&mark.subject))
            .put(millis(mark.at))
            .put(mark.paid.as_ref().map(|(order, _)| order))
            .put(amount)
            .put(mark.paid.map(|(_, money)| money.currency().code()))
            .run(&mut transaction)
            .await?;
        }
        sql("DELETE FROM tries WHERE merchant = $1 AND at < $2")
            .put(&merchant)
            .put(millis(before))
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets that an order was paid: it was not.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn forget_payment(&self, order: OrderUlid) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM tries WHERE order_ulid = $1").put(&order).run(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// The merchant's marks, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn marks(&self, merchant: MerchantUlid) -> Result<Vec<Mark>, StoreError> {
        sql("SELECT * FROM tries WHERE merchant = $1 ORDER BY at")
            .put(&merchant)
            .all(&mut *self.read().await?, mark)
            .await
    }
}

fn mark(row: &Row) -> Result<Mark, StoreError> {
    let paid = match row.optional_parsed("order_ulid", OrderUlid::parse)? {
        Some(order) => {
            Some((order, Money::new(row.count("amount")?, row.parsed("currency", Currency::parse)?)))
        }
        None => None,
    };
    Ok(Mark {
        kind: MarkKind::parse(row.text("kind")?).ok_or(StoreError::Column("kind"))?,
        subject: row.bytes("subject")?.try_into().map_err(|_| StoreError::Column("subject"))?,
        at: row.time("at")?,
        paid,
    })
}
