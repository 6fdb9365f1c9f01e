//! What every world begins with: a migrated store and the people in it, the same in each.

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use server::access::{PasswordHash, Role};
use server::on_each;
use server::register::organisations::{self, NewOrganisation};
use server::register::users::create::{NewUser, create};
use server::store::schema::{settings, users};
use server::store::{At, Conn, Db, Store, StoreError};
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Moment;

use super::dice::Dice;
use crate::Database;
use crate::app::{PASSWORD, START};

const ORGANISATIONS: [&str; 2] = ["aegis", "haguruka"];
const FACILITATORS: usize = 3;

/// Where worlds stand.
#[derive(Debug)]
pub(super) enum Soil {
    /// A file to copy, whole, with these people in it.
    Sqlite(Vec<u8>, People),
    /// A schema for each world, migrated again.
    Postgres,
}

/// Who there is before anything happens.
#[derive(Debug, Clone)]
pub(super) struct People {
    pub(super) organisations: Vec<Organisation>,
    /// Keeps the directory of services.
    pub(super) secretary: UserId,
}

/// The people of one organisation.
#[derive(Debug, Clone)]
pub(super) struct Organisation {
    pub(super) id: OrganisationId,
    pub(super) manager: UserId,
    pub(super) supervisor: UserId,
    pub(super) facilitators: Vec<UserId>,
}

impl Soil {
    pub(super) fn sqlite() -> Self {
        let database = Database::sqlite();
        let people = found(&database);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let copy = folder.path().join("soil.db");
        let file = database.url.trim_start_matches("sqlite:");
        let mut connection = SqliteConnection::establish(file).expect("the file opens");
        connection.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).expect("a copy is written");
        Self::Sqlite(std::fs::read(copy).expect("the copy can be read"), people)
    }

    /// A database of a world's own, and the people in it.
    pub(super) fn plant(&self) -> (Database, People) {
        match self {
            Self::Sqlite(file, people) => (Database::sqlite_of(file), people.clone()),
            Self::Postgres => {
                let database = Database::postgres();
                let people = found(&database);
                (database, people)
            }
        }
    }
}

/// Gives a store an epoch that is not its own luck: what people write at desks is called by it.
pub(super) fn begin_life(store: &Store, moment: &Moment) {
    let set = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        let row = settings::table.find("epoch");
        let epoch = settings::value.eq(moment.uuid().as_bytes().to_vec());
        on_each!(tx, |c| diesel::update(row).set(epoch.clone()).execute(c))
    };
    store.write_blocking("begin life", set).expect("the store obeys");
}

/// Makes somebody a protection officer: whoever decides about all that is quarantined may know of every record.
fn protects(store: &Store, manager: UserId) {
    let set = |tx: &mut Conn<'_>| -> Result<usize, StoreError> {
        let row = users::table.find(Db(manager));
        on_each!(tx, |c| diesel::update(row).set(users::protects_since.eq(At(START))).execute(c))
    };
    store.write_blocking("found", set).expect("the store obeys");
}

/// Migrates a database and puts the people in: the same, with the same ids, every time.
fn found(database: &Database) -> People {
    let store = Store::open(&database.url).expect("it opens");
    store.migrate_blocking().expect("it migrates");
    let hash = PasswordHash::of_blocking(PASSWORD);
    // A seed that no world has: the service of a world draws its ids from the same stream.
    let mut dice = Dice::of(u64::MAX);
    begin_life(&store, &dice.moment(START));
    let organisation = |code: &str| {
        let new = NewOrganisation { code: code.to_owned(), name: code.to_uppercase() };
        let moment = dice.moment(START);
        let put = store.write_blocking("found", |tx| organisations::create(tx, &new, &moment));
        let id = put.expect("a new organisation").id;
        let mut person = |name: String, role| {
            let login = format!("{name}.{code}");
            let new = NewUser::checked(&login, &login, role, Some(id), PASSWORD).expect("a sound person");
            let moment = dice.moment(START);
            store.write_blocking("found", |tx| create(tx, &new, &hash, &moment)).expect("a new person").id
        };
        let manager = person("manager".into(), Role::Manager);
        protects(&store, manager);
        Organisation {
            id,
            manager,
            supervisor: person("supervisor".into(), Role::Supervisor),
            facilitators: (1..=FACILITATORS).map(|n| person(format!("f{n}"), Role::Facilitator)).collect(),
        }
    };
    let organisations = ORGANISATIONS.map(organisation).to_vec();
    let new = NewUser::checked("secretary", "secretary", Role::Secretariat, None, PASSWORD);
    let (new, moment) = (new.expect("a sound person"), dice.moment(START));
    let secretary =
        store.write_blocking("found", |tx| create(tx, &new, &hash, &moment)).expect("a new person").id;
    People { organisations, secretary }
}
