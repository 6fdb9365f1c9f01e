//! How our words lie in columns, the same on both databases: ids as sixteen bytes, times as milliseconds, codes as text.

use std::fmt::{Debug, Display};
use std::io::Write;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::Sqlite;
use sync_core::id::Id;
use sync_core::time::Millis;
use uuid::Uuid;

/// An id in a column of sixteen bytes: `users::id.eq(Db(user))`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, serde::Serialize,
)]
#[diesel(sql_type = Binary)]
#[serde(transparent)]
pub struct Db<T: Debug>(pub T);

impl<T: Id> ToSql<Binary, Sqlite> for Db<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

impl<T: Id> ToSql<Binary, Pg> for Db<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl<T: Id, B: Backend> FromSql<Binary, B> for Db<T>
where
    Vec<u8>: FromSql<Binary, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(T::from_uuid(Uuid::from_slice(&Vec::from_sql(bytes)?)?)))
    }
}

/// A time in a column of UTC milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct At(pub Millis);

impl ToSql<BigInt, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.0);
        Ok(IsNull::No)
    }
}

impl ToSql<BigInt, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0.0.to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl<B: Backend> FromSql<BigInt, B> for At
where
    i64: FromSql<BigInt, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(|at| Self(Millis(at)))
    }
}

/// An enum of codes in a column of text, through its `Display` and `FromStr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Code<T: Debug>(pub T);

impl<T: Debug + Display> ToSql<Text, Sqlite> for Code<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

impl<T: Debug + Display> ToSql<Text, Pg> for Code<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        write!(out, "{}", self.0)?;
        Ok(IsNull::No)
    }
}

impl<T, B: Backend> FromSql<Text, B> for Code<T>
where
    T: Debug + FromStr<Err: std::error::Error + Send + Sync + 'static>,
    String: FromSql<Text, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(String::from_sql(bytes)?.parse()?))
    }
}
