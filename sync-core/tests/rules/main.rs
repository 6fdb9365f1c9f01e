//! One property for each rule of merging: whatever several tablets write at the same time, and in whatever order each hears
//! of the others, all end with one record, and in it the rule holds.

mod replicas;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use replicas::{PARTICIPANT, Replicas, SESSION, Wrote, orders};
use sync_core::conflict::{Conflict, conflicts};
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::participant::{Exit, Participant};
use sync_core::record::referral::{Referral, ReferralEvent, ReferralStep, ServiceKind};
use sync_core::record::session::{Attendance, Cell, Session, SessionState, Theme};
use sync_core::record::{AgeBand, Kind, Sex};
use sync_core::time::Date;

fn date(number: u8) -> Date {
    Date::constant(2026, 1, 1 + (number % 28) as i8)
}

/// What is said by whom, in the order in which it is said; `None` is that somebody hears what another has so far.
fn said<T: std::fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<(usize, T, usize)>> {
    proptest::collection::vec((0..4_usize, one, 0..8_usize), 1..14)
}

/// Lets each say what they say, now and then hearing another before.
fn play<T>(
    replicas: &mut Replicas,
    said: &[(usize, T, usize)],
    mut say: impl FnMut(&mut Replicas, usize, &T),
) {
    for (who, what, hears) in said {
        replicas.hear(*who, *hears);
        say(replicas, replicas.number(*who), what);
    }
}

/// The values of a field in conflict, none where it has no conflict.
fn values(document: &Document, field: &str) -> BTreeSet<String> {
    let found: Option<Conflict> = conflicts(document).into_iter().find(|one| one.field == field);
    found.into_iter().flat_map(|one| one.claims).map(|claim| claim.value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Consent that was withdrawn stays withdrawn, from the earliest day that stands, until somebody who has heard of it
    /// records consent again; whoever records consent at the same time does not bring it back.
    #[test]
    fn consent_withdrawn_wins_until_it_is_given_again(
        said in said((any::<bool>(), 0..28_u8)),
        orders in orders(),
    ) {
        let mut replicas = Replicas::of(PARTICIPANT, 4);
        let mut withdrawn: Wrote<Option<Date>> = Wrote::default();
        play(&mut replicas, &said, |replicas, who, (withdraws, day)| {
            let before = replicas.read::<Participant>(who).consent_withdrawn;
            let wrote = replicas.edit::<Participant>(who, |one| match withdraws {
                true => one.consent_withdrawn().set(date(*day)),
                false => {
                    one.consent_date().set(date(*day))?;
                    one.consent_withdrawn().clear()
                }
            });
            // Whoever knows of no withdrawal says nothing about it.
            if *withdraws || before.is_some() {
                withdrawn.note(wrote.expect("sound"), withdraws.then(|| date(*day)));
            }
            assert_eq!(replicas.read::<Participant>(who).consent_withdrawn.is_some(), *withdraws);
        });
        let merged = replicas.merge(&orders)?;
        let one: Participant = merged.read().expect("sound");
        prop_assert_eq!(one.consent_withdrawn, withdrawn.standing(&replicas).into_iter().flatten().min());
        prop_assert_eq!(one.consents(), one.consent_date.is_some() && one.consent_withdrawn.is_none());
        prop_assert!(values(&merged, "consent_withdrawn").is_empty(), "nobody is asked");
    }

    /// A record is void only while nobody who says at the same time that it counts is unheard; where they differ, people are
    /// shown both.
    #[test]
    fn void_stands_until_somebody_takes_it_back(
        said in said(proptest::option::of(0..3_u8)),
        orders in orders(),
    ) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut wrote: Wrote<Option<String>> = Wrote::default();
        play(&mut replicas, &said, |replicas, who, reason| {
            let reason = reason.map(|number| format!("It never was, {number}."));
            let change = replicas.edit::<Session>(who, |session| match &reason {
                Some(reason) => session.void().set(reason.parse()?),
                None => session.void().clear(),
            });
            wrote.note(change.expect("sound"), reason.clone());
            let shown = replicas.read::<Session>(who).void;
            assert_eq!(shown.map(|reason| reason.to_string()), reason);
        });
        let merged = replicas.merge(&orders)?;
        let standing = wrote.standing(&replicas);
        let shown = merged.read::<Session>().expect("sound").void.map(|reason| reason.to_string());
        let counts = standing.contains(&None);
        let sound = if counts { shown.is_none() } else { standing.contains(&shown) || standing.is_empty() };
        prop_assert!(sound, "{shown:?} of {standing:?}");
        let words: BTreeSet<String> = standing.into_iter().map(Option::unwrap_or_default).collect();
        prop_assert_eq!(values(&merged, "void"), if words.len() > 1 { words } else { BTreeSet::new() });
    }

    /// The status that somebody with authority moved back is the furthest that anybody said who had not heard of that.
    #[test]
    fn a_status_moves_back_by_authority(said in said((0..3_usize, any::<bool>())), orders in orders()) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut wrote: Wrote<SessionState> = Wrote::default();
        play(&mut replicas, &said, |replicas, who, (state, back)| {
            let state = SessionState::ALL[*state];
            let change = replicas.edit::<Session>(who, |session| {
                if *back { session.state().move_to(state) } else { session.state().set(state) }
            });
            match change {
                Err(EditError::Backward { .. }) => assert!(!back),
                change => wrote.note(change.expect("sound"), state),
            }
        });
        let merged = replicas.merge(&orders)?;
        let furthest = wrote.standing(&replicas).into_iter().max().unwrap_or(SessionState::Draft);
        prop_assert_eq!(merged.read::<Session>().expect("sound").state, furthest);
        prop_assert!(conflicts(&merged).is_empty(), "nobody is asked");
    }

    /// Somebody who asked to be erased is erased, whatever else is recorded of them at the same time.
    #[test]
    fn erasure_wins(said in said((0..3_u8, 0..28_u8)), orders in orders()) {
        let mut replicas = Replicas::of(PARTICIPANT, 4);
        let mut erased = Wrote::default();
        play(&mut replicas, &said, |replicas, who, (what, day)| {
            let wrote = replicas.edit::<Participant>(who, |one| match what {
                0 => one.erased().set(date(*day)),
                1 => one.consent_date().set(date(*day)),
                _ => one.exit().set(Exit::ALL[usize::from(*day) % Exit::ALL.len()]),
            });
            if *what == 0 { erased.note(wrote.expect("sound"), date(*day)); }
        });
        let one: Participant = replicas.merge(&orders)?.read().expect("sound");
        prop_assert_eq!(one.erased, erased.standing(&replicas).into_iter().min());
        prop_assert!(one.erased.is_none() || !one.consents());
    }

    /// A status is the furthest that anybody said, on no tablet less than it was there before.
    #[test]
    fn a_status_only_moves_forward(said in said(0..3_usize), orders in orders()) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut furthest = SessionState::Draft;
        play(&mut replicas, &said, |replicas, who, state| {
            let (state, before) = (SessionState::ALL[*state], replicas.read::<Session>(who).state);
            let wrote = replicas.edit::<Session>(who, |session| session.state().set(state));
            assert_eq!(matches!(wrote, Err(EditError::Backward { .. })), state < before, "{wrote:?}");
            furthest = furthest.max(state.max(before));
            assert_eq!(replicas.read::<Session>(who).state, state.max(before));
        });
        let merged = replicas.merge(&orders)?;
        prop_assert_eq!(merged.read::<Session>().expect("sound").state, furthest);
        prop_assert!(conflicts(&merged).is_empty(), "nobody is asked");
    }

    /// Heads that two counted differently are neither added up nor is the greater taken: both stand, until somebody says.
    #[test]
    fn headcounts_are_never_added_up(said in said((0..2_usize, 0..60_i64)), orders in orders()) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut counted: BTreeMap<Cell, Wrote<i64>> = BTreeMap::new();
        play(&mut replicas, &said, |replicas, who, (sex, heads)| {
            let cell = Cell { sex: Sex::ALL[*sex], age_band: AgeBand::From16To24 };
            let count = (*heads).try_into().expect("in range");
            let wrote = replicas.edit::<Session>(who, |session| session.headcount().put(&cell, count));
            counted.entry(cell).or_default().note(wrote.expect("sound"), *heads);
        });
        let merged = replicas.merge(&orders)?;
        let session: Session = merged.read().expect("sound");
        for (cell, wrote) in counted {
            let standing = wrote.standing(&replicas);
            prop_assert!(standing.contains(&session.headcount[&cell].get()), "one that somebody counted");
            let shown = values(&merged, &format!("headcount/{cell}"));
            let all: BTreeSet<String> = standing.iter().map(ToString::to_string).collect();
            prop_assert_eq!(shown, if all.len() > 1 { all } else { BTreeSet::new() });
        }
    }

    /// A register keeps every value that nobody who saw it replaced, and shows one of them.
    #[test]
    fn a_register_keeps_every_value(said in said(proptest::option::of(1..4_i64)), orders in orders()) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut wrote = Wrote::default();
        play(&mut replicas, &said, |replicas, who, minutes| {
            let change = replicas.edit::<Session>(who, |session| match minutes {
                Some(minutes) => session.minutes().set((*minutes).try_into()?),
                None => session.minutes().clear(),
            });
            wrote.note(change.expect("sound"), *minutes);
        });
        let merged = replicas.merge(&orders)?;
        let standing = wrote.standing(&replicas);
        let shown = merged.read::<Session>().expect("sound").minutes.map(i64::from);
        prop_assert!(standing.contains(&shown) || (standing.is_empty() && shown.is_none()));
        prop_assert!(shown.is_some() || standing.iter().all(Option::is_none), "a value stands before none");
        let words = |one: &Option<i64>| one.map(|minutes| minutes.to_string()).unwrap_or_default();
        let all: BTreeSet<String> = standing.iter().map(words).collect();
        prop_assert_eq!(values(&merged, "minutes"), if all.len() > 1 { all } else { BTreeSet::new() });
    }

    /// Of one participant two marks that differ are both kept; marks of different people never meet.
    #[test]
    fn marks_of_attendance_are_registers_of_their_own(
        said in said((0..3_u128, 0..4_usize)),
        orders in orders(),
    ) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut marked: BTreeMap<u128, Wrote<Attendance>> = BTreeMap::new();
        play(&mut replicas, &said, |replicas, who, (person, mark)| {
            let (person, mark) = (*person, Attendance::ALL[*mark]);
            let put = replicas.edit::<Session>(who, |session| {
                session.attendance().put(&replicas::person(person), mark)
            });
            marked.entry(person).or_default().note(put.expect("sound"), mark);
        });
        let merged = replicas.merge(&orders)?;
        let session: Session = merged.read().expect("sound");
        prop_assert_eq!(session.attendance.len(), marked.len());
        for (person, wrote) in marked {
            let (standing, person) = (wrote.standing(&replicas), replicas::person(person));
            prop_assert!(standing.contains(&session.attendance[&person]));
            let all: BTreeSet<String> = standing.iter().map(ToString::to_string).collect();
            let shown = values(&merged, &format!("attendance/{person}"));
            prop_assert_eq!(shown, if all.len() > 1 { all } else { BTreeSet::new() });
        }
    }

    /// A set has what anybody added, unless somebody who saw it there took it out; adding wins over removing.
    #[test]
    fn a_set_keeps_what_was_added(said in said((0..3_usize, any::<bool>())), orders in orders()) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut wrote: BTreeMap<Theme, Wrote<bool>> = BTreeMap::new();
        play(&mut replicas, &said, |replicas, who, (theme, on)| {
            let theme = Theme::ALL[*theme];
            let change = replicas.edit::<Session>(who, |session| match on {
                true => session.themes().insert(&theme),
                false => session.themes().remove(&theme),
            });
            wrote.entry(theme).or_default().note(change.expect("sound"), *on);
        });
        let merged = replicas.merge(&orders)?;
        let on = |(theme, wrote): (Theme, Wrote<bool>)| wrote.standing(&replicas).contains(&true).then_some(theme);
        let expected: BTreeSet<Theme> = wrote.into_iter().filter_map(on).collect();
        prop_assert_eq!(merged.read::<Session>().expect("sound").themes, expected);
        prop_assert!(conflicts(&merged).is_empty(), "nobody is asked");
    }

    /// What is only ever added to has all that anybody noted; and where nobody was sent without consent on any tablet, nobody is once all
    /// meet, in whatever order.
    #[test]
    fn what_is_append_only_only_grows(said in said((0..6_usize, 0..28_u8)), orders in orders()) {
        let mut replicas = Replicas::of(Kind::Referral, 4);
        let mut noted = BTreeSet::new();
        play(&mut replicas, &said, |replicas, who, (step, day)| {
            let event = ReferralEvent { step: ReferralStep::ALL[*step], on: date(*day) };
            let before = replicas.read::<Referral>(who).events;
            match replicas.edit::<Referral>(who, |referral| referral.events().insert(&event)) {
                Ok(_) => drop(noted.insert(event)),
                Err(EditError::Invalid(invalid)) => assert_eq!(invalid.field, "events", "sent without consent"),
                Err(other) => panic!("{other:?}"),
            }
            assert!(before.is_subset(&replicas.read::<Referral>(who).events));
        });
        prop_assert_eq!(replicas.merge(&orders)?.read::<Referral>().expect("sound").events, noted);
    }

    /// Of a text no line that somebody wrote is lost or torn.
    #[test]
    fn text_keeps_every_line(said in said("[a-z]{1,9}"), orders in orders()) {
        let mut replicas = Replicas::of(SESSION, 4);
        let mut lines = Vec::new();
        play(&mut replicas, &said, |replicas, who, words| {
            let line = format!("{} {words}", lines.len());
            replicas.edit::<Session>(who, |session| session.summary().append(&line)).expect("sound");
            lines.push(line);
        });
        let store = replicas.merge(&orders)?;
        prop_assert!(conflicts(&store).is_empty(), "who adds a line of their own clashes with nobody");
        let session: Session = store.read().expect("sound");
        let mut merged: Vec<String> = session.summary.lines().map(str::to_owned).collect();
        merged.sort();
        lines.sort();
        prop_assert_eq!(merged, lines);
    }

    /// What is fixed stays what it was at first, whoever writes it again; the rest of what they say is not held back.
    #[test]
    fn what_is_fixed_stays(said in said(0..8_usize), orders in orders()) {
        let mut replicas = Replicas::of(Kind::Referral, 4);
        let first = replicas.read::<Referral>(0).to;
        play(&mut replicas, &said, |replicas, who, service| {
            let service = ServiceKind::ALL[*service];
            let wrote = replicas.edit::<Referral>(who, |referral| referral.to().set(service));
            match wrote {
                Ok(None) => assert_eq!(service, first, "the same again is no change"),
                Err(EditError::AlreadySet { field: "to" }) => assert_ne!(service, first),
                other => panic!("{other:?}"),
            }
        });
        prop_assert_eq!(replicas.merge(&orders)?.read::<Referral>().expect("sound").to, first);
    }

    /// Of two who begin a record apart and say of it different things that are said once, the first that arrives stands, in
    /// whatever order, and the other waits with a reason.
    #[test]
    fn of_two_first_values_one_stands(services in (0..8_usize, 0..8_usize), swapped in any::<bool>()) {
        let begun = |device: usize, service: usize| Replicas::begin(device, ServiceKind::ALL[service]);
        let (mut one, mut other) = (begun(0, services.0), begun(1, services.1));
        if swapped { std::mem::swap(&mut one, &mut other); }
        let outcomes = replicas::offer(&[&one, &other]);
        prop_assert_eq!(&outcomes[0], &Outcome::Accepted);
        let held = match &outcomes[1] {
            Outcome::Accepted => services.0 == services.1,
            Outcome::Quarantined(Reason::Invalid(field, _)) => field == "to" && services.0 != services.1,
            _ => false,
        };
        prop_assert!(held, "{:?}", outcomes);
    }
}
