//! Referrals, incidents and screenings, as a facilitator types them and reads them, on two tablets that meet.

use sync_core::help::{LINES, Urgent};

use crate::commands::{Tablet, says, two_tablets};

/// The id that was shown in brackets, or the last word of the first line of a table.
fn id_in(said: &str) -> String {
    let line = said.lines().find(|line| line.starts_with("Saved:")).expect("something was saved");
    let (_, rest) = line.rsplit_once('(').expect("an id in brackets");
    rest.trim_end_matches(").").to_owned()
}

fn lacks(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(!said.contains(part), "\"{part}\" should not be in:\n{said}");
    }
}

fn refused(tablet: &mut Tablet, line: &str, parts: &[&str]) {
    says(&tablet.try_run(line).expect_err(line).to_string(), parts);
}

/// It is 5 March 2026; P01 and P02 are known to both.
fn two_who_know_each_other() -> (std::sync::Arc<std::sync::Mutex<crate::support::Store>>, Tablet, Tablet) {
    let (store, mut jeanne, mut eric) = two_tablets();
    jeanne.run("sync");
    jeanne.run("participant add aba --code P01 --consent oral");
    jeanne.run("participant add aba --code P02");
    jeanne.run("session record aba --minutes 90 --present P01");
    jeanne.run("sync");
    eric.run("sync");
    (store, jeanne, eric)
}

#[test]
fn a_referral_goes_its_way_on_two_tablets() {
    let (_store, mut jeanne, mut eric) = two_who_know_each_other();
    let unasked = "referral record P01 --to health_centre --reason depression --sent";
    refused(
        &mut jeanne,
        unasked,
        &["nobody is sent to a service who has not agreed", "ask P01", "on 5 March 2026 or before"],
    );
    says(&jeanne.run("referral list"), &["0 referrals"]);

    let begun = jeanne
        .run("referral record aba P01 --to health_centre --reason depression --urgency soon --on 1/3/2026");
    says(
        &begun,
        &[
            "Saved: the referral of participant P01 of Abahuje to: health centre",
            "Ask them whether they agree",
        ],
    );
    let id = id_in(&begun);
    refused(&mut jeanne, &format!("referral step {id} sent"), &["note first that they consented"]);
    refused(&mut jeanne, &format!("referral step {id} consented --on 5/3/2062"), &["5 March 2062", "--yes"]);
    says(
        &jeanne.run(&format!("referral step {id} consented --on 2/3/2026")),
        &["Saved", "consented on 2 March 2026"],
    );
    jeanne.run("sync");
    eric.run("sync");

    // Both note that the person was sent, not knowing of each other.
    let sent = jeanne.run(&format!("referral step {id} sent --on 2/3/2026"));
    says(&sent, &["it is overdue from 9 March 2026 on"]);
    eric.run(&format!("referral step {id} sent --on 3/3/2026"));
    eric.run("referral record P02 --to isange_one_stop --reason gender_based_violence --consented --sent --on 3/3/2026");
    for _ in 0..2 {
        jeanne.run("sync");
        eric.run("sync");
    }
    let listed = jeanne.run("referral list aba");
    says(
        &listed,
        &[
            "2 referrals for which something is to be done, 1 overdue",
            "emergency",
            "since 4 March 2026",
            "from 9 March 2026",
        ],
    );
    let (first, second) = (listed.find("P02").expect("P02"), listed.find("P01").expect("P01"));
    assert!(first < second, "what is overdue comes first:\n{listed}");
    assert_eq!(listed, eric.run("referral list"), "both tablets say the same");
    says(&eric.run("status"), &["1 referral is overdue: ihuriro tablet referral list"]);
    says(
        &eric.run(&format!("show {id}")),
        &["proposed on 1 March 2026", "sent on 2 March 2026", "sent on 3 March 2026", "from 9 March 2026"],
    );

    // By the code, where only one is open.
    says(&eric.run("referral step P01 arrived"), &["arrived on 5 March 2026"]);
    says(&eric.run(&format!("referral step {id} arrived")), &["Nothing to change"]);
    eric.run(&format!("referral step {id} closed"));
    let listed = eric.run("referral list");
    says(&listed, &["1 referral ", "Left out: 1 closed"]);
    refused(&mut eric, "referral step P01 closed", &["of P01 these referrals are open: none"]);
    says(&eric.run("referral list --all"), &["closed 5 March 2026"]);

    // Who was declined stays on the list until they are referred anew.
    let refer = "referral record P01 --to health_centre --reason depression --consented --sent --on 5/3/2026";
    let declined = id_in(&eric.run(refer));
    eric.run(&format!("referral step {declined} declined"));
    let another = "needs another service";
    says(&eric.run("referral list"), &["declined 5 March 2026", another]);
    says(&eric.run("status"), &["1 person was declined where you sent them"]);
    eric.run(refer);
    lacks(&eric.run("referral list"), &[another]);

    // Eric did not record this one.
    refused(&mut eric, &format!("referral void {id} --reason mistaken"), &["it was not you", "Jeanne"]);
    jeanne.run("sync");
    eric.run("sync");
    says(&jeanne.run(&format!("referral void {id} --reason mistaken")), &["counts nowhere"]);
    refused(&mut jeanne, &format!("referral step {id} sent"), &["it is void (mistaken)"]);
    says(&jeanne.run(&format!("referral void {id} --back --reason right")), &["counts again"]);
    refused(&mut jeanne, "referral show aba", &["the group Abahuje, and no referral"]);
}

#[test]
fn what_can_not_wait_says_what_to_do_before_it_is_recorded() {
    let (_store, mut jeanne, mut eric) = two_who_know_each_other();
    let said = jeanne.run("incident record --kind suicide_risk --severity high --action supervisor_called");
    says(
        &said,
        &[
            "First, before anything else",
            "Do not leave the person alone",
            "912",
            "Tell your supervisor today",
            "Saved",
        ],
    );
    assert!(said.find("912") < said.find("Saved"), "help comes first:\n{said}");
    for (kind, urgent) in [("gbv_disclosure", Urgent::Violence), ("child_protection", Urgent::Child)] {
        let said = jeanne.run(&format!("incident record today --kind {kind} --severity high"));
        says(&said, urgent.steps());
        let numbers: Vec<&str> = urgent.lines().iter().map(|line| line.number).collect();
        says(&said, &numbers);
        assert!(urgent.lines().iter().all(|line| LINES.contains(line)));
    }
    let plain = jeanne.run("incident record aba 5/3/2026 --kind conflict_in_group --severity low");
    lacks(&plain, &["First, before", "912"]);
    let id = id_in(&plain);

    // There is no meeting of that day: whoever needs help is told how all the same, and then what to record first.
    let mut out = Vec::new();
    refused(
        &mut jeanne,
        "incident record yesterday --kind suicide_risk --severity high",
        &["no meeting of Abahuje is recorded on 4 March 2026"],
    );
    let command =
        crate::commands::Program::command_of("incident record yesterday --kind suicide_risk --severity high");
    tablet::cli::run_on(&mut jeanne.device, command, &mut out).expect_err("no meeting");
    says(&String::from_utf8(out).expect("text"), &["Do not leave the person alone"]);

    jeanne.run("sync");
    eric.run("sync");
    says(
        &eric.run(&format!("incident act {id} --action session_ended --escalated-to social")),
        &["Saved: the incident (conflict in group)"],
    );
    says(&jeanne.run(&format!("incident act {id} --action psychological_first_aid")), &["Saved"]);
    for _ in 0..2 {
        eric.run("sync");
        jeanne.run("sync");
    }
    let both = ["session ended", "psychological first aid", "social"];
    says(&jeanne.run(&format!("incident show {id}")), &both);
    says(&eric.run("incident list aba"), &["4 incidents", "suicide risk", "high", "5 March 2026"]);
    says(&jeanne.run(&format!("incident void {id} --reason mistaken")), &["counts nowhere"]);
    says(&jeanne.run("incident list"), &["3 incidents", "Left out: 1 void"]);
}

#[test]
fn a_score_is_held_against_its_instrument_and_corrected_by_another() {
    let (_store, mut jeanne, _) = two_who_know_each_other();
    let record = |instrument: &str, more: &str| {
        format!("screening record P01 --instrument {instrument} --timepoint baseline {more}")
    };
    refused(&mut jeanne, &record("PHQ-9", "--score 12"), &["item 9", "--risk yes", "--risk no"]);
    refused(&mut jeanne, &record("PHQ-9", "--score 28 --risk no"), &["PHQ-9 goes from 0 to 27; 28"]);
    refused(&mut jeanne, &record("PHQ-9", "--score 12 --max 30 --risk no"), &["PHQ-9 goes from 0 to 27"]);
    refused(&mut jeanne, &record("MSPSS", "--score 11"), &["MSPSS goes from 12 to 84"]);
    refused(
        &mut jeanne,
        &record("WHO-5", "--score 60"),
        &["0 to 25 (--version raw), or 0 to 100 (--version percentage)"],
    );
    refused(&mut jeanne, &record("trust", "--score 7"), &["--max NUMBER"]);
    refused(&mut jeanne, &record("trust", "--score 11 --max 10"), &["trust goes from 0 to 10"]);
    says(&jeanne.run("screening list"), &["0 screenings"]);

    lacks(&jeanne.run(&record("WHO-5", "--score 60 --version percentage")), &["Look closer"]);
    says(&jeanne.run(&record("trust", "--score 7 --max 10")), &["Saved: the trust of participant P01"]);
    let said = jeanne.run(&record("PHQ-9", "--score 12 --risk yes"));
    says(&said, &["Do not leave the person alone", "Saved", "usual cut-off of 10; a score is no diagnosis"]);
    let id = id_in(&said);
    let other = record("GAD-7", &format!("--score 9 --corrects {id}"));
    refused(&mut jeanne, &other, &["same participant and instrument"]);
    let right = jeanne.run(&record("PHQ-9", &format!("--score 9 --risk no --corrects {id}")));
    lacks(&right, &["Look closer", "Do not leave"]);
    let listed = jeanne.run("screening list aba");
    says(&listed, &["3 screenings", "9 of 27", "60 of 100", "Left out: 1 corrected"]);
    lacks(&listed, &["12 of 27"]);
    says(&jeanne.run(&format!("screening show {id}")), &["12 of 27", "Risk to life  yes", "Corrected"]);
    // Once the correction is void, the first counts again.
    jeanne.run(&format!("screening void {} --reason mistaken", id_in(&right)));
    says(&jeanne.run("screening list"), &["12 of 27"]);
}

#[test]
fn nothing_is_shown_or_recorded_of_somebody_who_asked_to_be_erased() {
    let (_store, mut jeanne, _) = two_who_know_each_other();
    let id =
        id_in(&jeanne.run(
            "referral record P01 --to social --reason livelihood --consented --sent --on 1/1/2026 --yes",
        ));
    jeanne.run("screening record P01 --instrument GAD-7 --timepoint end --score 3");
    says(&jeanne.run("status"), &["1 referral is overdue"]);
    jeanne.run("participant erase aba P01");
    says(&jeanne.run("referral list --all"), &["0 referrals"]);
    says(&jeanne.run("screening list --all"), &["0 screenings"]);
    lacks(&jeanne.run("status"), &["overdue"]);
    refused(&mut jeanne, &format!("show {id}"), &["no record has an id that begins or ends so"]);
    refused(&mut jeanne, "referral record P01 --to social --reason livelihood", &["asked to be erased"]);
}
