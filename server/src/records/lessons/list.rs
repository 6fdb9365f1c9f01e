//! Which lessons there are.

use actix_web::{get, web};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use serde::{Deserialize, Serialize};
use sync_core::area::AreaCode;
use sync_core::id::{DocumentId, OrganisationId};
use sync_core::record::lesson::LessonStatus;
use sync_core::record::{Modality, Pillar};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::own_of;
use crate::on_each;
use crate::page::{Page, PageQuery, Window};
use crate::problem::{Fields, Problem};
use crate::records::near::{self, distance};
use crate::scope::{Permit, below, each_word, known_area};
use crate::store::schema::lessons;
use crate::store::{Conn, Db, Store, StoreError};

/// Which lessons.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LessonQuery {
    /// `true` for what is published, `false` for what one's own organisation writes; both if left out.
    shared: Option<bool>,
    /// Those that one organisation learned.
    organisation: Option<Uuid>,
    /// `community_healing` and so on.
    pillar: Option<String>,
    /// `sociotherapy`, `space_for_peace` and so on.
    modality: Option<String>,
    /// NISR code of a province or district: it and all below it.
    #[param(example = "52")]
    area: Option<String>,
    /// NISR code of an area of any level: what was learned nearest to it comes first, and of what is as near what most partners work by.
    #[param(example = "52010101")]
    near: Option<String>,
    /// `draft`, `proposed`, `published` or `retired`.
    status: Option<String>,
    /// Words that all stand in it, in any order. Case and accents don't matter.
    text: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A question that holds.
#[derive(Debug, Clone, Default)]
struct Wanted {
    shared: Option<bool>,
    organisation: Option<OrganisationId>,
    pillar: Option<Pillar>,
    modality: Option<Modality>,
    area: Option<AreaCode>,
    near: Option<AreaCode>,
    status: Option<LessonStatus>,
    text: Option<String>,
}

impl LessonQuery {
    fn checked(&self) -> Result<Wanted, Problem> {
        let mut fields = Fields::default();
        let wanted = Wanted {
            shared: self.shared,
            organisation: self.organisation.map(OrganisationId::from),
            pillar: fields.parse("pillar", self.pillar.as_deref()),
            modality: fields.parse("modality", self.modality.as_deref()),
            area: known_area(&mut fields, self.area.as_deref()),
            near: near::area(&mut fields, self.near.as_deref()),
            status: fields.parse("status", self.status.as_deref()),
            text: fields.words("text", self.text.as_deref()),
        };
        fields.done().map(|()| wanted)
    }
}

/// A lesson in a list.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = lessons)]
pub(crate) struct LessonItem {
    #[schema(value_type = Uuid)]
    id: Db<DocumentId>,
    /// Who learned it.
    #[schema(value_type = Uuid)]
    pub(super) organisation_id: Db<OrganisationId>,
    /// Whether it is what all members read; its own organisation has the lesson from which that follows, too.
    pub(super) shared: bool,
    #[schema(example = "Begin with those who came alone")]
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pillar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modality: Option<String>,
    /// NISR code of the district or province that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<String>,
    /// `draft`, `proposed`, `published` or `retired`.
    status: String,
    /// Since when all members read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_on: Option<String>,
    /// How many organisations work by it.
    adopted: i32,
    /// How many fields are in conflict.
    conflicts: i32,
    /// Whether two people set a field differently at the same time, be it open or settled since.
    was_in_conflict: bool,
}

/// List lessons
///
/// What is published, and what one's own organisation writes; in the order of their ids, where nobody asks what is near.
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(LessonQuery),
    responses(
        (status = 200, description = "Lessons", body = Page<LessonItem>),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/lessons")]
pub(crate) async fn list_lessons(
    permit: Permit,
    query: web::Query<LessonQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<Page<LessonItem>>, Problem> {
    let (own, wanted) = (own_of(permit)?, query.checked()?);
    let window = PageQuery::new(query.after.clone(), query.limit).of("lessons")?;
    let page = window.clone();
    let rows = store.read("list lessons", move |tx| list(tx, own, &wanted, &page)).await?;
    let page = Page::<Ranked>::of(rows, &window, |(far, fewer, row): &Ranked| (*far, *fewer, row.id.0));
    Ok(web::Json(Page { items: page.items.into_iter().map(|(.., row)| row).collect(), next: page.next }))
}

/// How far it is, in steps of levels; how many work by it, the most first; and the id.
type Key = (i32, i32, DocumentId);
type Ranked = (i32, i32, LessonItem);

/// `own` is the organisation whose own lessons are shown.
fn list(
    tx: &mut Conn<'_>,
    own: Option<OrganisationId>,
    wanted: &Wanted,
    page: &Window<Key>,
) -> Result<Vec<Ranked>, StoreError> {
    let distance =
        wanted.near.map_or_else(|| "0".to_owned(), |near| distance("COALESCE(lessons.area, '')", Some(near)));
    let fewer = if wanted.near.is_some() { "-lessons.adopted" } else { "0" };
    let far = || sql::<Integer>(&format!("CAST({distance} AS integer)"));
    let adopted = || sql::<Integer>(&format!("CAST({fewer} AS integer)"));
    on_each!(tx, |c, Backend| {
        let mut rows = lessons::table
            .order((far(), adopted(), lessons::id))
            .limit(page.rows())
            .select((far(), adopted(), LessonItem::as_select()))
            .into_boxed::<Backend>();
        rows = match own {
            Some(own) => rows.filter(lessons::shared.eq(true).or(lessons::organisation_id.eq(Db(own)))),
            None => rows.filter(lessons::shared.eq(true)),
        };
        if let Some(shared) = wanted.shared {
            rows = rows.filter(lessons::shared.eq(shared));
        }
        if let Some(organisation) = wanted.organisation {
            rows = rows.filter(lessons::organisation_id.eq(Db(organisation)));
        }
        if let Some(pillar) = wanted.pillar {
            rows = rows.filter(lessons::pillar.eq(pillar.code()));
        }
        if let Some(modality) = wanted.modality {
            rows = rows.filter(lessons::modality.eq(modality.code()));
        }
        if let Some(area) = wanted.area {
            rows = rows.filter(lessons::area.like(below(area)));
        }
        if let Some(status) = wanted.status {
            rows = rows.filter(lessons::status.eq(status.code()));
        }
        for word in wanted.text.as_deref().into_iter().flat_map(each_word) {
            rows = rows.filter(lessons::folded.like(word).escape('\\'));
        }
        if let Some((after, fewer, id)) = page.after {
            let beyond = adopted().gt(fewer).or(adopted().eq(fewer).and(lessons::id.gt(Db(id))));
            rows = rows.filter(far().gt(after).or(far().eq(after).and(beyond)));
        }
        rows.load(c)
    })
}
