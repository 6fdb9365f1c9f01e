//! Counting again, without the service: from the tablets' own records, and from the store's own documents.

mod questions;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde_json::Value;
use server::on_each;
use server::store::schema::{changes, documents, streams};
use server::store::{Code, Conn, Db, Store, StoreError};
use sync_core::document::Document;
use sync_core::double::counted;
use sync_core::id::{DeviceId, DocumentId, GroupId, ParticipantId, SessionId, StreamId};
use sync_core::person::{Mark, in_doubt, marked, marks, people};
use sync_core::record::{AgeBand, Group, Kind, Participant, Record, Session};
use sync_core::time::Date;
use tablet::device::Device;

/// Everything that totals can be told apart by.
pub const DIMENSIONS: [&str; 16] = [
    "organisation",
    "province",
    "district",
    "sector",
    "cell",
    "village",
    "month",
    "quarter",
    "year",
    "kind",
    "modality",
    "sex",
    "age_band",
    "phase",
    "part",
    "state",
];

/// What `/v1/aggregates` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub sessions: i64,
    pub by_register: i64,
    pub by_headcount: i64,
    pub attendances: i64,
    /// Not told, and none, where meetings are told apart.
    pub people: i64,
    pub heads: i64,
    pub minutes: i64,
}

impl Count {
    /// Of meetings at each of which somebody came by the register, and at none heads were counted.
    pub fn registered(sessions: i64, attendances: i64, people: i64) -> Self {
        Self { sessions, by_register: sessions, attendances, people, ..Self::default() }
    }

    /// The same, of meetings that took so many minutes together.
    pub fn lasting(self, minutes: i64) -> Self {
        Self { minutes, ..self }
    }

    /// The total of an answer of `/v1/aggregates`.
    pub fn of_answer(answer: &Value) -> Self {
        Self::of_row(&answer["total"])
    }

    /// One row of an answer.
    pub fn of_row(row: &Value) -> Self {
        let number = |name: &str| row[name].as_i64().unwrap_or_else(|| panic!("no {name} in {row}"));
        Self {
            sessions: number("sessions"),
            by_register: number("sessions_by_register"),
            by_headcount: number("sessions_by_headcount"),
            attendances: number("attendances"),
            people: row["people"].as_i64().unwrap_or_default(),
            heads: number("heads"),
            minutes: number("minutes"),
        }
    }

    /// What several tablets hold of some groups, every meeting once.
    pub fn of_tablets<'a>(tablets: impl IntoIterator<Item = &'a Device>, groups: &[GroupId]) -> Self {
        Records::of_tablets(tablets, groups).count()
    }
}

/// The records of some groups.
#[derive(Debug, Clone, Default)]
pub struct Records {
    groups: BTreeMap<GroupId, Group>,
    participants: BTreeMap<ParticipantId, Participant>,
    /// Of whom nothing is left but that they were erased.
    erased: BTreeSet<ParticipantId>,
    /// Who began each participant's record, not knowing of others who did.
    begun_by: BTreeMap<ParticipantId, BTreeSet<DeviceId>>,
    sessions: BTreeMap<SessionId, Session>,
    /// All marks of each session.
    marks: BTreeMap<SessionId, Vec<Mark>>,
    /// The first and the last day of what is counted.
    span: Option<(Date, Date)>,
}

/// What totals leave out and doubt, as `/v1/aggregates` says; what follows from clocks and days is not counted again here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubts {
    pub doubles: i64,
    pub moved: i64,
    pub void: i64,
    pub void_attendances: i64,
    pub without_record: i64,
    pub one_or_two: i64,
}

impl Doubts {
    pub fn of_answer(answer: &Value) -> Self {
        let number = |name: &str| answer["doubts"][name].as_i64().expect("a number");
        Self {
            doubles: number("doubles"),
            moved: number("moved"),
            void: number("void"),
            void_attendances: number("void_attendances"),
            without_record: number("without_record"),
            one_or_two: number("one_or_two"),
        }
    }
}

impl Records {
    /// What several tablets hold of some groups.
    pub fn of_tablets<'a>(tablets: impl IntoIterator<Item = &'a Device>, groups: &[GroupId]) -> Self {
        let mut all = Self::default();
        for tablet in tablets {
            for group in groups {
                let (tablet, stream) = (tablet.tablet(), StreamId::from(*group));
                let groups = tablet.all::<Group>(stream).into_iter().map(|(id, _)| id);
                let people = tablet.all::<Participant>(stream).into_iter().map(|(id, _)| id);
                let sessions = tablet.all::<Session>(stream).into_iter().map(|(id, _)| id);
                for id in groups.chain(people).chain(sessions) {
                    all.add(id, &tablet.document(id).expect("a document of the tablet"));
                }
            }
        }
        all
    }

    /// What the store's documents say, of all groups.
    pub fn of_store(store: &Store) -> Self {
        type Rows = Vec<(Db<DocumentId>, Code<Kind>, Vec<u8>)>;
        let load = |tx: &mut Conn<'_>| -> Result<Rows, StoreError> {
            on_each!(tx, |c| documents::table
                .select((documents::id, documents::kind, documents::snapshot))
                .load(c))
        };
        let mut all = Self::default();
        for (Db(id), Code(kind), snapshot) in
            store.read_blocking("documents", load).expect("the store answers")
        {
            let document = Document::load(kind, &snapshot).expect("a stored document opens");
            all.add(id, &document);
        }
        all
    }

    pub fn add(&mut self, id: DocumentId, document: &Document) {
        match document.record().expect("a record that is held stands") {
            Record::Group(group) => drop(self.groups.insert(id.into(), group)),
            Record::Participant(participant) => {
                self.begun_by.insert(id.into(), document.begun_by());
                self.participants.insert(id.into(), participant);
            }
            Record::Session(session) => {
                self.marks.insert(id.into(), marks(document));
                self.sessions.insert(id.into(), session);
            }
            Record::Erased(Kind::Participant) => drop(self.erased.insert(id.into())),
            Record::Referral(_) | Record::Incident(_) | Record::Screening(_) => {}
            Record::Lesson(_) | Record::SharedLesson(_) | Record::Adoption(_) | Record::Service(_) => {}
            Record::Erased(_) => {}
        }
    }

    /// Those of some groups.
    pub fn of_groups(&self, groups: &[GroupId]) -> Self {
        let mut some = self.clone();
        some.groups.retain(|id, _| groups.contains(id));
        some.participants.retain(|_, one| groups.contains(&one.group));
        some.sessions.retain(|_, one| groups.contains(&one.group));
        some
    }

    /// The same, of which only the sessions from one day to another are counted.
    pub fn within(&self, first: Date, last: Date) -> Self {
        Self { span: Some((first, last)), ..self.clone() }
    }

    /// People who consent and came in a quarter, each once in their group, by what published tables tell apart of a district:
    /// `female_youth/sociotherapy/again`.
    pub fn people_of_quarter(&self, of_year: i16, quarter: i8) -> BTreeMap<String, i64> {
        let people = people(&self.participants);
        let mut came: BTreeMap<ParticipantId, BTreeSet<Date>> = BTreeMap::new();
        for id in self.counted() {
            for one in self.contributions(id, &people) {
                if let Contribution::Came(Some(who)) = one {
                    came.entry(who).or_default().insert(self.sessions[&id].date);
                }
            }
        }
        let in_quarter = |day: &&Date| day.year() == of_year && (day.month() + 2) / 3 == quarter;
        let mut cells = BTreeMap::new();
        for (who, days) in came {
            let person = &self.participants[&who];
            let Some(first) = days.iter().find(in_quarter).filter(|_| person.consents()) else { continue };
            let before = days.range(..first).next_back();
            let novelty = match before {
                None => "first_ever",
                Some(day) if day.year() < of_year => "first_this_year",
                Some(_) => "again",
            };
            let young = |band: AgeBand| matches!(band, AgeBand::From16To24 | AgeBand::From25To35);
            let kind = match (person.sex, person.age_band) {
                (Some(sex), Some(band)) => format!("{sex}_{}", if young(band) { "youth" } else { "other" }),
                _ => "unknown".to_owned(),
            };
            let modality = self.groups[&person.group].modality;
            *cells.entry(format!("{kind}/{modality}/{novelty}")).or_default() += 1;
        }
        cells
    }

    /// What they come to over all.
    pub fn count(&self) -> Count {
        self.by(&[], "").remove(&Vec::new()).unwrap_or_default()
    }

    /// What they come to, told apart by some dimensions, where all belong to the organisation with this code.
    pub fn by(&self, dimensions: &[&str], organisation: &str) -> BTreeMap<Vec<String>, Count> {
        let of_meetings = dimensions.iter().any(|dimension| matches!(*dimension, "phase" | "part" | "state"));
        let of_people = dimensions.iter().any(|dimension| matches!(*dimension, "sex" | "age_band"));
        let people = people(&self.participants);
        let mut rows: BTreeMap<Vec<String>, Tally> = BTreeMap::new();
        for id in self.counted() {
            let session = &self.sessions[&id];
            let Some(group) = self.groups.get(&session.group) else { continue };
            if self.span.is_some_and(|(first, last)| !(first..=last).contains(&session.date)) {
                continue;
            }
            let all = self.contributions(id, &people);
            for one in all.into_iter().chain((!of_people).then_some(Contribution::Nobody)) {
                let (sex, age_band) = self.sex_and_age(&one);
                let value = |dimension: &&str| match *dimension {
                    "sex" => sex.clone(),
                    "age_band" => age_band.clone(),
                    "organisation" => organisation.to_owned(),
                    "kind" => group.kind.to_string(),
                    "modality" => group.modality.to_string(),
                    "month" => month(session.date),
                    "quarter" => quarter(session.date),
                    "year" => year(session.date),
                    "phase" => session.phase.map_or_else(|| "unknown".to_owned(), |phase| phase.to_string()),
                    "part" => session.part.to_string(),
                    "state" => session.state.to_string(),
                    area => group.area.to_string()[..digits(area)].to_owned(),
                };
                rows.entry(dimensions.iter().map(value).collect()).or_default().add(id, session, &one);
            }
        }
        rows.into_iter().map(|(of, tally)| (of, tally.count(!of_meetings))).collect()
    }

    /// The sessions that totals count: each meeting once, and none of a group that is void.
    pub fn counted(&self) -> BTreeSet<SessionId> {
        let mut all = counted(&self.sessions);
        all.retain(|id| self.groups.get(&self.sessions[id].group).is_none_or(|group| group.void.is_none()));
        all
    }

    /// Somebody with this id, if they have a record in the group.
    fn known(&self, group: GroupId, id: ParticipantId) -> Option<&Participant> {
        self.participants.get(&id).filter(|one| one.group == group)
    }

    /// By whose codes people came to a session: each mark is of whom its tablet meant.
    fn owners(&self, id: SessionId) -> BTreeSet<ParticipantId> {
        let group = self.sessions[&id].group;
        let owner = |mark: &Mark| marked(mark.participant, self.known(group, mark.participant), mark.device);
        let marks = &self.marks[&id];
        let shown: BTreeMap<ParticipantId, ParticipantId> =
            marks.iter().filter(|mark| mark.shown).map(|mark| (mark.participant, owner(mark))).collect();
        // Of several marks of one person the one that is shown counts; those of another person count beside it.
        let counts = |mark: &&Mark| mark.shown || shown[&mark.participant] != owner(mark);
        marks.iter().filter(counts).filter(|mark| mark.mark.attended()).map(owner).collect()
    }

    fn is_void(&self, session: SessionId, owner: ParticipantId) -> bool {
        let known = self.known(self.sessions[&session].group, owner);
        self.erased.contains(&owner) || known.is_some_and(|one| one.void.is_some() || one.erased.is_some())
    }

    /// What a session contributes to totals, beside that it took place.
    fn contributions(
        &self,
        id: SessionId,
        people: &BTreeMap<ParticipantId, ParticipantId>,
    ) -> Vec<Contribution> {
        let session = &self.sessions[&id];
        let owners = self.owners(id).into_iter().filter(|owner| !self.is_void(id, *owner));
        let known = |id: &ParticipantId| self.known(session.group, *id).is_some();
        // Two codes of one person came once.
        let came: BTreeSet<ParticipantId> =
            owners.map(|owner| if known(&owner) { people[&owner] } else { owner }).collect();
        let came = came.into_iter().map(|id| Contribution::Came(Some(id).filter(known)));
        let heads = session.headcount.iter().map(|(cell, heads)| {
            Contribution::Heads(cell.sex.to_string(), cell.age_band.to_string(), heads.get())
        });
        came.chain(heads.filter(|one| !matches!(one, Contribution::Heads(_, _, 0)))).collect()
    }

    /// What the totals leave out and doubt.
    pub fn doubts(&self) -> Doubts {
        let people = people(&self.participants);
        let counted = self.counted();
        let mut doubts = Doubts::default();
        for (id, session) in &self.sessions {
            let group_void = self.groups.get(&session.group).is_some_and(|group| group.void.is_some());
            let same_group = |of: SessionId| self.sessions.get(&of).filter(|one| one.group == session.group);
            let back = session.moved_from.and_then(same_group).is_some_and(|from| from.moved_to != Some(*id));
            if counted.contains(id) {
                let owners = self.owners(*id);
                doubts.void_attendances +=
                    owners.iter().filter(|owner| self.is_void(*id, **owner)).count() as i64;
                let nobody = |one: &Contribution| matches!(one, Contribution::Came(None));
                doubts.without_record +=
                    self.contributions(*id, &people).iter().filter(|one| nobody(one)).count() as i64;
            } else if session.void.is_some() || group_void {
                doubts.void += 1;
            } else if back || session.moved_to.and_then(same_group).is_some() {
                doubts.moved += 1;
            } else {
                doubts.doubles += 1;
            }
        }
        let asked = |id: &ParticipantId, one: &Participant| {
            let group_void = self.groups.get(&one.group).is_some_and(|group| group.void.is_some());
            let counts = one.void.is_none() && one.erased.is_none() && !group_void;
            counts && !in_doubt(&self.begun_by[id], one).is_empty()
        };
        doubts.one_or_two = self.participants.iter().filter(|(id, one)| asked(id, one)).count() as i64;
        doubts
    }

    fn sex_and_age(&self, one: &Contribution) -> (String, String) {
        let said = |word: Option<String>| word.unwrap_or_else(|| "unknown".to_owned());
        match one {
            Contribution::Heads(sex, age_band, _) => (sex.clone(), age_band.clone()),
            Contribution::Came(person) => {
                let person = person.and_then(|id| self.participants.get(&id));
                let sex = person.and_then(|one| one.sex).map(|sex| sex.to_string());
                (said(sex), said(person.and_then(|one| one.age_band).map(|band| band.to_string())))
            }
            Contribution::Nobody => Default::default(),
        }
    }
}

/// What one session adds to a row.
enum Contribution {
    /// Somebody came; whoever has no record in the group is no person.
    Came(Option<ParticipantId>),
    /// So many of a sex and age band were counted.
    Heads(String, String, i64),
    /// It took place.
    Nobody,
}

/// A row that is being counted.
#[derive(Default)]
struct Tally {
    /// With their minutes.
    sessions: BTreeMap<SessionId, i64>,
    by_register: BTreeSet<SessionId>,
    by_headcount: BTreeSet<SessionId>,
    people: BTreeSet<ParticipantId>,
    attendances: i64,
    heads: i64,
}

impl Tally {
    fn add(&mut self, session: SessionId, says: &Session, one: &Contribution) {
        self.sessions.insert(session, says.minutes.map_or(0, Into::into));
        match one {
            Contribution::Came(person) => {
                self.by_register.insert(session);
                self.people.extend(person);
                self.attendances += 1;
            }
            Contribution::Heads(_, _, heads) => {
                self.by_headcount.insert(session);
                self.heads += heads;
            }
            Contribution::Nobody => {}
        }
    }

    fn count(&self, people: bool) -> Count {
        Count {
            sessions: self.sessions.len() as i64,
            by_register: self.by_register.len() as i64,
            by_headcount: self.by_headcount.len() as i64,
            attendances: self.attendances,
            people: if people { self.people.len() as i64 } else { 0 },
            heads: self.heads,
            minutes: self.sessions.values().sum(),
        }
    }
}

fn quarter(date: Date) -> String {
    format!("{}-Q{}", year(date), (date.month() + 2) / 3)
}

fn year(date: Date) -> String {
    format!("{:04}", date.year())
}

fn month(date: Date) -> String {
    format!("{}-{:02}", year(date), date.month())
}

/// How many digits the code of an area has.
fn digits(area: &str) -> usize {
    match area {
        "province" => 1,
        "district" => 2,
        "sector" => 4,
        "cell" => 6,
        "village" => 8,
        other => panic!("{other} is no dimension"),
    }
}

/// Looks at every stream: numbers from 1 without gaps, up to what the stream says, and no change twice.
pub fn check_streams(store: &Store) {
    type Rows = Vec<(Db<StreamId>, i64)>;
    let (last, all): (Rows, Rows) = store
        .read_blocking("check", |tx: &mut Conn<'_>| -> Result<(Rows, Rows), StoreError> {
            let last = on_each!(tx, |c| streams::table.select((streams::id, streams::last_seq)).load(c))?;
            let all = on_each!(tx, |c| changes::table
                .select((changes::stream_id, changes::seq))
                .order((changes::stream_id, changes::seq))
                .load(c))?;
            Ok((last, all))
        })
        .expect("the store answers");
    for (Db(stream), last) in last {
        let numbers: Vec<i64> = all.iter().filter(|(Db(of), _)| *of == stream).map(|(_, seq)| *seq).collect();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{stream}");
    }
}

/// How many changes and documents the store holds.
pub fn contents(store: &Store) -> (i64, i64) {
    store
        .read_blocking("contents", |tx: &mut Conn<'_>| -> Result<(i64, i64), StoreError> {
            let kept = on_each!(tx, |c| changes::table.count().get_result(c))?;
            let there = on_each!(tx, |c| documents::table.count().get_result(c))?;
            Ok((kept, there))
        })
        .expect("the store answers")
}
