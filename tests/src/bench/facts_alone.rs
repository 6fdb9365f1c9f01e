//! Facts alone, of more sessions than a machine could hand in in a day: what groups of twenty weekly meetings would have left, written
//! where the service keeps its facts, and then every question of totals. There are no records behind them.

use std::time::Instant;

use diesel::connection::SimpleConnection;
use server::facts;
use server::on_each;
use server::store::{Conn, Store, StoreError};
use sync_core::area;
use sync_core::id::{Id, OrganisationId};
use sync_core::record::group::GroupKind;
use sync_core::record::session::Phase;
use sync_core::record::{AgeBand, Modality, Sex};

use super::figure::Figures;
use super::growth::{OF_A_GROUP, OTHERS, OURS, analyse};
use super::stage::Stage;
use super::{Size, totals};

/// Months in which one group meets, four times each.
const MONTHS: usize = 5;
/// Over how many months groups begin.
const BEGIN: usize = 30;
const PEOPLE: usize = 15;

/// Writes the facts of so many sessions, and asks.
pub(super) fn measure(size: Size, sessions: usize, stage: &Stage, url: &str, figures: &mut Figures) {
    let of = format!("facts of {sessions} sessions");
    let store = Store::open(url).expect("it opens");
    let mut organisations = vec![stage.village.organisation; OURS];
    organisations.extend((0..OTHERS).map(|number| stage.app.organisation(&format!("partner{number}"))));
    let begun = Instant::now();
    let groups = sessions / OF_A_GROUP;
    let written = store.write_blocking("facts", |tx| write(tx, groups, &organisations));
    written.expect("they are written");
    store.write_blocking("sums", facts::mend_sums).expect("they are added up");
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(facts::add_up(&store))
        .expect("they are added up");
    store.write_blocking("analyse", analyse).expect("it is analysed");
    figures.put(&of, "written in", begun.elapsed().as_secs_f64(), "s");
    totals::measure_all(&of, size, stage, figures);
}

fn run(tx: &mut Conn<'_>, sql: &str) -> Result<(), StoreError> {
    on_each!(tx, |c| c.batch_execute(sql))
}

/// 1. Lists of what groups are told apart by, and their number.
/// 2. A group in each village after the other, and its stream.
/// 3. Its people in each of its months, and from them what each month counts, by sex and age band.
fn write(tx: &mut Conn<'_>, groups: usize, organisations: &[OrganisationId]) -> Result<(), StoreError> {
    let sqlite = matches!(tx, Conn::Sqlite(_));
    // An id of sixteen bytes that says a number.
    let id = |letter: char, number: &str| match sqlite {
        true => format!("CAST(printf('{letter}%015d', {number}) AS blob)"),
        false => format!("convert_to('{letter}' || lpad(CAST({number} AS text), 15, '0'), 'UTF8')"),
    };
    let bytes = |bytes: &[u8]| {
        let hex = data_encoding::HEXLOWER.encode(bytes);
        if sqlite { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
    };
    let village = |area: &&area::Area| area.level() == area::Level::Village;
    let villages: Vec<String> =
        area::all().iter().filter(village).map(|area| format!("'{}'", area.code)).collect();
    let months: Vec<String> = (0..BEGIN + MONTHS)
        .map(|number| format!("'{}-{:02}'", 2024 + number / 12, number % 12 + 1))
        .collect();
    let lists = [
        ("villages", villages),
        ("months", months),
        ("organisations_of", organisations.iter().map(|id| bytes(id.uuid().as_bytes())).collect()),
        ("kinds", GroupKind::ALL.iter().map(|kind| format!("'{kind}'")).collect()),
        ("modalities", Modality::ALL.iter().map(|modality| format!("'{modality}'")).collect()),
        ("sexes", Sex::ALL.iter().map(|sex| format!("'{sex}'")).collect()),
        ("phases", Phase::ALL.iter().map(|phase| format!("'{phase}'")).collect()),
        ("ages", AgeBand::ALL.iter().map(|band| format!("'{band}'")).collect()),
    ];
    let mut size = std::collections::BTreeMap::new();
    for (name, words) in lists {
        let rows: Vec<String> =
            words.iter().enumerate().map(|(at, word)| format!("SELECT {at} AS at, {word} AS it")).collect();
        for (place, some) in rows.chunks(400).enumerate() {
            let some = some.join(" UNION ALL ");
            let into = if place == 0 {
                format!("CREATE TEMPORARY TABLE {name} AS {some}")
            } else {
                format!("INSERT INTO {name} {some}")
            };
            run(tx, &into)?;
        }
        run(tx, &format!("CREATE INDEX {name}_at ON {name} (at)"))?;
        size.insert(name, words.len());
    }
    let count = |name: &str| size[name];
    run(
        tx,
        &format!(
            "CREATE TEMPORARY TABLE numbered AS
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {groups})
             SELECT n.i, {id} AS id, o.it AS organisation, v.it AS village, k.it AS kind, m.it AS modality
             FROM n
             JOIN organisations_of o ON o.at = CASE WHEN n.i % 10 < {OURS} THEN 0 ELSE {OURS} + n.i % {OTHERS} END
             JOIN villages v ON v.at = CAST(n.i AS bigint) * 7919 % {villages}
             JOIN kinds k ON k.at = n.i % {kinds}
             JOIN modalities m ON m.at = CAST(n.i AS bigint) * 7919 % {modalities};
             INSERT INTO streams (id, kind, organisation_id, last_seq, fingerprint, created_at, compacted_to, key_number)
             SELECT id, 'group', organisation, 0, {none}, 0, 0, 0 FROM numbered;
             INSERT INTO documents (id, kind, stream_id, version, snapshot, operations, heads, updated_at)
             SELECT id, 'group', id, 1, {none}, 0, {none}, 0 FROM numbered;
             INSERT INTO groups (id, organisation_id, name, kind, modality, area, status, conflicts, was_in_conflict, name_folded)
             SELECT id, organisation, 'Itsinda', kind, modality, village, 'active', 0, FALSE, 'itsinda' FROM numbered;
             INSERT INTO strata (group_id, organisation_id, area, kind, modality)
             SELECT id, organisation, village, kind, modality FROM numbered;",
            id = id('g', "n.i"),
            none = bytes(&[0; 32]),
            villages = count("villages"),
            kinds = count("kinds"),
            modalities = count("modalities"),
        ),
    )?;
    run(
        tx,
        &format!(
            "INSERT INTO person_months (group_id, person_id, month, before, sex, age_band, consents)
             WITH RECURSIVE p(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM p WHERE i + 1 < {PEOPLE}),
                  w(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM w WHERE i + 1 < {MONTHS})
             SELECT g.id, {person}, m.it, CASE WHEN w.i = 0 THEN '' ELSE b.it END, s.it, a.it, TRUE
             FROM numbered g CROSS JOIN p CROSS JOIN w
             JOIN months m ON m.at = g.i % {BEGIN} + w.i
             JOIN months b ON b.at = g.i % {BEGIN} + w.i - CASE WHEN w.i = 0 THEN 0 ELSE 1 END
             JOIN sexes s ON s.at = (g.i + p.i) % {sexes}
             JOIN ages a ON a.at = (g.i + 3 * p.i) % {ages};
             INSERT INTO facts (group_id, month, sex, age_band, phase, part_of_day, state,
                                sessions, by_register, by_headcount, attendances, heads, minutes)
             SELECT f.group_id, f.month, CASE WHEN told.sexes = 1 THEN f.sex ELSE '' END,
                    CASE WHEN told.ages = 1 THEN f.age_band ELSE '' END, '', '', '', 4, 4, 0, 4 * count(*), 0, 360
             FROM person_months f
             CROSS JOIN (SELECT 0 AS sexes, 0 AS ages UNION ALL SELECT 1, 0 UNION ALL SELECT 0, 1 UNION ALL SELECT 1, 1) told
             GROUP BY 1, 2, 3, 4;
             INSERT INTO facts (group_id, month, sex, age_band, phase, part_of_day, state,
                                sessions, by_register, by_headcount, attendances, heads, minutes)
             SELECT g.id, m.it, '', '', h.it, 'morning', 'verified', 4, 4, 0, 4 * {PEOPLE}, 0, 360
             FROM numbered g CROSS JOIN (SELECT 0 AS i UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) w
             JOIN months m ON m.at = g.i % {BEGIN} + w.i
             JOIN phases h ON h.at = w.i;",
            person = id('p', &format!("g.i * {PEOPLE} + p.i")),
            sexes = count("sexes"),
            ages = count("ages"),
        ),
    )
}
