//! Lists, page by page. The key of a page is the id of the last thing on it, so that a page stays right while
//! things are added, and a database finds it as fast as the first.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const USUAL: u32 = 100;
const MOST: u32 = 500;

/// Which page of a list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of the page before; left out for the first page.
    pub after: Option<Uuid>,
    /// How many at most: 100 if left out, never more than 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl PageQuery {
    /// The page part of a query that asks for more than a page.
    pub fn new(after: Option<Uuid>, limit: Option<u32>) -> Self {
        Self { after, limit }
    }

    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }

    /// How many rows to ask the store for: one more than fit, to know whether another page follows.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit()) + 1
    }

    /// Where the page begins: after this id. The nil id stands before all others.
    pub fn start(&self) -> Uuid {
        self.after.unwrap_or(Uuid::nil())
    }
}

/// One page of a list, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give this as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// Cuts [`PageQuery::rows`] rows to a page; `id` names the last one on it.
    pub fn of<R: Into<T>>(mut rows: Vec<R>, query: &PageQuery, id: impl Fn(&R) -> Uuid) -> Self {
        let limit = query.limit() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id);
        Self { items: rows.into_iter().map(Into::into).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_names_no_next() {
        let query = PageQuery { after: None, limit: Some(2) };
        let id = |n: &u32| Uuid::from_u128(u128::from(*n));
        assert_eq!(Page::<u32>::of(vec![1, 2, 3], &query, id).next, Some(Uuid::from_u128(2)));
        assert_eq!(Page::<u32>::of(vec![1, 2], &query, id).next, None);
    }
}
