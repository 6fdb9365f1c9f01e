use std::io::Write;

use super::*;
use crate::change::Actor;
use crate::document::Document;
use crate::id::{DeviceId, GroupId, Id};
use crate::record::Kind;
use crate::record::session::{PartOfDay, Session};
use crate::time::Millis;

fn leb(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x3f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    [&MAGIC, &[0; 4], &[kind][..], &leb(body.len() as u64), body].concat()
}

/// Columns as they are listed, then their bytes.
fn columns(columns: &[(u64, &[u8])]) -> Vec<u8> {
    let mut listed = leb(columns.len() as u64);
    for (column, data) in columns {
        listed.extend([leb(*column), leb(data.len() as u64)].concat());
    }
    listed.extend(columns.iter().flat_map(|(_, data)| *data));
    listed
}

/// A document without authors and heads, with these columns of operations.
fn document_of(operations: &[(u64, &[u8])]) -> Vec<u8> {
    chunk(DOCUMENT_CHUNK, &[&[0, 0, 0], columns(operations).as_slice()].concat())
}

/// A change that builds on nothing, with these columns.
fn change_of(operations: &[(u64, &[u8])]) -> Vec<u8> {
    // No hashes, an author of one byte, sequence, start and time, no message, no other authors.
    chunk(CHANGE_CHUNK, &[&[0, 1, 7, 1, 1, 0, 0, 0], columns(operations).as_slice()].concat())
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(data).expect("a Vec grows");
    encoder.finish().expect("a Vec grows")
}

fn run(length: u64) -> Vec<u8> {
    [leb(length), vec![1]].concat()
}

const NUMBERS: u64 = 2;
const KEYS: u64 = 1 << 4 | 5;
const GROUP: u64 = 7 << 4;
const METADATA: u64 = 5 << 4 | 6;

#[test]
fn more_than_can_be_counted_does_not_begin_at_nothing_again() {
    let lengths = [leb(64), leb(1 << 62)].concat();
    let head: &[u8] = &[0, 1, 7, 1, 1, 0, 0, 0];
    for behind in [&[][..], &[9]] {
        let body = [head, &columns(&[(METADATA, &lengths)]), behind].concat();
        assert_eq!(change(&chunk(CHANGE_CHUNK, &body)), Err(Unreadable::TooLarge), "{behind:?}");
    }
}

#[test]
fn a_document_that_claims_too_much_is_refused_before_it_is_opened() {
    let numbers = |data: &[u8]| document(&document_of(&[(NUMBERS, data)])).map(|found| found.operations);
    assert_eq!(numbers(&run(MAX_DOCUMENT_OPERATIONS)), Ok(MAX_DOCUMENT_OPERATIONS));
    assert_eq!(numbers(&run(MAX_DOCUMENT_OPERATIONS + 1)), Err(Unreadable::TooLarge));
    assert_eq!(numbers(&run(1 << 40)), Err(Unreadable::TooLarge));
    let squeezed = |data: &[u8]| document(&document_of(&[(NUMBERS | DEFLATED, &deflated(data))]));
    assert_eq!(squeezed(&run(9)).map(|found| found.operations), Ok(9));
    assert_eq!(squeezed(&run(1 << 40)), Err(Unreadable::TooLarge));
    let bomb = vec![0; MAX_DOCUMENT_EXPANDED as usize + 1];
    assert!(deflated(&bomb).len() < 10_000);
    assert_eq!(squeezed(&bomb), Err(Unreadable::NotAChange));
}

#[test]
fn what_a_run_repeats_is_counted_as_often_as_it_is_repeated() {
    let key = vec![b'k'; 1000];
    let keys = |times: u64| [leb(times), leb(1000), key.clone()].concat();
    let weight = |times: u64| change(&change_of(&[(KEYS, &keys(times))]));
    let most = MAX_CHANGE_EXPANDED / 1000;
    assert_eq!(weight(9).map(|found| (found.operations, found.expanded)), Ok((9, 9_001)));
    assert!(weight(most).is_ok());
    assert_eq!(weight(most + 1), Err(Unreadable::TooLarge));
    assert_eq!(weight(1 << 40), Err(Unreadable::TooLarge));
    let most = MAX_DOCUMENT_EXPANDED / 1000;
    let opened = |times: u64| document(&document_of(&[(KEYS | DEFLATED, &deflated(&keys(times)))])).is_ok();
    assert_eq!((opened(most), opened(most + 1)), (true, false));
}

#[test]
fn values_count_by_the_lengths_that_their_metadata_says() {
    // Strings of 1,000 bytes; of what bytes is said elsewhere.
    let metadata = |times: u64| [leb(times), leb(1000 << 4 | 6)].concat();
    let weight = |times: u64| change(&change_of(&[(METADATA, &metadata(times))]));
    assert_eq!(weight(9).map(|found| found.expanded), Ok(9_001));
    assert_eq!(weight(MAX_CHANGE_EXPANDED / 1000 + 1), Err(Unreadable::TooLarge));
    let huge = [leb(2), leb(u64::MAX >> 2)].concat();
    assert_eq!(change(&change_of(&[(METADATA, &huge)])), Err(Unreadable::TooLarge));
}

#[test]
fn a_group_counts_by_the_members_that_it_says_it_has() {
    let group = |times: u64, each: u64| [leb(times), leb(each)].concat();
    let weight =
        |times, each| change(&change_of(&[(GROUP, &group(times, each))])).map(|found| found.operations);
    assert_eq!(weight(9, 1), Ok(9));
    assert_eq!(weight(9, 40), Ok(360));
    assert_eq!(weight(1000, MAX_OPERATIONS), Err(Unreadable::TooLarge));
    assert_eq!(weight(1, u64::MAX >> 2), Err(Unreadable::TooLarge));
}

#[test]
fn what_stands_before_the_columns_counts() {
    let authors = |count: u64| {
        let others = vec![0; count as usize]; // each of no bytes
        let before = [&[0, 1, 7, 1, 1, 0, 0], leb(count).as_slice(), &others].concat();
        change(&chunk(CHANGE_CHUNK, &[before, columns(&[])].concat())).map(|found| found.authors)
    };
    assert_eq!(authors(3), Ok(4));
    assert_eq!(authors(MAX_DOCUMENT_AUTHORS), Err(Unreadable::TooLarge));
    let hashes = |count: u64| {
        let before = [leb(count), vec![0; 32 * count as usize], vec![1, 7, 1, 1, 0, 0, 0]].concat();
        change(&chunk(CHANGE_CHUNK, &[before, columns(&[])].concat())).map(|found| found.expanded)
    };
    assert_eq!(hashes(2), Ok(65));
    let many: Vec<(u64, &[u8])> = (0..100).map(|number| (number << 4 | 2, &[1_u8, 1][..])).collect();
    assert_eq!(change(&change_of(&many)), Err(Unreadable::NotAChange));
}

#[test]
fn one_document_is_one_chunk() {
    for kind in Kind::ALL {
        let saved = Document::genesis(*kind).save();
        assert!(document(&saved).is_ok(), "{kind}");
        assert!(document(&[&saved[..], &saved].concat()).is_err(), "{kind}, twice");
        assert!(document(&saved[..saved.len() - 1]).is_err(), "{kind}, cut off");
    }
}

/// What is weighed change by change is never less than the document that they make: a plan adds, and opens nothing to find out.
#[test]
fn a_document_weighs_no_more_than_its_changes() {
    let mut written = Document::genesis(Kind::Session);
    let mut weight = document(&written.save()).expect("it opens");
    for number in 0..40_u128 {
        let author = Actor { device: DeviceId::from_uuid(uuid::Uuid::from_u128(number % 3)), incarnation: 0 };
        let change = written
            .edit::<Session>(author, Millis(0), |session| {
                if number == 0 {
                    session.group().set(GroupId::from_uuid(uuid::Uuid::from_u128(9)))?;
                    session.date().set("2026-03-05".parse().expect("a day"))?;
                    session.part().set(PartOfDay::Morning)?;
                }
                session.summary().write(&"We sang. ".repeat((number * 7 % 11) as usize))?;
                session.minutes().set((1 + number as i64).try_into()?)
            })
            .expect("sound")
            .expect("new");
        weight = weight.with(&change.weight(), number < 3);
        let found = document(&written.save()).expect("it opens");
        assert!(found.within(&weight), "{found:?} after {weight:?}");
    }
}
