//! The one place where values become columns and columns values.
//!
//! [`Sql::put`] takes what cannot hold a card number: numbers, ids and words of our own types, and text only as
//! [`SafeText`]. There is no way around it in the rest of the store.

use paytone_card::{Brand, MaskedPan};
use paytone_dialog::OrderCode;
use paytone_psp::{CustomerNumber, IdempotencyKey, OrderId, Reference, StoredCardId};
use paytone_redact::SafeText;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _};

use super::StoredCardUlid;
use super::{CallUlid, DeliveryUlid, EndpointUlid, EventUlid, KeyUlid, MerchantUlid, OrderUlid, StoreError};
use super::{IncidentUlid, OperatorUlid};

/// A statement in the SQL that SQLite and PostgreSQL share; parameters are `$1`, `$2` and so on.
pub(super) struct Sql(Query<'static, Any, AnyArguments>);

/// A fixed statement.
pub(super) fn sql(text: &'static str) -> Sql {
    Sql(sqlx::query(text))
}

/// A statement put together from fixed parts.
pub(super) fn sql_of(text: String) -> Sql {
    Sql(sqlx::query(AssertSqlSafe(text)))
}

impl Sql {
    /// Gives the next parameter its value.
    pub(super) fn put(self, value: impl Column) -> Self {
        value.put(self)
    }

    /// Carries it out; how many rows it changed.
    pub(super) async fn run(self, connection: &mut AnyConnection) -> Result<u64, StoreError> {
        Ok(self.0.execute(connection).await?.rows_affected())
    }

    /// As [`run`](Self::run), with the database's own error.
    pub(super) async fn try_run(self, connection: &mut AnyConnection) -> Result<u64, sqlx::Error> {
        Ok(self.0.execute(connection).await?.rows_affected())
    }

    /// Every row it finds.
    pub(super) async fn all<T>(
        self,
        connection: &mut AnyConnection,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.0.fetch_all(connection).await?.into_iter().map(|row| read(&Row(row))).collect()
    }

    /// The first row it finds.
    pub(super) async fn first<T>(
        self,
        connection: &mut AnyConnection,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.0.fetch_optional(connection).await?.map(|row| read(&Row(row))).transpose()
    }

    /// The row it must find.
    pub(super) async fn one<T>(
        self,
        connection: &mut AnyConnection,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.first(connection, read).await?.ok_or(StoreError::NotFound)
    }

    /// Whether it finds a row.
    pub(super) async fn finds(self, connection: &mut AnyConnection) -> Result<bool, StoreError> {
        Ok(self.0.fetch_optional(connection).await?.is_some())
    }

    /// The whole number in the column `n` of the row it must find.
    pub(super) async fn number(self, connection: &mut AnyConnection) -> Result<i64, StoreError> {
        self.one(connection, |row| row.number("n")).await
    }
}

/// What may be put into a column.
pub(super) trait Column {
    fn put(self, sql: Sql) -> Sql;
}

/// A word out of a vocabulary of ours or of `paytone_psp`'s journal, or text that was written by this program.
pub(super) struct Word<'a>(pub(super) &'a str);

/// Bytes that are no text.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Column for i64 {
    fn put(self, sql: Sql) -> Sql {
        Sql(sql.0.bind(self))
    }
}

impl Column for Option<i64> {
    fn put(self, sql: Sql) -> Sql {
        Sql(sql.0.bind(self))
    }
}

impl Column for bool {
    fn put(self, sql: Sql) -> Sql {
        i64::from(self).put(sql)
    }
}

impl Column for &'static str {
    fn put(self, sql: Sql) -> Sql {
        Word(self).put(sql)
    }
}

impl Column for Word<'_> {
    fn put(self, sql: Sql) -> Sql {
        Sql(sql.0.bind(self.0.to_owned()))
    }
}

impl Column for Option<Word<'_>> {
    fn put(self, sql: Sql) -> Sql {
        Sql(sql.0.bind(self.map(|word| word.0.to_owned())))
    }
}

impl Column for Option<&'static str> {
    fn put(self, sql: Sql) -> Sql {
        self.map(Word).put(sql)
    }
}

impl Column for Bytes<'_> {
    fn put(self, sql: Sql) -> Sql {
        Sql(sql.0.bind(self.0.to_vec()))
    }
}

impl Column for Option<Bytes<'_>> {
    fn put(self, sql: Sql) -> Sql {
        Sql(sql.0.bind(self.map(|bytes| bytes.0.to_vec())))
    }
}

/// Types that are text to the database and cannot be a card number, or hold it redacted.
macro_rules! text_columns {
    ($($name:ident . $text:ident),+ $(,)?) => {$(
        impl Column for &$name {
            fn put(self, sql: Sql) -> Sql {
                Word(self.$text()).put(sql)
            }
        }

        impl Column for Option<&$name> {
            fn put(self, sql: Sql) -> Sql {
                self.map(|text| Word(text.$text())).put(sql)
            }
        }
    )+};
}

text_columns! {
    SafeText.as_str, OrderId.as_str, CustomerNumber.as_str, OrderCode.as_str, Reference.as_str,
    IdempotencyKey.as_str, StoredCardId.as_str, MaskedPan.last_four, Brand.name,
    MerchantUlid.as_str, KeyUlid.as_str, OrderUlid.as_str, CallUlid.as_str, StoredCardUlid.as_str,
    EventUlid.as_str, EndpointUlid.as_str, DeliveryUlid.as_str, OperatorUlid.as_str, IncidentUlid.as_str,
}

/// A row of an answer.
pub(super) struct Row(AnyRow);

impl Row {
    pub(super) fn text(&self, column: &'static str) -> Result<&str, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn optional_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn safe_text(&self, column: &'static str) -> Result<SafeText, StoreError> {
        self.text(column).map(SafeText::new)
    }

    pub(super) fn optional_safe_text(&self, column: &'static str) -> Result<Option<SafeText>, StoreError> {
        Ok(self.optional_text(column)?.map(SafeText::new))
    }

    pub(super) fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn optional_number(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column(column))
    }

    /// A number that is not negative and fits.
    pub(super) fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.number(column)?).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn optional_count<T: TryFrom<i64>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let number = self.optional_number(column)?.map(T::try_from);
        number.transpose().map_err(|_| StoreError::Column(column))
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.number(column)? != 0)
    }

    pub(super) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn optional_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<core::time::Duration, StoreError> {
        self.count(column).map(core::time::Duration::from_millis)
    }

    pub(super) fn optional_time(
        &self,
        column: &'static str,
    ) -> Result<Option<core::time::Duration>, StoreError> {
        Ok(self.optional_count(column)?.map(core::time::Duration::from_millis))
    }

    /// Text read as one of our types.
    pub(super) fn parsed<T, E>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        parse(self.text(column)?).map_err(|_| StoreError::Column(column))
    }

    pub(super) fn optional_parsed<T, E>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        self.optional_text(column)?.map(parse).transpose().map_err(|_| StoreError::Column(column))
    }
}
