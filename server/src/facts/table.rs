//! The tables of sums, as SQL that both databases read: what they hold, and what they must hold.

use super::level::{FINEST, PLANES, Period, Step, steps};

/// A table of sums.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The columns of its key beside organisation, level, month, area, kind and modality, and beside `part`.
    more: &'static [&'static str],
    counts: &'static [&'static str],
    /// Whether it counts people: then its rows of the coarser planes follow from the finest one, and those of all times from the first month of
    /// each person.
    people: bool,
    /// What the finest level has, from the facts `f` of the groups.
    of_facts: &'static str,
}

pub(super) static TABLES: [Table; 3] = [
    Table {
        name: "fact_sums",
        more: &["plane", "sex", "age_band", "phase", "part_of_day", "state"],
        counts: &["sessions", "by_register", "by_headcount", "attendances", "heads", "minutes"],
        people: false,
        of_facts: "CASE WHEN f.state <> '' THEN 4
                ELSE CASE WHEN f.sex = '' THEN 0 ELSE 1 END + CASE WHEN f.age_band = '' THEN 0 ELSE 2 END END AS plane,
            f.sex, f.age_band, f.phase, f.part_of_day, f.state,
            f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads, f.minutes FROM facts f",
    },
    Table {
        name: "people_sums",
        more: &["plane", "sex", "age_band", "before", "consents"],
        counts: &["people"],
        people: true,
        of_facts: "3 AS plane, f.sex, f.age_band, f.before, f.consents, 1 AS people FROM person_months f",
    },
    Table {
        name: "doubt_sums",
        more: &[],
        counts: &DOUBTS,
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
    /// Its key without `part`.
    pub(super) fn key(&self) -> String {
        let common = ["organisation_id", "level", "month", "area", "kind", "modality"];
        common.iter().chain(self.more).copied().collect::<Vec<_>>().join(", ")
    }

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

    /// Rows of the finest level at each level, added up: each level from the rows of a finer one, so that only the finest levels are made of
    /// many rows.
    pub(super) fn at_each_level(&self, finest: &str) -> String {
        let finest = if self.people { in_each_plane(finest) } else { finest.to_owned() };
        let levels: Vec<String> =
            steps().map(|step| format!("l{} AS MATERIALIZED ({})", step.level, self.step(step))).collect();
        let all: Vec<String> = steps().map(|step| format!("SELECT * FROM l{}", step.level)).collect();
        format!(
            "WITH l{FINEST} AS MATERIALIZED ({finest}), {} {}",
            levels.join(", "),
            all.join(" UNION ALL "),
        )
    }

    /// The rows of one level, from those of another.
    fn step(&self, Step { level, period, digits, kinds, from: (from, finer) }: Step) -> String {
        let timeless = period == Period::All;
        let kept = |kept: bool, column: &str| if kept { format!("f.{column}") } else { "''".to_owned() };
        let more: String = self
            .more
            .iter()
            .map(|column| format!(", {} AS {column}", kept(*column != "before" || !timeless, column)))
            .collect();
        // In a month everybody is new who came in it; in all times whoever had not come before.
        let first = if self.people && timeless && finer != Period::All { "WHERE f.before = ''" } else { "" };
        let places: Vec<String> = (1..=6 + self.more.len()).map(|place| place.to_string()).collect();
        format!(
            "SELECT f.organisation_id, {level} AS level, {month} AS month, substr(f.area, 1, {digits}) AS area, {kind} AS kind,
                    {modality} AS modality{more}, {sums}
             FROM l{from} AS f {first} GROUP BY {places}",
            month = kept(!timeless, "month"),
            kind = kept(kinds, "kind"),
            modality = kept(kinds, "modality"),
            sums = self.counts(|count| format!("CAST(sum(f.{count}) AS bigint) AS {count}")),
            places = places.join(", "),
        )
    }

    /// Adds rows of all levels to what was added up.
    pub(super) fn add(&self, rows: &str, no_part: &str) -> String {
        format!(
            "INSERT INTO {name} ({key}, {counts}, part) SELECT {key}, {counts}, {no_part} FROM ({rows}) AS added WHERE 1 = 1
             ON CONFLICT ({key}, part) DO UPDATE SET {added}",
            name = self.name,
            key = self.key(),
            counts = self.counts(str::to_owned),
            added = self.counts(|count| format!("{count} = {}.{count} + excluded.{count}", self.name)),
        )
    }

    /// What the facts of the groups give that the sums don't, with all that waits; of each row the difference.
    pub(super) fn lacking(&self) -> String {
        let there = format!(
            "SELECT {key}, {counts} FROM {name} WHERE length(part) = 0
             UNION ALL SELECT {key}, {counts} FROM ({waiting}) AS waiting",
            key = self.key(),
            counts = self.counts(str::to_owned),
            name = self.name,
            waiting = self.at_each_level(&self.waiting("length(part) > 0")),
        );
        format!(
            "SELECT {key}, {sums} FROM (
                 SELECT {key}, {counts} FROM ({must}) AS must UNION ALL SELECT {key}, {negative} FROM ({there}) AS there
             ) AS both_ways GROUP BY {key} HAVING {differs}",
            key = self.key(),
            sums = self.counts(|count| format!("CAST(sum({count}) AS bigint) AS {count}")),
            counts = self.counts(str::to_owned),
            must = self.at_each_level(&self.of_facts()),
            negative = self.counts(|count| format!("-{count}")),
            differs = self.counts(|count| format!("sum({count}) <> 0")).replace(", ", " OR "),
        )
    }
}

/// Rows of people in each plane.
fn in_each_plane(finest: &str) -> String {
    format!(
        "SELECT f.organisation_id, f.month, f.area, f.kind, f.modality, p.plane, CASE WHEN p.sexes = 1 THEN f.sex ELSE '' END AS sex,
                CASE WHEN p.ages = 1 THEN f.age_band ELSE '' END AS age_band, f.before, f.consents, f.people
         FROM ({finest}) AS f CROSS JOIN ({PLANES}) AS p"
    )
}
