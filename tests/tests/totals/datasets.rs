//! Small datasets with everything that people put right in them, made by tablets that do not know of each other.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sync_core::id::{DeviceId, UserId};
use sync_core::record::participant::{ConsentMethod, Exit, Purpose};
use sync_core::record::session::SessionState;
use sync_core::record::{Group, Kinded, Participant};
use sync_core::value::Pseudonym;
use tests::recount::Doubts;

use super::*;

const CODES: usize = 7;

/// Two facilitators, a supervisor and a manager, each with a tablet, and two groups of a dataset.
struct Crew {
    tablets: Vec<Device>,
    groups: [GroupId; 2],
    year: i16,
    random: StdRng,
}

fn code(number: usize) -> Pseudonym {
    format!("P{number:02}").parse().expect("a pseudonym")
}

impl Crew {
    fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    fn group(&mut self) -> GroupId {
        let at = self.below(2);
        self.groups[at]
    }

    /// One that is there, or not.
    fn person(&mut self, group: GroupId) -> ParticipantId {
        let number = 1 + self.below(CODES + 1);
        ParticipantId::of(group, code(number))
    }

    fn session(&mut self, group: GroupId) -> SessionId {
        let (month, day, part) = (1 + self.below(4), 1 + self.below(2), self.below(2));
        let date = Date::new(self.year, month as i8 * 2, day as i8).expect("a day");
        SessionId::of(group, date, part as u8, 0)
    }

    /// Writes on a tablet; what is not there, or not allowed, is not written.
    fn edit<R: Kinded>(
        &mut self,
        at: usize,
        group: GroupId,
        id: impl Into<sync_core::id::DocumentId>,
        edit: impl FnOnce(&mut sync_core::form::Edit<'_, R>) -> Result<(), sync_core::form::EditError>,
    ) {
        let id = id.into();
        if self.tablets[at].tablet().read::<R>(id).is_ok() {
            drop(self.tablets[at].edit::<R>(group.into(), id, edit));
        }
    }

    /// A tablet registers people and records meetings, not knowing what the other does.
    fn begin(&mut self, at: usize) {
        for group in self.groups {
            for number in 1..=CODES {
                if self.below(3) > 0 {
                    let mut person = NewParticipant::of(code(number));
                    let (sex, age_band) = (self.below(3), self.below(6));
                    person.details.sex = Sex::ALL.get(sex).copied();
                    person.details.age_band = AgeBand::ALL.get(age_band).copied();
                    drop(self.tablets[at].add_participant(group, person));
                }
            }
            for _ in 0..3 {
                self.meet(at, group);
            }
        }
    }

    fn meet(&mut self, at: usize, group: GroupId) {
        let (month, day) = (1 + self.below(4), 1 + self.below(2));
        let date = Date::new(self.year, month as i8 * 2, day as i8).expect("a day");
        let part = [PartOfDay::Morning, PartOfDay::Afternoon][self.below(2)];
        let summary = (part == PartOfDay::Morning).then(|| "After the Umuganda.".to_owned());
        let phase = Phase::ALL.get(self.below(Phase::ALL.len() + 1)).copied();
        let minutes = (self.below(3) > 0).then(|| (45 + self.below(60) as i64).try_into().expect("in range"));
        let new =
            NewSession { date, part, details: Details { summary, phase, minutes, ..Details::default() } };
        let session = self.tablets[at].record_session(group, new).expect("a meeting").session;
        for _ in 0..5 {
            self.mark(at, group, session);
        }
        if self.below(3) == 0 {
            self.count(at, group, session);
        }
    }

    fn mark(&mut self, at: usize, group: GroupId, session: SessionId) {
        let (person, mark) = (self.person(group), Attendance::ALL[self.below(4)]);
        self.edit::<Meeting>(at, group, session, |edit| edit.attendance().put(&person, mark));
    }

    fn count(&mut self, at: usize, group: GroupId, session: SessionId) {
        let cell = Cell { sex: Sex::ALL[self.below(2)], age_band: AgeBand::ALL[self.below(5)] };
        let heads = (self.below(20) as i64).try_into().expect("in range");
        self.edit::<Meeting>(at, group, session, |edit| edit.headcount().put(&cell, heads));
    }

    /// Somebody puts something right, or takes that back, or says something else.
    fn put_right(&mut self) {
        let (at, group) = (self.below(self.tablets.len()), self.group());
        let (one, other) = (self.person(group), self.person(group));
        let (session, another) = (self.session(group), self.session(group));
        let back = self.below(3) == 0;
        let device = self.device();
        let number = 1 + self.below(CODES + 3);
        let why = || "By mistake.".parse().expect("a line");
        match self.below(17) {
            0..=1 => self.edit::<Participant>(at, group, one, |edit| match back || one == other {
                true => edit.same_as().clear(),
                false => edit.same_as().set(other),
            }),
            2..=3 => self.edit::<Participant>(at, group, one, |edit| match back {
                true => edit.split().clear(&device),
                false => edit.split().put(&device, code(number)),
            }),
            4 => self.edit::<Participant>(at, group, one, |edit| edit.confirmed().insert(&device)),
            5 => self.edit::<Participant>(2, group, one, |edit| match back {
                true => edit.void().clear(),
                false => edit.void().set(why()),
            }),
            6 => self.edit::<Meeting>(2, group, session, |edit| match back {
                true => edit.void().clear(),
                false => edit.void().set(why()),
            }),
            7 => self.edit::<Meeting>(at, group, session, |edit| match back || session == another {
                true => edit.double_of().clear(),
                false => edit.double_of().set(another),
            }),
            8 => self.edit::<Meeting>(at, group, session, |edit| match back || session == another {
                true => edit.moved_to().clear(),
                false => edit.moved_to().set(another),
            }),
            9 => self.edit::<Participant>(at, group, one, |edit| {
                edit.consent_purpose().set(Purpose::Participation)?;
                edit.consent_method().set(ConsentMethod::Oral)?;
                edit.consent_date().set(if back { Date::constant(1994, 3, 1) } else { day(3, 1) })?;
                edit.consent_withdrawn().clear()
            }),
            10 => self.edit::<Participant>(at, group, one, |edit| edit.consent_withdrawn().set(day(3, 2))),
            11 if self.below(3) == 0 => self.edit::<Group>(3, group, group, |edit| match back {
                true => edit.void().clear(),
                false => edit.void().set(why()),
            }),
            12 => self.meet(at, group),
            13 => self.edit::<Meeting>(2, group, session, |edit| match back {
                true => {
                    edit.returned().set(why())?;
                    edit.state().set(SessionState::Draft)
                }
                false if number == 1 => edit.state().set(SessionState::Submitted),
                false => edit.state().set(SessionState::Verified),
            }),
            14..=15 => self.edit::<Participant>(at, group, one, |edit| match back {
                true => edit.exit().clear(),
                false => edit.exit().set(Exit::ALL[number % Exit::ALL.len()]),
            }),
            _ => self.mark(at, group, session),
        }
    }

    fn device(&mut self) -> DeviceId {
        let at = self.below(2);
        self.tablets[at].tablet().device()
    }

    /// The year, some whole months of it, or some days.
    fn span(&mut self) -> (Date, Date) {
        let day = |month: usize, day: usize| {
            Date::new(self.year, month as i8, 1).expect("a day").with().day(day as i8).build()
        };
        let (one, other) = (1 + self.random.random_range(0..9), 1 + self.random.random_range(0..9));
        let (first, last) = (one.min(other), one.max(other));
        let end = |month: usize| day(month, 1).expect("a day").last_of_month();
        match self.random.random_range(0..3) {
            0 => (day(1, 1).expect("a day"), end(12)),
            1 => (day(first, 1).expect("a day"), end(last)),
            _ => (day(first, 1 + one % 2).expect("a day"), day(last, 1 + other % 2).expect("a day")),
        }
    }

    fn sync_all(&mut self) {
        for _ in 0..2 {
            self.tablets.iter_mut().for_each(sync);
        }
    }
}

fn with_tablet(app: &TestApp, village: &Village, name: &str, role: Role) -> Device {
    let user: UserId = app.user(&format!("{name}.aegis"), role, Some(village.organisation));
    village.assign(user, village.group);
    village.tablet(app, user)
}

/// Datasets in one store, each in a year of its own.
const AT_ONCE: u64 = 20;

/// How many datasets are made up: 20, or as many as `IHURIRO_DATASETS` says, 20 in each store.
fn datasets() -> u64 {
    std::env::var("IHURIRO_DATASETS").map_or(AT_ONCE, |count| count.parse().expect("a number"))
}

#[test]
fn whatever_is_put_right_every_measure_by_every_pair_is_a_recount_of_the_documents() {
    Database::each(|database| {
        recount_all(database, 0);
        for first in (AT_ONCE..datasets()).step_by(AT_ONCE as usize) {
            recount_all(&database.another(), first);
        }
    });
}

/// The datasets of these seeds.
fn recount_all(database: &Database, first: u64) {
    let app = TestApp::on(database);
    let village = Village::of(&app, "aegis");
    let roles = [Role::Facilitator, Role::Facilitator, Role::Supervisor, Role::Manager];
    let names = ["jeanne", "paul", "odette", "alice"];
    let mut tablets: Vec<Device> =
        names.iter().zip(roles).map(|(name, role)| with_tablet(&app, &village, name, role)).collect();
    let (mut left_out, mut asked, mut rare, mut last) = (Doubts::default(), 0, [0; 4], village.group);
    for seed in first..first + AT_ONCE {
        println!("seed {seed}");
        let groups = [
            group_in(&village, &format!("Ubumwe {seed}"), "healing_space", "sociotherapy", "11010102"),
            group_in(&village, &format!("Ijwi {seed}"), "dialogue_circle", "peace_club", "52010102"),
        ];
        for group in groups {
            tablets.iter().for_each(|tablet| village.assign(tablet.tablet().user(), group));
        }
        tablets.iter_mut().for_each(sync);
        let random = StdRng::seed_from_u64(seed);
        let mut crew = Crew { tablets, groups, year: 2006 + (seed - first) as i16, random };
        crew.begin(0);
        crew.begin(1);
        crew.sync_all();
        for _ in 0..40 {
            crew.put_right();
            let at = crew.below(crew.tablets.len());
            if crew.below(4) == 0 {
                sync(&mut crew.tablets[at]);
            }
        }
        crew.sync_all();

        if seed % 2 == 0 {
            app.run(server::facts::add_up(app.store())).expect("it is added up");
        }
        let records = Records::of_store(app.store()).of_groups(&groups);
        for by in choices(2).into_iter().filter(|by| by.len() != 1) {
            let (first, last) = crew.span();
            let span = format!("from={first}&to={last}");
            let records = records.within(first, last);
            let answer = village.aggregates(&format!("by={}&{span}", by.join(",")));
            let what = format!("seed {seed}: {by:?}, {span}");
            assert_eq!(Count::of_answer(&answer), records.count(), "{what}, the total beside");
            let expected: Vec<_> =
                if by.is_empty() { vec![] } else { records.by(&by, "aegis").into_iter().collect() };
            assert_eq!(rows(&answer, &by), expected, "{what}");
        }
        for group in groups {
            let answer = village.aggregates(&format!("group={group}"));
            let expected = records.of_groups(&[group]);
            assert_eq!(Doubts::of_answer(&answer), expected.doubts(), "seed {seed}: {group}");
            let doubts = expected.doubts();
            let listed = village.manager.all(&format!("/v1/sessions?group={group}"));
            let counts = listed.iter().filter(|one| one["counts"] == true).count() as i64;
            assert_eq!(counts, expected.count().sessions, "lists say the same");
            let two = village.manager.all(&format!("/v1/participants?group={group}&one_or_two=true"));
            assert_eq!(two.len() as i64, doubts.one_or_two, "of people too");
            left_out.void += doubts.void;
            left_out.moved += doubts.moved;
            left_out.doubles += doubts.doubles;
            left_out.void_attendances += doubts.void_attendances;
            left_out.without_record += doubts.without_record;
            asked += doubts.one_or_two;
        }
        let told = questions::are_answered_as_recounted(&village, &groups, &records, crew.year);
        told.into_iter().zip(&mut rare).for_each(|(more, all)| *all += more);
        assert_eq!(Count::of_tablets([&crew.tablets[2]], &groups), records.count(), "as the tablets count");
        (tablets, last) = (crew.tablets, groups[1]);
    }
    let graduates =
        questions::indicators_are_answered_as_recounted(&village, &Records::of_store(app.store()));
    // That everything happened is made sure of the first ones, which are the same at every run.
    if first > 0 {
        return;
    }
    let all = [
        graduates,
        left_out.void,
        left_out.moved,
        left_out.doubles,
        left_out.void_attendances,
        left_out.without_record,
        asked,
    ];
    assert!(all.iter().chain(&rare).all(|count| *count > 0), "everything happened: {all:?}, {rare:?}");
    // Two records of one meeting, of which one has a wrong day.
    let others = [CODES + 11, CODES + 12, CODES + 13];
    for number in others {
        tablets[0].add_participant(last, NewParticipant::of(code(number))).expect("a person joins");
    }
    for date in ["2012-04-04", "2012-04-05"] {
        record(&mut tablets[0], last, date.parse().expect("a day"), came(&others));
    }
    sync(&mut tablets[0]);
    // Somebody goes on in a meeting that was verified meanwhile.
    let meeting = record(&mut tablets[0], last, "2012-05-04".parse().expect("a day"), came(&others));
    sync(&mut tablets[0]);
    sync(&mut tablets[2]);
    let verified =
        tablets[2].edit::<Meeting>(last.into(), meeting, |edit| edit.state().set(SessionState::Verified));
    assert!(verified.expect("an edit"));
    let late = ParticipantId::of(last, code(others[0]));
    let marked = tablets[0]
        .edit::<Meeting>(last.into(), meeting, |edit| edit.attendance().put(&late, Attendance::Late));
    assert!(marked.expect("an edit"));
    sync(&mut tablets[2]);
    sync(&mut tablets[0]);
    // A group is called otherwise by two at once.
    let renamed = tablets[3]
        .edit::<Group>(last.into(), last, |edit| edit.name().set("Ijwi rishya".parse().expect("a line")));
    assert!(renamed.expect("an edit"));
    let body = json!({"name": "Ijwi ry'abato", "reason": "It is called so."});
    village.manager.patch(&format!("/v1/groups/{last}"), &body).ok();
    sync(&mut tablets[3]);
    filters::check_every_pair(&village, last);
    let rebuilt = app.run(server::ledger::rebuild(app.store())).expect("rows are computed again");
    assert_eq!(rebuilt.mended, 0, "rows are those of their documents");
    let mut found = Vec::new();
    server::verify::verify(app.store(), &mut |finding| found.push(finding.to_string())).expect("it answers");
    assert!(found.is_empty(), "{found:?}");
}
