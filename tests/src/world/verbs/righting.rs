//! Mistakes that are put right, on tablets and at desks: what all such acts have in common.

use std::collections::BTreeSet;

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use sync_core::change::Grounds;
use sync_core::document::Document;
use sync_core::form::{Edit, EditError};
use sync_core::id::{DocumentId, GroupId, UserId};
use sync_core::record::{Kinded, Record};

use super::people::{done, organisation_of};
use super::recording;
use crate::kept::Name;
use crate::world::soil::Organisation;
use crate::world::{Sound, World};

/// Whoever looks for something to put right looks in so many.
const PLACES: usize = 4;

/// Something that was put right, and shown as done.
#[derive(Debug)]
pub(in crate::world) struct Righted {
    pub(in crate::world) record: DocumentId,
    /// Nobody gave the same for anything else.
    pub(in crate::world) grounds: Grounds,
    pub(in crate::world) at_desk: bool,
}

/// All that was put right.
#[derive(Debug, Default)]
pub(in crate::world) struct Righting {
    pub(in crate::world) done: Vec<Righted>,
    /// What people wrote on tablets who may not say it, as far as their tablet knew.
    pub(in crate::world) beyond: BTreeSet<Name>,
    given: usize,
}

impl Righting {
    fn grounds(&mut self) -> Grounds {
        self.given += 1;
        let grounds = format!("Mistake {} of this world.", self.given).parse();
        grounds.map_err(|_| "a line").expect("it is short")
    }
}

impl World {
    /// Puts something right on a tablet, and says why; whether there was anything to change.
    pub(super) fn on_tablet<R: Kinded>(
        &mut self,
        at: usize,
        group: GroupId,
        record: impl Into<DocumentId>,
        edit: impl FnOnce(&mut Edit<'_, R>, Grounds) -> Result<(), EditError>,
    ) -> Sound<bool> {
        let (record, grounds) = (record.into(), self.righting.grounds());
        let why = grounds.clone();
        let wrote = recording::edit_because::<R>(self, at, group, record, &grounds, |one| edit(one, why))?;
        if wrote {
            self.righting.done.push(Righted { record, grounds, at_desk: false });
        }
        Ok(wrote)
    }

    /// Notes that whoever writes this on a tablet has not the authority to say it.
    pub(super) fn beyond_authority(
        &mut self,
        at: usize,
        act: impl FnOnce(&mut Self) -> Sound<bool>,
    ) -> Sound<bool> {
        let before = self.slates[at].shown.clone();
        let wrote = act(self)?;
        let new = self.slates[at].shown.difference(&before);
        self.righting.beyond.extend(new);
        Ok(wrote)
    }

    /// Puts something right at a desk, and says why; the answer, where it was done.
    pub(super) fn at_desk(
        &mut self,
        keeper: UserId,
        record: impl Into<DocumentId>,
        request: TestRequest,
        mut body: Value,
        (due, also): (u16, &[u16]),
    ) -> Sound<Option<Value>> {
        let grounds = self.righting.grounds();
        body["reason"] = json!(grounds.to_string());
        let reply = self.person(keeper, request.set_json(body))?;
        if !done(&reply, due, also)? {
            return Ok(None);
        }
        self.righting.done.push(Righted { record: record.into(), grounds, at_desk: true });
        Ok(reply.map(|(_, body)| body))
    }

    /// Looks in a few places for something that was put right already and can be taken back, or, as a coin falls, for something
    /// to put right; where there is none of the one, takes the other. Says which it is.
    pub(super) fn look_around<P, T: Clone>(
        &mut self,
        somewhere: impl Fn(&mut Self) -> Option<P>,
        there: impl Fn(&Self, &P) -> Vec<(T, bool)>,
    ) -> Option<(P, T, bool)> {
        let back = self.dice.percent(50);
        let mut other = None;
        for _ in 0..PLACES {
            let Some(place) = somewhere(self) else { continue };
            let (wanted, rest): (Vec<_>, Vec<_>) =
                there(self, &place).into_iter().partition(|(_, is)| *is == back);
            if let Some((one, is)) = self.dice.pick(&wanted) {
                return Some((place, one, is));
            }
            if let Some((one, is)) = self.dice.pick(&rest) {
                other = Some((place, one, is));
            }
        }
        other
    }

    /// The supervisor of a group, where it has one, or the manager.
    pub(super) fn keeper(&mut self, group: GroupId) -> UserId {
        let Organisation { manager, supervisor, .. } = self.organisations[organisation_of(self, group)];
        let leads = self.assigned.contains(&(supervisor, group)) && !self.disabled.contains(&supervisor);
        if leads && self.dice.percent(50) { supervisor } else { manager }
    }

    pub(super) fn manager_of(&self, group: GroupId) -> UserId {
        self.organisations[organisation_of(self, group)].manager
    }

    pub(super) fn is_supervisor(&self, user: UserId) -> bool {
        self.organisations.iter().any(|one| one.supervisor == user)
    }

    /// Some group that the store knows.
    pub(super) fn some_group(&mut self) -> Option<GroupId> {
        Some(self.dice.pick(&self.groups)?.0)
    }

    /// The records of a kind in a group, as the store has them. Somebody who is erased is not there for people at a desk.
    pub(super) fn records<R: Kinded>(&self, group: GroupId) -> Vec<(DocumentId, R, Document)> {
        let stored = self.stored().into_iter();
        let documents = stored
            .filter(|(_, one)| one.kind == R::KIND && one.stream == group.into())
            .map(|(id, one)| (id, one.open()));
        let there =
            documents.filter(|(_, document)| !document.record().is_ok_and(|one: Record| one.is_erased()));
        there.map(|(id, document)| (id, document.read().expect("a stored record stands"), document)).collect()
    }
}
