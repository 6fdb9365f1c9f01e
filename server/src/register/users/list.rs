//! Who there is: all of them for an administrator, their own people for a manager or supervisor.

use actix_web::{get, web};
use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};

use super::{Row, User};
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::Problem;
use crate::scope::Permit;
use crate::store::schema::users;
use crate::store::{Conn, Db, Store, StoreError};

/// List people
///
/// An administrator sees everybody; a manager or supervisor the people of their own organisation. In the order of their
/// ids, which is that in which they were added.
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
    permit: Permit,
    query: web::Query<PageQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<User>>, Problem> {
    let window = query.of("users")?;
    let asked = window.clone();
    let organisation = permit.organisations()?;
    let rows = store.read("list users", move |tx| list(tx, organisation, &asked)).await?;
    Ok(web::Json(Page::of(rows, &window, |row: &Row| row.id.0)))
}

/// The people of one organisation, or of all.
fn list(
    tx: &mut Conn<'_>,
    organisation: Option<OrganisationId>,
    window: &Window<UserId>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(tx, |c, Backend| {
        let mut rows = users::table
            .order(users::id)
            .limit(window.rows())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        if let Some(organisation) = organisation {
            rows = rows.filter(users::organisation_id.eq(Db(organisation)));
        }
        if let Some(after) = window.after {
            rows = rows.filter(users::id.gt(Db(after)));
        }
        rows.load(c)
    })
}
