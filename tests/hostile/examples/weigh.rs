//! What bombs cost Automerge alone, and what they cost us: `cargo run --release -p hostile-bytes --example weigh`. And what
//! opening a document costs that is as heavy as may be, from which the limits come.

use automerge::{Automerge, Change};
use hostile_bytes::budget::Cost;
use hostile_bytes::{bombs, forge};
use sync_core::authority::Authority;
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::id::{DeviceId, GroupId, Id, SessionId};
use sync_core::merge::{Incoming, Plan, Standing, plan};
use sync_core::record::session::{PartOfDay, Session};
use sync_core::record::{Kind, Place, SCHEMA};
use sync_core::time::{Date, Millis};

const DAY: Date = Date::constant(2026, 3, 5);

fn author(incarnation: u32) -> Actor {
    Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(1)), incarnation }
}

fn group() -> GroupId {
    GroupId::from_uuid(uuid::Uuid::from_u128(77))
}

fn begun() -> Document {
    let mut document = Document::genesis(Kind::Session);
    let begin = document.edit::<Session>(author(0), Millis(0), |session| {
        session.group().set(group())?;
        session.date().set(DAY)?;
        session.part().set(PartOfDay::Morning)
    });
    begin.expect("sound").expect("new");
    document
}

fn planned(stored: &[u8], changes: &[Vec<u8>]) -> Plan {
    let place = Place {
        stream: group().into(),
        document: SessionId::of(group(), DAY, 0, 0).into(),
        kind: Kind::Session,
    };
    let one = |bytes| Incoming {
        bytes,
        schema: SCHEMA,
        device: author(0).device,
        standing: Standing::Waived,
        authority: &Authority::Manager,
    };
    let incoming: Vec<Incoming<'_>> = changes.iter().map(|bytes| one(bytes.as_slice())).collect();
    plan(place, Some(stored), &incoming).expect("it opens")
}

fn say(what: &str, size: usize, cost: Cost, then: &str) {
    println!("{what:45} {size:>8} B {:>8} ms {:>8} KB  {then}", cost.cpu.as_millis(), cost.memory / 1024);
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let document = begun();
    let stored = document.save();
    let mut changes = bombs::changes(&document, author(7));
    changes
        .push(("one key of 190,000 bytes, 4,000 times", bombs::keys(&document, author(7), 4_000, 190_000)));
    if std::env::args().nth(1).is_some_and(|word| word == "before") {
        println!("Automerge alone");
        for (name, bytes) in &changes {
            if name.starts_with("a trillion") {
                continue; // it would never end
            }
            let mut raw = Automerge::load(&stored).expect("our own");
            let (_, cost) = Cost::of(|| {
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let change = Change::from_bytes(bytes.clone()).ok()?;
                    raw.apply_changes([change]).ok()?;
                    Some(raw.save().len())
                }))
            });
            say(name, bytes.len(), cost, "");
        }
        for (name, bytes) in bombs::whole_documents() {
            if name.starts_with("operations") {
                continue;
            }
            let (_, cost) = Cost::of(|| std::panic::catch_unwind(|| Automerge::load(&bytes).is_ok()));
            say(name, bytes.len(), cost, "");
        }
    }
    println!("ours");
    for (name, bytes) in &changes {
        let (plan, cost) = Cost::of(|| planned(&stored, std::slice::from_ref(bytes)));
        say(name, bytes.len(), cost, &format!("{:?}", plan.outcomes));
    }
    for (name, bytes) in bombs::whole_documents() {
        let (opened, cost) = Cost::of(|| Document::received(Kind::Session, &bytes));
        say(name, bytes.len(), cost, if opened.is_ok() { "opens" } else { "refused" });
    }
    println!("reference: honest changes of a session");
    let mut honest = begun();
    let edits: Vec<Vec<u8>> = (0..1000_i64)
        .map(|number| {
            let edit = honest.edit::<Session>(author(0), Millis(number), |session| {
                session.minutes().set((1 + number % 700).try_into()?)?;
                session.summary().write(&format!("We sang {number} songs, and spoke of what we sang."))
            });
            edit.expect("sound").expect("new").bytes().to_vec()
        })
        .collect();
    for count in [1, 10, 100, 1000] {
        let (plan, cost) = Cost::of(|| planned(&stored, &edits[..count]));
        let taken = plan.fresh.len();
        say(
            &format!("{count} edits"),
            edits[..count].iter().map(Vec::len).sum(),
            cost,
            &format!("{taken} taken"),
        );
    }
    println!("texts");
    for letters in [1_000, 20_000, 65_536] {
        let text = forge::text(&document, author(9), letters);
        let (plan, cost) = Cost::of(|| planned(&stored, std::slice::from_ref(&text)));
        say(&format!("{letters} letters"), text.len(), cost, &format!("{:?}", plan.outcomes));
    }
    println!("opening");
    for operations in [50_000_usize, 100_000, 200_000, 500_000] {
        let mut raw = Automerge::load(&stored).expect("our own");
        let parts = operations.div_ceil(60_000);
        for part in 0..parts {
            let text = forge::text(&document, author(20 + part as u32), operations / parts);
            raw.apply_changes([Change::from_bytes(text).expect("a change")]).expect("it applies");
        }
        shape(&format!("{operations} letters, in {parts} parts"), raw.save());
        // One by one: each letter a change of its own is too many; a hundred at a time.
        let mut raw = Automerge::load(&stored).expect("our own");
        raw.set_actor(author(50).into());
        let mut made = 0;
        while made < operations {
            use automerge::transaction::Transactable as _;
            let each = operations / 4_000;
            let done = raw.transact::<_, _, automerge::AutomergeError>(|tx| {
                let summary = forge::map_of(tx, "summary");
                let place = (made * 7919) % (made + 1);
                tx.splice_text(&summary, place, 0, &"ab".repeat(each / 2))
            });
            done.expect("a change");
            made += each;
        }
        shape(&format!("{operations} letters, in 4,000 places"), raw.save());
        // Written and taken out again, by many lives.
        let mut raw = Automerge::load(&stored).expect("our own");
        let mut made = 0;
        let mut life = 100;
        while made < operations {
            use automerge::transaction::Transactable as _;
            raw.set_actor(author(life % 900).into());
            life += 1;
            let each = operations / 2_000;
            let done = raw.transact::<_, _, automerge::AutomergeError>(|tx| {
                let summary = forge::map_of(tx, "summary");
                let length = automerge::ReadDoc::length(tx, &summary);
                tx.splice_text(&summary, 0, length as isize, &"é".repeat(each / 2))
            });
            done.expect("a change");
            made += each;
        }
        shape(&format!("{operations}, rewritten by 900 lives"), raw.save());
    }
}

fn shape(what: &str, saved: Vec<u8>) {
    let (opened, cost) = Cost::of(|| Document::received(Kind::Session, &saved));
    let refused = opened.is_err();
    drop(opened);
    let (loaded, load) = Cost::of(|| Document::load(Kind::Session, &saved));
    let mut loaded = loaded.expect("it opens");
    say(what, saved.len(), if refused { load } else { cost }, if refused { "(past the limits)" } else { "" });
    let (_, cost) = Cost::of(|| loaded.clone());
    say("   clone", 0, cost, "");
    let (edit, cost) = Cost::of(|| {
        loaded.edit::<Session>(author(2000), Millis(0), |session| session.minutes().set(90.try_into()?))
    });
    let edit = edit.expect("sound").expect("new").bytes().to_vec();
    say("   edit", 0, cost, "");
    let (plan, cost) = Cost::of(|| planned(&saved, std::slice::from_ref(&edit)));
    say("   plan of one edit", 0, cost, &format!("{:?}", plan.outcomes));
    let (_, cost) = Cost::of(|| loaded.save());
    say("   save", 0, cost, "");
    let (_, cost) = Cost::of(|| sync_core::history::was_in_conflict(&loaded));
    say("   was_in_conflict", 0, cost, "");
    let (_, cost) = Cost::of(|| loaded.rekeyed());
    say("   again", 0, cost, "");
    let (_, cost) = Cost::of(|| loaded.changes().len());
    say("   changes", 0, cost, "");
}
