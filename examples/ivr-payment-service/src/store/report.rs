//! What reports are made of: calls and payments of a time, without anything that says who paid.

use core::time::Duration;

use paytone_dialog::Field;
use paytone_psp::{Currency, Money};
use paytone_redact::SafeText;

use super::sql::{Row, sql};
use super::{CallUlid, MerchantUlid, Store, StoreError, millis};

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReport {
    /// How it ended.
    pub outcome: String,
    /// What that leaves out.
    pub detail: Option<String>,
    /// What the caller was being asked for at the end, where something was.
    pub left_at: Option<String>,
    /// How long it took.
    pub length: Duration,
    /// How often the provider was asked.
    pub attempts: u32,
    /// No real card was asked for: a test account.
    pub test: bool,
}

/// A payment that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    /// When.
    pub at: Duration,
    /// Who commanded the call, or else had its order in front of them; nobody where neither is known.
    pub operator: Option<SafeText>,
    /// The merchant's id of the order.
    pub order_id: String,
    /// The merchant's own number of the customer.
    pub customer_number: Option<String>,
    /// Where it stands.
    pub state: String,
    /// Whether the money is reserved or taken.
    pub held: bool,
    /// Whether it was taken or reserved once, also where it was given back since.
    pub paid: bool,
    /// How much.
    pub money: Money,
    /// How much was given back, in minor units.
    pub refunded: u64,
    /// The card's brand.
    pub brand: String,
    /// Its last four digits.
    pub last_four: String,
    /// What the provider calls it.
    pub transaction: Option<String>,
    /// What the issuer calls it.
    pub approval_code: Option<String>,
    /// A test account's.
    pub test: bool,
}

impl Store {
    /// Keeps what a call was asking for when it ended, for the report on where callers give up.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call_left_at(&self, call: CallUlid, field: Field) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE calls SET left_at = $1 WHERE id = $2")
            .put(field.as_str())
            .put(&call)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The merchant's calls that ended from `begin` until before `end`, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn call_report(
        &self,
        merchant: MerchantUlid,
        begin: Duration,
        end: Duration,
    ) -> Result<Vec<CallReport>, StoreError> {
        sql("SELECT outcome, detail, left_at, started_at, ended_at,
                    (SELECT count(*) FROM attempts WHERE attempts.call_ulid = calls.id) AS attempts,
                    COALESCE((SELECT max(test) FROM attempts WHERE attempts.call_ulid = calls.id), 0) AS test
             FROM calls WHERE merchant = $1 AND ended_at >= $2 AND ended_at < $3 ORDER BY position")
        .put(&merchant)
        .put(millis(begin))
        .put(millis(end))
        .all(&mut *self.read().await?, call)
        .await
    }

    /// The merchant's payments that were begun from `begin` until before `end`, by operator, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn payment_report(
        &self,
        merchant: MerchantUlid,
        begin: Duration,
        end: Duration,
    ) -> Result<Vec<PaymentReport>, StoreError> {
        sql("SELECT attempts.*, COALESCE(calls.operator, calls.attended_by) AS operator, orders.order_id, orders.customer_number
             FROM attempts JOIN orders ON orders.id = attempts.order_ulid
                  LEFT JOIN calls ON calls.id = attempts.call_ulid
             WHERE attempts.merchant = $1 AND attempts.created_at >= $2 AND attempts.created_at < $3
             ORDER BY COALESCE(calls.operator, calls.attended_by, ''), attempts.position")
        .put(&merchant)
        .put(millis(begin))
        .put(millis(end))
        .all(&mut *self.read().await?, payment)
        .await
    }
}

/// The states in which money is reserved or taken.
const HELD: [&str; 4] = ["approved", "capturing", "captured", "refunding"];

fn call(row: &Row) -> Result<CallReport, StoreError> {
    let (began, ended) = (row.time("started_at")?, row.time("ended_at")?);
    Ok(CallReport {
        outcome: row.text("outcome")?.to_owned(),
        detail: row.optional_text("detail")?.map(str::to_owned),
        left_at: row.optional_text("left_at")?.map(str::to_owned),
        length: ended.saturating_sub(began),
        attempts: row.count("attempts")?,
        test: row.flag("test")?,
    })
}

fn payment(row: &Row) -> Result<PaymentReport, StoreError> {
    let currency = row.parsed("currency", Currency::parse)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let state = row.text("state")?.to_owned();
    Ok(PaymentReport {
        at: row.time("created_at")?,
        operator: row.optional_safe_text("operator")?,
        order_id: row.text("order_id")?.to_owned(),
        customer_number: owned(row.optional_text("customer_number")?),
        held: HELD.contains(&state.as_str()),
        paid: HELD.contains(&state.as_str()) || state == "refunded",
        state,
        money: Money::new(row.count("amount")?, currency),
        refunded: row.count("refunded")?,
        brand: row.text("brand")?.to_owned(),
        last_four: row.text("last_four")?.to_owned(),
        transaction: owned(row.optional_text("transaction_id")?),
        approval_code: owned(row.optional_text("approval_code")?),
        test: row.flag("test")?,
    })
}
