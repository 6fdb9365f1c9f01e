//! What is recorded of a group, put right field by field; a group that was closed begins again.

use actix_web::{patch, web};
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::BTreeSet;
use sync_core::form::EditError;
use sync_core::id::{GroupId, SessionId};
use sync_core::record::group::{
    ActivityCode, Cohort, Group, GroupEdit, GroupKind, GroupStatus, Setting, Target,
};
use sync_core::record::{Kind, Modality, Note, Pillar};
use sync_core::time::{Date, Millis, day_in_rwanda};
use sync_core::value::{Line, Village, Whole};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{GroupWritten, check_begins};
use crate::clock::Clock;
use crate::coverage::warning::{Before, Speaker, ask};
use crate::edits::right::{Act, Refused, amend, given, parsed, parsed_day};
use crate::on_each;
use crate::problem::{Fields, Problem, kind, look_at};
use crate::records::groups::read::read;
use crate::scope::{Permit, no_such};
use crate::store::schema::sessions;
use crate::store::{Conn, Db, Failure, Store, StoreError};

/// What to change of a group: what is left out stays, `null` takes a value back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupPatch {
    /// What people call it.
    #[schema(example = "Twiyubake")]
    name: Option<String>,
    #[schema(example = "healing_space")]
    kind: Option<String>,
    /// While no session is recorded.
    #[schema(example = "sociotherapy")]
    modality: Option<String>,
    /// NISR code of the village, eight digits; while no session is recorded.
    #[schema(example = "52010101")]
    area: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    protocol_version: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pillar: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "5.2")]
    mhpss_4w: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    setting: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    cohort: Option<Option<String>>,
    /// Whom the group means to bring together, all of them.
    target_mix: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 200)]
    planned_sessions: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "2026-03-05", format = Date)]
    starts_on: Option<Option<String>>,
    /// `planned`, `forming`, `active` or `phase_out`; one that is behind the present one opens a closed group again. To close
    /// one, `POST /v1/groups/{id}/close`.
    #[schema(example = "active")]
    status: Option<String>,
    /// Why, in one line of at most 300 characters. Everybody who reads the group's history sees it.
    #[schema(example = "The village was written wrong.", min_length = 1, max_length = 300)]
    reason: String,
    /// Why it goes on where the group, as it is changed, does what another partner does in the village or cell: that partner and the secretariat read
    /// it. No names. Without a reason such a change is refused (409 `overlap`).
    overlap_reason: Option<String>,
    /// That somebody looked again at what in that reason looks like a name or a number of somebody, and found that others may read it (409
    /// `look-again`).
    #[serde(default)]
    looked_again: bool,
}

#[derive(Debug, Clone)]
struct Changes {
    name: Option<Line<80>>,
    kind: Option<GroupKind>,
    modality: Option<Modality>,
    area: Option<Village>,
    protocol_version: Option<Option<Line<20>>>,
    pillar: Option<Option<Pillar>>,
    mhpss_4w: Option<Option<ActivityCode>>,
    setting: Option<Option<Setting>>,
    cohort: Option<Option<Cohort>>,
    target_mix: Option<BTreeSet<Target>>,
    planned_sessions: Option<Option<Whole<1, 200>>>,
    starts_on: Option<Option<Date>>,
    status: Option<GroupStatus>,
    overlap_reason: Option<Note>,
}

impl GroupPatch {
    fn checked(&self, fields: &mut Fields, now: Millis) -> Changes {
        let planned_sessions = self.planned_sessions.and_then(|number| match number {
            Some(number) => {
                let checked = number.try_into();
                checked
                    .map_err(|why: sync_core::value::Why| fields.refuse("planned_sessions", why.0))
                    .ok()
                    .map(Some)
            }
            None => Some(None),
        });
        let target_mix = self
            .target_mix
            .as_ref()
            .map(|mix| mix.iter().filter_map(|word| fields.parse("target_mix", Some(word))).collect());
        let status: Option<GroupStatus> = fields.parse("status", self.status.as_deref());
        if status.is_some_and(|status| status >= GroupStatus::Graduated) {
            fields.refuse("status", "is one of planned, forming, active, phase_out; close the group instead");
        }
        let starts_on = parsed_day(fields, "starts_on", self.starts_on.as_ref());
        check_begins(fields, starts_on.flatten(), now);
        Changes {
            name: fields.parse("name", self.name.as_deref()),
            kind: fields.parse("kind", self.kind.as_deref()),
            modality: fields.parse("modality", self.modality.as_deref()),
            area: fields.parse("area", self.area.as_deref()),
            protocol_version: parsed(fields, "protocol_version", self.protocol_version.as_ref()),
            pillar: parsed(fields, "pillar", self.pillar.as_ref()),
            mhpss_4w: parsed(fields, "mhpss_4w", self.mhpss_4w.as_ref()),
            setting: parsed(fields, "setting", self.setting.as_ref()),
            cohort: parsed(fields, "cohort", self.cohort.as_ref()),
            target_mix,
            planned_sessions,
            starts_on,
            status,
            overlap_reason: fields.parse("overlap_reason", self.overlap_reason.as_deref()),
        }
    }
}

impl Changes {
    /// Whether totals of what is recorded would move to another method or place.
    fn relocates(&self, group: &Group) -> Option<&'static str> {
        if self.modality.is_some_and(|modality| modality != group.modality) {
            return Some("modality");
        }
        self.area.is_some_and(|area| area != group.area).then_some("area")
    }

    fn write(&self, group: &Group, edit: &mut GroupEdit<'_>) -> Result<(), EditError> {
        macro_rules! set {
            ($($field:ident)*) => {$(
                if let Some(value) = self.$field.clone() {
                    edit.$field().set(value)?;
                }
            )*};
        }
        macro_rules! put {
            ($($field:ident)*) => {$(
                match self.$field.clone() {
                    Some(Some(value)) => edit.$field().set(value)?,
                    Some(None) => edit.$field().clear()?,
                    None => {}
                }
            )*};
        }
        set!(name kind modality area);
        put!(protocol_version pillar mhpss_4w setting cohort planned_sessions starts_on);
        if let Some(mix) = &self.target_mix {
            mix.iter().try_for_each(|target| edit.target_mix().insert(target))?;
            group.target_mix.difference(mix).try_for_each(|target| edit.target_mix().remove(target))?;
        }
        match self.status {
            Some(status) if status != group.status => edit.status().move_to(status),
            _ => Ok(()),
        }
    }
}

/// Change a group
///
/// A manager changes what is recorded of a group of their own organisation, and why; or opens one that was closed again, by
/// its status: whoever leads it then is assigned again. Tablets get it at their next sync. Where it comes to overlap with what another partner does in the
/// village or cell, and did not before, it is refused (`overlap`) unless `overlap_reason` says why.
#[utoipa::path(
    tag = "Records",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Changed", body = GroupWritten),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`no-such-record`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`sessions-recorded`: modality and area stay once a session is recorded; `overlap`, `look-again`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/v1/groups/{id}")]
pub(crate) async fn change_group(
    permit: Permit,
    id: web::Path<Uuid>,
    body: web::Json<GroupPatch>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<GroupWritten>, Problem> {
    let mut fields = Fields::default();
    let changes = body.checked(&mut fields, clock.now());
    let act = Act::checked(permit, &clock, &body.reason, fields)?;
    look_at("overlap_reason", body.overlap_reason.as_deref(), body.looked_again)?;
    let id = GroupId::from(*id);
    let speaker = Speaker::of(permit, Some(permit.organisation()?), clock.moment());
    let changed = store.write("change group", move |tx| change(tx, id, &changes, &act, &speaker)).await?;
    changed.map(web::Json).ok_or_else(|| no_such(Kind::Group))
}

fn change(
    tx: &mut Conn<'_>,
    id: GroupId,
    changes: &Changes,
    act: &Act,
    speaker: &Speaker,
) -> Result<Option<GroupWritten>, Failure<Refused>> {
    let (seen, record) = act.open::<Group>(tx, id)?;
    if changes.relocates(&record).is_some() && has_met(tx, id)? {
        return Err(Refused::Otherwise(kind::SESSIONS_RECORDED, "The method and the village of a group stay as they are once a session is recorded: totals count by them. \
                     Make those sessions void first, or begin another group.")
        .into());
    }
    let today = day_in_rwanda(act.member.now);
    let before = Before::of(tx, id, today)?;
    amend::<Group>(tx, seen, act, |edit| changes.write(&record, edit))?;
    let reason = changes.overlap_reason.as_ref();
    let overlaps = ask(tx, id, &before, reason, speaker, today).map_err(Failure::lift)?;
    Ok(read(tx, act.scope, id)?.map(|group| GroupWritten { group, overlaps }))
}

/// Whether a session of the group is recorded that is not void.
fn has_met(tx: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
    let one: Option<Db<SessionId>> = on_each!(tx, |c| sessions::table
        .filter(sessions::group_id.eq(Db(group)))
        .filter(sessions::void.is_null())
        .select(sessions::id)
        .first(c)
        .optional())?;
    Ok(one.is_some())
}
