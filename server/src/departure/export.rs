//! Exporting all that an organisation recorded.

use std::collections::BTreeMap;
use std::path::Path;

use diesel::prelude::*;
use sync_core::id::{Id, OrganisationId};
use sync_core::record::Kind;
use sync_core::time::Millis;

use super::Refused;
use super::folder::{Content, FORMAT, Folder, Manifest, Named, VERSION};
use super::standing::Standing;
use super::{people, plans, records};
use crate::audit::{self, Action, ObjectKind};
use crate::clock::timestamp;
use crate::on_each;
use crate::register::organisations;
use crate::store::schema::{participants, streams};
use crate::store::{Conn, Db, Store, StoreError, identity};

/// An export that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many records there are of each kind.
    pub records: BTreeMap<Kind, u64>,
}

/// Writes all that an organisation recorded into a folder that is empty or not there yet, as of one moment, while the service goes on. Its files
/// can be read by their owner alone; **they are not encrypted**. It is noted in the audit log before anything is written.
///
/// Must not be called from async code.
///
/// # Errors
/// [`Refused`]; the folder is then as it was.
pub fn export(store: &Store, code: &str, to: &Path, now: Millis) -> Result<Exported, Refused> {
    let organisation = store.read_blocking("whom to export", |tx| whom(tx, code))?;
    let folder = Folder::begin(to)?;
    let entry = audit::by_operator(now, Action::Export, "ihuriro export");
    let entry = entry.about(ObjectKind::Organisation, organisation.id.uuid());
    let written = store
        .write_blocking("note export", |tx| audit::note(tx, &entry))
        .map_err(Refused::from)
        .and_then(|()| store.read_blocking("export", |tx| write(tx, &folder, &organisation, now)))
        .and_then(|manifest| folder.finish(&manifest).map(|()| manifest));
    match written {
        Ok(manifest) => Ok(Exported { records: manifest.records }),
        Err(refused) => {
            folder.give_up();
            Err(refused)
        }
    }
}

/// The organisation, if nobody of its participants waits to be erased: of a group in which somebody does, sessions may name them.
fn whom(tx: &mut Conn<'_>, code: &str) -> Result<Named, Refused> {
    let found = organisations::find_by_code(tx, code)?;
    let found = found.ok_or_else(|| Refused::NoSuchOrganisation(code.to_owned()))?;
    match asked_to_be_erased(tx, found.id)? {
        0 => Ok(Named { id: found.id, code: found.code, name: found.name }),
        1 => Err(Refused::AskedToBeErased("1 person".to_owned())),
        more => Err(Refused::AskedToBeErased(format!("{more} people"))),
    }
}

fn asked_to_be_erased(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<i64, StoreError> {
    let theirs = streams::table.filter(streams::organisation_id.eq(Db(organisation))).select(streams::id);
    on_each!(tx, |c| participants::table
        .filter(participants::group_id.eq_any(theirs))
        .filter(participants::erased.eq(true))
        .filter(participants::code.ne(""))
        .count()
        .get_result(c))
}

/// Writes all files but the manifest. From the beginning: a transaction may run again.
fn write(tx: &mut Conn<'_>, folder: &Folder, organisation: &Named, now: Millis) -> Result<Manifest, Refused> {
    folder.clear()?;
    // 1. Who asked to be erased since it was looked for.
    whom(tx, &organisation.code)?;
    let standing = Standing::of(tx, organisation.id)?;
    // 2. The records, group by group, and what is quarantined beside them.
    let logins = people::logins(tx)?;
    let mut records = records::Records::begin(tx, folder, &logins)?;
    let mut quarantined = folder.file("quarantined.jsonl")?;
    for stream in standing.streams.iter().map(|stream| stream.id) {
        records.stream(tx, stream)?;
        records::quarantined(tx, stream, &mut quarantined)?;
    }
    let (counts, mut files) = records.finish()?;
    files.push(quarantined.finish()?);
    // 3. People, and what they did.
    files.extend(people::write(tx, folder, organisation.id)?);
    files.extend(plans::write(tx, folder, organisation.id)?);
    files.push(audit_log(tx, folder, organisation.id)?);
    let mut readme = folder.file("README.txt")?;
    include_str!("readme.txt").lines().try_for_each(|line| readme.text(line))?;
    files.push(readme.finish()?);
    Ok(Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: timestamp(now),
        epoch: identity::epoch(tx)?,
        organisation: organisation.clone(),
        standing,
        records: counts,
        files,
    })
}

fn audit_log(tx: &mut Conn<'_>, folder: &Folder, organisation: OrganisationId) -> Result<Content, Refused> {
    let mut out = folder.file("audit.jsonl")?;
    let mut after = None;
    loop {
        let (lines, last) = audit::lines_of(tx, organisation, after.as_deref())?;
        lines.iter().try_for_each(|line| out.text(line))?;
        match last {
            Some(last) => after = Some(last),
            None => return out.finish(),
        }
    }
}
