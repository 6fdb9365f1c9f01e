//! Whatever is asked at once of what was quarantined.

use std::collections::BTreeSet;

use super::*;

#[test]
fn each_filter_holds_whatever_else_is_asked() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let groups = [village.group, village.group("Dufatanye", "peace_club")];
        let mut tablet = Stranger::enrolled(&app, &village, "jeanne");
        village.assign(tablet.user, groups[1]);
        // Of each group what can't be read, and what its author may not say; of each reason one is released or rejected, one
        // waits.
        for group in groups {
            let spoilt = [5, 6, 7].map(|date| {
                let id = SessionId::of(group, day(3, date), 0, 0).into();
                (Kind::Session, id, format!("no change {date}").into_bytes())
            });
            tablet.hand_in(&app, group.into(), &spoilt);
            village.unassign(tablet.user, group);
            let unassigned = [8, 9, 10].map(|date| tablet.session(group, date));
            tablet.hand_in(&app, group.into(), &unassigned);
        }
        for group in groups {
            for reason in ["unreadable", "not-assigned"] {
                let waiting = village.manager.all(&format!("{LIST}?group={group}&reason={reason}"));
                assert_eq!(waiting.len(), 3, "{reason}");
                reject(&village.manager, &id_of(&waiting[0]), "It was a trial.").ok();
                if reason == "not-assigned" {
                    release(&village.manager, &id_of(&waiting[1])).ok();
                }
            }
        }

        let ids = |query: &str| -> BTreeSet<String> {
            village.manager.all(&format!("{LIST}?{query}")).iter().map(id_of).collect()
        };
        let states = ["waiting", "released", "rejected"].map(|state| format!("state={state}"));
        let mut all = 0;
        for state in &states {
            // What waits is meant where no state is said.
            let alone = ids(state);
            all += alone.len();
            for reason in ["unreadable", "not-assigned", "invalid"] {
                for group in groups {
                    let of = |query: &str| ids(&format!("{query}&{state}"));
                    let (reason, group) = (format!("reason={reason}"), format!("group={group}"));
                    let both: BTreeSet<String> = of(&reason).intersection(&of(&group)).cloned().collect();
                    assert_eq!(of(&format!("{reason}&{group}")), both, "{state}&{reason}&{group}");
                    assert!(both.is_subset(&alone));
                    let expected = match (state.as_str(), reason.as_str()) {
                        (_, "reason=invalid") | ("state=released", "reason=unreadable") => 0,
                        ("state=waiting", "reason=unreadable") => 2,
                        _ => 1,
                    };
                    assert_eq!(both.len(), expected, "{state}&{reason}&{group}");
                }
            }
        }
        assert_eq!(all, 12);
        assert_eq!(ids(""), ids("state=waiting"));
    });
}
