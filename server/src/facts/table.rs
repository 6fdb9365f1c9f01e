//! The tables of sums, as SQL that both databases read: what they hold, and what they must hold.

use super::level::{PLANES, Period, levels, period_of};

/// A table of sums.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The columns of its key without `part`.
    pub(super) key: &'static str,
    counts: &'static [&'static str],
    /// What its key has beside organisation, level, month, area, kind and modality: of a row `f` of the finest level at a level `l` and
    /// plane `p`.
    more: &'static str,
    /// Whether its rows of the coarser planes follow from the finest one, and count in a period only where nothing went before.
    people: bool,
    /// What the finest level has beside that, from the facts `f` of the groups.
    of_facts: &'static str,
}

pub(super) static TABLES: [Table; 3] = [
    Table {
        name: "fact_sums",
        key: "organisation_id, level, month, area, kind, modality, plane, sex, age_band",
        counts: &["sessions", "by_register", "by_headcount", "attendances", "heads"],
        more: "f.plane, f.sex, f.age_band",
        people: false,
        of_facts: "CASE WHEN f.sex = '' THEN 0 ELSE 1 END + CASE WHEN f.age_band = '' THEN 0 ELSE 2 END AS plane,
            f.sex, f.age_band, f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads FROM facts f",
    },
    Table {
        name: "people_sums",
        key: "organisation_id, level, month, area, kind, modality, plane, sex, age_band, before, consents",
        counts: &["people"],
        more: "p.plane, CASE WHEN p.sexes = 1 THEN f.sex ELSE '' END AS sex,
            CASE WHEN p.ages = 1 THEN f.age_band ELSE '' END AS age_band, {before} AS before, f.consents",
        people: true,
        of_facts: "3 AS plane, f.sex, f.age_band, f.before, f.consents, 1 AS people FROM person_months f",
    },
    Table {
        name: "doubt_sums",
        key: "organisation_id, level, month, area, kind, modality",
        counts: &DOUBTS,
        more: "",
        people: false,
        of_facts: "f.doubles, f.moved, f.void, f.recorded_since, f.possible_doubles, f.date_doubts, f.void_attendances,
            f.without_record, f.one_or_two, f.consent_date_doubts FROM fact_doubts f",
    },
];

/// What is counted of doubts.
pub(crate) const DOUBTS: [&str; 10] = [
    "doubles",
    "moved",
    "void",
    "recorded_since",
    "possible_doubles",
    "date_doubts",
    "void_attendances",
    "without_record",
    "one_or_two",
    "consent_date_doubts",
];

impl Table {
    pub(super) fn counts(&self, each: impl Fn(&str) -> String) -> String {
        self.counts.iter().map(|count| each(count)).collect::<Vec<_>>().join(", ")
    }

    /// What waits in these parts, of the finest level.
    pub(super) fn waiting(&self, parts: &str) -> String {
        format!("SELECT * FROM {} WHERE {parts}", self.name)
    }

    /// The same, of all facts of the groups.
    fn of_facts(&self) -> String {
        format!(
            "SELECT s.organisation_id, f.month, s.area, s.kind, s.modality, {} JOIN strata s ON s.group_id = f.group_id",
            self.of_facts
        )
    }

    /// Rows of the finest level at each level, added up.
    pub(super) fn at_each_level(&self, finest: &str) -> String {
        let places: Vec<String> = (1..=self.key.split(',').count()).map(|place| place.to_string()).collect();
        let more = self.more.replace("{before}", &period_of("f.before"));
        let (planes, counts) = match self.people {
            // In a month everybody is new who came in it; in all times whoever had not come before.
            true => (
                format!("CROSS JOIN ({PLANES}) AS p"),
                format!("WHERE l.period > {} OR f.before = ''", Period::All as i32),
            ),
            false => Default::default(),
        };
        format!(
            "SELECT f.organisation_id, l.level, {month} AS month, substr(f.area, 1, l.digits) AS area,
                    CASE WHEN l.kinds = 1 THEN f.kind ELSE '' END AS kind,
                    CASE WHEN l.kinds = 1 THEN f.modality ELSE '' END AS modality{more}, {sums}
             FROM ({finest}) AS f CROSS JOIN ({levels}) AS l {planes} {counts} GROUP BY {places}",
            month = period_of("f.month"),
            more = if more.is_empty() { String::new() } else { format!(", {more}") },
            sums = self.counts(|count| format!("CAST(sum(f.{count}) AS bigint) AS {count}")),
            levels = levels(),
            places = places.join(", "),
        )
    }

    /// Adds rows of all levels to what was added up.
    pub(super) fn add(&self, rows: &str, no_part: &str) -> String {
        format!(
            "INSERT INTO {name} ({key}, {counts}, part) SELECT {key}, {counts}, {no_part} FROM ({rows}) AS added WHERE 1 = 1
             ON CONFLICT ({key}, part) DO UPDATE SET {added}",
            name = self.name,
            key = self.key,
            counts = self.counts(str::to_owned),
            added = self.counts(|count| format!("{count} = {}.{count} + excluded.{count}", self.name)),
        )
    }

    /// What the facts of the groups give that the sums don't, with all that waits; of each row the difference.
    pub(super) fn lacking(&self) -> String {
        let there = format!(
            "SELECT {key}, {counts} FROM {name} WHERE length(part) = 0
             UNION ALL SELECT {key}, {counts} FROM ({waiting}) AS waiting",
            key = self.key,
            counts = self.counts(str::to_owned),
            name = self.name,
            waiting = self.at_each_level(&self.waiting("length(part) > 0")),
        );
        format!(
            "SELECT {key}, {sums} FROM (
                 SELECT {key}, {counts} FROM ({must}) AS must UNION ALL SELECT {key}, {negative} FROM ({there}) AS there
             ) AS both_ways GROUP BY {key} HAVING {differs}",
            key = self.key,
            sums = self.counts(|count| format!("CAST(sum({count}) AS bigint) AS {count}")),
            counts = self.counts(str::to_owned),
            must = self.at_each_level(&self.of_facts()),
            negative = self.counts(|count| format!("-{count}")),
            differs = self.counts(|count| format!("sum({count}) <> 0")).replace(", ", " OR "),
        )
    }
}
