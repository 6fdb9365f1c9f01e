//! The same answer as JSON, CSV and a sheet, read by what people read such files with.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::*;

pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[test]
fn pandas_and_openpyxl_read_in_each_form_what_json_says_and_no_text_is_a_formula() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let folder = tempfile::tempdir().expect("a folder");
        let officer = &scene.officer;
        let mut asked = questions(officer);
        asked.insert(
            "attendance".into(),
            format!("/v1/questions/attendance?participant={}", ParticipantId::of(scene.aegis.group, "P01")),
        );
        asked.insert("absences".into(), "/v1/questions/absences?times=1".into());
        for (name, address) in &asked {
            let marked = format!("{address}{}bom=true", if address.contains('?') { "&" } else { "?" });
            let forms = [
                ("json", address, "application/json"),
                ("csv", &marked, "text/csv"),
                ("xlsx", address, XLSX),
            ];
            for (form, address, accept) in forms {
                let bytes = officer.bytes(address, accept);
                fs::write(folder.path().join(format!("{name}.{form}")), bytes).expect("it is written");
            }
        }
        let read = Command::new(tests_folder().join("sheets/read")).arg(folder.path()).output();
        let read = read.expect("tests/sheets/read runs (tests/run installs what it needs)");
        let said =
            String::from_utf8_lossy(&read.stdout).into_owned() + &String::from_utf8_lossy(&read.stderr);
        assert!(read.status.success(), "{said}");
        assert!(
            said.starts_with(&format!("{} answers", asked.len())) && !said.contains(" 0 texts"),
            "{said}"
        );
        // All of them at once.
        let book = officer.bytes("/v1/workbook", XLSX);
        assert!(book.starts_with(b"PK"), "a workbook is a ZIP archive");
    });
}

/// What somebody makes of the form in a spreadsheet comes back as the framework that it says.
#[test]
fn a_framework_is_filled_in_a_spreadsheet_and_says_the_same_as_json() {
    Database::each(|database| {
        let scene = Scene::on(database);
        let (manager, secretariat) = (&scene.aegis.manager, scene.app.login("peace.secretariat"));
        let form = |of: &str| secretariat.bytes(&format!("/v1/frameworks/form{of}"), XLSX);
        let send = |person: &Session, bytes: &[u8]| person.post_bytes("/v1/frameworks/form", XLSX, bytes);
        // 1. Sent back as it came, each says what it said: the common one and that of Aegis, with what it maps.
        let all = manager.get("/v1/frameworks").ok();
        let all: Vec<&str> =
            all["items"].as_array().expect("items").iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(all.len(), 2);
        for id in all {
            let there = manager.get(&format!("/v1/frameworks/{id}")).ok();
            let keeper = if there["code"] == "rpp" { &secretariat } else { manager };
            let drawn_up = send(keeper, &form(&format!("?of={id}")));
            assert_eq!((drawn_up.status, &drawn_up.body["version"]), (201, &json!(2)), "{drawn_up:?}");
            assert_eq!(
                part(&drawn_up.body, &["title", "indicators"]),
                part(&there, &["title", "indicators"])
            );
        }

        // 2. A person fills it.
        let common = secretariat.get("/v1/frameworks").ok()["items"][1]["id"].clone();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("form.xlsx");
        fs::write(&file, form(&format!("?of={}", common.as_str().expect("an id")))).expect("it is written");
        let filled = Command::new(tests_folder().join("sheets/fill")).arg(&file).output();
        let filled = filled.expect("tests/sheets/fill runs (tests/run installs what it needs)");
        assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
        let drawn_up = send(&secretariat, &fs::read(&file).expect("the form"));
        assert_eq!(drawn_up.status, 201, "{drawn_up:?}");
        let indicators = drawn_up.body["indicators"].as_array().expect("indicators");
        assert_eq!(drawn_up.body["title"], "Filled in a spreadsheet");
        assert_eq!((indicators.len(), &indicators[0]["code"]), (6, &json!("1.1")));
        assert_eq!(
            part(&indicators[5], &["code", "unit", "measure", "of", "by", "baseline"]),
            json!([
                "9.1", "ratio", {"count": "minutes", "modality": "sociotherapy"},
                {"count": "sessions", "modality": "sociotherapy"}, ["modality", "district"],
                {"value": 62.5, "year": 2025, "source": "Last year's reports"}
            ])
        );

        // 3. What is wrong is named; what is no form is none.
        let empty = send(&secretariat, &form(""));
        assert_eq!(
            (empty.problem(), &empty.body["errors"][0]["field"]),
            ((422, "invalid-fields"), &json!("code"))
        );
        let mut broken = form("");
        broken.truncate(1_000);
        assert_eq!(send(&secretariat, &broken).problem(), (422, "unreadable-sheet"));
        let as_csv = secretariat.post_bytes("/v1/frameworks/form", "text/csv", b"code");
        assert_eq!(as_csv.problem(), (415, "not-a-workbook"));
    });
}

fn tests_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
