//! What an organisation meant to reach, and with what money, as lines. It stays in the store, as published figures do: it tells of nobody.

use sync_core::id::OrganisationId;

use super::Refused;
use super::folder::{Content, Folder};
use crate::frameworks::{read, targets};
use crate::money;
use crate::store::Conn;

/// Writes the files of frameworks, targets and the budget.
pub(super) fn write(
    tx: &mut Conn<'_>,
    folder: &Folder,
    organisation: OrganisationId,
) -> Result<Vec<Content>, Refused> {
    let mut frameworks = folder.file("frameworks.jsonl")?;
    read::all_of(tx, organisation)?.iter().try_for_each(|one| frameworks.put(one))?;
    let mut set = folder.file("targets.jsonl")?;
    let all = targets::list(tx, Some(organisation), &targets::Which::All, None, targets::MOST)?;
    all.iter().try_for_each(|one| set.put(one))?;
    let mut budget = folder.file("budget.jsonl")?;
    money::all_of(tx, organisation)?.iter().try_for_each(|one| budget.put(one))?;
    Ok(vec![frameworks.finish()?, set.finish()?, budget.finish()?])
}
