//! Which conflicts are open.

use actix_web::{get, web};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};
use sync_core::id::{DocumentId, GroupId};
use sync_core::record::{Kind, Level};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::records::care;
use crate::records::clash::{Clash, with_values};
use crate::scope::{Asked, AskedQuery, Permit, Scope, groups_in};
use crate::store::schema::conflicts;
use crate::store::{Code, Conn, Db, Store, StoreError};

/// The kinds of record that people read at a desk, and so settle there.
pub(crate) const SETTLED_HERE: [Kind; 6] =
    [Kind::Group, Kind::Participant, Kind::Session, Kind::Referral, Kind::Incident, Kind::Screening];

/// A question as it stands in an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConflictQuery {
    /// One group.
    group: Option<Uuid>,
    /// The groups of one organisation.
    organisation: Option<Uuid>,
    /// NISR code of a province, district, sector, cell or village (1, 2, 4, 6 or 8 digits): it and all below it.
    #[param(example = "52")]
    area: Option<String>,
    /// `group`, `participant`, `session`, `referral`, `incident` or `screening`.
    #[param(example = "session")]
    record: Option<String>,
    /// The first day of sessions, `2026-03-01`. With it only sessions are found.
    from: Option<String>,
    /// The last day of sessions, `2026-03-31`. With it only sessions are found.
    to: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl ConflictQuery {
    fn checked(&self) -> Result<(Asked, Option<Kind>), Problem> {
        let mut fields = Fields::default();
        let record: Option<Kind> = fields.parse("record", self.record.as_deref());
        if record.is_some_and(|kind| !SETTLED_HERE.contains(&kind)) {
            fields.refuse("record", format!("is one of {}", SETTLED_HERE.map(Kind::code).join(", ")));
        }
        fields.done()?;
        let asked = AskedQuery {
            group: self.group,
            organisation: self.organisation,
            area: self.area.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            ..AskedQuery::default()
        };
        Ok((asked.checked()?, record))
    }
}

/// An open conflict.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenConflict {
    #[schema(value_type = Uuid)]
    record_id: DocumentId,
    /// The kind of record.
    #[schema(value_type = String, example = "session")]
    record: Kind,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    /// The day of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-03-05")]
    date: Option<String>,
    #[serde(flatten)]
    clash: Clash,
}

type Row = (Vec<u8>, Db<DocumentId>, Code<Kind>, Db<GroupId>, Option<String>, String);

/// List open conflicts
///
/// Of the records that the caller may see, those with the latest value first; of referrals, incidents and screenings only to whom these are
/// told. A conflict that another value joins while pages are read comes to the front again, under another id.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(ConflictQuery),
    responses(
        (status = 200, description = "Conflicts, the latest first", body = Page<OpenConflict>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/conflicts")]
pub(crate) async fn list_conflicts(
    permit: Permit,
    query: web::Query<ConflictQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<OpenConflict>>, Problem> {
    let scope = permit.scope()?;
    let (asked, record) = query.checked()?;
    let window = PageQuery::new(query.after.clone(), query.limit).of("conflicts")?;
    let page = window.clone();
    let rows = store.read("list conflicts", move |tx| list(tx, scope, &asked, record, &page)).await?;
    Ok(web::Json(Page::of(rows, &window, |row: &OpenConflict| row.clash.id)))
}

fn list(
    tx: &mut Conn<'_>,
    scope: Scope,
    asked: &Asked,
    record: Option<Kind>,
    page: &Window<Uuid>,
) -> Result<Vec<OpenConflict>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = conflicts::table
            .filter(conflicts::group_id.eq_any(groups_in!(Backend, scope.groups, asked)))
            .order(conflicts::id.desc())
            .limit(page.rows())
            .select((
                conflicts::id,
                conflicts::document_id,
                conflicts::kind,
                conflicts::group_id,
                conflicts::date,
                conflicts::field,
            ))
            .into_boxed::<Backend>();
        // Of level S also whether there is any is told to fewer people.
        let sensitive = SETTLED_HERE.into_iter().filter(|kind| kind.level() == Level::Sensitive).map(Code);
        let told = groups_in!(Backend, scope.sensitive, asked);
        rows = rows.filter(
            conflicts::kind.ne_all(sensitive.collect::<Vec<_>>()).or(conflicts::group_id.eq_any(told)),
        );
        rows = rows.filter(diesel::dsl::sql::<Bool>(&of_nobody_erased()));
        if let Some(after) = page.after {
            rows = rows.filter(conflicts::id.lt(after.as_bytes().to_vec()));
        }
        if let Some(kind) = record {
            rows = rows.filter(conflicts::kind.eq(Code(kind)));
        }
        if let Some(from) = asked.from {
            rows = rows.filter(conflicts::date.ge(from.to_string()));
        }
        if let Some(to) = asked.to {
            rows = rows.filter(conflicts::date.le(to.to_string()));
        }
        rows.load(c)
    })?;
    let found = rows.iter().map(|(id, .., field)| (id.clone(), field.clone())).collect();
    let clashes = with_values(tx, found)?;
    let open = |((_, Db(record_id), Code(record), Db(group_id), date, _), clash): (Row, Clash)| {
        OpenConflict { record_id, record, group_id, date, clash }
    };
    Ok(rows.into_iter().zip(clashes).map(open).collect())
}

/// That a conflict is in no referral or screening about somebody who asked to be erased, in SQL.
fn of_nobody_erased() -> String {
    let of = |table: &str| {
        let shown = care::of_nobody_erased(table);
        format!("NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.id = conflicts.document_id AND NOT {shown})")
    };
    format!("({} AND {})", of("referrals"), of("screenings"))
}
