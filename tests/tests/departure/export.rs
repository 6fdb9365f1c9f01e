//! What the folder holds, read as somebody reads it who has no program of ours.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

#[test]
fn every_record_is_in_it_with_its_history_and_its_document() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        // Both set the minutes at the same time, and nobody settles it.
        for (tablet, minutes) in [(&mut scene.hers, 90), (&mut scene.his, 75)] {
            let long = Minutes::try_from(minutes).expect("minutes");
            tablet
                .edit::<Session>(scene.village.group.into(), scene.session, |it| it.minutes().set(long))
                .expect("an edit");
            tablet.sync(&mut ()).expect("a sync");
        }
        let shelf = tempfile::tempdir().expect("a folder");
        let to = shelf.path().join("aegis");
        let exported = scene.export(&to).expect("an export");
        let counts: BTreeMap<&str, u64> =
            exported.records.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| (kind.code(), *n)).collect();
        let all = [("group", 1), ("incident", 1), ("participant", 3), ("referral", 1), ("session", 1)];
        assert_eq!(counts, BTreeMap::from(all));

        let session = &lines(&to, "sessions.jsonl")[0];
        let [first, second] =
            [1, 2].map(|n| ParticipantId::of(scene.village.group, format!("P0{n}")).to_string());
        assert_eq!(session["id"], json!(scene.session));
        assert_eq!(session["group"], json!(scene.village.group));
        assert_eq!(session["record"]["attendance"], json!({first: "present", second: "present"}));
        assert_eq!(session["record"]["summary"].as_str().map(str::trim), Some(TOLD));
        assert_eq!(session["record"]["date"], "2026-03-04");
        assert_eq!((&session["counts"], &session["record"]["minutes"]), (&json!(true), &json!("75 / 90")));
        let clash = &session["conflicts"][0];
        assert_eq!(clash["field"], "minutes");
        let values = clash["values"].as_array().expect("values").iter();
        let values: BTreeSet<_> = values.filter_map(|one| one["value"].as_str()).collect();
        assert_eq!(values, BTreeSet::from(["75", "90"]));
        // The history is the one that REST tells, and names logins.
        let told = scene.village.manager.all(&format!("/v1/sessions/{}/history", scene.session));
        let mut history = session["history"].as_array().expect("a history").clone();
        let logins: Vec<Value> = history
            .iter_mut()
            .map(|one| one.as_object_mut().and_then(|one| one.remove("login")).expect("a login"))
            .collect();
        assert_eq!(history, told);
        assert_eq!(logins, ["jeanne.aegis", "jeanne.aegis", "eric.aegis"].map(Value::from));

        assert_eq!(lines(&to, "referrals.jsonl")[0]["record"]["to"], "health_centre");
        assert_eq!(lines(&to, "incidents.jsonl")[0]["record"]["kind"], "threat");
        let codes: BTreeSet<String> =
            lines(&to, "participants.jsonl").iter().map(|one| one["record"]["code"].to_string()).collect();
        assert_eq!(codes.len(), 3);
        assert_eq!(lines(&to, "documents.jsonl").len(), 7);
        let logins: BTreeSet<String> =
            lines(&to, "users.jsonl").iter().map(|one| one["login"].to_string()).collect();
        assert_eq!(
            logins,
            ["\"eric.aegis\"", "\"jeanne.aegis\"", "\"manager.aegis\""].map(String::from).into()
        );
        assert_eq!((lines(&to, "tablets.jsonl").len(), lines(&to, "assignments.jsonl").len()), (2, 2));
        // What was done is in it, with this export, which was noted before it began.
        let audit = lines(&to, "audit.jsonl");
        let last = audit.last().expect("entries");
        assert_eq!(
            (&last["action"], &last["route"], &last["role"]),
            (&json!("export"), &json!("ihuriro export"), &json!("operator"))
        );
        let theirs = json!(scene.village.organisation);
        assert!(
            audit.iter().all(|one| one["organisation_id"] == theirs || one["of_organisation_id"] == theirs)
        );

        let all = all_of_it(&to);
        assert!(all.contains("terraces"));
        for word in ["ZQX", "kamana", &scene.other.group.to_string()] {
            assert!(!all.contains(word), "{word} is of another organisation");
        }
        assert!(!all.contains("$argon2"), "no password is in it");
    });
}

#[test]
fn the_manifest_vouches_for_each_file_and_only_its_owner_reads_them() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::on(&Database::sqlite());
    let shelf = tempfile::tempdir().expect("a folder");
    let to = shelf.path().join("aegis");
    scene.export(&to).expect("an export");
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(to.join("manifest.json")).expect("a manifest"))
            .expect("JSON");
    assert_eq!(manifest["organisation"]["code"], "aegis");
    assert_eq!(manifest["records"]["session"], 1);
    let named: BTreeSet<String> = manifest["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| {
            let name = file["name"].as_str().expect("a name");
            let output =
                std::process::Command::new("sha256sum").arg(to.join(name)).output().expect("it runs");
            let sum = String::from_utf8(output.stdout).expect("text");
            assert_eq!(sum.split(' ').next(), file["sha256"].as_str(), "{name}");
            let lines = fs::read_to_string(to.join(name)).expect("text").lines().count();
            assert_eq!(file["lines"], lines, "{name}");
            name.to_owned()
        })
        .collect();
    let mut there: BTreeSet<String> = BTreeSet::new();
    for file in fs::read_dir(&to).expect("the folder") {
        let file = file.expect("a file");
        assert_eq!(file.metadata().expect("its mode").permissions().mode() & 0o777, 0o600, "{file:?}");
        there.insert(file.file_name().into_string().expect("text"));
    }
    assert!(there.remove("manifest.json"));
    assert_eq!(named, there);
    assert_eq!(fs::metadata(&to).expect("its mode").permissions().mode() & 0o777, 0o700);
}

#[test]
fn nobody_who_asked_to_be_erased_is_in_it() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        let person = ParticipantId::of(scene.village.group, "P03");
        let said = Details {
            summary: Some("P03 wept.".into()),
            attendance: marks(&[1, 3], Attendance::Present),
            ..Details::default()
        };
        record(&mut scene.hers, scene.village.group, day(3, 5), said);
        scene.hers.ask_to_erase(person, day(3, 5)).expect("it is noted");
        scene.hers.sync(&mut ()).expect("a sync");
        let shelf = tempfile::tempdir().expect("a folder");
        let to = shelf.path().join("aegis");
        // As long as nobody confirmed it, their code may stand in any record of the group.
        let refused = scene.export(&to).expect_err("somebody waits to be erased").to_string();
        assert!(refused.starts_with("1 person asked to be erased"), "{refused}");
        assert!(!to.exists());
        let erasure = format!("/v1/participants/{person}/erasure");
        scene.village.manager.post(&erasure, &json!({"code": "P03"})).ok();
        scene.export(&to).expect("an export");
        let all = all_of_it(&to);
        assert!(all.contains("wept") && all.contains("P02"));
        assert!(!all.contains("P03"));
        assert_eq!(lines(&to, "participants.jsonl").len(), 2);
    });
}

#[test]
fn an_export_is_refused_into_a_folder_in_use_and_of_nobody() {
    let scene = Scene::on(&Database::sqlite());
    let shelf = tempfile::tempdir().expect("a folder");
    fs::write(shelf.path().join("letter"), "Dear Marie").expect("a file");
    let refused = scene.export(shelf.path()).expect_err("it is not empty").to_string();
    assert!(refused.contains("is not empty"), "{refused}");
    assert_eq!(fs::read_dir(shelf.path()).expect("the folder").count(), 1);
    let nobody = departure::export(scene.app.store(), "nobody", &shelf.path().join("x"), START);
    assert!(matches!(nobody, Err(departure::Refused::NoSuchOrganisation(_))));
    assert!(!shelf.path().join("x").exists());
}

#[test]
fn what_is_quarantined_is_in_it_whole() {
    Database::each(|database| {
        let mut scene = Scene::on(database);
        record(&mut scene.his, scene.village.group, day(3, 6), Details::default());
        let eric = scene.his.tablet().user();
        scene.village.unassign(eric, scene.village.group);
        scene.his.sync(&mut ()).expect("a sync");
        let shelf = tempfile::tempdir().expect("a folder");
        let to = shelf.path().join("aegis");
        scene.export(&to).expect("an export");
        let waiting = lines(&to, "quarantined.jsonl");
        assert_eq!((waiting.len(), &waiting[0]["reason"]), (1, &json!("not-assigned")));
        let bytes = waiting[0]["automerge_change"].as_str().expect("Base64");
        automerge::Change::from_bytes(BASE64.decode(bytes.as_bytes()).expect("Base64")).expect("a change");
    });
}
