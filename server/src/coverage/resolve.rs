//! `POST /v1/coverage/overlaps/{id}/resolve`: how two partners settled an overlap.

use actix_web::{post, web};
use serde::Deserialize;
use sync_core::id::{Id, OrganisationId};
use sync_core::record::Note;
use utoipa::ToSchema;
use uuid::Uuid;

use super::id::OverlapId;
use super::overlaps::{Overlap, no_such_overlap, read};
use super::said::{Speaker, Statement, say};
use super::walk;
use crate::clock::Clock;
use crate::problem::{Fields, Problem, look_at};
use crate::scope::Permit;
use crate::store::{Conn, Store, StoreError};

/// How an overlap was settled.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveBody {
    /// `agreed` (how to work side by side), `moved` (one of them goes elsewhere, or to other people), `merged` (they become one) or `accepted` (it
    /// stays as it is).
    #[schema(example = "agreed")]
    resolution: String,
    /// What was settled, in one line of at most 300 characters: both partners and the secretariat read it. No names.
    #[schema(example = "Ours meets on Tuesdays, theirs takes the young people.")]
    note: Option<String>,
    /// That somebody looked again at what in the note looks like a name or a number of somebody, and found that others may read it (409
    /// `look-again`).
    #[serde(default)]
    looked_again: bool,
}

/// Settle an overlap
///
/// A manager of either partner, or the secretariat, says how it was settled. It may be said again: the last counts, and all stays in the history. It is
/// for people: no group changes by it.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The overlap")),
    responses(
        (status = 200, description = "Settled", body = Overlap),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-overlap`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/coverage/overlaps/{id}/resolve")]
pub(crate) async fn resolve_overlap(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<ResolveBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Overlap>, Problem> {
    let (id, of) = (OverlapId::from_uuid(*id), permit.organisations()?);
    let (said, note) = body.checked()?;
    let speaker = Speaker::of(permit, of, clock.moment());
    let settled =
        store.write("resolve overlap", move |tx| resolve(tx, id, of, said, note.as_ref(), &speaker)).await?;
    settled.map(web::Json).ok_or_else(no_such_overlap)
}

impl ResolveBody {
    fn checked(&self) -> Result<(Statement, Option<Note>), Problem> {
        let mut fields = Fields::default();
        let known = Statement::ALL.iter().copied().filter(|one| one.settles());
        let said = known.clone().find(|one| one.code() == self.resolution);
        if said.is_none() {
            let words: Vec<&str> = known.map(Statement::code).collect();
            fields.refuse("resolution", format!("must be one of: {}", words.join(", ")));
        }
        let note = fields.parse("note", self.note.as_deref());
        fields.done()?;
        look_at("note", self.note.as_deref(), self.looked_again)?;
        Ok((said.ok_or_else(Problem::internal)?, note))
    }
}

fn resolve(
    tx: &mut Conn<'_>,
    id: OverlapId,
    of: Option<OrganisationId>,
    said: Statement,
    note: Option<&Note>,
    speaker: &Speaker,
) -> Result<Option<Overlap>, StoreError> {
    let Some(pair) = walk::overlap(tx, id, of)? else { return Ok(None) };
    say(tx, &pair, said, note, speaker)?;
    read(tx, id, of)
}
