//! What limits on tries are counted by: a restart forgets none of it, and all processes count together.

use core::time::Duration;

use paytone_psp::{Currency, Money};
use sqlx::AnyConnection;

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
    /// Has a try decided on by what the merchant's subjects did since `before`, and counts what it decides: nobody else
    /// decides meanwhile, in whatever process. Of the line only whether it is closed is looked at.
    ///
    /// # Errors
    ///
    /// The database fails; nothing was counted.
    pub async fn count_try<T>(
        &self,
        merchant: MerchantUlid,
        subjects: &[[u8; 32]],
        line: [u8; 32],
        before: Duration,
        decide: impl FnOnce(Vec<Mark>) -> (T, Vec<Mark>) + Send,
    ) -> Result<T, StoreError> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM tries WHERE merchant = $1 AND at < $2")
            .put(&merchant)
            .put(millis(before))
            .run(&mut transaction)
            .await?;
        let mut seen = sql("SELECT * FROM tries WHERE merchant = $1 AND subject = $2 AND kind = 'closed'")
            .put(&merchant)
            .put(Bytes(&line))
            .all(&mut transaction, mark)
            .await?;
        for subject in subjects {
            let of = sql("SELECT * FROM tries WHERE merchant = $1 AND subject = $2");
            seen.extend(of.put(&merchant).put(Bytes(subject)).all(&mut transaction, mark).await?);
        }
        let (decided, marks) = decide(seen);
        for mark in &marks {
            keep(&mut transaction, merchant, mark).await?;
        }
        transaction.commit().await?;
        Ok(decided)
    }

    /// Counts a decline on a line, forgets that its order was paid, and closes the line until `until` where `closes` says so
    /// of the tries and the declines there were since `since`. Whether it is closed now.
    ///
    /// # Errors
    ///
    /// The database fails; nothing was counted.
    pub async fn count_decline(
        &self,
        merchant: MerchantUlid,
        line: [u8; 32],
        order: OrderUlid,
        [since, now, until]: [Duration; 3],
        closes: impl Fn(usize, usize) -> bool + Send,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM tries WHERE merchant = $1 AND order_ulid = $2")
            .put(&merchant)
            .put(&order)
            .run(&mut transaction)
            .await?;
        let decline = Mark { kind: MarkKind::Decline, subject: line, at: now, paid: None };
        keep(&mut transaction, merchant, &decline).await?;
        let mut counts = [0; 2];
        for (count, kind) in counts.iter_mut().zip([MarkKind::Try, MarkKind::Decline]) {
            let counted = sql("SELECT count(*) AS n FROM tries WHERE merchant = $1 AND subject = $2 AND kind = $3 AND at > $4")
                .put(&merchant)
                .put(Bytes(&line))
                .put(kind.as_str())
                .put(millis(since))
                .number(&mut transaction)
                .await?;
            *count = usize::try_from(counted).unwrap_or_default();
        }
        let [tries, declines] = counts;
        let is_closed = closes(tries, declines);
        if is_closed {
            let closed = Mark { kind: MarkKind::Closed, subject: line, at: until, paid: None };
            keep(&mut transaction, merchant, &closed).await?;
        }
        transaction.commit().await?;
        Ok(is_closed)
    }
}

async fn keep(connection: &mut AnyConnection, merchant: MerchantUlid, mark: &Mark) -> Result<(), StoreError> {
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
    .run(connection)
    .await
    .map(drop)
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
