//! What waits.

use actix_web::{get, web};
use diesel::prelude::*;
use serde::Deserialize;
use sync_core::id::{GroupId, StreamId};
use sync_core::quarantine::Reason;
use sync_core::time::Millis;
use utoipa::IntoParams;
use uuid::Uuid;

use super::entry::{QuarantineItem, Row, State, columns, id_of, shown, source};
use super::keeper::{Keeper, streams_with_keepers};
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::scope::{Asked, Permit, groups_in};
use crate::store::schema::quarantine;
use crate::store::{At, Conn, Db, Store, StoreError};

/// Which changes.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuarantineQuery {
    /// Of one group.
    group: Option<Uuid>,
    /// `not-assigned`, `unreadable`, `invalid`, `re-keyed`, `missing-dependency`, `unknown-schema`, `too-large` or
    /// `unvouched`.
    reason: Option<String>,
    /// `waiting` if left out; or `released`, `rejected`.
    state: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A question that holds.
#[derive(Debug, Clone)]
struct Wanted {
    groups: Asked,
    reason: Option<&'static str>,
    state: State,
    page: Window<Key>,
}

impl QuarantineQuery {
    fn checked(&self) -> Result<Wanted, Problem> {
        let mut fields = Fields::default();
        let code = |text: &str| Reason::CODES.into_iter().find(|code| *code == text);
        let reason = self.reason.as_deref().and_then(code);
        if self.reason.is_some() && reason.is_none() {
            fields.refuse("reason", format!("is one of {}", Reason::CODES.join(", ")));
        }
        let state = fields.parse("state", self.state.as_deref()).unwrap_or(State::Waiting);
        let groups = Asked { group: self.group.map(GroupId::from), ..Asked::default() };
        fields.done()?;
        let page = PageQuery::new(self.after.clone(), self.limit).of("quarantine")?;
        Ok(Wanted { groups, reason, state, page })
    }
}

/// List quarantined changes
///
/// Changes that tablets handed in and that could not be merged, for the groups that a manager or a supervisor may see,
/// the newest first. An administrator sees those that name no group that there is, without what they are about.
#[utoipa::path(
    tag = "Quarantine",
    security(("bearer" = [])),
    params(QuarantineQuery),
    responses(
        (status = 200, description = "Changes, the newest first", body = Page<QuarantineItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/quarantine")]
pub(crate) async fn list_quarantine(
    permit: Permit,
    query: web::Query<QuarantineQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<QuarantineItem>>, Problem> {
    let keeper = Keeper::of(permit)?;
    let wanted = query.checked()?;
    let page = store.read("list quarantine", move |tx| {
        let rows = list(tx, keeper, &wanted)?;
        let Page { items: rows, next } = Page::<Row>::of(rows, &wanted.page, key);
        Ok::<_, StoreError>(Page { items: shown(tx, keeper, rows)?, next })
    });
    Ok(web::Json(page.await?))
}

/// When it was received, and its id.
type Key = (Millis, Uuid);

fn key(row: &Row) -> Key {
    let At(received) = row.3.0;
    (received, id_of(row))
}

fn list(tx: &mut Conn<'_>, keeper: Keeper, wanted: &Wanted) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = source()
            .order((quarantine::received_at.desc(), quarantine::id.desc()))
            .limit(wanted.page.rows())
            .select(columns())
            .into_boxed::<Backend>();
        rows = match keeper {
            Keeper::Of(scope) => {
                let own = scope.organisation.filter(|_| wanted.groups.group.is_none());
                let own: Vec<Db<StreamId>> = own.into_iter().map(|own| Db(own.into())).collect();
                let of_groups = groups_in!(Backend, scope.groups, &wanted.groups);
                rows.filter(quarantine::stream_id.eq_any(of_groups).or(quarantine::stream_id.eq_any(own)))
            }
            Keeper::Strays => rows.filter(quarantine::stream_id.ne_all(streams_with_keepers())),
        };
        if let (Keeper::Strays, Some(group)) = (keeper, wanted.groups.group) {
            rows = rows.filter(quarantine::stream_id.eq(Db(group)));
        }
        rows = match wanted.state {
            State::Waiting => {
                rows.filter(quarantine::released_at.is_null()).filter(quarantine::rejected_at.is_null())
            }
            State::Released => rows.filter(quarantine::released_at.is_not_null()),
            State::Rejected => {
                rows.filter(quarantine::released_at.is_null()).filter(quarantine::rejected_at.is_not_null())
            }
        };
        if let Some(reason) = wanted.reason {
            rows = rows.filter(quarantine::reason.eq(reason));
        }
        if let Some((at, id)) = wanted.page.after {
            let same_moment =
                quarantine::received_at.eq(At(at)).and(quarantine::id.lt(id.as_bytes().to_vec()));
            rows = rows.filter(quarantine::received_at.lt(At(at)).or(same_moment));
        }
        rows.load(c)
    })
}
