//! What a write changes of the rows, from which follows what must be compared or counted again.

use std::collections::BTreeSet;

use sync_core::id::{DocumentId, ParticipantId, SessionId};

use super::rows::{GroupRow, ParticipantRow, Rows, SessionRow};

/// The rows of one document before and after.
#[derive(Debug)]
pub struct Difference {
    pub id: DocumentId,
    pub(super) old: Rows,
    pub(super) new: Rows,
}

impl Difference {
    /// Whether a value changed by which sessions are compared.
    pub(super) fn looks_otherwise(&self) -> bool {
        let row = |rows: &Rows| rows.session.as_ref().map(SessionRow::compared);
        row(&self.old) != row(&self.new)
            || self.old.attendances != self.new.attendances
            || self.old.themes != self.new.themes
            || self.old.headcounts != self.new.headcounts
    }

    /// Whether a value changed that others may know to whom the group refers somebody.
    pub(super) fn refers_otherwise(&self) -> bool {
        let person = |rows: &Rows| rows.participant.as_ref().map(ParticipantRow::received);
        let area = |rows: &Rows| rows.group.as_ref().map(|group| group.area().to_owned());
        self.old.referral != self.new.referral
            || self.old.steps != self.new.steps
            || person(&self.old) != person(&self.new)
            || area(&self.old) != area(&self.new)
    }

    /// Whether a value changed by which participants count in each other's place.
    pub(super) fn stands_otherwise(&self) -> bool {
        let row = |rows: &Rows| rows.participant.as_ref().map(ParticipantRow::stands);
        row(&self.old) != row(&self.new)
    }
}

/// What changed of the rows of one stream. From this the facts that must be counted again are found.
#[derive(Debug, Default)]
pub struct Differences {
    /// The documents of which a row changed.
    pub documents: Vec<Difference>,
    /// Sessions that look like other sessions than before.
    pub alike: BTreeSet<SessionId>,
    /// Participants in whose place another participant counts than before.
    pub people: BTreeSet<ParticipantId>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.alike.is_empty() && self.people.is_empty()
    }

    /// Whether everything in a group may count otherwise.
    pub fn group_counts_otherwise(&self) -> bool {
        let row = |rows: &Rows| rows.group.as_ref().map(GroupRow::counts);
        self.documents.iter().any(|one| row(&one.old) != row(&one.new))
    }

    /// The sessions of which a row changed.
    pub fn sessions(&self) -> impl Iterator<Item = SessionChange<'_>> {
        let standing = |rows: &Rows| rows.session.as_ref().map(SessionRow::standing);
        self.documents.iter().filter_map(move |Difference { id, old, new }| {
            let date = new.session.as_ref().or(old.session.as_ref())?.date();
            Some(SessionChange { id: (*id).into(), date, old: standing(old), new: standing(new) })
        })
    }

    /// Whether a row of a participant, or who counts in whose place, changed.
    pub fn of_participants(&self) -> bool {
        !self.people.is_empty()
            || self.documents.iter().any(|one| one.new.participant.is_some() || one.old.participant.is_some())
    }

    /// The participants who may count otherwise.
    pub fn participants(&self) -> impl Iterator<Item = ParticipantId> {
        let row = |rows: &Rows| rows.participant.as_ref().map(ParticipantRow::counts);
        let changed =
            move |one: &&Difference| row(&one.old) != row(&one.new) || one.old.origins != one.new.origins;
        self.documents.iter().filter(changed).map(|one| one.id.into())
    }
}

/// The change of a session by which it, or others, may count otherwise.
#[derive(Debug)]
pub struct SessionChange<'a> {
    pub id: SessionId,
    pub date: &'a str,
    /// `None` where the session had no row; so, too, `new`.
    pub old: Option<Standing>,
    pub new: Option<Standing>,
}

/// What a session's row says about whether it, or another session, counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub void: bool,
    /// The sessions that it refers to.
    pub others: Vec<SessionId>,
}
