//! Groups that were led before: those that go on, and those that have come to their end.

use diesel::prelude::*;
use sync_core::fold::fold;
use sync_core::id::{GroupId, Id};
use sync_core::record::group::GroupStatus;
use sync_core::time::Moment;
use sync_core::value::Whole;

use super::areas::village;
use super::cells::{Cells, word};
use super::known;
use super::report::LineRemark;
use super::row::{Importer, NotMade, Row, There, Written};
use super::table::Column;
use crate::audit::{self, ObjectKind};
use crate::edits::groups::create::{NewGroup, NewGroupBody, begin};
use crate::ledger::Gain;
use crate::on_each;
use crate::problem::Fields;
use crate::store::schema::groups;
use crate::store::{Conn, Db, Failure, StoreError};

/// A group to begin.
#[derive(Debug, Clone)]
pub(super) struct Group {
    new: NewGroup,
    name_folded: String,
    /// The code of the village.
    area: String,
    doubts: Vec<LineRemark>,
}

pub(super) struct Known {
    people: known::People,
    groups: known::Groups,
}

const fn column(name: &'static str, says: &'static str, example: &'static str) -> Column {
    Column { name, says, example, needed: false }
}

const fn needed(name: &'static str, says: &'static str, example: &'static str) -> Column {
    Column { name, says, example, needed: true }
}

impl Row for Group {
    const COLUMNS: &'static [Column] = &[
        needed(
            "name",
            "What people call it; a group of the same name in the same village is the same",
            "Twiyubake",
        ),
        needed("kind", "healing_space or dialogue_circle", "healing_space"),
        needed("modality", "The method", "sociotherapy"),
        column(
            "area",
            "The eight-digit NISR code of the village; or its name and those of the areas around it",
            "52010101",
        ),
        column("district", "Where the code is not known", ""),
        column("sector", "Where the code is not known", ""),
        column("cell", "Where the code is not known", ""),
        column("village", "Where the code is not known", ""),
        column("protocol_version", "At most 20 letters", ""),
        column("pillar", "community_healing, social_reintegration or social_cohesion", "community_healing"),
        column("mhpss_4w", "A 4Ws activity code", "5.2"),
        column("setting", "community, health_facility, correctional or school", "community"),
        column("cohort", "adult, youth, mixed or family", "adult"),
        column(
            "target_mix",
            "Whom it means to bring together, with blanks between",
            "survivors released_prisoners",
        ),
        column("planned_sessions", "1 to 200", "15"),
        column("starts_on", "The day on which it began; meetings before it are doubted", "05/03/2024"),
        column("facilitators", "Logins of those who lead it now, with blanks between", "uwase"),
        column("status", "planned, forming, active, phase_out, graduated or suspended", "active"),
        column(
            "overlap_reason",
            "Why it goes on where another partner does the same; they read it. No names",
            "",
        ),
    ];
    const KEY: &'static [&'static str] = &["name", "area"];
    const NOTED: (audit::Action, ObjectKind) = (audit::Action::RecordChanged, ObjectKind::Group);
    type Known = Known;

    fn known(tx: &mut Conn<'_>, importer: Importer) -> Result<Known, StoreError> {
        let organisation = importer.organisation;
        Ok(Known {
            people: known::People::of(tx, organisation)?,
            groups: known::Groups::of(tx, organisation)?,
        })
    }

    fn read(cells: Cells<'_>, known: &Known, importer: Importer, fields: &mut Fields) -> Option<Self> {
        let owned = |name: &str| cells.text(name).map(str::to_owned);
        let code = |name: &str| cells.text(name).map(word);
        let missing = |fields: &mut Fields, name: &str| cells.needed(fields, name).is_none();
        let lacks = ["name", "kind", "modality"].map(|name| missing(fields, name)).contains(&true);
        let village = village(cells, fields);
        let planned = cells.number::<Whole<1, 200>>(fields, "planned_sessions").map(Whole::get);
        let starts_on = cells.day(fields, "starts_on");
        let status: Option<GroupStatus> = cells.word(fields, "status");
        let over = status.is_some_and(|status| status >= GroupStatus::Graduated);
        let facilitators = known.people.named(cells, fields, "facilitators", !over);
        let (village, false) = (village?, lacks) else { return None };

        // 1. The rules are those of a group that is begun at a desk.
        let body = NewGroupBody {
            name: owned("name").unwrap_or_default(),
            kind: code("kind").unwrap_or_default(),
            modality: code("modality").unwrap_or_default(),
            area: village.code.to_string(),
            protocol_version: owned("protocol_version"),
            pillar: code("pillar"),
            mhpss_4w: owned("mhpss_4w"),
            setting: code("setting"),
            cohort: code("cohort"),
            target_mix: cells.several("target_mix").map(word).collect(),
            planned_sessions: planned,
            starts_on: starts_on.map(|day| day.to_string()),
            // Nobody leads a group that is over.
            facilitators: if over { Vec::new() } else { facilitators.clone() },
            overlap_reason: owned("overlap_reason"),
            // What looks like a name in it is remarked on where the sheet is tried.
            looked_again: true,
        };
        let mut new = match body.checked(importer.member.now) {
            Ok(new) => new,
            Err(problem) => {
                problem.errors().iter().for_each(|error| fields.refuse(&error.field, &*error.detail));
                return None;
            }
        };
        new.status = status;
        // 2. What may be meant so, and may be forgotten.
        let mut doubts = Vec::new();
        if starts_on.is_none() {
            let detail =
                "is not said: days of meetings before today will be doubted, as the group had not begun";
            doubts.push(LineRemark::new("starts_on", detail));
        }
        if over && !facilitators.is_empty() {
            doubts.push(LineRemark::new("facilitators", "are left out: nobody leads a group that is over"));
        }
        doubts.extend(super::sessions::identifying("overlap_reason", cells.text("overlap_reason")));
        let name_folded = fold(body.name.trim());
        Some(Self { new, name_folded, area: body.area, doubts })
    }

    fn key(&self) -> String {
        format!("{} {}", self.area, self.name_folded)
    }

    fn there(&self, known: &Known) -> Option<There> {
        let there = known.groups.called(&self.name_folded).iter().find(|group| group.area() == self.area)?;
        let detail = "a group of this name is in this village already; it stays as it is";
        Some(There { id: Some(there.id().uuid()), remark: LineRemark::new("name", detail) })
    }

    fn objection(&self, tx: &mut Conn<'_>, importer: Importer) -> Result<Option<LineRemark>, StoreError> {
        let overlapping = self.new.overlapping(tx, importer.organisation, importer.today)?;
        Ok(overlapping.map(|overlapping| {
            let detail = format!(
                "in this village or cell there is, or is planned, a group with the same method that is or may be for the same people, of {}. \
                 Speak with them; to go on all the same, say why here: they read it",
                overlapping.partners(),
            );
            LineRemark::new("overlap_reason", detail)
        }))
    }

    fn doubts(&self) -> Vec<LineRemark> {
        self.doubts.clone()
    }

    fn make(
        &self,
        tx: &mut Conn<'_>,
        importer: Importer,
        moment: &Moment,
        _: &mut Vec<Gain>,
    ) -> Result<Written, Failure<NotMade>> {
        let there: Option<Db<GroupId>> = on_each!(tx, |c| groups::table
            .filter(groups::organisation_id.eq(Db(importer.organisation)))
            .filter(groups::name_folded.eq(&self.name_folded))
            .filter(groups::area.eq(&self.area))
            .filter(groups::void.is_null())
            .select(groups::id)
            .first(c)
            .optional())?;
        if let Some(Db(there)) = there {
            return Ok(Written::There(Some(there.uuid())));
        }
        let by = (importer.member, &importer.speaker(*moment));
        begin(tx, &self.new, importer.organisation, by, moment).map_err(Failure::lift)?;
        Ok(Written::Made(GroupId::new(moment).uuid(), None))
    }
}
