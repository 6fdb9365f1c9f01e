//! Of people: who came, whose marks count for whom, and of whom it is not known whether they are one.

use super::{VOID_GROUPS, left_out};

/// Two common table expressions over one that is called `asked` and has the `id` and `group_id` of sessions:
///
/// - `mark`: everybody who came, by the code under which they were marked: `owner`, whether that one is void or was erased, and `who`
///   counts in their place.
/// - `came`: each session once with each person `who` came, void and erased ones left out.
///
/// As [`sync_core::person`] says. Of several marks of one code at the same time the one that is shown counts; another one
/// only where its tablet had given the code to somebody else (`split`): then it is of another person.
pub(crate) const CAME: &str = "
    mark AS (
        SELECT asked.id AS session_id, asked.group_id, coalesce(o.split_to, a.participant_id) AS owner,
               CASE WHEN own.erased THEN 'erased' ELSE own.void END AS void, coalesce(one.person_id, o.split_to, a.participant_id) AS who
        FROM asked
        JOIN attendances a ON a.session_id = asked.id AND a.mark IN ('present', 'late')
        LEFT JOIN participants p ON p.id = a.participant_id AND p.group_id = asked.group_id
        LEFT JOIN participant_origins o ON o.participant_id = p.id AND o.device_id = a.author
        LEFT JOIN attendances b
            ON b.session_id = a.session_id AND b.participant_id = a.participant_id AND b.shown AND NOT a.shown
        LEFT JOIN participant_origins ob ON ob.participant_id = p.id AND ob.device_id = b.author
        LEFT JOIN participants own
            ON own.id = coalesce(o.split_to, a.participant_id) AND own.group_id = asked.group_id
        LEFT JOIN people one ON one.participant_id = own.id
        WHERE a.shown
        OR coalesce(o.split_to, a.participant_id) <> coalesce(ob.split_to, a.participant_id)
    ), came AS (
        SELECT DISTINCT session_id, group_id, who FROM mark WHERE void IS NULL
    )";

/// Whether a participant may be two people: two or more tablets began the record not knowing of each other, and nobody
/// has said that all of them mean one person, or told them apart. As [`sync_core::person::in_doubt`].
pub(crate) fn one_or_two(participants: &str) -> String {
    let begun = format!(
        "FROM participant_origins o
         WHERE o.participant_id = {participants}.id AND o.began AND o.split_to IS NULL"
    );
    format!(
        "({participants}.void IS NULL AND NOT {participants}.erased AND {participants}.group_id NOT IN ({VOID_GROUPS})
          AND (SELECT count(*) {begun}) > 1 AND EXISTS (SELECT 1 {begun} AND NOT o.confirmed))"
    )
}

/// Whether a participant `p` graduated, and counts: not void, not erased, not another person's code.
pub(crate) const GRADUATED: &str = "p.exit = 'graduated' AND p.void IS NULL AND NOT p.erased
    AND NOT EXISTS (SELECT 1 FROM people other WHERE other.participant_id = p.id)";

/// The month in which a group `g` met last. It stands for the day on which its people graduated, which is recorded nowhere.
pub(crate) const MET_LAST: &str = "(SELECT max(f.month) FROM facts f
    WHERE f.group_id = g.id AND f.sex = '' AND f.age_band = '' AND f.state = '' AND f.sessions > 0)";

/// Whether a mark `a` says that somebody was absent without an excuse, by a tablet to which their code was not given for somebody else (`o`, where
/// the tablet began it). Written as the index `attendances_absent` has it.
pub(crate) const ABSENT_MARK: &str = "a.shown AND a.mark = 'absent' AND o.split_to IS NULL";

/// From how many sessions that count a participant was absent without an excuse, by the marks under their code: a number in SQL, for each row of
/// the table that is called `participants`.
pub(crate) fn absences(participants: &str) -> String {
    format!(
        "(SELECT count(*) FROM attendances a
          LEFT JOIN participant_origins o ON o.participant_id = a.participant_id AND o.device_id = a.author
          WHERE a.participant_id = {participants}.id AND {ABSENT_MARK} AND a.session_id NOT IN ({}))",
        left_out()
    )
}
