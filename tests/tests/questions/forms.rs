//! The same answer as JSON, CSV and a sheet, read by what people read such files with.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::*;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

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

fn tests_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
