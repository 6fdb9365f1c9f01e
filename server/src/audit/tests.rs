//! The log on both stores: places without gaps, roots at every size, and damage of every kind, named.

use std::thread;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use ed25519_dalek::{Signer, SigningKey};
use tokio::runtime::Runtime;

use super::tiles::{append, root_at, size};
use super::tree::{Hash, leaf, root};
use super::*;
use crate::store::tests::{fresh, fresh_postgres};
use crate::store::{Store, keys};

const START: Millis = Millis(1_772_697_600_000);

fn each(test: impl Fn(&Store)) {
    let (store, _folder) = fresh();
    test(&store);
    test(&fresh_postgres());
}

fn read<T>(store: &Store, case: impl Fn(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    store.read_blocking("test", case).expect("it answers")
}

fn write<T>(store: &Store, case: impl Fn(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    store.write_blocking("test", case).expect("it obeys")
}

fn sql(store: &Store, text: &str) {
    write(store, |tx| on_each!(tx, |c| diesel::sql_query(text).execute(c)));
}

/// Notes so many reads.
fn notes(store: &Store, count: usize) {
    write(store, |tx| {
        (0..count).try_for_each(|n| {
            let entry = Entry::of(Who::nobody(), START, Action::ReadRecord, "GET /v1/sessions/{id}");
            note(tx, &entry.about(ObjectKind::Session, uuid::Uuid::from_u128(n as u128)))
        })
    });
}

fn sequenced(store: &Store) -> u64 {
    Runtime::new().expect("a runtime").block_on(sequence(store)).expect("it answers")
}

/// A log of so many entries.
fn log_of(store: &Store, count: usize) {
    notes(store, count);
    assert_eq!(sequenced(store), count as u64);
}

fn findings(store: &Store) -> Vec<String> {
    let mut found = Vec::new();
    let checked = verify(store, &mut |finding| found.push(finding.to_string())).expect("it can be read");
    assert_eq!(checked.findings, found.len() as u64);
    found
}

fn kept(store: &Store) -> String {
    read(store, checkpoint)
}

fn compared(store: &Store, checkpoint: &str) -> Result<Compared, Foreign> {
    read(store, |tx| compare(tx, checkpoint))
}

#[test]
fn whatever_the_size_tiles_give_the_root_of_all_entries() {
    let (store, _folder) = fresh();
    let leaves: Vec<Hash> = (0..66_000).map(|n: u32| leaf(&n.to_string())).collect();
    // In batches of all sizes.
    let (mut begin, mut batch) = (0, 1);
    while begin < leaves.len() {
        let end = leaves.len().min(begin + batch);
        write(&store, |tx| append(tx, 0, &leaves[begin..end]));
        (begin, batch) = (end, batch * 5 % 1999);
    }
    assert_eq!(read(&store, size), 66_000);
    let sizes = (0..=600).chain([65_279, 65_280, 65_281, 65_535, 65_536, 65_537, 65_800, 66_000]);
    for size in sizes {
        assert_eq!(read(&store, |tx| root_at(tx, size)), Some(root(&leaves[..size as usize])), "of {size}");
    }
    assert_eq!(read(&store, |tx| root_at(tx, 66_001)), None);
}

#[test]
fn places_have_no_gaps_whoever_gives_them_meanwhile() {
    each(|store| {
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..40).for_each(|_| notes(store, 5)));
            }
            for _ in 0..2 {
                scope.spawn(|| (0..20).for_each(|_| _ = sequenced(store)));
            }
        });
        sequenced(store);
        let places: Vec<Option<i64>> = read(store, |tx| {
            let places = audit_entries::table.order(audit_entries::place).select(audit_entries::place);
            on_each!(tx, |c| places.load(c))
        });
        assert_eq!(places, (0..600).map(Some).collect::<Vec<_>>());
        assert_eq!(findings(store), Vec::<String>::new());
        assert_eq!(read(store, waiting), 0);
    });
}

#[test]
fn what_is_not_committed_is_not_noted() {
    each(|store| {
        let refused = store.write_blocking("test", |tx| {
            note(tx, &by_operator(START, Action::Backup, "ihuriro backup"))?;
            Err::<(), _>(StoreError::Damaged("something"))
        });
        assert!(refused.is_err());
        assert_eq!((sequenced(store), read(store, waiting)), (0, 0));
    });
}

#[test]
fn each_damage_is_named() {
    type Damage<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);
    let damages: &[Damage<'_>] = &[
        (
            "an entry of a whole tile is changed",
            &["UPDATE audit_entries SET outcome = 'refused' WHERE place = 300"],
            &["entry 300: not as it was when it was hashed"],
        ),
        (
            "one of the last tile",
            &["UPDATE audit_entries SET at = at + 1 WHERE place = 599"],
            &["entry 599: it or its hash was changed"],
        ),
        (
            "it is no entry any more",
            &["UPDATE audit_entries SET action = 'nothing', object_id = NULL, items = 7 WHERE place = 0"],
            &["entry 0: not as it was when it was hashed"],
        ),
        (
            "entries are removed",
            &["DELETE FROM audit_entries WHERE place BETWEEN 200 AND 299"],
            &["entries 200 to 299: missing from the log"],
        ),
        (
            "the last are removed",
            &["DELETE FROM audit_entries WHERE place >= 590"],
            &["entries 590 to 599: missing from the log"],
        ),
        (
            "one is removed, and those that follow close the gap",
            &[
                "DELETE FROM audit_entries WHERE place = 510",
                "UPDATE audit_entries SET place = place + 1000 WHERE place > 510",
                "UPDATE audit_entries SET place = place - 1001 WHERE place > 1000",
            ],
            &[
                "entries 510 to 511: not as it was when it was hashed",
                "entries 512 to 598: it or its hash was changed",
                "entry 599: missing from the log",
            ],
        ),
        (
            "two change places",
            &[
                "UPDATE audit_entries SET place = -1 WHERE place = 5",
                "UPDATE audit_entries SET place = 5 WHERE place = 400",
                "UPDATE audit_entries SET place = 400 WHERE place = -1",
            ],
            &["entry 5: not as it was when it was hashed", "entry 400: not as it was when it was hashed"],
        ),
        (
            "one is put in at the end",
            &["UPDATE audit_entries SET place = 600 WHERE place IS NULL"],
            &["entry 600: in a place that the log does not have"],
        ),
    ];
    each(|store| {
        log_of(store, 600);
        assert_eq!(findings(store), Vec::<String>::new());
        for (what, statements, expected) in damages {
            let before = rows(store);
            if what.contains("put in") {
                notes(store, 1);
            }
            statements.iter().for_each(|text| sql(store, text));
            assert_eq!(findings(store), *expected, "{what}");
            put_back(store, &before);
        }
        assert_eq!(findings(store), Vec::<String>::new());
    });
}

fn rows(store: &Store) -> Vec<Row> {
    read(store, |tx| on_each!(tx, |c| audit_entries::table.select(Row::as_select()).load(c)))
}

fn put_back(store: &Store, rows: &[Row]) {
    sql(store, "DELETE FROM audit_entries");
    write(store, |tx| {
        rows.iter().try_for_each(|row| {
            let row = row.clone();
            on_each!(tx, |c| diesel::insert_into(audit_entries::table).values(row).execute(c)).map(drop)
        })
    });
}

/// Changes one bit of a tile, or puts it right again.
fn flip(store: &Store, level: i32, number: i64, at: usize) {
    use crate::store::schema::audit_tiles::dsl;
    write(store, |tx| {
        let tile = dsl::audit_tiles.find((level, number));
        let mut bytes: Vec<u8> = on_each!(tx, |c| tile.select(dsl::hashes).first(c))?;
        bytes[at] ^= 1;
        on_each!(tx, |c| diesel::update(tile).set(dsl::hashes.eq(&bytes)).execute(c))
    });
}

#[test]
fn a_tile_that_was_changed_or_lost_is_named() {
    each(|store| {
        log_of(store, 600);
        for (level, number, at, expected) in [
            (0, 1, 77, vec!["tile 0/1: its hashes are not those that the level above vouches for"]),
            (0, 2, 33, vec!["entry 513: it or its hash was changed"]),
            // A wrong root stands against all that is below it.
            (1, 0, 0, vec!["tile 0/0: its hashes are not those that the level above vouches for"]),
        ] {
            flip(store, level, number, at);
            assert_eq!(findings(store), expected, "tile {level}/{number}");
            flip(store, level, number, at);
        }
        assert_eq!(findings(store), Vec::<String>::new());
        sql(store, "DELETE FROM audit_tiles WHERE level = 1");
        assert_eq!(findings(store), ["tile 1/0: hashes are missing"]);
        sql(store, "DELETE FROM audit_tiles WHERE level = 0 AND number = 2");
        assert!(
            findings(store).contains(&"entries 512 to 599: in a place that the log does not have".to_owned())
        );
    });
}

#[test]
fn a_checkpoint_shows_what_tiles_do_not() {
    each(|store| {
        log_of(store, 300);
        let checkpoint = kept(store);
        assert_eq!(compared(store, &checkpoint), Ok(Compared::Whole { since: 0 }));
        log_of(store, 250);
        assert_eq!(compared(store, &checkpoint), Ok(Compared::Whole { since: 250 }));

        // Somebody who writes the log again, with one entry otherwise, leaves nothing to be found.
        let rewrite = |store: &Store, damage: &str| {
            sql(store, damage);
            sql(store, "DELETE FROM audit_tiles");
            sql(store, "UPDATE audit_entries SET place = NULL");
            sequenced(store);
            assert_eq!(findings(store), Vec::<String>::new());
        };
        rewrite(store, "UPDATE audit_entries SET outcome = 'refused' WHERE place = 7");
        assert_eq!(compared(store, &checkpoint), Ok(Compared::Changed));
        rewrite(store, "DELETE FROM audit_entries WHERE place >= 280");
        assert_eq!(compared(store, &checkpoint), Ok(Compared::Missing { entries: 20 }));
    });
}

#[test]
fn a_restored_log_goes_on_and_tells_how_many_it_lacks() {
    each(|store| {
        log_of(store, 300);
        let before = kept(store);
        // As a backup has it: the first 260.
        sql(store, "DELETE FROM audit_entries WHERE place >= 260");
        sql(store, "DELETE FROM audit_tiles");
        sql(store, "UPDATE audit_entries SET place = NULL");
        sequenced(store);
        let at_backup = kept(store);
        write(store, |tx| note(tx, &by_operator(START, Action::Restore, "ihuriro restore")));
        log_of_more(store, 500);
        assert_eq!(findings(store), Vec::<String>::new());
        assert_eq!(compared(store, &before), Ok(Compared::Missing { entries: 40 }));
        assert_eq!(compared(store, &at_backup), Ok(Compared::Whole { since: 501 }));
    });
}

fn log_of_more(store: &Store, count: usize) {
    notes(store, count);
    sequenced(store);
}

#[test]
fn what_is_no_checkpoint_of_this_log_is_refused() {
    each(|store| {
        log_of(store, 3);
        let good = kept(store);
        // Through a mail program.
        let mailed = format!("\n{}\r\n", good.replace('\n', "\r\n"));
        assert_eq!(compared(store, &mailed), Ok(Compared::Whole { since: 0 }));
        // With a witness's signature beside ours (c2sp.org/tlog-cosignature).
        let witnessed = format!("{good}\u{2014} witness.example AAAAAAAA\n");
        assert_eq!(compared(store, &witnessed), Ok(Compared::Whole { since: 0 }));

        let (other, _folder) = fresh();
        log_of(&other, 3);
        assert_eq!(compared(store, &kept(&other)), Err(Foreign::AnotherLog));
        for changed in [good.replacen("\n3\n", "\n2\n", 1), good.replacen("\n3\n", "\n3\n\n", 1)] {
            assert!(
                matches!(compared(store, &changed), Err(Foreign::NotSigned | Foreign::NoCheckpoint)),
                "{changed}"
            );
        }
        let unsigned = good.split("\n\n").next().expect("a text");
        for nothing in ["", "a letter", unsigned, "\n\n", "x\ny\nz\n\n\u{2014} x y"] {
            assert_eq!(compared(store, nothing), Err(Foreign::NoCheckpoint), "{nothing:?}");
        }
    });
}

/// As another program does it, from the specifications alone.
#[test]
fn a_checkpoint_is_a_signed_note() {
    use data_encoding::{BASE64, HEXLOWER};
    use sha2::{Digest, Sha256};
    let (store, _folder) = fresh();
    log_of(&store, 2);
    let (note, vkey) = (kept(&store), read(&store, verifier_key));
    let [name, hash, key] = *vkey.splitn(3, '+').collect::<Vec<_>>() else { panic!("{vkey}") };
    let key = BASE64.decode(key.as_bytes()).expect("base64");
    assert_eq!(key[0], 1, "Ed25519");
    let id = Sha256::new().chain_update(name).chain_update(b"\n").chain_update(&key).finalize();
    assert_eq!(hash, HEXLOWER.encode(&id[..4]));

    let (text, signature) = note.split_once("\n\n\u{2014} ").expect("a note");
    let (signer, signature) = signature.split_once(' ').expect("a signature");
    let signature = BASE64.decode(signature.trim_end().as_bytes()).expect("base64");
    assert_eq!((signer, &signature[..4]), (name, &id[..4]));
    let text = format!("{text}\n");
    let secret: SigningKey = read(&store, keys::checkpoints);
    assert_eq!(secret.sign(text.as_bytes()).to_bytes(), signature[4..]);
    assert_eq!(secret.verifying_key().as_bytes()[..], key[1..]);
    let (lines, _) = read(&store, |tx| lines(tx, None, None, None));
    let leaves: Vec<Hash> =
        lines.iter().map(|line| Sha256::digest([b"\0", line.as_bytes()].concat()).into()).collect();
    let pair = Sha256::digest([&[1][..], &leaves[0], &leaves[1]].concat());
    assert_eq!(text, format!("{name}\n2\n{}\n", BASE64.encode(&pair)));
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// What ten thousand entries take, with their indexes and tiles.
#[test]
fn an_entry_takes_little_room() {
    each(|store| {
        let used = |tx: &mut Conn<'_>| -> Result<i64, StoreError> {
            let text = match tx {
                Conn::Sqlite(_) => {
                    "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), \
                     pragma_page_size(), pragma_freelist_count()"
                }
                Conn::Postgres(_) => {
                    "SELECT (pg_total_relation_size('audit_entries') + pg_total_relation_size('audit_tiles'))::bigint AS bytes"
                }
            };
            let Bytes { bytes } = on_each!(tx, |c| diesel::sql_query(text).get_result(c))?;
            Ok(bytes)
        };
        let before = read(store, used);
        for round in 0..100_u128 {
            write(store, |tx| {
                (0..100_u128).try_for_each(|n| {
                    let who = Who {
                        user: Some(uuid::Uuid::from_u128(n % 7).into()),
                        role: "supervisor",
                        organisation: Some(uuid::Uuid::from_u128(n % 3).into()),
                    };
                    let entry = Entry::of(who, START, Action::ReadRecord, "GET /v1/participants/{id}");
                    note(tx, &entry.about(ObjectKind::Participant, uuid::Uuid::from_u128(round << 64 | n)))
                })
            });
        }
        sequenced(store);
        let bytes = (read(store, used) - before) / 10_000;
        println!("{}: {bytes} bytes an entry", store.kind());
        assert!(bytes < 1_500, "{bytes}");
    });
}

/// A refusal is noted once in a minute of each account, and of all that there are not.
#[test]
fn refusals_of_one_account_do_not_fill_the_disk() {
    each(|store| {
        let who = |user: u128| Who {
            user: Some(uuid::Uuid::from_u128(user).into()),
            role: "manager",
            organisation: None,
        };
        let tries = [who(1), who(1), who(2), Who::nobody(), Who::nobody(), who(2)];
        for minute in 0..3 {
            for who in tries {
                let at = START.plus_minutes(minute);
                let entry = Entry::of(who, at, Action::SignIn, "POST /v1/login").refused();
                write(store, |tx| note_seldom(tx, &entry));
            }
        }
        assert_eq!(read(store, waiting), 9);
    });
}
