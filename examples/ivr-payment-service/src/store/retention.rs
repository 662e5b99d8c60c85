//! What is over goes when its time has come. What is not settled stays, however old it is: a payment that may have moved
//! money, a reservation, a stored card, a message that was not delivered.

use core::time::Duration;

use sqlx::AnyConnection;

use super::sql::{Bytes, sql, sql_of};
use super::{AuditHead, BrokenChain, MerchantUlid, OrderUlid, Store, StoreError, millis, whole};

/// Orders whose time has come. Nothing of them is under way, and nothing of theirs is in use elsewhere.
const OLD_ORDERS: &str = "SELECT id FROM orders
    WHERE updated_at < $1 AND expires_at < $1 AND state NOT IN ('collecting', 'in_doubt')
      AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.order_ulid = orders.id
          AND (attempts.updated_at >= $1 OR attempts.compensate = 1
               OR attempts.state NOT IN ('declined', 'not_charged', 'voided', 'refunded', 'abandoned', 'captured')))
      AND NOT EXISTS (SELECT 1 FROM card_requests WHERE card_requests.order_ulid = orders.id
          AND card_requests.state NOT IN ('done', 'not_done'))
      AND NOT EXISTS (SELECT 1 FROM stored_cards WHERE stored_cards.order_ulid = orders.id
          AND (stored_cards.forgotten_at IS NULL
               OR EXISTS (SELECT 1 FROM attempts WHERE attempts.stored_card = stored_cards.id)))
      AND NOT EXISTS (SELECT 1 FROM outbox JOIN deliveries ON deliveries.event = outbox.id
          WHERE outbox.order_ulid = orders.id AND deliveries.state = 'waiting')
    ORDER BY position LIMIT $2";

/// What belongs to an order, in an order in which nothing is left without what it refers to.
const OF_AN_ORDER: [&str; 10] = [
    "DELETE FROM deliveries WHERE event IN (SELECT id FROM outbox WHERE order_ulid = $1)",
    "DELETE FROM outbox WHERE order_ulid = $1",
    "DELETE FROM order_notes WHERE order_ulid = $1",
    "DELETE FROM tries WHERE order_ulid = $1",
    "DELETE FROM card_requests WHERE order_ulid = $1",
    "DELETE FROM begun WHERE attempt IN (SELECT reference FROM attempts WHERE order_ulid = $1)",
    "DELETE FROM attempts WHERE order_ulid = $1",
    "DELETE FROM stored_cards WHERE order_ulid = $1",
    "UPDATE calls SET order_ulid = NULL WHERE order_ulid = $1",
    "DELETE FROM orders WHERE id = $1",
];

/// Calls that are over and that nothing was paid in, or nothing that is still kept.
const OLD_CALLS: &str = "SELECT id FROM calls
    WHERE ended_at < $1 AND order_ulid IS NULL
      AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.call_ulid = calls.id)
      AND NOT EXISTS (SELECT 1 FROM card_requests WHERE card_requests.call_ulid = calls.id)
      AND NOT EXISTS (SELECT 1 FROM paused_recorders WHERE paused_recorders.call_ulid = calls.id)
    ORDER BY position LIMIT $2";

impl Store {
    /// Deletes at most `most` orders that were settled before `before`, with everything that is theirs alone; how many.
    ///
    /// # Errors
    ///
    /// The database fails; whole orders only are gone.
    pub async fn forget_orders(&self, before: Duration, most: u32) -> Result<usize, StoreError> {
        let old = sql(OLD_ORDERS)
            .put(millis(before))
            .put(i64::from(most))
            .all(&mut *self.read().await?, |row| row.parsed("id", OrderUlid::parse))
            .await?;
        let mut gone = 0;
        for order in &old {
            let mut transaction = self.begin().await?;
            if still_old(&mut transaction, *order, before).await? {
                for statement in OF_AN_ORDER {
                    sql(statement).put(order).run(&mut transaction).await?;
                }
                gone += 1;
            }
            transaction.commit().await?;
        }
        Ok(gone)
    }

    /// Deletes at most `most` calls that ended before `before` and that nothing kept belongs to; how many.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn forget_calls(&self, before: Duration, most: u32) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut gone = 0;
        for table in ["wrong_codes WHERE call_ulid", "calls WHERE id"] {
            let statement = format!("DELETE FROM {table} IN ({OLD_CALLS})");
            gone = sql_of(statement).put(millis(before)).put(i64::from(most)).run(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(gone)
    }

    /// The number of the last entry of the merchant's audit from before `before`; 0 where there is none.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn last_audit_entry_before(
        &self,
        merchant: MerchantUlid,
        before: Duration,
    ) -> Result<u64, StoreError> {
        let last = sql("SELECT COALESCE(max(number), 0) AS n FROM audit WHERE merchant = $1 AND at < $2");
        let last = last.put(&merchant).put(millis(before)).number(&mut *self.read().await?).await?;
        u64::try_from(last).map_err(|_| StoreError::Column("number"))
    }

    /// Where the merchant's audit was cut off last, if it was.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn audit_cut(&self, merchant: MerchantUlid) -> Result<Option<AuditHead>, StoreError> {
        super::audit::cut(&mut *self.read().await?, merchant).await
    }

    /// Cuts the merchant's audit off up to and with this head; how many entries are gone. The chain goes on from there.
    ///
    /// # Errors
    ///
    /// The database fails. That the chain does not have this head is an answer: nothing is cut then.
    pub async fn cut_audit(
        &self,
        merchant: MerchantUlid,
        head: AuditHead,
        now: Duration,
    ) -> Result<Result<u64, BrokenChain>, StoreError> {
        let mut transaction = self.begin().await?;
        let there = sql("SELECT number FROM audit WHERE merchant = $1 AND number = $2 AND hash = $3")
            .put(&merchant)
            .put(whole("number", head.number)?)
            .put(Bytes(&head.hash))
            .finds(&mut transaction)
            .await?;
        if !there {
            return Ok(Err(BrokenChain::Head(head.number)));
        }
        let cut = "INSERT INTO audit_cuts (merchant, number, hash, cut_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (merchant) DO UPDATE
                   SET number = excluded.number, hash = excluded.hash, cut_at = excluded.cut_at";
        sql(cut)
            .put(&merchant)
            .put(whole("number", head.number)?)
            .put(Bytes(&head.hash))
            .put(millis(now))
            .run(&mut transaction)
            .await?;
        let gone = sql("DELETE FROM audit WHERE merchant = $1 AND number <= $2")
            .put(&merchant)
            .put(whole("number", head.number)?)
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(Ok(gone))
    }
}

/// An order may have been taken up again since it was found.
async fn still_old(
    connection: &mut AnyConnection,
    order: OrderUlid,
    before: Duration,
) -> Result<bool, StoreError> {
    sql("SELECT id FROM orders WHERE id = $1 AND updated_at < $2 AND leased_by IS NULL")
        .put(&order)
        .put(millis(before))
        .finds(connection)
        .await
}
