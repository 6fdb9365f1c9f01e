//! Meetings that took place, with who came.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::day::{Began, unlikely};
use sync_core::form::EditError;
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId, UserId};
use sync_core::identifying::{Identifier, found_in};
use sync_core::limits::MAX_ENTRIES;
use sync_core::moving::Slot;
use sync_core::record::session::{
    Attendance, Cell, Count, Minutes, PartOfDay, Phase, Session, SessionEdit, SessionState, Theme, TimeOfDay,
};
use sync_core::record::{Kind, Place};
use sync_core::time::Moment;
use sync_core::value::Pseudonym;

use super::cells::{Cells, word};
use super::known::{self, Groups, People};
use super::report::LineRemark;
use super::row::{Importer, NotMade, Row, There, Written, begin};
use super::table::Column;
use crate::audit::{self, ObjectKind};
use crate::ledger::Gain;
use crate::problem::Fields;
use crate::store::{Conn, Failure, StoreError};

/// A meeting.
#[derive(Debug, Clone)]
pub(super) struct Meeting {
    slot: Slot,
    starts_at: Option<TimeOfDay>,
    minutes: Option<Minutes>,
    phase: Option<Phase>,
    themes: Vec<Theme>,
    facilitators: Vec<UserId>,
    attendance: BTreeMap<ParticipantId, Attendance>,
    headcount: BTreeMap<Cell, Count>,
    summary: Option<String>,
    state: SessionState,
    doubts: Vec<LineRemark>,
}

pub(super) struct Known {
    groups: Groups,
    people: People,
    members: BTreeSet<ParticipantId>,
    there: BTreeSet<DocumentId>,
}

const fn column(name: &'static str, says: &'static str, example: &'static str) -> Column {
    Column { name, says, example, needed: false }
}

const fn needed(name: &'static str, says: &'static str, example: &'static str) -> Column {
    Column { name, says, example, needed: true }
}

/// The columns that count heads: keys of [`Cell`].
const HEADS: [&str; 10] = [
    "female/under_16",
    "female/16_24",
    "female/25_35",
    "female/36_59",
    "female/60_plus",
    "male/under_16",
    "male/16_24",
    "male/25_35",
    "male/36_59",
    "male/60_plus",
];

const fn heads(at: usize) -> Column {
    column(HEADS[at], "How many were counted of an open group", "")
}

impl Row for Meeting {
    const COLUMNS: &'static [Column] = &[
        needed("group", "Its name, or its id where two have one name", "Twiyubake"),
        needed("date", "The day on which it took place", "12/03/2024"),
        column("part", "morning, afternoon or evening; left out: by starts_at, or morning", "morning"),
        column("starts_at", "As 08:30", "09:00"),
        column("minutes", "1 to 720", "120"),
        column("phase", "safety, trust, care, respect, new_orientation or memory", "trust"),
        column("themes", "With blanks between", "grief forgiveness"),
        column("facilitators", "Logins of those who were there, with blanks between", "uwase"),
        column("present", "Codes of those who came, with blanks between", "P01 P02 P03"),
        column("late", "Codes of those who came late", "P04"),
        column("absent", "Codes of those who did not come", "P05"),
        column("excused", "Codes of those who said before that they would not come", ""),
        heads(0),
        heads(1),
        heads(2),
        heads(3),
        heads(4),
        heads(5),
        heads(6),
        heads(7),
        heads(8),
        heads(9),
        column("summary", "How it went, about the process; never who said what", "We spoke of trust."),
        column(
            "state",
            "draft, submitted or verified; left out: submitted. verified says that somebody compared it with the paper",
            "verified",
        ),
    ];
    const KEY: &'static [&'static str] = &["group", "date", "part"];
    const NOTED: (audit::Action, ObjectKind) = (audit::Action::RecordChanged, ObjectKind::Session);
    type Known = Known;

    fn known(tx: &mut Conn<'_>, importer: Importer) -> Result<Known, StoreError> {
        let organisation = importer.organisation;
        Ok(Known {
            groups: Groups::of(tx, organisation)?,
            people: People::of(tx, organisation)?,
            members: known::members(tx, organisation)?,
            there: known::recorded(tx, organisation, Kind::Session)?,
        })
    }

    fn read(cells: Cells<'_>, known: &Known, importer: Importer, fields: &mut Fields) -> Option<Self> {
        let group = known.groups.named(cells, fields, "group");
        let date = cells.needed(fields, "date").and_then(|_| cells.past_day(fields, "date", importer.today));
        let starts_at: Option<TimeOfDay> = cells.parse(fields, "starts_at");
        let part = cells.word(fields, "part").unwrap_or_else(|| part_of(starts_at));
        let state = cells.word(fields, "state").unwrap_or(SessionState::Submitted);
        let (group, date) = (group?, date?);

        let began = group.starts_on().map(|on| Began { on, said: true });
        let mut doubts = Vec::new();
        match unlikely(date, began, importer.today) {
            // A meeting that somebody verified took place so, however long ago.
            Some(why) if state != SessionState::Verified => {
                let detail = format!("{why}: the day will be doubted unless state is verified");
                doubts.push(LineRemark::new("date", detail));
            }
            _ => {}
        }
        doubts.extend(identifying("summary", cells.text("summary")));
        Some(Self {
            slot: Slot::numbered(group.id(), date, part, 0),
            starts_at,
            minutes: cells.number(fields, "minutes"),
            phase: cells.word(fields, "phase"),
            themes: cells
                .several("themes")
                .filter_map(|text| fields.parse("themes", Some(&word(text))))
                .collect(),
            facilitators: known.people.named(cells, fields, "facilitators", false),
            attendance: attendance(cells, fields, group.id(), &known.members),
            headcount: headcount(cells, fields),
            summary: cells.text("summary").map(str::to_owned),
            state,
            doubts,
        })
    }

    fn key(&self) -> String {
        self.slot.id.to_string()
    }

    fn there(&self, known: &Known) -> Option<There> {
        let id = self.slot.id;
        known.there.contains(&DocumentId::from(id)).then(|| {
            let detail = "a meeting of this group, day and part of the day is or was recorded already; it stays as it is";
            There { id: Some(id.uuid()), remark: LineRemark::new("date", detail) }
        })
    }

    fn doubts(&self) -> Vec<LineRemark> {
        self.doubts.clone()
    }

    fn make(
        &self,
        tx: &mut Conn<'_>,
        importer: Importer,
        _: &Moment,
        gains: &mut Vec<Gain>,
    ) -> Result<Written, Failure<NotMade>> {
        let place =
            Place { stream: self.slot.group.into(), document: self.slot.id.into(), kind: Kind::Session };
        begin::<Session>(tx, place, importer, gains, |edit| self.write(edit))
    }
}

impl Meeting {
    fn write(&self, edit: &mut SessionEdit<'_>) -> Result<(), EditError> {
        self.slot.begin(edit)?;
        self.starts_at.map_or(Ok(()), |time| edit.starts_at().set(time))?;
        self.minutes.map_or(Ok(()), |minutes| edit.minutes().set(minutes))?;
        self.phase.map_or(Ok(()), |phase| edit.phase().set(phase))?;
        self.themes.iter().try_for_each(|theme| edit.themes().insert(theme))?;
        self.facilitators.iter().try_for_each(|user| edit.facilitators_present().insert(user))?;
        self.attendance.iter().try_for_each(|(who, mark)| edit.attendance().put(who, *mark))?;
        self.headcount.iter().try_for_each(|(cell, heads)| edit.headcount().put(cell, *heads))?;
        self.summary.as_ref().map_or(Ok(()), |text| edit.summary().append(text))?;
        edit.state().set(self.state)
    }
}

fn part_of(starts_at: Option<TimeOfDay>) -> PartOfDay {
    let hour = starts_at.and_then(|time| time.to_string().get(..2)?.parse::<u8>().ok());
    match hour {
        Some(17..) => PartOfDay::Evening,
        Some(12..) => PartOfDay::Afternoon,
        _ => PartOfDay::Morning,
    }
}

/// Who came and who did not: members of the group, each marked once.
fn attendance(
    cells: Cells<'_>,
    fields: &mut Fields,
    group: GroupId,
    members: &BTreeSet<ParticipantId>,
) -> BTreeMap<ParticipantId, Attendance> {
    let mut marks = BTreeMap::new();
    for mark in Attendance::ALL {
        let column = mark.code();
        for (place, text) in cells.several(column).take(MAX_ENTRIES + 1).enumerate() {
            let at = place + 1;
            let Ok(code) = text.parse::<Pseudonym>() else {
                fields.refuse(column, format!("no {at} must be a code such as P07, never a name"));
                break;
            };
            let who = ParticipantId::of(group, &code);
            if !members.contains(&who) {
                let detail = format!(
                    "{code} is not among the members of this group, or no longer; import the participants first"
                );
                fields.refuse(column, detail);
                break;
            }
            if marks.insert(who, *mark).is_some_and(|before| before != *mark) {
                fields.refuse(column, format!("{code} is marked in two ways"));
                break;
            }
        }
    }
    if marks.len() > MAX_ENTRIES {
        fields.refuse(
            "present",
            format!("has more than {MAX_ENTRIES} codes, with those of late, absent and excused"),
        );
    }
    marks
}

fn headcount(cells: Cells<'_>, fields: &mut Fields) -> BTreeMap<Cell, Count> {
    let count = |name: &&str| Some((name.parse().ok()?, cells.number(fields, name)?));
    HEADS.iter().filter_map(count).collect()
}

/// What in a text may say who somebody is, without saying it again.
pub(super) fn identifying(column: &str, text: Option<&str>) -> Option<LineRemark> {
    let found: BTreeSet<Identifier> = found_in(text?).into_iter().map(|one| one.what).collect();
    let words: Vec<&str> = found.iter().map(|what| what.words()).collect();
    let detail = || {
        format!(
            "may say who somebody is: it seems to hold {}. Look at it again, and leave that out",
            words.join(" and ")
        )
    };
    (!words.is_empty()).then(|| LineRemark::new(column, detail()))
}
