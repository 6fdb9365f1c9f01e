//! Writing a lesson, alone or with others.

use std::collections::BTreeSet;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, patch, post, web};
use serde::Deserialize;
use sync_core::form::EditError;
use sync_core::id::{DocumentId, LessonId, OrganisationId};
use sync_core::record::lesson::{Language, LessonEdit};
use sync_core::record::{Kind, Lesson, Modality, Pillar, Place};
use sync_core::value::{KnownArea, Line};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{look_at_again, no_such};
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::desk::{self, EditRefused, Member, Original};
use crate::edits::right::{Refused, given, parsed};
use crate::problem::{Fields, Problem};
use crate::records::lessons::read::{LessonWhole, look_again, whole};
use crate::scope::{Action, Permit, Seen};
use crate::store::{Conn, Failure, Store, StoreError};

/// What a lesson says. What is left out stays, `null` takes a value back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LessonBody {
    /// In one line; a lesson begins with it.
    #[schema(example = "Begin with those who came alone")]
    title: Option<String>,
    /// Where and with whom it was learned; nobody's name. At most 10,000 characters, as of each of the others.
    context: Option<String>,
    what_happened: Option<String>,
    why: Option<String>,
    /// What others should do.
    recommendation: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pillar: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    modality: Option<Option<String>>,
    /// NISR code of a district or province.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "52")]
    area: Option<Option<String>>,
    /// What shows it: the name of a question and what is asked of it, by `from`, `to`, `kind`, `modality`, `days`, `release` or an `area` of a district
    /// or wider. Nothing that finds one group, or somebody.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "attendance-by-phase?modality=sociotherapy", max_length = 200)]
    evidence: Option<Option<String>>,
    /// In which languages it is written, all of them: `rw`, `en`, `fr`, `sw`.
    languages: Option<Vec<String>>,
    /// Of one that is published: that somebody looked again at what in the new words may say who somebody is, and found that all partners may
    /// read it.
    looked_again: bool,
}

/// The same, checked.
#[derive(Debug, Clone)]
struct Said {
    title: Option<Line<160>>,
    texts: LessonBody,
    pillar: Option<Option<Pillar>>,
    modality: Option<Option<Modality>>,
    area: Option<Option<KnownArea>>,
    evidence: Option<Option<Line<200>>>,
    languages: Option<BTreeSet<Language>>,
}

impl LessonBody {
    fn checked(self, begins: bool) -> Result<Said, Problem> {
        let mut fields = Fields::default();
        if begins && self.title.is_none() {
            fields.refuse("title", "is missing");
        }
        let languages = self.languages.as_ref();
        let question = self.evidence.as_ref().and_then(Option::as_ref);
        if question.is_some_and(|question| !is_known(question)) {
            fields.refuse("evidence", "begins with the name of a question: GET /v1/questions lists them");
        }
        let said = Said {
            title: fields.parse("title", self.title.as_deref()),
            pillar: parsed(&mut fields, "pillar", self.pillar.as_ref()),
            modality: parsed(&mut fields, "modality", self.modality.as_ref()),
            area: parsed(&mut fields, "area", self.area.as_ref()),
            evidence: parsed(&mut fields, "evidence", self.evidence.as_ref()),
            languages: languages
                .map(|all| all.iter().filter_map(|one| fields.parse("languages", Some(one))).collect()),
            texts: self,
        };
        fields.done().map(|()| said)
    }
}

/// Whether there is such a question: each has an address.
fn is_known(question: &str) -> bool {
    let name = question.split('?').next().unwrap_or_default();
    Action::at("GET", &format!("/v1/questions/{name}")).is_some()
}

impl Said {
    fn write(&self, there: Option<&Lesson>, edit: &mut LessonEdit<'_>) -> Result<(), EditError> {
        macro_rules! texts {
            ($($field:ident)*) => {$(
                if let Some(text) = &self.texts.$field {
                    edit.$field().write(text)?;
                }
            )*};
        }
        macro_rules! put {
            ($($field:ident)*) => {$(
                match &self.$field {
                    Some(Some(value)) => edit.$field().set(value.clone())?,
                    Some(None) => edit.$field().clear()?,
                    None => {}
                }
            )*};
        }
        if let Some(title) = &self.title {
            edit.title().set(title.clone())?;
        }
        texts!(context what_happened why recommendation);
        put!(pillar modality area evidence);
        if let Some(languages) = &self.languages {
            let before = there.map(|there| there.languages.clone()).unwrap_or_default();
            languages.iter().try_for_each(|one| edit.languages().insert(one))?;
            before.difference(languages).try_for_each(|one| edit.languages().remove(one))?;
        }
        Ok(())
    }
}

/// Begin a lesson
///
/// What an organisation learned. Only its own people read it, on tablets too, until it is published.
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Begun", body = LessonWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/lessons")]
pub(crate) async fn begin_lesson(
    permit: Permit,
    body: web::Json<LessonBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let organisation = permit.organisation()?;
    let moment = clock.moment();
    let (member, id) = (Member::of(permit, moment.now), LessonId::new(&moment));
    let said = body.into_inner().checked(true)?;
    audit::concerns(ObjectKind::Lesson, moment.uuid(), None);
    let begun = store.write("begin lesson", move |tx| begin(tx, id, organisation, &said, member)).await?;
    let begun = begun.ok_or_else(Problem::internal)?;
    Ok(HttpResponse::Created().insert_header((LOCATION, format!("/v1/lessons/{id}"))).json(begun))
}

fn begin(
    tx: &mut Conn<'_>,
    id: LessonId,
    organisation: OrganisationId,
    said: &Said,
    member: Member,
) -> Result<Option<LessonWhole>, Failure<EditRefused>> {
    let place = Place { stream: organisation.into(), document: id.into(), kind: Kind::Lesson };
    desk::edit(tx, Original::genesis(place), member, |document, actor| {
        let change = document.edit::<Lesson>(actor, member.now, |edit| {
            edit.organisation().set(organisation)?;
            said.write(None, edit)
        });
        Ok::<_, EditRefused>(change?)
    })?;
    Ok(whole(tx, Some(organisation), id.into())?)
}

/// Write on in a lesson
///
/// Several people may at once, also on tablets. One that is published is changed by supervisors and managers alone, who look again at what in the
/// new words may say who somebody is; and all members read it as it then stands.
#[utoipa::path(
    tag = "Lessons",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The lesson")),
    responses(
        (status = 200, description = "As it stands now", body = LessonWhole),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-lesson`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/v1/lessons/{id}")]
pub(crate) async fn change_lesson(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<LessonBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<LessonWhole>, Problem> {
    let (id, scope, member) = (DocumentId::from(*id), permit.scope()?, Member::of(permit, clock.now()));
    let said = body.into_inner().checked(false)?;
    let changed = store.write("change lesson", move |tx| -> Result<_, Failure<Refused>> {
        let (seen, before) = scope.record_of::<Lesson>(tx, id)?.ok_or_else(no_such)?;
        change(tx, seen, &before, &said, member)?;
        let (_, after) = scope.record_of::<Lesson>(tx, id)?.ok_or_else(no_such)?;
        if after.is_out() {
            let (old, mut new) = (look_again(before.texts()), look_again(after.texts()));
            new.retain(|one| !old.contains(one));
            look_at_again(&new, said.texts.looked_again)?;
        }
        Ok(whole(tx, scope.organisation, id).map_err(|error: StoreError| error)?)
    });
    changed.await?.map(web::Json).ok_or_else(Problem::internal)
}

fn change(
    tx: &mut Conn<'_>,
    seen: Seen,
    lesson: &Lesson,
    said: &Said,
    member: Member,
) -> Result<(), Failure<Refused>> {
    desk::edit(tx, seen, member, |document, actor| {
        document
            .edit::<Lesson>(actor, member.now, |edit| said.write(Some(lesson), edit))
            .map_err(Refused::from)
    })
}
