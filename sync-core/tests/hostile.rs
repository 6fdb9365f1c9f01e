//! What a tablet that means harm, or is broken, can send. Each of these fails on main.

use std::time::{Duration, Instant};

use automerge::transaction::Transactable as _;
use automerge::{Automerge, ObjType, ROOT};
use sync_core::change::{Actor, Change, MAX_CHANGE};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DeviceId, GroupId, Id, IncidentId, ParticipantId, SessionId, StreamId};
use sync_core::merge::{Incoming, Plan, Standing, plan};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::incident::{Incident, IncidentType, Severity};
use sync_core::record::session::{PartOfDay, Session, SessionEdit, Theme};
use sync_core::record::{Kind, Place, SCHEMA};
use sync_core::time::{Date, Millis};

const NOW: Millis = Millis(1_772_700_000_000);
const DAY: Date = Date::constant(2026, 3, 5);

fn device() -> DeviceId {
    DeviceId::from_uuid(uuid::Uuid::from_u128(1))
}

fn actor(incarnation: u32) -> Actor {
    Actor { device: device(), incarnation }
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

fn place() -> Place {
    let document = SessionId::of(group(), DAY, 0).into();
    Place { stream: StreamId::from(group()), document, kind: Kind::Session }
}

fn begin(session: &mut SessionEdit<'_>) -> Result<(), EditError> {
    session.group().set(group())?;
    session.date().set(DAY)?;
    session.part().set(PartOfDay::Morning)
}

fn begun() -> (Document, Change) {
    let mut document = Document::genesis(Kind::Session);
    let change = document.edit::<Session>(actor(0), NOW, begin).expect("sound").expect("new");
    (document, change)
}

/// A change written past the editor, as another program might.
fn raw(
    on: &Document,
    incarnation: u32,
    write: impl FnOnce(&mut automerge::transaction::Transaction<'_>) -> Result<(), automerge::AutomergeError>,
) -> Vec<u8> {
    let mut raw = Automerge::load(&on.save()).expect("a document");
    raw.set_actor(actor(incarnation).into());
    raw.transact::<_, _, automerge::AutomergeError>(|tx| write(tx)).expect("a change");
    raw.get_last_local_change().expect("a change").raw_bytes().to_vec()
}

fn incoming(bytes: &[u8], assigned: bool) -> Incoming<'_> {
    Incoming {
        bytes,
        schema: SCHEMA,
        device: device(),
        standing: if assigned { Standing::Assigned } else { Standing::Stranger },
    }
}

fn planned(place: Place, stored: Option<&[u8]>, changes: &[Vec<u8>]) -> Plan {
    let incoming: Vec<Incoming<'_>> = changes.iter().map(|bytes| incoming(bytes, true)).collect();
    plan(place, stored, &incoming).expect("what is stored opens")
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// 1. A change of a few hundred bytes holds millions of operations, all run-length encoded.
#[test]
fn a_small_change_can_not_hold_a_million_operations() {
    let (document, _) = begun();
    for count in [10_000_usize, 100_000, 400_000] {
        let bomb = raw(&document, 1, |tx| {
            let list = tx.put_object(ROOT, "x", ObjType::List)?;
            tx.splice(&list, 0, 0, std::iter::repeat_n(automerge::ScalarValue::Null, count))
        });
        let stored = document.save();
        let started = Instant::now();
        let plan = planned(place(), Some(&stored), std::slice::from_ref(&bomb));
        let took = started.elapsed();
        let kept = plan.after.as_ref().map(|after| after.document.save());
        let reopen = kept.as_ref().map(|kept| {
            let started = Instant::now();
            Document::load(Kind::Session, kept).expect("opens");
            started.elapsed()
        });
        println!(
            "{count} operations in {} bytes: {:?} after {took:?}; kept in {:?} bytes; opening them again takes {reopen:?}; peak {} KiB",
            bomb.len(),
            plan.outcomes,
            kept.map(|kept| kept.len()),
            resident_kib()
        );
        assert!(bomb.len() < MAX_CHANGE);
        if count == 400_000 {
            assert_eq!(plan.outcomes, [Outcome::Quarantined(Reason::TooLarge)]);
        }
    }
}

fn chain(count: usize) -> Vec<Vec<u8>> {
    let (mut document, first) = begun();
    let mut changes = vec![first.bytes().to_vec()];
    for number in 0..count {
        let theme = Theme::ALL[number % Theme::ALL.len()];
        let change = document.edit::<Session>(actor(0), NOW, |session| {
            if session.themes().insert(&theme).is_ok() {
                session.minutes().set((30 + (number % 100) as i64).try_into()?)
            } else {
                Ok(())
            }
        });
        changes.push(change.expect("sound").expect("new").bytes().to_vec());
    }
    changes
}

/// 2. Many small changes of one document, in order and in reverse order.
#[test]
fn many_changes_of_one_document_are_planned_in_the_time_of_a_request() {
    for count in [100_usize, 200, 400, 800] {
        let mut changes = chain(count);
        let bytes: usize = changes.iter().map(Vec::len).sum();
        let started = Instant::now();
        let plan = planned(place(), None, &changes);
        let forward = started.elapsed();
        assert!(plan.outcomes.iter().all(|outcome| *outcome == Outcome::Accepted));
        changes.reverse();
        let started = Instant::now();
        let plan = planned(place(), None, &changes);
        let backward = started.elapsed();
        assert!(plan.outcomes.iter().all(|outcome| *outcome == Outcome::Accepted));
        println!("{count} changes, {bytes} bytes: in order {forward:?}, in reverse {backward:?}");
        if count == 800 {
            assert!(backward < Duration::from_secs(3), "{backward:?}");
        }
    }
}

/// 3. What is recorded once stays, also against a deletion.
#[test]
fn what_is_recorded_once_is_not_deleted() {
    let mut document = Document::genesis(Kind::Incident);
    let first = document
        .edit::<Incident>(actor(0), NOW, |incident| {
            incident.session().set(SessionId::of(group(), DAY, 0))?;
            incident.kind().set(IncidentType::SuicideRisk)?;
            incident.severity().set(Severity::High)
        })
        .expect("sound")
        .expect("new");
    let gone = raw(&document, 1, |tx| tx.delete(ROOT, "severity"));
    let id = IncidentId::from_uuid(uuid::Uuid::from_u128(5));
    let place = Place { stream: group().into(), document: id.into(), kind: Kind::Incident };
    let plan = planned(place, None, &[first.bytes().to_vec(), gone]);
    assert!(
        matches!(&plan.outcomes[1], Outcome::Quarantined(Reason::Invalid(field, _)) if field == "severity"),
        "{:?}",
        plan.outcomes
    );
}

/// 4. The answer was lost, the author was taken off the group, the change comes again: it is merged already.
#[test]
fn what_is_merged_is_a_duplicate_also_of_somebody_no_longer_assigned() {
    let (document, first) = begun();
    let stored = document.save();
    let plan = plan(place(), Some(&stored), &[incoming(first.bytes(), false)]).expect("opens");
    assert_eq!(plan.outcomes, [Outcome::Duplicate]);
}

/// 5. A meeting's id is its own by nature; nobody can take it for another meeting.
#[test]
fn a_session_can_not_take_the_id_of_another_groups_meeting() {
    let theirs = SessionId::of(GroupId::from_uuid(uuid::Uuid::from_u128(99)), DAY, 0);
    let (_, first) = begun();
    let squat = Place { document: theirs.into(), ..place() };
    let plan = planned(squat, None, &[first.bytes().to_vec()]);
    assert!(matches!(plan.outcomes[0], Outcome::Quarantined(_)), "{:?}", plan.outcomes);
}

/// 6. A NUL in a key reaches the reason, hence a column of text; PostgreSQL has no place for it.
#[test]
fn a_reason_holds_no_control_characters() {
    let (document, first) = begun();
    let nul = raw(&document, 1, |tx| {
        use automerge::ReadDoc as _;
        let (_, map) = tx.get(ROOT, "attendance")?.expect("of genesis");
        tx.put(&map, "a\0b", "present")
    });
    let plan = planned(place(), None, &[first.bytes().to_vec(), nul]);
    let Outcome::Quarantined(reason) = &plan.outcomes[1] else { panic!("{:?}", plan.outcomes) };
    assert!(!reason.to_string().contains('\0'), "{reason:?}");
}

/// 7. How long one innocent change takes where somebody left many that wait for something to build on.
#[test]
fn what_waits_does_not_slow_down_what_comes() {
    let _ = ParticipantId::from_uuid(uuid::Uuid::from_u128(1));
    let changes = chain(2000);
    let waiting = &changes[2..];
    let started = Instant::now();
    let mut all: Vec<Vec<u8>> = vec![changes[0].clone()];
    all.extend_from_slice(waiting);
    let plan = planned(place(), None, &all);
    println!("{} wait: one change takes {:?}", waiting.len(), started.elapsed());
    assert_eq!(plan.outcomes[0], Outcome::Accepted);
}

fn uleb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn sleb(mut number: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 && low & 0x40 == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn read_uleb(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}

/// The same change with every run of about `count` operations made `more` longer.
fn lengthened(change: &[u8], count: u64, more: u64) -> Vec<u8> {
    let mut at = 9;
    read_uleb(change, &mut at);
    let body = at;
    let deps = read_uleb(change, &mut at) as usize;
    at += 32 * deps;
    let actor = read_uleb(change, &mut at) as usize;
    at += actor;
    for _ in 0..3 {
        read_uleb(change, &mut at); // seq, start op, time
    }
    let message = read_uleb(change, &mut at) as usize;
    at += message;
    for _ in 0..read_uleb(change, &mut at) {
        let actor = read_uleb(change, &mut at) as usize;
        at += actor;
    }
    let mut out = change[body..at].to_vec();
    let columns = read_uleb(change, &mut at);
    let metas: Vec<(u64, usize)> =
        (0..columns).map(|_| (read_uleb(change, &mut at), read_uleb(change, &mut at) as usize)).collect();
    let mut datas = Vec::new();
    for (spec, length) in &metas {
        let mut data = change[at..at + length].to_vec();
        at += length;
        'found: for near in [count + 1, count, count - 1, count - 2] {
            let pairs = [(sleb(near as i64), sleb((near + more) as i64)), (uleb(near), uleb(near + more))];
            for (old, new) in pairs {
                if let Some(there) = data.windows(old.len()).position(|window| window == old) {
                    data.splice(there..there + old.len(), new);
                    break 'found;
                }
            }
        }
        datas.push((*spec, data));
    }
    out.extend(uleb(columns));
    for (spec, data) in &datas {
        out.extend(uleb(*spec));
        out.extend(uleb(data.len() as u64));
    }
    for (_, data) in &datas {
        out.extend(data);
    }
    let mut hashed = vec![1];
    hashed.extend(uleb(out.len() as u64));
    hashed.extend(out);
    let sum = sync_core::change::Digest::of(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &sum.as_bytes()[..4], &hashed].concat()
}

/// 8. The runs of a change can say any number: reading it alone takes as long as they say.
#[test]
fn a_change_of_a_trillion_operations_is_refused_at_once() {
    let (document, _) = begun();
    let count = 10_000;
    let small = raw(&document, 1, |tx| {
        let list = tx.put_object(ROOT, "x", ObjType::List)?;
        tx.splice(&list, 0, 0, std::iter::repeat_n(automerge::ScalarValue::Null, count))
    });
    assert_eq!(lengthened(&small, count as u64, 0), small);
    for more in [1_u64 << 17, 1 << 20, 1 << 22, 1 << 40] {
        let bomb = lengthened(&small, count as u64, more);
        let (bytes, sender) = (bomb.len(), bomb);
        let (done, waits) = std::sync::mpsc::channel();
        let started = Instant::now();
        std::thread::spawn(move || done.send(Change::parse(&sender).map(|change| change.seq())));
        let parsed = waits.recv_timeout(Duration::from_secs(20));
        println!("{bytes} bytes say {} operations: {parsed:?} after {:?}", more + 10_001, started.elapsed());
        assert!(parsed.is_ok(), "still reading after {:?}", started.elapsed());
    }
}

/// The same change with its sequence number or the number of its first operation replaced.
fn renumbered(change: &[u8], seq: Option<u64>, start: Option<u64>) -> Vec<u8> {
    let mut at = 9;
    read_uleb(change, &mut at);
    let body = at;
    let deps = read_uleb(change, &mut at) as usize;
    at += 32 * deps;
    let actor = read_uleb(change, &mut at) as usize;
    at += actor;
    let mut out = change[body..at].to_vec();
    let old = read_uleb(change, &mut at);
    out.extend(uleb(seq.unwrap_or(old)));
    let old = read_uleb(change, &mut at);
    out.extend(uleb(start.unwrap_or(old)));
    out.extend(&change[at..]);
    let mut hashed = vec![1];
    hashed.extend(uleb(out.len() as u64));
    hashed.extend(out);
    let sum = sync_core::change::Digest::of(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &sum.as_bytes()[..4], &hashed].concat()
}

/// 9. A change can't use up the numbers of a record's operations, so that nobody can write to it any more.
#[test]
fn a_change_can_not_use_up_the_numbers_of_a_record() {
    let (document, first) = begun();
    let put = raw(&document, 1, |tx| tx.put(ROOT, "minutes", 50_i64));
    assert_eq!(renumbered(&put, None, None), put);
    let mut bad = Vec::new();
    for (seq, start) in [
        (None, Some(u64::from(u32::MAX))),
        (None, Some(i32::MAX as u64)),
        (None, Some(1_000_000)),
        (Some(7), None),
        (Some(u64::from(u32::MAX)), None),
        (Some(u64::MAX), None),
        // Last, since it stops the whole process.
        (None, Some(u64::from(u32::MAX) - 1)),
    ] {
        let odd = renumbered(&put, seq, start);
        let plan = planned(place(), None, &[first.bytes().to_vec(), odd]);
        let next = plan.after.map(|mut after| {
            let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let edit = after.document.edit::<Session>(actor(2), NOW, |session| {
                    session.summary().append("We opened with a song.")
                });
                edit.map(|change| change.map(|change| change.seq())).map_err(|error| error.to_string())
            }));
            let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                after.document.opens_from(&after.document.save())
            }));
            (next.map_err(|_| "PANIC"), again.map_err(|_| "PANIC"))
        });
        println!(
            "seq {seq:?} start {start:?}: {:?}; then an edit and opening again: {next:?}",
            plan.outcomes[1]
        );
        if !matches!(next, Some((Ok(Ok(Some(_))), Ok(true)))) {
            bad.push((seq, start, next));
        }
    }
    assert!(bad.is_empty(), "{bad:?}");
}

/// 10. As 9, for a group: managers edit it over REST, so it is the service that stops.
#[test]
fn a_change_can_not_stop_whoever_edits_a_group() {
    use sync_core::id::UserId;
    use sync_core::record::group::{Group, GroupKind};
    let mut document = Document::genesis(Kind::Group);
    let first = document
        .edit::<Group>(actor(0), NOW, |group| {
            group.organisation().set(sync_core::id::OrganisationId::from_uuid(uuid::Uuid::from_u128(3)))?;
            group.name().set("Twiyubake".parse()?)?;
            group.kind().set(GroupKind::HealingSpace)?;
            group.modality().set(sync_core::record::Modality::Sociotherapy)?;
            group.area().set("52010101".parse()?)
        })
        .expect("sound")
        .expect("new");
    let put = renumbered(
        &raw(&document, 1, |tx| tx.put(ROOT, "planned_sessions", 15_i64)),
        None,
        Some(u64::from(u32::MAX) - 1),
    );
    let place = Place { stream: group().into(), document: group().into(), kind: Kind::Group };
    let plan = planned(place, None, &[first.bytes().to_vec(), put]);
    println!("{:?}", plan.outcomes);
    let mut document = plan.after.expect("the first is sound").document;
    for number in 0..4 {
        let user = UserId::from_uuid(uuid::Uuid::from_u128(number));
        let edit = document.edit::<Group>(actor(2), NOW, |group| group.facilitators().insert(&user));
        println!("{:?}", edit.as_ref().map(|change| change.as_ref().map(Change::seq)));
        assert!(edit.is_ok());
    }
}
