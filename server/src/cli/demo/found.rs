//! How the demo begins: an administrator, put in as `ihuriro admin` does; all else as people would, over HTTP.

use indicatif::ProgressBar;
use serde_json::{Value, json};
use server::access::{PasswordHash, Role};
use server::clock::Clock as ServerClock;
use server::register::users::create::{NewUser, create};
use server::store::Store;
use sync_core::id::GroupId;
use tablet::clock::Clock;
use tablet::device::Device;

use super::Failed;
use super::cast::{ADMINISTRATOR, DONOR, ORGANISATIONS, PAIRS, SECRETARIAT};
use super::data::Data;
use super::desk::{Desk, text};
use super::mishap::label;
use super::plan::{GroupPlan, Plan, evening};

/// Puts everybody in, enrols the tablets, and begins the groups of the plan; gives their ids in its order.
pub(super) fn found(
    server: &str,
    store: &Store,
    clock: &ServerClock,
    data: &Data,
    plan: &Plan,
    bar: &ProgressBar,
) -> Result<Vec<GroupId>, Failed> {
    bar.set_length((PAIRS.len() * 2 + plan.groups.len()) as u64);
    bar.set_message("people, tablets and groups");
    administrator(store, clock, &data.password)?;
    let desk = Desk::sign_in(server, ADMINISTRATOR, &data.password)?;
    for (login, name) in [(SECRETARIAT, "The secretariat"), (DONOR, "The donor")] {
        let new = json!({ "login": login, "name": name, "role": login });
        choose_password(server, login, &desk.post("/v1/users", &new)?, &data.password)?;
    }
    let managers = organisations(&desk, &data.password)?;
    let mut facilitators = Vec::new();
    for pair in &PAIRS {
        let manager = &managers[pair.organisation];
        let ids = pair.facilitators.map(|name| {
            bar.inc(1);
            facilitator(server, manager, name, data, plan)
        });
        let [first, second] = ids;
        facilitators.push([first?, second?]);
    }
    let mut groups = Vec::new();
    for group in &plan.groups {
        let manager = &managers[PAIRS[group.pair].organisation];
        groups.push(begin(manager, group, &facilitators[group.pair])?);
        bar.inc(1);
    }
    Ok(groups)
}

/// The only one who is put in from behind: somebody has to be the first.
fn administrator(store: &Store, clock: &ServerClock, password: &str) -> Result<(), Failed> {
    let refused = |_| "the administrator's name or password is refused";
    let new = NewUser::checked(ADMINISTRATOR, "Administrator", Role::Administrator, None, password)
        .map_err(refused)?;
    let hash = PasswordHash::of_blocking(password);
    let moment = clock.moment();
    store.write_blocking("create user", |tx| create(tx, &new, &hash, &moment))?;
    Ok(())
}

/// The administrator adds the organisations and their managers; gives the managers, signed in.
fn organisations(desk: &Desk, password: &str) -> Result<Vec<Desk>, Failed> {
    let server = &desk.server;
    let managers = ORGANISATIONS.iter().map(|organisation| {
        let named = json!({ "code": organisation.code, "name": organisation.name });
        let added = desk.post("/v1/organisations", &named)?;
        let manager = json!({
            "login": organisation.manager,
            "name": format!("Manager of {}", organisation.name),
            "role": "manager",
            "organisation_id": text(&added, "id")?,
        });
        choose_password(server, organisation.manager, &desk.post("/v1/users", &manager)?, password)?;
        Desk::sign_in(server, organisation.manager, password)
    });
    managers.collect()
}

/// The manager adds a facilitator and hands out a code; the facilitator enrols a tablet with it.
fn facilitator(server: &str, manager: &Desk, name: &str, data: &Data, plan: &Plan) -> Result<String, Failed> {
    let password = &data.password;
    let login = name.to_lowercase();
    let new = json!({ "login": login, "name": name, "role": "facilitator" });
    let added = manager.post("/v1/users", &new)?;
    choose_password(server, &login, &added, password)?;
    let id = text(&added, "id")?;
    let code = manager.post(&format!("/v1/users/{id}/enrolment-codes"), &json!({}))?;
    let clock = Clock::fixed(evening(plan.calendar.on_day(0, 0), -9 * 60));
    Device::enrol(&data.tablet(name), password, server, &text(&code, "code")?, &label(name), clock)?;
    Ok(id)
}

/// Somebody who was added chooses a password, with the code that was read to them.
fn choose_password(server: &str, login: &str, added: &Value, password: &str) -> Result<(), Failed> {
    let code = text(&added["password_code"], "code")?;
    let chosen = json!({ "login": login, "code": code, "new_password": password });
    Desk::at(server).post("/v1/password-resets", &chosen)?;
    Ok(())
}

/// The manager begins a group with its first facilitator, and assigns the second.
fn begin(manager: &Desk, group: &GroupPlan, facilitators: &[String; 2]) -> Result<GroupId, Failed> {
    let new = json!({
        "name": group.name,
        "kind": group.kind,
        "modality": group.modality,
        "area": group.village.code,
        "pillar": group.pillar(),
        "setting": group.setting(),
        "cohort": group.cohort(),
        "target_mix": group.targets(),
        "planned_sessions": group.planned_sessions(),
        "starts_on": group.begins_on(),
        "facilitators": [&facilitators[0]],
    });
    let begun = text(&manager.post("/v1/groups", &new)?, "id")?;
    let second = json!({ "user_id": facilitators[1] });
    manager.post(&format!("/v1/groups/{begun}/assignments"), &second)?;
    Ok(begun.parse()?)
}
