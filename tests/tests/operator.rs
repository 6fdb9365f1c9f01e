//! A service with an address of its own for its operator, as a process: the numbers for Prometheus and the page to try the API
//! at are there, and not at the address that everybody reaches.

use tests::Database;
use tests::process::Service;
use tests::program::ihuriro;

/// The status of an answer, and its text.
fn get(url: &str, path: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(format!("{url}{path}")).call().expect("the service answers");
    (answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
}

#[test]
fn what_is_for_the_operator_is_at_their_address_alone() {
    let database = Database::sqlite();
    let program = ihuriro().expect("the program");
    let service = Service::start_with_operator(&program, &database.url).expect("it starts");
    let operator = service.operator_url.as_deref().expect("an address for the operator");
    let public = &service.url;
    assert_ne!(operator, public);
    for (path, says) in
        [("/metrics", "ihuriro_build_info"), ("/docs/", "Swagger UI"), ("/docs", "Swagger UI")]
    {
        let (status, text) = get(operator, path);
        assert!(status == 200 && text.contains(says), "{path}: {status} {text}");
        let (status, text) = get(public, path);
        assert!(status == 404 && text.contains("no-such-address"), "{path}: {status} {text}");
    }
    // What clients need of the service, and what tells whether it lives, is at both.
    for path in ["/health", "/ready", "/guide/", "/v1/openapi.json"] {
        assert_eq!((get(public, path).0, get(operator, path).0), (200, 200), "{path}");
    }
}

#[test]
fn without_an_address_of_its_own_it_is_at_the_first() {
    let database = Database::sqlite();
    let service = Service::start(&ihuriro().expect("the program"), &database.url).expect("it starts");
    assert_eq!(service.operator_url, None);
    for path in ["/metrics", "/docs/"] {
        assert_eq!(get(&service.url, path).0, 200, "{path}");
    }
}

#[test]
fn a_secret_that_anybody_guesses_or_reads_is_refused_in_words() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let (program, folder) = (ihuriro().expect("the program"), tempfile::tempdir().expect("a folder"));
    let migrate = |name: &str, value: &str| {
        let output =
            Command::new(&program).arg("migrate").env_remove("DATABASE_URL").env(name, value).output();
        let output = output.expect("it runs");
        (output.status.success(), String::from_utf8(output.stderr).expect("text"))
    };
    // Nothing is asked before: there is no such host.
    let (well, said) = migrate("DATABASE_URL", "postgres://ihuriro:changeme@db.invalid/ihuriro");
    assert!(!well && said.contains("can be guessed") && said.contains("openssl rand"), "{said}");
    assert!(!said.contains("changeme"), "{said}");

    let file = folder.path().join("address");
    fs::write(&file, format!("sqlite:{}\n", folder.path().join("ihuriro.db").display()))
        .expect("it is written");
    for (mode, well) in [(0o644, false), (0o640, true)] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("it is changed");
        let (did, said) = migrate("DATABASE_URL_FILE", &file.display().to_string());
        assert_eq!(did, well, "{mode:o}: {said}");
        assert!(well || said.contains("everybody on this machine can read"), "{said}");
    }
    assert!(folder.path().join("ihuriro.db").exists());
}

#[test]
fn a_command_in_the_wrong_folder_makes_no_database_and_does_not_say_that_all_is_well() {
    use std::process::Command;

    let (program, folder) = (ihuriro().expect("the program"), tempfile::tempdir().expect("a folder"));
    let run = |words: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(words)
            .current_dir(folder.path())
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_URL_FILE");
        let output = command.env("IHURIRO_PASSWORD", "umuganda wa mbere").output().expect("it runs");
        (output.status.success(), String::from_utf8(output.stderr).expect("text"))
    };
    let nobody = ["--login", "admin", "--name", "Admin", "--role", "administrator"];
    for words in [
        &["rebuild"][..],
        &["publish"],
        &["compact"],
        &["verify"],
        &["audit", "verify"],
        &["retention", "--dry-run"],
        &["retention"],
        &["export", "--organisation", "aegis", "--to", "export"],
        &["incident-report", "01a21c19-5ed5-7fa8-9534-90ce9ff4322a"],
        &["admin", "create-organisation", "--code", "aegis", "--name", "Aegis Trust"],
        &[&["admin", "create-user"][..], &nobody].concat(),
    ] {
        let (well, said) = run(words);
        assert!(!well && said.contains("there is no file ihuriro.db"), "{words:?}: {said}");
        assert!(said.contains("DATABASE_URL") && said.contains("ihuriro migrate"), "{words:?}: {said}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "{words:?}");
    }
    let (well, said) = run(&["migrate"]);
    assert!(well && folder.path().join("ihuriro.db").exists(), "{said}");
}

/// Whoever is erased after the last backup would be back after a restore, if nobody noticed that the list is not kept.
#[test]
fn a_service_that_can_not_keep_the_list_of_erasures_does_not_start() {
    let database = Database::sqlite();
    let words = ["--erasures", "/proc/nowhere/erasures.jsonl"];
    let refused = Service::start_with(&ihuriro().expect("the program"), &database.url, &words);
    let why = refused.expect_err("it does not start");
    assert!(why.contains("the list of erasures can't be kept"), "{why}");
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("erasures.jsonl");
    let words = ["--erasures", list.to_str().expect("a path")];
    Service::start_with(&ihuriro().expect("the program"), &database.url, &words).expect("it starts");
    assert!(list.exists(), "from its first moment");
}
