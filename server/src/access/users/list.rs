//! Who there is: all of them for an administrator, their own people for a manager or supervisor.

use actix_web::{get, web};
use diesel::prelude::*;
use sync_core::id::{Id, OrganisationId, UserId};

use super::{Row, User};
use crate::access::{Caller, Role};
use crate::on_each;
use crate::page::{Page, PageQuery};
use crate::problem::Problem;
use crate::store::schema::users;
use crate::store::{Conn, Db, Store, StoreError};

/// List people
///
/// An administrator sees everybody; a manager or supervisor the people of their own organisation.
#[utoipa::path(
    tag = "Access",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "People who sign in", body = Page<User>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/users")]
pub(crate) async fn list_users(
    caller: Caller,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<User>>, Problem> {
    caller.require(&[Role::Supervisor, Role::Manager, Role::Administrator])?;
    let page = query.into_inner();
    let asked = page.clone();
    let rows = store.read("list users", move |tx| list(tx, caller.organisation, &asked)).await?;
    Ok(web::Json(Page::of(rows, &page, |row: &Row| row.id.0.uuid())))
}

/// The people of one organisation, or of all.
fn list(
    tx: &mut Conn<'_>,
    organisation: Option<OrganisationId>,
    page: &PageQuery,
) -> Result<Vec<Row>, StoreError> {
    let after = Db(UserId::from_uuid(page.start()));
    on_each!(tx, |c, Backend| {
        let mut rows = users::table
            .filter(users::id.gt(after))
            .order(users::id)
            .limit(page.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(organisation) = organisation {
            rows = rows.filter(users::organisation_id.eq(Db(organisation)));
        }
        rows.load(c)
    })
}
