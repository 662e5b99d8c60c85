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

/// What is looked at before a card is tried.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose tries are counted.
    pub subjects: &'a [[u8; 32]],
    /// Whose payments matter.
    pub card: [u8; 32],
    /// What may be closed.
    pub line: [u8; 32],
    /// Tries count since then.
    pub since: Duration,
    /// Nothing before then is needed any more.
    pub before: Duration,
}

/// What was done before.
#[derive(Debug, Clone, Default)]
pub struct TriedBefore {
    /// How often each of the subjects tried.
    pub tries: Vec<usize>,
    /// The card's payments, and until when the line is closed.
    pub marks: Vec<Mark>,
}

impl Store {
    /// Has a try decided on by what the merchant's subjects did, and counts what it decides: nobody else decides meanwhile, in
    /// whatever process.
    ///
    /// # Errors
    ///
    /// The database fails; nothing was counted.
    pub async fn count_try<T>(
        &self,
        merchant: MerchantUlid,
        asked: Asked<'_>,
        decide: impl FnOnce(&TriedBefore) -> (T, Vec<Mark>) + Send,
    ) -> Result<T, StoreError> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM tries WHERE merchant = $1 AND at < $2")
            .put(&merchant)
            .put(millis(asked.before))
            .run(&mut transaction)
            .await?;
        let mut seen = TriedBefore::default();
        for (subject, kind) in [(asked.line, MarkKind::Closed), (asked.card, MarkKind::Payment)] {
            let of = sql("SELECT * FROM tries WHERE merchant = $1 AND subject = $2 AND kind = $3");
            let of = of.put(&merchant).put(Bytes(&subject)).put(kind.as_str());
            seen.marks.extend(of.all(&mut transaction, mark).await?);
        }
        // Many of a switchboard's callers may be one to us: they are counted where they lie.
        for subject in asked.subjects {
            let tries = since(&mut transaction, merchant, (subject, MarkKind::Try), asked.since).await?;
            seen.tries.push(tries);
        }
        let (decided, marks) = decide(&seen);
        for mark in &marks {
            keep(&mut transaction, merchant, mark).await?;
        }
        transaction.commit().await?;
        Ok(decided)
    }

    /// Counts a decline on a line, forgets that its order was paid, and closes the line until `until` where `closes` says so
    /// of the tries and the declines there were since `from`. Whether it is closed now.
    ///
    /// # Errors
    ///
    /// The database fails; nothing was counted.
    pub async fn count_decline(
        &self,
        merchant: MerchantUlid,
        line: [u8; 32],
        order: OrderUlid,
        [from, now, until]: [Duration; 3],
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
        let tries = since(&mut transaction, merchant, (&line, MarkKind::Try), from).await?;
        let declines = since(&mut transaction, merchant, (&line, MarkKind::Decline), from).await?;
        let is_closed = closes(tries, declines);
        if is_closed {
            let closed = Mark { kind: MarkKind::Closed, subject: line, at: until, paid: None };
            keep(&mut transaction, merchant, &closed).await?;
        }
        transaction.commit().await?;
        Ok(is_closed)
    }
}

/// How many marks of a kind a subject has since then.
async fn since(
    connection: &mut AnyConnection,
    merchant: MerchantUlid,
    (subject, kind): (&[u8; 32], MarkKind),
    since: Duration,
) -> Result<usize, StoreError> {
    let of =
        sql("SELECT count(*) AS n FROM tries WHERE merchant = $1 AND subject = $2 AND kind = $3 AND at > $4");
    let of = of.put(&merchant).put(Bytes(subject)).put(kind.as_str()).put(millis(since));
    Ok(usize::try_from(of.number(connection).await?).unwrap_or_default())
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
