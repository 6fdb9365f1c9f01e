//! Lists, page by page.
//!
//! A page ends with a cursor: the sort key of its last row, and the row's id to tell equals apart. The next page begins
//! after that key, not after that row. So a row that moves in the order between two pages (a session that gets another
//! date) hides no other row, and a database finds the hundredth page as fast as the first.

mod cursor;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{FieldError, Problem};

/// How many rows a page has if nobody says so, and how many at most.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub usual: u32,
    pub most: u32,
}

impl Size {
    pub const ROWS: Self = Self { usual: 100, most: 500 };
}

/// Which page of a list, as it stands in an address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl PageQuery {
    /// The page part of a query that asks for more than a page.
    pub fn new(after: Option<String>, limit: Option<u32>) -> Self {
        Self { after, limit }
    }

    /// The page of `list` that is asked for, in the usual size. `K` is the list's sort key, with the id at its end.
    ///
    /// # Errors
    /// 422 `invalid-fields`: the cursor is not of this list, or the limit is out of bounds.
    pub fn of<K: Serialize + DeserializeOwned>(&self, list: &'static str) -> Result<Window<K>, Problem> {
        self.sized(list, Size::ROWS)
    }

    /// [`PageQuery::of`] a list with a size of its own.
    ///
    /// # Errors
    /// As there.
    pub fn sized<K: Serialize + DeserializeOwned>(
        &self,
        list: &'static str,
        Size { usual, most }: Size,
    ) -> Result<Window<K>, Problem> {
        let mut errors = Vec::new();
        let mut refuse = |field: &str, detail| errors.push(FieldError { field: field.to_owned(), detail });
        let after = self.after.as_deref().and_then(|text| {
            let key = cursor::read(list, text);
            if key.is_none() {
                refuse("after", "is the `next` of a page of this list".to_owned());
            }
            key
        });
        let limit = self.limit.unwrap_or(usual);
        if !(1..=most).contains(&limit) {
            refuse("limit", format!("is a number from 1 to {most}"));
        }
        if errors.is_empty() { Ok(Window { list, after, limit }) } else { Err(Problem::fields(errors)) }
    }
}

/// A page of a list that is asked for: the rows after a key.
#[derive(Debug, Clone)]
pub struct Window<K> {
    list: &'static str,
    /// The key after which the page begins; none for the first page.
    pub after: Option<K>,
    limit: u32,
}

impl<K> Window<K> {
    /// How many rows to ask the store for: one more than fit, to know whether another page follows.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Takes away the row beyond the page, if it is there; says whether it was.
    pub fn cut<R>(&self, rows: &mut Vec<R>) -> bool {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        more
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give this as `after` to get the next page; absent on the last one. It says nothing else, and holds for this list
    /// only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "WzEsInNlc3Npb25zIiwi…")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts [`Window::rows`] rows to a page; `key` is the sort key of the last one on it.
    pub fn of<R: Into<T>, K: Serialize>(mut rows: Vec<R>, window: &Window<K>, key: impl Fn(&R) -> K) -> Self {
        let more = window.cut(&mut rows);
        let next = rows.last().filter(|_| more).map(|row| cursor::write(window.list, &key(row)));
        Self { items: rows.into_iter().map(Into::into).collect(), next }
    }

    /// The same page, of what `each` makes of its items.
    ///
    /// # Errors
    /// The first of those of `each`.
    pub fn try_map<U, E>(self, each: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page { items: self.items.into_iter().map(each).collect::<Result<_, _>>()?, next: self.next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(after: Option<String>, limit: u32) -> Result<Window<(String, u32)>, Problem> {
        PageQuery::new(after, Some(limit)).of("rows")
    }

    #[test]
    fn the_last_page_names_no_next() {
        let page = |count| {
            let window = window(None, 2).expect("a page");
            Page::<u32>::of((1..=count).collect(), &window, |row| (String::new(), *row))
        };
        assert_eq!((page(3).items.len(), page(3).next.is_some()), (2, true));
        assert_eq!((page(2).items.len(), page(2).next), (2, None));
    }

    #[test]
    fn a_page_begins_after_the_key_that_the_one_before_ended_with() {
        let first = window(None, 1).expect("a page");
        let next = Page::<u32>::of(vec![7, 8], &first, |row| ("2026-03-05".to_owned(), *row)).next;
        assert_eq!(window(next, 1).expect("a page").after, Some(("2026-03-05".to_owned(), 7)));
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        let fields = |after: &str, limit| {
            let refused = window(Some(after.to_owned()), limit).expect_err("refused");
            refused.errors().iter().map(|error| error.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(fields("kabeza", 0), ["after", "limit"]);
        let of_another = cursor::write("groups", &("2026-03-05", 7));
        assert_eq!(fields(&of_another, 500), ["after"]);
        let mine = cursor::write("rows", &("2026-03-05", 7));
        assert_eq!(fields(&mine, 501), ["limit"]);
    }
}
