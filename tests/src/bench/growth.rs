//! A store that has grown: what syncs of years would have written, group by group, past HTTP and past the requests that signed it.
//! Every change is a tablet's own, in a batch that it signed, and is kept as a push keeps it ([`keep`]).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use diesel::prelude::*;
use server::ledger::{Gain, Origin, StreamKind, create_stream, keep};
use server::on_each;
use server::store::schema::batches;
use server::store::{At, Conn, Db, Store, StoreError};
use sync_core::area;
use sync_core::change::{Actor, Change};
use sync_core::document::Document;
use sync_core::form::{Edit, EditError};
use sync_core::id::{BatchId, DocumentId, GroupId, Id, OrganisationId, ParticipantId, SessionId, StreamId};
use sync_core::merge::After;
use sync_core::record::group::GroupKind;
use sync_core::record::session::PartOfDay;
use sync_core::record::{AgeBand, Group, Kind, Kinded, Modality, Participant, SCHEMA, Session, Sex};
use sync_core::time::{Date, Millis};
use sync_core::value::Pseudonym;
use tablet::recording::Who;
use uuid::Uuid;

use super::figure::Figures;
use super::stage::Stage;
use super::workload::{Workload, day_of};
use super::{Size, load, questions, totals};
use crate::Stranger;

/// Meetings of one group, a week apart.
pub(super) const OF_A_GROUP: usize = 20;
/// Over how many weeks groups begin.
const WEEKS: usize = 130;
/// After how many groups the write-ahead log is emptied.
const LOG_LASTS: usize = 100;
/// Of ten groups, those of the organisation whose manager asks.
pub(super) const OURS: usize = 6;
pub(super) const OTHERS: usize = 9;

/// One more document, with its first change.
type Made = (DocumentId, Kind, After, Change);

struct Grower<'a> {
    store: &'a Store,
    tablet: &'a Stranger,
    organisations: Vec<OrganisationId>,
    villages: Vec<String>,
}

/// Lets a store grow, and asks what questions and syncs cost there, and whether it is as it must be.
pub(super) fn measure(size: Size, sessions: usize, stage: &mut Stage, url: &str, figures: &mut Figures) {
    let of = format!("{sessions} sessions");
    let store = Store::open(url).expect("it opens");
    grow(stage, &store, sessions, figures);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(server::facts::add_up(&store)).expect("it is added up");
    store.write_blocking("analyse", analyse).expect("it is analysed");
    questions::measure(&of, size, stage, figures);
    totals::measure_all(&of, size, stage, figures);
    // The questions took longer than an access token holds.
    stage.village.manager = stage.village.manager_again(&stage.app);
    load::measure(size, stage, figures);
    let (begun, mut found) = (Instant::now(), 0);
    server::verify::verify(&store, &mut |finding| {
        eprintln!("{finding}");
        found += 1;
    })
    .expect("it can be read");
    figures.put(&of, "verified in", begun.elapsed().as_secs_f64(), "s");
    figures.put(&of, "things that are wrong", f64::from(found), "");
}

/// PostgreSQL counts by itself what there is, sooner or later. SQLite never does, and is not asked to.
pub(super) fn analyse(tx: &mut Conn<'_>) -> Result<usize, StoreError> {
    match tx {
        Conn::Sqlite(_) => Ok(0),
        Conn::Postgres(c) => Ok(diesel::sql_query("ANALYZE").execute(*c)?),
    }
}

/// Lets a store grow to so many sessions; tells how long that took.
fn grow(stage: &Stage, store: &Store, sessions: usize, figures: &mut Figures) {
    let tablet = Stranger::enrolled(&stage.app, &stage.village, "umukozi");
    let mut organisations = vec![stage.village.organisation; OURS];
    organisations.extend((0..OTHERS).map(|number| stage.app.organisation(&format!("partner{number}"))));
    let village = |area: &&area::Area| area.level() == area::Level::Village;
    let villages = area::all().iter().filter(village).map(|area| area.code.to_string()).collect();
    let grower = Grower { store, tablet: &tablet, organisations, villages };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (begun, next, groups) = (Instant::now(), AtomicUsize::new(0), sessions / OF_A_GROUP);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= groups {
                        break;
                    }
                    grower.group(number);
                    // Two processes write at once without an end: SQLite's log would never come to the moment at which it begins again.
                    if number % LOG_LASTS == 0 {
                        runtime.block_on(store.forget_what_was_overwritten());
                    }
                }
            });
        }
    });
    figures.put(&format!("{sessions} sessions"), "written in", begun.elapsed().as_secs_f64(), "s");
}

impl Grower<'_> {
    /// A group with its people and its meetings.
    fn group(&self, number: usize) {
        let place = number * 7_919;
        let organisation = match number % 10 {
            ours if ours < OURS => self.organisations[0],
            _ => self.organisations[OURS + number % OTHERS],
        };
        let id = GroupId::from_uuid(Uuid::now_v7());
        let first = number % WEEKS + OF_A_GROUP;
        let begins = at(day_of(first));
        let village = &self.villages[place % self.villages.len()];
        let modality = Modality::ALL[place % Modality::ALL.len()];
        let kind = GroupKind::ALL[number % 2];
        let mut all = vec![self.made::<Group>(id.into(), begins, |group| {
            group.organisation().set(organisation)?;
            group.name().set(format!("Itsinda {number}").parse()?)?;
            group.kind().set(kind)?;
            group.modality().set(modality)?;
            group.area().set(village.parse()?)?;
            group.starts_on().set(day_of(first))
        })];
        let codes: Vec<Pseudonym> = (1..=Workload::REALISTIC.people)
            .map(|person| format!("P{person:02}").parse().expect("a code"))
            .collect();
        for (person, code) in codes.iter().enumerate() {
            let made = self.made::<Participant>(ParticipantId::of(id, code).into(), begins, |one| {
                one.group().set(id)?;
                one.code().set(code.clone())?;
                one.sex().set(Sex::ALL[(number + person) % Sex::ALL.len()])?;
                one.age_band().set(AgeBand::ALL[(number + 3 * person) % AgeBand::ALL.len()])
            });
            all.push(made);
        }
        for meeting in 0..OF_A_GROUP {
            let date = day_of(first - meeting - 1);
            let session = SessionId::of(id, date, PartOfDay::Morning.ordinal(), 0);
            let details = Workload::REALISTIC.meeting(number * OF_A_GROUP + meeting);
            let made = self.made::<Session>(session.into(), at(date), |one| {
                one.group().set(id)?;
                one.date().set(date)?;
                one.part().set(PartOfDay::Morning)?;
                details.minutes.map_or(Ok(()), |minutes| one.minutes().set(minutes))?;
                details.phase.map_or(Ok(()), |phase| one.phase().set(phase))?;
                for theme in &details.themes {
                    one.themes().insert(theme)?;
                }
                for (who, mark) in &details.attendance {
                    let Who::Code(code) = who else { continue };
                    one.attendance().put(&ParticipantId::of(id, code), *mark)?;
                }
                one.summary().append(details.summary.as_deref().unwrap_or_default())
            });
            all.push(made);
        }
        self.keep(id.into(), organisation, all, at(day_of(first - OF_A_GROUP)));
    }

    fn made<R: Kinded>(
        &self,
        id: DocumentId,
        now: Millis,
        edit: impl FnOnce(&mut Edit<'_, R>) -> Result<(), EditError>,
    ) -> Made {
        let mut document = Document::genesis(R::KIND);
        let actor = Actor { device: self.tablet.device, incarnation: 0 };
        let change = document.edit::<R>(actor, now, edit).expect("a sound record").expect("something new");
        let record = document.record().expect("a record");
        (id, R::KIND, After::new(document, record), change)
    }

    /// Writes a stream whole, as of a time, with the batch that its changes came in.
    fn keep(&self, stream: StreamId, organisation: OrganisationId, all: Vec<Made>, now: Millis) {
        let batch = BatchId::from_uuid(Uuid::new_v4());
        let sent: Vec<(Kind, DocumentId, Vec<u8>)> =
            all.iter().map(|(id, kind, _, change)| (*kind, *id, change.bytes().to_vec())).collect();
        let statement = self.tablet.batch_with_id(batch, stream, &sent).statement.to_vec();
        let gains: Vec<Gain> = all
            .into_iter()
            .map(|(id, _, after, change)| {
                let origin = Origin { batch: Some(batch), schema: SCHEMA };
                Gain::new(stream, id, None, after, vec![(origin, change)])
            })
            .collect();
        let write = |tx: &mut Conn<'_>| -> Result<(), StoreError> {
            create_stream(tx, stream, StreamKind::Group, Some(organisation), now)?;
            let row = (
                batches::id.eq(Db(batch)),
                batches::device_id.eq(Db(self.tablet.device)),
                batches::statement.eq(statement.clone()),
                batches::claimed_at.eq(At(now)),
                batches::received_at.eq(At(now)),
                batches::received_in_doubt.eq(0),
            );
            on_each!(tx, |c| diesel::insert_into(batches::table).values(row).execute(c))?;
            keep(tx, &gains, &[], now)
        };
        self.store.write_blocking("grow", write).expect("it is kept");
    }
}

/// The evening of a day.
fn at(day: Date) -> Millis {
    server::clock::day_begins(day).plus_minutes(18 * 60)
}
