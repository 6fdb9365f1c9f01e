//! Rows as plain values: read from whichever database by what it says of them, and put into the other.

use std::fmt::Write as _;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::row::{Field, NamedRow};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Integer, Text};
use diesel::sqlite::{Sqlite, SqliteType};
use minicbor::data::Type;
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::tables::Table;
use crate::on_each;
use crate::store::{Conn, StoreError};

/// How many rows are held at a time.
const AT_ONCE: usize = 200;

/// One value. Numbers, texts and bytes are all that the tables have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Some rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Page {
    #[n(0)]
    pub(super) table: String,
    #[n(1)]
    pub(super) columns: Vec<String>,
    /// The values in the order of the columns.
    #[n(2)]
    pub(super) rows: Vec<Vec<Value>>,
}

/// The rows of a table that follow the last of `before`; none where it is at its end.
pub(super) fn read(
    tx: &mut Conn<'_>,
    table: Table,
    before: Option<&Page>,
) -> Result<Option<Page>, StoreError> {
    let last = before.and_then(|page| Some((page, page.rows.last()?)));
    let after: Vec<&Value> = last.map_or_else(Vec::new, |(page, row)| {
        let values = page.columns.iter().zip(row);
        let of = |key: &&str| values.clone().find(|(column, _)| column == key).map(|(_, value)| value);
        table.key.iter().filter_map(of).collect()
    });
    let key = table.key.join(", ");
    let from = match &*placeholders(&mut 0, after.iter().copied()) {
        "" => String::new(),
        values => format!("WHERE ({key}) > ({values})"),
    };
    let text = format!("SELECT * FROM {} {from} ORDER BY {key} LIMIT {AT_ONCE}", table.name);
    let rows: Vec<Row> = on_each!(tx, |c, Backend| bound::<Backend>(text, &after).load(c))?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(Page {
        table: table.name.to_owned(),
        columns: first.0.iter().map(|(column, _)| column.clone()).collect(),
        rows: rows.into_iter().map(|Row(row)| row.into_iter().map(|(_, value)| value).collect()).collect(),
    }))
}

/// Puts rows into their table. Its columns must be plain words, and each row must have all of them.
pub(super) fn insert(tx: &mut Conn<'_>, page: &Page) -> Result<(), StoreError> {
    for some in page.rows.chunks(AT_ONCE) {
        let mut text = format!("INSERT INTO {} ({}) VALUES ", page.table, page.columns.join(", "));
        let mut number = 0;
        for (index, row) in some.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let values = placeholders(&mut number, row.iter());
            write!(text, "{comma}({values})").expect("writing to a String can't fail");
        }
        let values: Vec<&Value> = some.iter().flatten().collect();
        on_each!(tx, |c, Backend| bound::<Backend>(text, &values).execute(c))?;
    }
    Ok(())
}

/// `$1, NULL, $2`: NULL has no type that a parameter could be given. SQLite takes `$1` for a name, and numbers the names
/// as they come.
fn placeholders<'v>(number: &mut usize, values: impl Iterator<Item = &'v Value>) -> String {
    let one = |value| match value {
        &Value::Null => "NULL".to_owned(),
        _ => {
            *number += 1;
            format!("${number}")
        }
    };
    values.map(one).collect::<Vec<_>>().join(", ")
}

/// A text with its values, for one of the databases.
fn bound<'v, DB>(text: String, values: &[&'v Value]) -> BoxedSqlQuery<'v, DB, SqlQuery>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    values.iter().fold(diesel::sql_query(text).into_boxed(), |query, value| match value {
        Value::Null => query,
        Value::Number(number) => query.bind::<BigInt, _>(*number),
        Value::Text(text) => query.bind::<Text, _>(text.as_str()),
        Value::Bytes(bytes) => query.bind::<Binary, _>(bytes.as_slice()),
    })
}

/// The columns of a row, by name.
struct Row(Vec<(String, Value)>);

impl<DB: Backend> QueryableByName<DB> for Row
where
    Value: FromSql<Untyped, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let mut columns = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = diesel::row::Row::get(row, index).ok_or("a column is missing")?;
            let name = field.field_name().ok_or("a column has no name")?.to_owned();
            let value = field.value().map(<Value as FromSql<Untyped, DB>>::from_sql);
            columns.push((name, value.transpose()?.unwrap_or(Value::Null)));
        }
        Ok(Self(columns))
    }
}

/// A value of whichever type the database says it is of.
struct Untyped;

impl FromSql<Untyped, Sqlite> for Value {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(match value.value_type() {
            None => Self::Null,
            Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                Self::Number(value.read_long())
            }
            Some(SqliteType::Text) => Self::Text(value.read_text().to_owned()),
            Some(SqliteType::Binary) => Self::Bytes(value.read_blob().to_vec()),
            Some(SqliteType::Float | SqliteType::Double) => return Err("no column holds fractions".into()),
        })
    }
}

impl FromSql<Untyped, Pg> for Value {
    /// By the numbers that PostgreSQL gives the types of columns (its `pg_type.dat`).
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(match value.get_oid().get() {
            17 => Self::Bytes(value.as_bytes().to_vec()),
            20 => Self::Number(<i64 as FromSql<BigInt, Pg>>::from_sql(value)?),
            23 => Self::Number(<i32 as FromSql<Integer, Pg>>::from_sql(value)?.into()),
            25 => Self::Text(<String as FromSql<Text, Pg>>::from_sql(value)?),
            _ => return Err("a column holds neither a number, nor a text, nor bytes".into()),
        })
    }
}

impl<C> Encode<C> for Value {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Null => e.null()?.ok(),
            Self::Number(number) => e.i64(*number)?.ok(),
            Self::Text(text) => e.str(text)?.ok(),
            Self::Bytes(bytes) => e.bytes(bytes)?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for Value {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(match d.datatype()? {
            Type::Null => {
                d.null()?;
                Self::Null
            }
            Type::String => Self::Text(d.str()?.to_owned()),
            Type::Bytes => Self::Bytes(d.bytes()?.to_vec()),
            _ => Self::Number(d.i64()?),
        })
    }
}
