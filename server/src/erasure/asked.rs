//! Who asked to be erased and is not erased yet.

use actix_web::{get, web};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;
use sync_core::id::{GroupId, ParticipantId};
use utoipa::ToSchema;

use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::Problem;
use crate::scope::{Asked, Permit, Scope, groups_in};
use crate::store::schema::participants;
use crate::store::{Conn, Db, Store, StoreError};

/// Somebody who asked to be erased.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasureItem {
    #[schema(value_type = Uuid)]
    participant_id: ParticipantId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(example = "P07")]
    code: String,
}

/// List who asked to be erased
///
/// Those whose asking was recorded and of whom nobody has confirmed it, by group and code. Nothing else of them is shown anywhere. Thirty days
/// after they asked the service erases them by itself.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of them", body = Page<ErasureItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/erasures")]
pub(crate) async fn list_erasures(
    permit: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<ErasureItem>>, Problem> {
    let (scope, window) = (permit.scope()?, query.of("erasures")?);
    let page = window.clone();
    let rows = store.read("list erasures", move |tx| list(tx, scope, &page)).await?;
    let key = |item: &ErasureItem| (item.group_id, item.code.clone(), item.participant_id);
    Ok(web::Json(Page::of(rows, &window, key)))
}

/// The group, the code, and the id.
type Key = (GroupId, String, ParticipantId);

fn list(tx: &mut Conn<'_>, scope: Scope, page: &Window<Key>) -> Result<Vec<ErasureItem>, StoreError> {
    let rows: Vec<(Db<ParticipantId>, Db<GroupId>, String)> = on_each!(tx, |c, Backend| {
        let mut rows = participants::table
            .filter(participants::group_id.eq_any(groups_in!(Backend, scope.groups, &Asked::default())))
            // Written out, as the index has it: few are.
            .filter(sql::<Bool>("participants.erased"))
            // Of whom nothing is left, the code is not either.
            .filter(participants::code.ne(""))
            .order((participants::group_id, participants::code, participants::id))
            .limit(page.rows())
            .select((participants::id, participants::group_id, participants::code))
            .into_boxed::<Backend>();
        if let Some((group, code, id)) = &page.after {
            let same_code = participants::code.eq(code).and(participants::id.gt(Db(*id)));
            let same_group =
                participants::group_id.eq(Db(*group)).and(participants::code.gt(code).or(same_code));
            rows = rows.filter(participants::group_id.gt(Db(*group)).or(same_group));
        }
        rows.load(c)
    })?;
    let item = |(Db(participant_id), Db(group_id), code)| ErasureItem { participant_id, group_id, code };
    Ok(rows.into_iter().map(item).collect())
}
