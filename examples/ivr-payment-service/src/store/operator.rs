//! People who sign in: who they are, what they may do, and how often they got it wrong.

use core::time::Duration;

use paytone_dialog::Language;
use paytone_redact::SafeText;
use sqlx::AnyConnection;

use super::sql::{Bytes, Row, sql};
use super::terms::words;
use super::{MerchantUlid, OperatorUlid, Store, StoreError, millis, next_position};

/// An operator as it is stored, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operator {
    /// Our own id.
    pub id: OperatorUlid,
    /// Whose data this operator sees.
    pub merchant: MerchantUlid,
    /// What is typed to sign in: lower case, unique.
    pub login: SafeText,
    /// What colleagues call this person.
    pub name: SafeText,
    /// What this operator may do.
    pub role: OperatorRole,
    /// The language of the pages.
    pub language: Language,
    /// The most this operator may give back of one order, in minor units.
    pub refund_limit: Option<u64>,
    /// Somebody else has chosen the password: another is to be chosen first.
    pub password_is_given: bool,
    /// Whether a code of an authenticator is asked for.
    pub has_totp: bool,
    /// Nobody signs in under this name before then.
    pub locked_until: Duration,
    /// When this operator signed in last.
    pub signed_in_at: Option<Duration>,
    /// When the account was closed.
    pub disabled_at: Option<Duration>,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperatorRole {
    /// Takes orders and runs calls.
    Operator,
    /// Captures, voids, refunds, settles what is in doubt, and reads the audit.
    Supervisor,
    /// Reads everything, the audit and the reports included, and changes nothing.
    Auditor,
    /// All of it, and operators, keys and incidents.
    Admin,
}

words! { OperatorRole {
    Operator => "operator",
    Supervisor => "supervisor",
    Auditor => "auditor",
    Admin => "admin",
} }

/// An operator to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewOperator<'a> {
    /// What is typed to sign in: lower case.
    pub login: &'a SafeText,
    /// What colleagues call this person.
    pub name: &'a SafeText,
    /// What this operator may do.
    pub role: OperatorRole,
    /// The language of the pages.
    pub language: Language,
    /// The most this operator may give back of one order, in minor units.
    pub refund_limit: Option<u64>,
    /// The password's hash.
    pub password: &'a [u8],
}

/// What a sign-in is judged by.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who it would be.
    pub operator: Operator,
    /// The password's hash.
    pub password: Vec<u8>,
    /// The secret an authenticator shares with us.
    pub totp_secret: Option<Vec<u8>>,
    /// The time step of the last code that was taken.
    pub totp_step: u64,
    /// How often in a row it went wrong.
    pub failures: u32,
}

impl Store {
    /// Whether there is any operator at all.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn has_operators(&self) -> Result<bool, StoreError> {
        sql("SELECT id FROM operators LIMIT 1").finds(&mut *self.read().await?).await
    }

    /// Makes an operator, whose password is a given one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the login is taken, or the database fails.
    pub async fn create_operator(
        &self,
        merchant: MerchantUlid,
        new: NewOperator<'_>,
        now: Duration,
    ) -> Result<OperatorUlid, StoreError> {
        let limit = new.refund_limit.map(|limit| super::whole("refund_limit", limit)).transpose()?;
        let mut transaction = self.begin().await?;
        let taken = sql("SELECT id FROM operators WHERE login = $1").put(new.login);
        if taken.finds(&mut transaction).await? {
            return Err(StoreError::Conflict);
        }
        let id = OperatorUlid::generate(now);
        let position = next_position(&mut transaction, "operators").await?;
        sql(
            "INSERT INTO operators (id, merchant, position, login, name, role, language, refund_limit, password,
                                    password_is_given, totp_step, failures, locked_until, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, 0, 0, $10)",
        )
        .put(&id)
        .put(&merchant)
        .put(position)
        .put(new.login)
        .put(new.name)
        .put(new.role.as_str())
        .put(new.language.code())
        .put(limit)
        .put(Bytes(new.password))
        .put(millis(now))
        .run(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The merchant's operators, oldest first.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn operators(&self, merchant: MerchantUlid) -> Result<Vec<Operator>, StoreError> {
        sql("SELECT * FROM operators WHERE merchant = $1 ORDER BY position")
            .put(&merchant)
            .all(&mut *self.read().await?, operator)
            .await
    }

    /// What to judge a sign-in under this name by.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn credentials(&self, login: &SafeText) -> Result<Option<Credentials>, StoreError> {
        sql("SELECT * FROM operators WHERE login = $1")
            .put(login)
            .first(&mut *self.read().await?, credentials)
            .await
    }

    /// Counts a sign-in that went wrong; with the `most`th in a row nobody signs in under the name until `until`.
    /// Whether it is locked now.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn sign_in_failed(
        &self,
        id: OperatorUlid,
        most: u32,
        until: Duration,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE operators SET failures = failures + 1 WHERE id = $1")
            .put(&id)
            .run(&mut transaction)
            .await?;
        let locked =
            sql("UPDATE operators SET failures = 0, locked_until = $1 WHERE id = $2 AND failures >= $3")
                .put(millis(until))
                .put(&id)
                .put(i64::from(most))
                .run(&mut transaction)
                .await?;
        transaction.commit().await?;
        Ok(locked == 1)
    }

    /// Gives an operator another password. `given`: somebody else has chosen it. Whoever is signed in under the name is
    /// signed out, and a lock is taken off.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] where the merchant has no such operator, or the database fails.
    pub async fn set_password(
        &self,
        merchant: MerchantUlid,
        id: OperatorUlid,
        password: &[u8],
        given: bool,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let changed =
            sql("UPDATE operators SET password = $1, password_is_given = $2, failures = 0, locked_until = 0
             WHERE id = $3 AND merchant = $4")
            .put(Bytes(password))
            .put(given)
            .put(&id)
            .put(&merchant)
            .run(&mut transaction)
            .await?;
        if changed == 0 {
            return Err(StoreError::NotFound);
        }
        sign_out_everywhere(&mut transaction, id).await?;
        Ok(transaction.commit().await?)
    }

    /// Gives an operator an authenticator's secret, or takes it away.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] where the merchant has no such operator, or the database fails.
    pub async fn set_totp(
        &self,
        merchant: MerchantUlid,
        id: OperatorUlid,
        secret: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let changed =
            sql("UPDATE operators SET totp_secret = $1, totp_step = 0 WHERE id = $2 AND merchant = $3")
                .put(secret.map(Bytes))
                .put(&id)
                .put(&merchant)
                .run(&mut transaction)
                .await?;
        transaction.commit().await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Notes that the code of this time step was taken. Whether it was the first time.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn take_totp_step(&self, id: OperatorUlid, step: u64) -> Result<bool, StoreError> {
        let step = super::whole("totp_step", step)?;
        let mut transaction = self.begin().await?;
        let taken = sql("UPDATE operators SET totp_step = $1 WHERE id = $2 AND totp_step < $1")
            .put(step)
            .put(&id)
            .run(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(taken == 1)
    }

    /// Changes the language of an operator's pages.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn set_operator_language(
        &self,
        id: OperatorUlid,
        language: Language,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sql("UPDATE operators SET language = $1 WHERE id = $2")
            .put(language.code())
            .put(&id)
            .run(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Closes an account; whoever is signed in under it is signed out. The merchant's last administrator stays.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`] where the merchant has no such operator, [`StoreError::Conflict`] for the last
    /// administrator, or the database fails.
    pub async fn disable_operator(
        &self,
        merchant: MerchantUlid,
        id: OperatorUlid,
        now: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let own = sql("SELECT id FROM operators WHERE id = $1 AND merchant = $2").put(&id).put(&merchant);
        if !own.finds(&mut transaction).await? {
            return Err(StoreError::NotFound);
        }
        let others = sql(
            "SELECT id FROM operators WHERE merchant = $1 AND role = 'admin' AND disabled_at IS NULL AND id <> $2",
        );
        if !others.put(&merchant).put(&id).finds(&mut transaction).await? {
            return Err(StoreError::Conflict);
        }
        sql("UPDATE operators SET disabled_at = $1 WHERE id = $2 AND merchant = $3")
            .put(millis(now))
            .put(&id)
            .put(&merchant)
            .run(&mut transaction)
            .await?;
        sign_out_everywhere(&mut transaction, id).await?;
        Ok(transaction.commit().await?)
    }
}

async fn sign_out_everywhere(connection: &mut AnyConnection, id: OperatorUlid) -> Result<(), StoreError> {
    sql("DELETE FROM sessions WHERE operator = $1").put(&id).run(connection).await.map(drop)
}

pub(super) fn operator(row: &Row) -> Result<Operator, StoreError> {
    Ok(Operator {
        id: row.parsed("id", OperatorUlid::parse)?,
        merchant: row.parsed("merchant", MerchantUlid::parse)?,
        login: row.safe_text("login")?,
        name: row.safe_text("name")?,
        role: OperatorRole::parse(row.text("role")?).ok_or(StoreError::Column("role"))?,
        language: row.parsed("language", str::parse::<Language>)?,
        refund_limit: row.optional_count("refund_limit")?,
        password_is_given: row.flag("password_is_given")?,
        has_totp: row.optional_bytes("totp_secret")?.is_some(),
        locked_until: row.time("locked_until")?,
        signed_in_at: row.optional_time("signed_in_at")?,
        disabled_at: row.optional_time("disabled_at")?,
    })
}

fn credentials(row: &Row) -> Result<Credentials, StoreError> {
    Ok(Credentials {
        operator: operator(row)?,
        password: row.bytes("password")?,
        totp_secret: row.optional_bytes("totp_secret")?,
        totp_step: row.count("totp_step")?,
        failures: row.count("failures")?,
    })
}
