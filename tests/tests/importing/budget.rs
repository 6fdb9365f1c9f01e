//! What a sheet costs, as the operating system counts it, that somebody made to be dear.

use std::time::Duration;

use tests::process::Service;
use tests::program::ihuriro;

use super::*;

/// Two or three times what the dearest of them takes of a build that is not optimised; PostgreSQL's own process is not counted.
const CPU: Duration = Duration::from_secs(20);
/// Bytes, with those of the answer.
const MEMORY: u64 = 64 * 1024 * 1024;

#[test]
#[cfg(target_os = "linux")]
fn a_sheet_that_is_made_to_be_dear_costs_so_much_and_no_more() {
    Database::each(|database| {
        let mut app = TestApp::on(database);
        Village::of(&app, "nar");
        let village = Village::of(&app, "aegis");
        for modality in ["dialogue_club", "peace_club", "citizen_forum", "space_for_peace"] {
            village.group("Twiyubake", modality);
        }
        let single = village.group("Abahuza", "sociotherapy");
        let service =
            Service::start(&ihuriro().expect("the service's program"), &database.url).expect("it starts");
        app.url.clone_from(&service.url);
        let manager = app.login("manager.aegis");
        let before = everything(&app);

        const LARGEST: usize = 2 * 1024 * 1024;
        let fill = |header: &str, line: &str| {
            let lines = ((LARGEST - header.len()) / line.len()).min(5_000);
            format!("{header}{}", line.repeat(lines))
        };
        let words = "Mukamana ".repeat(44);
        let beside: String =
            (1..=5_000).map(|number| format!("g{number},healing_space,sociotherapy,52010101\n")).collect();
        let codes: String = (1..80).map(|number| format!("P{number} ")).collect();
        for (what, sheet, text, status) in [
            (
                "a MiB of quotation marks",
                "people",
                format!("login,name,role\n{}", "\"".repeat(1024 * 1024)),
                200,
            ),
            ("pairs of them", "people", fill("login,name,role\n", "\"\"\"\"\"\",\"\"\"\"\n"), 200),
            (
                "5,000 lines that each name a group ambiguously",
                "participants",
                fill("group,code\n", "Twiyubake,P01\n"),
                200,
            ),
            (
                "the same, of meetings with many codes",
                "sessions",
                fill("group,date,present\n", &format!("Abahuza,2026-03-04,{codes}\n")),
                200,
            ),
            (
                "5,000 groups in villages of which there are 148",
                "groups",
                fill(
                    "name,kind,modality,district,sector,cell,village\n",
                    "a,healing_space,sociotherapy,Gasabo,Kinyinya,Kagugu,Kabeza\n",
                ),
                200,
            ),
            (
                "5,000 groups beside one of another partner",
                "groups",
                format!("name,kind,modality,area\n{beside}"),
                200,
            ),
            (
                "texts of names",
                "sessions",
                fill("group,date,summary\n", &format!("{single},2026-03-04,{words}\n")),
                200,
            ),
            (
                "one very wide line",
                "people",
                format!("login,name,role\n{}\n", ",".repeat(LARGEST - 100)),
                200,
            ),
            (
                "5,000 wide lines",
                "people",
                fill("login,name,role\n", &format!("a{}b\n", ",".repeat(400))),
                200,
            ),
            ("a very wide header", "people", format!("{}\n", "x,".repeat(LARGEST / 2 - 10)), 422),
            (
                "nothing but line ends",
                "people",
                format!("login,name,role\n{}", "\n".repeat(LARGEST - 20)),
                200,
            ),
            (
                "nothing but comments",
                "people",
                format!("login,name,role\n{}", "#\n".repeat(LARGEST / 2 - 20)),
                200,
            ),
            (
                "all that can be wrong",
                "groups",
                fill(
                    "name,kind,modality,area,setting,cohort,target_mix,facilitators,status\n",
                    "x,x,x,x,x,x,x x x x,x x x x x x,x\n",
                ),
                200,
            ),
        ] {
            assert!(text.len() <= LARGEST, "{what}");
            let (answer, cost) = service.cost_of(|| manager.import(sheet, true, &text));
            println!("{what}: {cost:?}");
            assert_eq!(answer.status, status, "{what}: {}", answer.body["detail"]);
            assert!(cost.cpu < CPU && cost.memory < MEMORY, "{what}: {cost:?}");
        }
        assert_eq!(everything(&app), before);
    });
}
