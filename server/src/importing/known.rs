//! What there is of an organisation that lines name: people by their logins, groups by their names.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sync_core::area::{self, AreaCode};
use sync_core::fold::fold;
use sync_core::id::{DocumentId, GroupId, OrganisationId, ParticipantId, UserId};
use sync_core::record::Kind;
use sync_core::time::{self, Date};
use uuid::Uuid;

use super::cells::Cells;
use crate::access::Role;
use crate::on_each;
use crate::problem::Fields;
use crate::store::schema::{documents, groups, participants, streams, users};
use crate::store::{At, Code, Conn, Db, StoreError};

/// How many groups of one name are told.
const NAMED: usize = 3;

/// Somebody of the organisation.
#[derive(Debug, Clone)]
pub(super) struct KnownPerson {
    pub(super) id: UserId,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) disabled: bool,
}

/// The people of the organisation, by their logins.
#[derive(Debug)]
pub(super) struct People(BTreeMap<String, KnownPerson>);

impl People {
    /// # Errors
    /// Those of the store.
    pub(super) fn of(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<Self, StoreError> {
        type Row = (String, Db<UserId>, String, Code<Role>, Option<At>);
        let rows: Vec<Row> = on_each!(tx, |c| users::table
            .filter(users::organisation_id.eq(Db(organisation)))
            .select((users::login, users::id, users::name, users::role, users::disabled_at))
            .load(c))?;
        let person = |(login, Db(id), name, Code(role), disabled): Row| {
            (login, KnownPerson { id, name, role, disabled: disabled.is_some() })
        };
        Ok(Self(rows.into_iter().map(person).collect()))
    }

    pub(super) fn get(&self, login: &str) -> Option<&KnownPerson> {
        self.0.get(login)
    }

    /// Those whom a cell names by their logins; also people who left, unless they are to do something from now on.
    pub(super) fn named(
        &self,
        cells: Cells<'_>,
        fields: &mut Fields,
        column: &str,
        now: bool,
    ) -> Vec<UserId> {
        let mut named = Vec::new();
        for (place, login) in cells.several(column).enumerate() {
            match self.get(&login.to_lowercase()) {
                Some(person) if !(now && person.disabled) => named.push(person.id),
                Some(_) => fields.refuse(column, format!("no {} may not sign in any more", place + 1)),
                None => fields.refuse(
                    column,
                    format!("no {} is no login of your organisation; import the people first", place + 1),
                ),
            }
        }
        named
    }
}

/// A group of the organisation.
#[derive(Debug, Clone, Queryable)]
pub(super) struct KnownGroup {
    id: Db<GroupId>,
    name_folded: String,
    area: String,
    starts_on: Option<String>,
}

impl KnownGroup {
    pub(super) fn id(&self) -> GroupId {
        self.id.0
    }

    pub(super) fn area(&self) -> &str {
        &self.area
    }

    /// The day on which it said to have begun.
    pub(super) fn starts_on(&self) -> Option<Date> {
        time::day(self.starts_on.as_deref()?)
    }
}

/// The groups of the organisation, but those that were recorded by mistake.
#[derive(Debug)]
pub(super) struct Groups {
    by_name: BTreeMap<String, Vec<KnownGroup>>,
    by_id: BTreeMap<GroupId, KnownGroup>,
}

impl Groups {
    /// # Errors
    /// Those of the store.
    pub(super) fn of(tx: &mut Conn<'_>, organisation: OrganisationId) -> Result<Self, StoreError> {
        let rows: Vec<KnownGroup> = on_each!(tx, |c| groups::table
            .filter(groups::organisation_id.eq(Db(organisation)))
            .filter(groups::void.is_null())
            .order(groups::id)
            .select((groups::id, groups::name_folded, groups::area, groups::starts_on))
            .load(c))?;
        let mut by_name: BTreeMap<String, Vec<KnownGroup>> = BTreeMap::new();
        for group in &rows {
            by_name.entry(group.name_folded.clone()).or_default().push(group.clone());
        }
        Ok(Self { by_name, by_id: rows.into_iter().map(|group| (group.id(), group)).collect() })
    }

    /// Those that are called so, whichever way it is typed.
    pub(super) fn called(&self, name: &str) -> &[KnownGroup] {
        self.by_name.get(&fold(name)).map_or(&[], Vec::as_slice)
    }

    /// The group that a cell names: by its id, or by its name where no other has it.
    pub(super) fn named(&self, cells: Cells<'_>, fields: &mut Fields, column: &str) -> Option<&KnownGroup> {
        let text = cells.needed(fields, column)?;
        let by_id = Uuid::try_parse(text).ok().map(|id| self.by_id.get(&GroupId::from(id)));
        let (found, among) = match (by_id, self.called(text)) {
            (Some(found), _) => (found, &[][..]),
            (None, [one]) => (Some(one), &[][..]),
            (None, several) => (None, several),
        };
        if found.is_none() {
            fields.refuse(column, none_or_several(among));
        }
        found
    }
}

fn none_or_several(among: &[KnownGroup]) -> String {
    if among.is_empty() {
        return "is no group of your organisation, by its name or its id; import the groups first".to_owned();
    }
    let village = |group: &KnownGroup| {
        let code: Option<AreaCode> = group.area.parse().ok();
        code.and_then(area::find).map(|area| area.path()).unwrap_or_default()
    };
    let told = among.iter().take(NAMED).map(|group| format!("{} ({})", group.id(), village(group)));
    let more = if among.len() > NAMED { " …" } else { "" };
    let told: Vec<String> = told.collect();
    format!(
        "is the name of {} groups; write the id of the one that is meant: {}{more}",
        among.len(),
        told.join(", ")
    )
}

/// The records of a kind that there are in the groups of the organisation, or were.
///
/// # Errors
/// Those of the store.
pub(super) fn recorded(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
    kind: Kind,
) -> Result<BTreeSet<DocumentId>, StoreError> {
    let rows: Vec<Db<DocumentId>> = on_each!(tx, |c| documents::table
        .inner_join(streams::table)
        .filter(streams::organisation_id.eq(Db(organisation)))
        .filter(documents::kind.eq(Code(kind)))
        .select(documents::id)
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id).collect())
}

/// The members of the organisation's groups who can be marked: neither void nor erased.
///
/// # Errors
/// Those of the store.
pub(super) fn members(
    tx: &mut Conn<'_>,
    organisation: OrganisationId,
) -> Result<BTreeSet<ParticipantId>, StoreError> {
    let rows: Vec<Db<ParticipantId>> = on_each!(tx, |c| participants::table
        .inner_join(groups::table.on(groups::id.eq(participants::group_id)))
        .filter(groups::organisation_id.eq(Db(organisation)))
        .filter(participants::void.is_null())
        .filter(participants::erased.eq(false))
        .select(participants::id)
        .load(c))?;
    Ok(rows.into_iter().map(|Db(id)| id).collect())
}
