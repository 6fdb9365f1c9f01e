//! Beginning a group: a manager says what it will be and who leads it.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use sync_core::form::EditError;
use sync_core::id::{GroupId, OrganisationId, UserId};
use sync_core::record::group::{ActivityCode, Cohort, GroupEdit, GroupKind, GroupStatus, Setting, Target};
use sync_core::record::{Modality, Note, Pillar};
use sync_core::time::{Date, Millis, Moment, day_in_rwanda};
use sync_core::value::{Line, Village, Whole};
use utoipa::ToSchema;

use super::{GroupWritten, check_begins};
use crate::audit::{self, ObjectKind};
use crate::clock::Clock;
use crate::coverage::warning::{Before, NearItem, Overlapping, Speaker, Thought, ask};
use crate::desk::{EditRefused, Member, edit_group};
use crate::leading::{self, AssignmentRefused};
use crate::ledger::{StreamKind, create_stream};
use crate::problem::{Fields, Problem, look_at};
use crate::records::groups::read::read;
use crate::scope::{Permit, Scope};
use crate::store::{Conn, Failure, Refusal, Store, StoreError};

/// A group to begin.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewGroupBody {
    /// What people call it.
    #[schema(required = true, example = "Twiyubake")]
    pub(crate) name: String,
    /// `healing_space` or `dialogue_circle`.
    #[schema(required = true, example = "healing_space")]
    pub(crate) kind: String,
    #[schema(required = true, example = "sociotherapy")]
    pub(crate) modality: String,
    /// NISR code of the village, eight digits.
    #[schema(required = true, example = "52010101")]
    pub(crate) area: String,
    pub(crate) protocol_version: Option<String>,
    pub(crate) pillar: Option<String>,
    #[schema(example = "5.2")]
    pub(crate) mhpss_4w: Option<String>,
    pub(crate) setting: Option<String>,
    pub(crate) cohort: Option<String>,
    /// Whom the group means to bring together.
    pub(crate) target_mix: Vec<String>,
    #[schema(minimum = 1, maximum = 200)]
    pub(crate) planned_sessions: Option<i64>,
    #[schema(example = "2026-03-05")]
    pub(crate) starts_on: Option<String>,
    /// The people who lead it; they are assigned to it at once.
    #[schema(value_type = Vec<Uuid>)]
    pub(crate) facilitators: Vec<UserId>,
    /// Why it goes on where another partner does the same in the village or cell, in one line of at most 300 characters: that partner and the
    /// secretariat read it. No names. Without a reason such a group is refused (409 `overlap`).
    #[schema(example = "Their group is full; we agreed to take the next twenty families.")]
    pub(crate) overlap_reason: Option<String>,
    /// That somebody looked again at what in the reason looks like a name or a number of somebody, and found that others may read it (409
    /// `look-again`).
    pub(crate) looked_again: bool,
}

/// A group to begin, checked.
#[derive(Debug, Clone)]
pub(crate) struct NewGroup {
    name: Line<80>,
    kind: GroupKind,
    modality: Modality,
    area: Village,
    protocol_version: Option<Line<20>>,
    pillar: Option<Pillar>,
    mhpss_4w: Option<ActivityCode>,
    setting: Option<Setting>,
    cohort: Option<Cohort>,
    target_mix: Vec<Target>,
    planned_sessions: Option<Whole<1, 200>>,
    starts_on: Option<Date>,
    facilitators: Vec<UserId>,
    overlap_reason: Option<Note>,
    /// How far it has come already, of one that was led before it is recorded.
    pub(crate) status: Option<GroupStatus>,
}

impl NewGroupBody {
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub(crate) fn checked(&self, now: Millis) -> Result<NewGroup, Problem> {
        let mut fields = Fields::default();
        let name = fields.parse("name", Some(&self.name));
        let kind = fields.parse("kind", Some(&self.kind));
        let modality = fields.parse("modality", Some(&self.modality));
        let area = fields.parse("area", Some(&self.area));
        let planned_sessions = self.planned_sessions.and_then(|number| {
            let checked = number.try_into();
            checked.map_err(|why: sync_core::value::Why| fields.refuse("planned_sessions", why.0)).ok()
        });
        let target_mix =
            self.target_mix.iter().filter_map(|word| fields.parse("target_mix", Some(word))).collect();
        let protocol_version = fields.parse("protocol_version", self.protocol_version.as_deref());
        let pillar = fields.parse("pillar", self.pillar.as_deref());
        let mhpss_4w = fields.parse("mhpss_4w", self.mhpss_4w.as_deref());
        let setting = fields.parse("setting", self.setting.as_deref());
        let cohort = fields.parse("cohort", self.cohort.as_deref());
        let starts_on = fields.day("starts_on", self.starts_on.as_deref());
        check_begins(&mut fields, starts_on, now);
        let overlap_reason = fields.parse("overlap_reason", self.overlap_reason.as_deref());
        fields.done()?;
        look_at("overlap_reason", self.overlap_reason.as_deref(), self.looked_again)?;
        let (Some(name), Some(kind), Some(modality), Some(area)) = (name, kind, modality, area) else {
            return Err(Problem::internal());
        };
        let facilitators = self.facilitators.clone();
        Ok(NewGroup {
            name,
            kind,
            modality,
            area,
            protocol_version,
            pillar,
            mhpss_4w,
            setting,
            cohort,
            target_mix,
            planned_sessions,
            starts_on,
            facilitators,
            overlap_reason,
            status: None,
        })
    }
}

impl NewGroup {
    fn write(&self, organisation: OrganisationId, group: &mut GroupEdit<'_>) -> Result<(), EditError> {
        group.organisation().set(organisation)?;
        group.name().set(self.name.clone())?;
        group.kind().set(self.kind)?;
        group.modality().set(self.modality)?;
        group.area().set(self.area)?;
        if let Some(version) = &self.protocol_version {
            group.protocol_version().set(version.clone())?;
        }
        if let Some(pillar) = self.pillar {
            group.pillar().set(pillar)?;
        }
        if let Some(code) = self.mhpss_4w {
            group.mhpss_4w().set(code)?;
        }
        if let Some(setting) = self.setting {
            group.setting().set(setting)?;
        }
        if let Some(cohort) = self.cohort {
            group.cohort().set(cohort)?;
        }
        for target in &self.target_mix {
            group.target_mix().insert(target)?;
        }
        if let Some(planned) = self.planned_sessions {
            group.planned_sessions().set(planned)?;
        }
        if let Some(day) = self.starts_on {
            group.starts_on().set(day)?;
        }
        for user in &self.facilitators {
            group.facilitators().insert(user)?;
        }
        self.status.map_or(Ok(()), |status| group.status().set(status))
    }

    /// Whether it has come to its end already: it overlaps with nothing that goes on.
    pub(crate) fn is_over(&self) -> bool {
        self.status.is_some_and(|status| status >= GroupStatus::Graduated)
    }

    /// As what beginning it would be refused for an overlap of which nobody says why. Nothing is written.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn overlapping(
        &self,
        tx: &mut Conn<'_>,
        organisation: OrganisationId,
        today: Date,
    ) -> Result<Option<Overlapping>, StoreError> {
        if self.overlap_reason.is_some() || self.is_over() {
            return Ok(None);
        }
        let Self { modality, pillar, cohort, area, starts_on, .. } = *self;
        let starts_on = starts_on.unwrap_or(today);
        Thought { organisation, modality, pillar, cohort, area, starts_on }.refusal(tx, today)
    }
}

/// Why a group was not begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupRefused {
    #[error(transparent)]
    Edit(#[from] EditRefused),
    #[error(transparent)]
    Assignment(#[from] AssignmentRefused),
    #[error(transparent)]
    Overlapping(#[from] Overlapping),
}

impl Refusal for GroupRefused {}

impl From<GroupRefused> for Problem {
    fn from(refused: GroupRefused) -> Self {
        match refused {
            GroupRefused::Edit(refused) => refused.into(),
            GroupRefused::Assignment(refused) => refused.of_field("facilitators"),
            GroupRefused::Overlapping(refused) => refused.into(),
        }
    }
}

/// Begin a group
///
/// A manager begins a group of their own organisation; the people who lead it get it at their next sync. Where another partner has, or plans, a group
/// with the same method for the same people in the village or cell, it is refused (`overlap`) unless `overlap_reason` says why it goes on; of one in the
/// sector the answer tells.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    responses(
        (status = 201, description = "Begun", body = GroupWritten),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`overlap`, `look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/groups")]
pub(crate) async fn create_group(
    permit: Permit,
    body: web::Json<NewGroupBody>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (organisation, scope) = (permit.organisation()?, permit.scope()?);
    let moment = clock.moment();
    let member = Member::of(permit, moment.now);
    let speaker = Speaker::of(permit, Some(organisation), clock.moment());
    let new = body.checked(moment.now)?;
    audit::concerns(ObjectKind::Group, moment.uuid(), None);
    let begun = store
        .write("create group", move |tx| create(tx, &new, organisation, scope, (member, &speaker), &moment))
        .await?
        .ok_or_else(Problem::internal)?;
    let id = GroupId::new(&moment);
    Ok(HttpResponse::Created().insert_header((LOCATION, format!("/v1/groups/{id}"))).json(begun))
}

fn create(
    tx: &mut Conn<'_>,
    new: &NewGroup,
    organisation: OrganisationId,
    scope: Scope,
    (member, speaker): (Member, &Speaker),
    moment: &Moment,
) -> Result<Option<GroupWritten>, Failure<GroupRefused>> {
    let overlaps = begin(tx, new, organisation, (member, speaker), moment)?;
    Ok(read(tx, scope, GroupId::new(moment))?.map(|group| GroupWritten { group, overlaps }))
}

/// Begins a group, under the id of this moment; gives the groups of other partners with which it overlaps.
///
/// # Errors
/// [`GroupRefused`].
pub(crate) fn begin(
    tx: &mut Conn<'_>,
    new: &NewGroup,
    organisation: OrganisationId,
    (member, speaker): (Member, &Speaker),
    moment: &Moment,
) -> Result<Vec<NearItem>, Failure<GroupRefused>> {
    let id = GroupId::new(moment);
    create_stream(tx, id.into(), StreamKind::Group, Some(organisation), moment.now)?;
    edit_group(tx, id, member, |group| new.write(organisation, group)).map_err(Failure::lift)?;
    for user in &new.facilitators {
        leading::begin(tx, id, *user, organisation, member).map_err(Failure::lift)?;
    }
    if new.is_over() {
        return Ok(Vec::new());
    }
    let (nothing, reason) = (Before::default(), new.overlap_reason.as_ref());
    ask(tx, id, &nothing, reason, speaker, day_in_rwanda(moment.now)).map_err(Failure::lift)
}
