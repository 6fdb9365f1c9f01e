//! What was recorded by mistake is put right, taken back, and heard of on the other tablet.

use sync_core::form::EditError;
use sync_core::id::{GroupId, SessionId};
use sync_core::record::group::GroupEdit;
use sync_core::record::session::{SessionEdit, SessionState};
use sync_core::record::{Group, Session};
use sync_core::time::Date;

use crate::commands::{Tablet, says, two_tablets};

/// What supervisors and managers say reaches a tablet as any change does; the store in memory takes it of everybody.
impl Tablet {
    fn group(&self) -> GroupId {
        self.device.tablet().groups()[0]
    }

    /// Of the meeting on the morning of 5 March.
    fn says_as_a_supervisor(&mut self, said: impl FnOnce(&mut SessionEdit<'_>) -> Result<(), EditError>) {
        let group = self.group();
        let session = SessionId::of(group, Date::constant(2026, 3, 5), 0, 0);
        assert!(self.device.edit::<Session>(group.into(), session, said).expect("an edit"));
        self.run("sync");
    }

    fn says_as_a_manager(&mut self, said: impl FnOnce(&mut GroupEdit<'_>) -> Result<(), EditError>) {
        let group = self.group();
        assert!(self.device.edit::<Group>(group.into(), group, said).expect("an edit"));
        self.run("sync");
    }
}

fn lacks(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(!said.contains(part), "\"{part}\" should not be in:\n{said}");
    }
}

#[test]
fn a_meeting_under_a_wrong_day_moves_with_all_that_was_said_of_it_and_back() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    jeanne.run("participant add aba --code P01");
    jeanne.run("session record aba --date 4/3/2026 --minutes 90 --theme grief --present P01 --summary Song");
    let fixed = jeanne.try_run("session edit aba 4/3/2026 --date 5/3/2026").expect_err("fixed").to_string();
    says(&fixed, &["session move", "--to 5/3/2026 --reason"]);
    let moved = jeanne.run("session move aba 2026-03-04 --to 5/3/2026 --reason mistyped");
    says(
        &moved,
        &["the meeting of Abahuje on 4 March 2026 (morning) is now the meeting of Abahuje on 5 March 2026"],
    );
    let shown = jeanne.run("show aba today");
    says(&shown, &["Moved from", "Minutes       90", "grief", "Present       P01", "Song"]);
    says(&jeanne.run("show aba yesterday"), &["Moved to", "on 5 March 2026 (morning), which counts"]);
    let listed = jeanne.run("sessions aba");
    says(&listed, &["has 1 recorded meeting", "2026-03-05", "Left out:", "4 March 2026 (morning), moved to"]);
    says(&jeanne.run("groups"), &["1              1"]);
    let again =
        jeanne.try_run("session move aba 2026-03-04 --to 3/3/2026 --reason again").expect_err("moved");
    says(&again.to_string(), &["was moved already"]);

    jeanne.run("sync");
    eric.run("sync");
    says(&eric.run("sessions aba"), &["has 1 recorded meeting", "moved to"]);
    // What is recorded of the wrong day from now on is another meeting.
    eric.run("session record aba --date 4/3/2026 --minutes 30");
    says(&eric.run("sessions aba"), &["has 2 recorded meetings"]);
    let back = eric.run("session move aba 5/3/2026 --to-part evening --reason late");
    says(&back, &["on 5 March 2026 (evening)"]);
    let on = jeanne.run("session move aba 2026-03-04 --back --reason right");
    says(&on, &["on 4 March 2026 (morning) stands again", "on 5 March 2026 (morning) counts nowhere"]);
    says(
        &jeanne.run("sessions aba"),
        &["has 1 recorded meeting", "2026-03-04", "a move that was taken back"],
    );
    // The two records say the same, and one of them counts: nobody is asked whether it was recorded twice.
    lacks(&jeanne.run("sessions aba"), &["look like one meeting"]);
    lacks(&jeanne.run("show aba 2026-03-04"), &["Perhaps"]);
    let nowhere = jeanne.run("session edit aba 2026-03-05 --minutes 75");
    says(&nowhere, &["Saved", "counts nowhere, as it was made by a move of", "that was taken back"]);
    lacks(&jeanne.run("session edit aba 2026-03-04 --minutes 75"), &["counts nowhere"]);
}

#[test]
fn a_meeting_that_never_was_is_void_until_that_is_taken_back() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    jeanne.run("session record aba --date 5/3/2026 --minutes 90");
    jeanne.run("sync");
    eric.run("sync");
    let refused = eric.try_run("session void aba 5/3/2026 --reason never").expect_err("not his").to_string();
    says(&refused, &["not you who recorded it but Jeanne", "ask your supervisor"]);
    says(
        &jeanne.run("session void aba 5/3/2026 --reason never"),
        &["was recorded by mistake, and counts nowhere"],
    );
    let listed = jeanne.run("sessions aba");
    says(&listed, &["has 0 recorded meetings", "recorded by mistake (never)"]);
    says(&jeanne.run("show aba 5/3/2026"), &["Void          never; counts nowhere"]);
    jeanne.run("sync");
    eric.run("sync");
    says(&eric.run("sessions aba"), &["has 0 recorded meetings", "recorded by mistake (never)"]);
    let twice = jeanne.try_run("session void aba 5/3/2026 --reason never").expect_err("void").to_string();
    says(&twice, &["void already"]);
    says(&jeanne.run("session void aba 5/3/2026 --back --reason it-was"), &["counts again"]);
    says(&jeanne.run("sessions aba"), &["has 1 recorded meeting"]);
}

#[test]
fn somebody_recorded_by_mistake_counts_nowhere_and_their_code_is_never_given_again() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    for _ in 0..3 {
        jeanne.run("participant add aba");
    }
    says(&jeanne.run("participants aba"), &["has 3 participants", "P01", "P02", "P03"]);
    let taken = jeanne.try_run("participant add aba --code P02").expect_err("taken").to_string();
    says(&taken, &["a code is never given again", "the next free one is P04"]);
    says(&jeanne.run("participant void aba P03 --reason mistake"), &["counts nowhere"]);
    says(
        &jeanne.run("participant same-as aba P02 P01 --reason twice"),
        &["P02 of Abahuje is participant P01"],
    );
    let listed = jeanne.run("participants aba");
    says(
        &listed,
        &["has 1 participant", "Left out: P02, who is P01", "Left out: P03, recorded by mistake (mistake)"],
    );
    says(&jeanne.run("groups"), &["1              0"]);
    says(&jeanne.run("show P03"), &["Participant P03 of Abahuje", "Void"]);
    says(&jeanne.run("show abahuje p02"), &["The same as   P01, who counts"]);
    says(&jeanne.run("participant add aba"), &["participant P04"]);
    let came = jeanne.run("session record aba --date today --present P03");
    says(&came, &["Look again: P03 was recorded by mistake (mistake)"]);
    jeanne.run("participant void aba P03 --back --reason right");
    jeanne.run("participant same-as aba P02 --none --reason right");
    says(&jeanne.run("participants aba"), &["has 4 participants"]);
}

#[test]
fn an_exit_and_a_withdrawal_are_undone_and_whoever_is_gone_is_not_marked_unnoticed() {
    let (_store, mut jeanne, _) = two_tablets();
    jeanne.run("sync");
    jeanne.run("participant add aba --code P01 --consent oral --consent-date 1/3/2026");
    jeanne.run("participant edit aba P01 --withdrawn 3/3/2026 --exit moved");
    let said = jeanne.run("session record aba --date today --present P01");
    says(&said, &["Look again: P01 withdrew consent on 3 March 2026, and is marked as having come."]);
    jeanne.run("participant edit aba P01 --not-withdrawn --not-left --reason mistake");
    let shown = jeanne.run("show P01");
    says(&shown, &["oral on 1 March 2026"]);
    lacks(&shown, &["Withdrawn", "Left"]);
    // Who puts right only how they consented moves neither the day nor what they consented to.
    jeanne.run("participant edit aba P01 --consent oral --consent-to research");
    jeanne.run("participant edit aba P01 --consent written");
    says(&jeanne.run("show P01"), &["written on 1 March 2026, to research"]);
    jeanne.run("participant edit aba P01 --withdrawn 3/3/2026");
    jeanne.run("participant edit aba P01 --consent written --consent-date yesterday");
    let shown = jeanne.run("show P01");
    says(&shown, &["written on 4 March 2026"]);
    lacks(&shown, &["Withdrawn"]);
    lacks(&jeanne.run("session edit aba today --present P01"), &["Look again"]);
}

#[test]
fn one_code_that_two_tablets_gave_is_one_person_or_two_as_somebody_says() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    eric.run("sync");
    for tablet in [&mut jeanne, &mut eric] {
        tablet.run("participant add aba --code P01");
        tablet.run("participant add aba --code P02");
        tablet.run("sync");
    }
    jeanne.run("sync");
    let listed = jeanne.run("participants aba");
    says(&listed, &["P01 was registered on", "your tablet", "the tablet of Eric", "one person or two?"]);
    says(&jeanne.run("show P01"), &["In doubt", "participant confirm", "participant split"]);
    says(
        &jeanne.run("participant split aba P02 eric --reason two"),
        &["is participant P03, also from now on"],
    );
    says(&jeanne.run("show P02"), &["whom the tablet of Eric marks so: that is P03"]);
    says(&jeanne.run("participant confirm aba"), &["P01 each one person"]);
    lacks(&jeanne.run("participants aba"), &["one person or two?"]);
    jeanne.run("sync");
    eric.run("sync");
    lacks(&eric.run("participants aba"), &["one person or two?"]);
    says(
        &jeanne.run("participant split aba P02 eric --back --reason one"),
        &["is of participant P02 of Abahuje"],
    );
    says(&jeanne.run("participants aba"), &["P02 was registered on"]);
}

#[test]
fn two_corrections_of_one_word_are_shown_and_settled_with_a_reason() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    jeanne.run("session record aba --date today --summary Peple");
    jeanne.run("sync");
    eric.run("sync");
    for tablet in [&mut jeanne, &mut eric] {
        tablet.run("session edit aba today --summary People");
        tablet.run("sync");
    }
    says(
        &jeanne.run("sync"),
        &["summary: \"People\"", "merged, it reads \"Peoople\" until somebody settles it"],
    );
    let shown = jeanne.run("show aba today");
    let id = shown.split("tablet settle ").nth(1).and_then(|rest| rest.split(' ').next()).expect("its id");
    says(
        &jeanne.run(&format!("settle {id} summary --with People --reason both")),
        &["Settled: summary of the meeting"],
    );
    jeanne.run("sync");
    eric.run("sync");
    says(&eric.run("show aba today"), &["Summary       People"]);
    lacks(&eric.run("show aba today"), &["Peoople"]);
}

#[test]
fn a_meeting_that_was_verified_changed_and_returned_says_so() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    jeanne.run("session record aba --date 5/3/2026 --minutes 90 --submit");
    jeanne.run("sync");
    eric.run("sync");
    eric.says_as_a_supervisor(|session| session.state().set(SessionState::Verified));
    jeanne.run("sync");
    let shown = jeanne.run("show aba 5/3/2026");
    says(&shown, &["State         verified"]);
    lacks(&shown, &["Since", "Returned"]);

    jeanne.run("session edit aba 5/3/2026 --minutes 75");
    let since = "Since         it was verified it was changed";
    says(&jeanne.run("show aba 5/3/2026"), &["State         verified", since]);
    jeanne.run("sync");
    eric.run("sync");
    says(&eric.run("show aba 5/3/2026"), &[since]);

    eric.says_as_a_supervisor(|session| {
        session.state().move_to(SessionState::Draft)?;
        session.returned().set("Who came?".parse()?)
    });
    let told = jeanne.run("sync");
    says(&told, &["Returned to you, the meeting of Abahuje on 5 March 2026 (morning): Who came?"]);
    let shown = jeanne.run("show aba 5/3/2026");
    says(&shown, &["State         draft", "Returned      Who came?"]);
    lacks(&shown, &["Since"]);
}

#[test]
fn nothing_of_a_group_that_was_begun_by_mistake_counts() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    eric.run("sync");
    jeanne.run("participant add aba --code P01");
    jeanne.run("session record aba --date 5/3/2026 --present P01");
    says(&jeanne.run("groups"), &["1              1"]);
    eric.says_as_a_manager(|group| group.void().set("begun twice".parse()?));
    jeanne.run("sync");
    let groups = jeanne.run("groups");
    says(&groups, &["0              0", "Left out: Abahuje", "begun by mistake (begun twice)"]);
    says(&jeanne.run("sessions aba"), &["has 0 recorded meetings", "nothing of it counts", "2026-03-05"]);
    says(&jeanne.run("participants aba"), &["has 0 participants", "nothing of it counts", "P01"]);
    says(&jeanne.run("show aba"), &["Void          begun twice", "Meetings      0", "Participants  0"]);
    says(&jeanne.run("show aba 5/3/2026"), &["Void          its group was begun by mistake (begun twice)"]);
    eric.says_as_a_manager(|group| group.void().clear());
    jeanne.run("sync");
    says(&jeanne.run("groups"), &["1              1"]);
    says(&jeanne.run("sessions aba"), &["has 1 recorded meeting."]);
}

/// The button was pressed twice: two groups have one name, until the manager says which was a mistake.
#[test]
fn a_group_that_was_begun_twice_is_called_by_its_name_once_one_is_void() {
    let (store, mut jeanne, mut eric) = two_tablets();
    let second = store.lock().expect("a lock").begin_group("Abahuje");
    jeanne.run("sync");
    eric.run("sync");
    let either = jeanne.try_run("participant add aba").expect_err("either").to_string();
    says(&either, &["several groups begin with \"aba\""]);
    let edited =
        eric.device.edit::<Group>(second.into(), second, |group| group.void().set("begun twice".parse()?));
    assert!(edited.expect("an edit"));
    eric.run("sync");
    jeanne.run("sync");
    jeanne.run("participant add aba");
    jeanne.run("session record abahuje --date today --present P01");
    says(&jeanne.run("show Abahuje"), &["Meetings      1", "Participants  1"]);
    says(&jeanne.run("show Abahuje today"), &["Present       P01"]);

    // What is recorded in the other one by its id is saved, and said to count nowhere.
    let nowhere = "Look again: Abahuje was begun by mistake (begun twice): nothing of it counts.";
    says(&jeanne.run(&format!("participant add {second}")), &["Saved", nowhere]);
    says(&jeanne.run(&format!("session record {second} --present P01")), &["Saved", nowhere]);
    says(&jeanne.run("groups"), &["1              1", "0              0"]);
}

/// Somebody who is written down as P7 on one tablet and as P07 on the other is one person.
#[test]
fn a_code_is_one_however_it_is_typed() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    eric.run("sync");
    says(&jeanne.run("participant add aba --code p7 --family f3"), &["participant P07 of Abahuje"]);
    jeanne.run("session record aba --date today --present P7,P007");
    says(&jeanne.run("show aba p007"), &["Participant P07 of Abahuje", "F03"]);
    eric.run("participant add aba --code P07");
    jeanne.run("sync");
    eric.run("sync");
    says(&eric.run("participants aba"), &["has 1 participant.", "P07"]);
    says(&eric.run("show aba today"), &["Present       P07"]);
}

#[test]
fn what_is_recorded_where_a_meeting_no_longer_stands_is_said() {
    let (_store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    jeanne.run("participant add aba --code P01");
    jeanne.run("session record aba --date 4/3/2026 --minutes 90");
    jeanne.run("sync");
    eric.run("sync");
    jeanne.run("session move aba 4/3/2026 --to 5/3/2026 --reason mistyped");
    jeanne.run("sync");
    lacks(&jeanne.run("sessions aba"), &["recorded in it since"]);
    // Eric has not heard.
    eric.run("session edit aba 4/3/2026 --minutes 75 --theme grief --present P01");
    eric.run("sync");
    jeanne.run("sync");
    says(&jeanne.run("sessions aba"), &["moved to", "Something was recorded in it since. Look at:"]);
    let his = "Eric, 5 Mar 2026 10:40, minutes 75, theme grief and attendance of P01 present";
    let shown = jeanne.run("show aba 4/3/2026");
    says(&shown, &["Not counted   Eric", his, "Your supervisor can carry it over"]);
    lacks(&jeanne.run("show aba 5/3/2026"), &["Not counted"]);
    let again = jeanne.try_run("session move aba 4/3/2026 --to 3/3/2026 --reason again").expect_err("moved");
    says(&again.to_string(), &["was moved already", "counted nowhere", his, "ask your supervisor"]);

    jeanne.run("session edit aba 5/3/2026 --minutes 60");
    let back = jeanne.run("session move aba 4/3/2026 --back --reason right");
    says(&back, &["on 4 March 2026 (morning) stands again", "and counted again: ", his]);
    says(&back, &["Recorded there since, and counted nowhere now: you, 5 Mar 2026 10:40, minutes 60."]);
    lacks(&jeanne.run("show aba 4/3/2026"), &["Not counted"]);
}
