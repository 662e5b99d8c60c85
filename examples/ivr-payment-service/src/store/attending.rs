//! Whom an order is in front of: its call comes back to them, after a restart too.

use paytone_redact::SafeText;

use super::sql::sql;
use super::{MerchantUlid, OrderUlid, Store, StoreError};

impl Store {
    /// This operator looks at the merchant's order.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attend(
        &self,
        merchant: MerchantUlid,
        order: OrderUlid,
        login: &SafeText,
    ) -> Result<(), StoreError> {
        if self.attended_by(merchant, order).await?.as_ref() == Some(login) {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        sql("UPDATE orders SET attended_by = $1 WHERE id = $2 AND merchant = $3")
            .put(login)
            .put(&order)
            .put(&merchant)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Who looked at the merchant's order last.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn attended_by(
        &self,
        merchant: MerchantUlid,
        order: OrderUlid,
    ) -> Result<Option<SafeText>, StoreError> {
        let found = sql("SELECT attended_by FROM orders WHERE id = $1 AND merchant = $2")
            .put(&order)
            .put(&merchant)
            .first(&mut *self.read().await?, |row| row.optional_safe_text("attended_by"))
            .await?;
        Ok(found.flatten())
    }
}
