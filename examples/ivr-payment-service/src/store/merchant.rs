//! Merchants and the keys their systems show.

use core::time::Duration;

use paytone_redact::SafeText;
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use super::sql::{Bytes, Row, sql};
use super::terms::words;
use super::{KeyUlid, MerchantUlid, Store, StoreError, millis, next_position};

/// A merchant: everything else belongs to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Our own id.
    pub id: MerchantUlid,
    /// Its name.
    pub name: SafeText,
    /// When it was made.
    pub created_at: Duration,
}

/// Who shows a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose data it is about.
    pub merchant: MerchantUlid,
    /// Who it is, for the audit.
    pub actor: SafeText,
    /// What it may do.
    pub role: Role,
    /// The most it may give back in one refund, in minor units; any amount where there is none.
    pub refund_limit: Option<u64>,
}

/// What a key may do. Each may do what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Takes orders, runs calls.
    Operator,
    /// Captures, voids, refunds, charges stored cards, settles what is in doubt.
    Supervisor,
    /// Makes keys, addresses and merchants.
    Admin,
}

words! { Role {
    Viewer => "viewer",
    Operator => "operator",
    Supervisor => "supervisor",
    Admin => "admin",
} }

/// A key to be made; the secret is the caller's to make and to hand over.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// Who it is for.
    pub name: &'a SafeText,
    /// What it may do.
    pub role: Role,
    /// The most it may give back in one refund, in minor units.
    pub refund_limit: Option<u64>,
    /// The secret: long and random.
    pub secret: &'a str,
}

/// A key as it is listed: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyUlid,
    /// Who it is for.
    pub name: SafeText,
    /// What it may do.
    pub role: Role,
    /// The most it may give back in one refund, in minor units.
    pub refund_limit: Option<u64>,
    /// When it was made.
    pub created_at: Duration,
    /// When it was taken back.
    pub revoked_at: Option<Duration>,
}

impl Store {
    /// The merchant that is there after the first start.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn first_merchant(&self) -> Result<Merchant, StoreError> {
        sql("SELECT * FROM merchants ORDER BY position LIMIT 1").one(&mut *self.read().await?, merchant).await
    }

    /// Every merchant, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn merchants(&self) -> Result<Vec<Merchant>, StoreError> {
        sql("SELECT * FROM merchants ORDER BY position").all(&mut *self.read().await?, merchant).await
    }

    /// Makes a merchant, unless there is one of that name; nothing then.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn create_merchant(
        &self,
        name: &SafeText,
        now: Duration,
    ) -> Result<Option<Merchant>, StoreError> {
        let mut transaction = self.begin().await?;
        if by_name(&mut transaction, name).await?.is_some() {
            return Ok(None);
        }
        let merchant = insert(&mut transaction, name, now).await?;
        transaction.commit().await?;
        Ok(Some(merchant))
    }

    /// The merchant of this name, made where there is none.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn ensure_merchant(&self, name: &SafeText, now: Duration) -> Result<Merchant, StoreError> {
        let mut transaction = self.begin().await?;
        let merchant = match by_name(&mut transaction, name).await? {
            Some(known) => known,
            None => insert(&mut transaction, name, now).await?,
        };
        transaction.commit().await?;
        Ok(merchant)
    }

    /// Makes a key.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn create_key(
        &self,
        merchant: MerchantUlid,
        new: NewKey<'_>,
        now: Duration,
    ) -> Result<KeyUlid, StoreError> {
        let id = KeyUlid::generate(now);
        let limit = new.refund_limit.map(|limit| super::whole("refund_limit", limit)).transpose()?;
        let mut transaction = self.begin().await?;
        sql("INSERT INTO api_keys (id, merchant, name, role, refund_limit, hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .put(&id)
        .put(&merchant)
        .put(new.name)
        .put(new.role.as_str())
        .put(limit)
        .put(Bytes(&hash(new.secret.as_bytes())))
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The merchant's keys, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn keys(&self, merchant: MerchantUlid) -> Result<Vec<KeyRecord>, StoreError> {
        sql("SELECT * FROM api_keys WHERE merchant = $1 ORDER BY created_at, id")
            .put(&merchant)
            .all(&mut *self.read().await?, key)
            .await
    }

    /// Takes a key back. Whether the merchant has it.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn revoke_key(
        &self,
        merchant: MerchantUlid,
        id: KeyUlid,
        now: Duration,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let changed =
            sql("UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2 AND merchant = $3")
                .put(millis(now))
                .put(&id)
                .put(&merchant)
                .run(&mut transaction)
                .await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Who shows this secret; nobody we know, or no longer, where there is none. It is looked up by its hash: how long
    /// that takes says nothing about the secret.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn principal(&self, secret: &[u8]) -> Result<Option<Principal>, StoreError> {
        sql("SELECT * FROM api_keys WHERE hash = $1 AND revoked_at IS NULL")
            .put(Bytes(&hash(secret)))
            .first(&mut *self.read().await?, |row| {
                Ok(Principal {
                    merchant: row.parsed("merchant", MerchantUlid::parse)?,
                    actor: row.safe_text("name")?,
                    role: Role::parse(row.text("role")?).ok_or(StoreError::Column("role"))?,
                    refund_limit: row.optional_count("refund_limit")?,
                })
            })
            .await
    }
}

impl Store {
    /// Whose key this secret was, and who it was for, where it was taken back.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn former_key(&self, secret: &[u8]) -> Result<Option<(MerchantUlid, SafeText)>, StoreError> {
        sql("SELECT * FROM api_keys WHERE hash = $1 AND revoked_at IS NOT NULL")
            .put(Bytes(&hash(secret)))
            .first(&mut *self.read().await?, |row| {
                Ok((row.parsed("merchant", MerchantUlid::parse)?, row.safe_text("name")?))
            })
            .await
    }
}

/// Makes the first merchant, where there is none.
pub(super) async fn ensure_one(connection: &mut AnyConnection, now: Duration) -> Result<(), StoreError> {
    if sql("SELECT count(*) AS n FROM merchants").number(&mut *connection).await? == 0 {
        insert(connection, &SafeText::new(FIRST), now).await?;
    }
    Ok(())
}

async fn by_name(connection: &mut AnyConnection, name: &SafeText) -> Result<Option<Merchant>, StoreError> {
    sql("SELECT * FROM merchants WHERE name = $1").put(name).first(connection, merchant).await
}

async fn insert(
    connection: &mut AnyConnection,
    name: &SafeText,
    now: Duration,
) -> Result<Merchant, StoreError> {
    let merchant = Merchant { id: MerchantUlid::generate(now), name: name.clone(), created_at: now };
    let position = next_position(connection, "merchants").await?;
    sql("INSERT INTO merchants (id, position, name, created_at) VALUES ($1, $2, $3, $4)")
        .put(&merchant.id)
        .put(position)
        .put(name)
        .put(millis(now))
        .run(connection)
        .await?;
    Ok(merchant)
}

fn merchant(row: &Row) -> Result<Merchant, StoreError> {
    Ok(Merchant {
        id: row.parsed("id", MerchantUlid::parse)?,
        name: row.safe_text("name")?,
        created_at: row.time("created_at")?,
    })
}

fn key(row: &Row) -> Result<KeyRecord, StoreError> {
    Ok(KeyRecord {
        id: row.parsed("id", KeyUlid::parse)?,
        name: row.safe_text("name")?,
        role: Role::parse(row.text("role")?).ok_or(StoreError::Column("role"))?,
        refund_limit: row.optional_count("refund_limit")?,
        created_at: row.time("created_at")?,
        revoked_at: row.optional_time("revoked_at")?,
    })
}

fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// What the first merchant is called in the store. What callers are told is configured.
const FIRST: &str = "first";
