//! Where merchants are told things, and the keys that sign what they are told.

use core::time::Duration;

use paytone_redact::SafeText;
use secrecy::{ExposeSecret, SecretSlice};

use super::sql::{Bytes, Row, sql};
use super::{EndpointUlid, MerchantUlid, Store, StoreError, millis, next_position};

/// An address a merchant is told things at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Our own id.
    pub id: EndpointUlid,
    /// Where it is.
    pub url: SafeText,
    /// Whether two keys sign at present.
    pub rotating: bool,
    /// When it was made.
    pub created_at: Duration,
}

/// The keys that sign what goes to an address: the present one, and the one before until it is retired.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    /// The present one.
    pub current: SecretSlice<u8>,
    /// The one before.
    pub previous: Option<SecretSlice<u8>>,
}

impl Store {
    /// Makes an address. What happens from now on is told there.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn create_endpoint(
        &self,
        merchant: MerchantUlid,
        url: &SafeText,
        key: &SecretSlice<u8>,
        now: Duration,
    ) -> Result<Endpoint, StoreError> {
        let id = EndpointUlid::generate(now);
        let mut transaction = self.begin().await?;
        let position = next_position(&mut transaction, "webhook_endpoints").await?;
        sql("INSERT INTO webhook_endpoints (id, merchant, position, url, secret, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)")
        .put(&id)
        .put(&merchant)
        .put(position)
        .put(url)
        .put(Bytes(key.expose_secret()))
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(Endpoint { id, url: url.clone(), rotating: false, created_at: now })
    }

    /// The merchant's addresses, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn endpoints(&self, merchant: MerchantUlid) -> Result<Vec<Endpoint>, StoreError> {
        sql("SELECT * FROM webhook_endpoints WHERE merchant = $1 AND removed_at IS NULL ORDER BY position")
            .put(&merchant)
            .all(&mut *self.read().await?, endpoint)
            .await
    }

    /// Signs with a new key and the present one from now on; without a new one, with the present one alone. Whether the
    /// merchant has the address.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn rotate_endpoint(
        &self,
        merchant: MerchantUlid,
        id: EndpointUlid,
        new: Option<&SecretSlice<u8>>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let statement = match new {
            Some(key) => sql("UPDATE webhook_endpoints SET previous_secret = secret, secret = $1
                              WHERE id = $2 AND merchant = $3 AND removed_at IS NULL")
            .put(Bytes(key.expose_secret())),
            None => sql("UPDATE webhook_endpoints SET previous_secret = $1
                         WHERE id = $2 AND merchant = $3 AND removed_at IS NULL")
            .put(None::<Bytes<'_>>),
        };
        let changed = statement.put(&id).put(&merchant).run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Takes an address away; nothing is told there any more. Whether the merchant had it.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn remove_endpoint(
        &self,
        merchant: MerchantUlid,
        id: EndpointUlid,
        now: Duration,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = sql("UPDATE webhook_endpoints SET removed_at = $1
                           WHERE id = $2 AND merchant = $3 AND removed_at IS NULL")
        .put(millis(now))
        .put(&id)
        .put(&merchant)
        .run(&mut transaction)
        .await?;
        sql("UPDATE deliveries SET state = 'dead', updated_at = $1
             WHERE endpoint = $2 AND merchant = $3 AND state = 'waiting'")
        .put(millis(now))
        .put(&id)
        .put(&merchant)
        .run(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// The keys that sign what goes to an address.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or the database fails.
    pub async fn signing_keys(&self, id: EndpointUlid) -> Result<SigningKeys, StoreError> {
        sql("SELECT secret, previous_secret FROM webhook_endpoints WHERE id = $1")
            .put(&id)
            .one(&mut *self.read().await?, |row| {
                Ok(SigningKeys {
                    current: row.bytes("secret")?.into(),
                    previous: row.optional_bytes("previous_secret")?.map(Into::into),
                })
            })
            .await
    }
}

fn endpoint(row: &Row) -> Result<Endpoint, StoreError> {
    Ok(Endpoint {
        id: row.parsed("id", EndpointUlid::parse)?,
        url: row.safe_text("url")?,
        rotating: row.optional_bytes("previous_secret")?.is_some(),
        created_at: row.time("created_at")?,
    })
}
