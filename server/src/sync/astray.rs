//! Referrals, screenings and incidents that name a participant or a session of another group: the people who may see
//! the one record may not see the other. And those about somebody who was erased, by a tablet that had not heard.

use sync_core::id::{OrganisationId, StreamId};
use sync_core::quarantine::Reason;
use sync_core::record::{Kind, Place, Record};

use crate::ledger::{self, Lacking};
use crate::store::{Conn, StoreError};

/// As what whom a record is about stood when it was to begin, or why it can't begin.
///
/// Whoever is erased between the decision and its writing is found there: the record of the participant is another one then.
pub(super) fn begins(
    tx: &mut Conn<'_>,
    place: Place,
    record: &Record,
    waived: bool,
) -> Result<Result<Option<Lacking>, Reason>, StoreError> {
    if let Some(reason) = reason(tx, place, record, waived)? {
        return Ok(Err(reason));
    }
    let Some(about) = record.is_about().filter(|about| about.kind == Kind::Participant) else {
        return Ok(Ok(None));
    };
    let whom = Place { stream: place.stream, document: about.document, kind: about.kind };
    let there = ledger::version_of(tx, whom)?;
    if there.is_some_and(|(_, erased)| erased) {
        return Ok(Err(Reason::Erased));
    }
    let version = there.map(|(version, _)| version);
    Ok(Ok(Some(Lacking { stream: whom.stream, id: whom.document, version })))
}

/// Why a record can't begin: the record that it names is known to be of another group, or of another kind than the
/// field is for.
///
/// A record that names an unknown record is taken: the unknown one may arrive later, be quarantined for a long time, or
/// never come. So is a record that names one of another organisation: a refusal would tell a person who guesses ids
/// which of them exist. Queries join the two records within one group, so nobody is shown anything of a record
/// elsewhere.
///
/// A tablet writes no record to a stream in which its kind does not live ([`Writable`](super::holding::Writable)); where a keeper vouches for one
/// (`waived`), it is looked at here.
fn reason(
    tx: &mut Conn<'_>,
    place: Place,
    record: &Record,
    waived: bool,
) -> Result<Option<Reason>, StoreError> {
    if waived && ledger::stream(tx, place.stream)?.is_some_and(|row| row.kind.home() != place.kind.lives_in())
    {
        let why = "must travel in a stream of the kind in which such records live";
        return Ok(Some(Reason::Invalid("document".into(), why.into())));
    }
    let Some(about) = record.is_about() else { return Ok(None) };
    let Some(there) = ledger::homes(tx, &[about.document])?.remove(&about.document) else {
        return Ok(None);
    };
    if about.is(there, place.stream) || organisation(tx, there.stream)? != organisation(tx, place.stream)? {
        return Ok(None);
    }
    let invalid = about.astray();
    Ok(Some(Reason::Invalid(invalid.field, invalid.why.0)))
}

fn organisation(tx: &mut Conn<'_>, stream: StreamId) -> Result<Option<OrganisationId>, StoreError> {
    Ok(ledger::stream(tx, stream)?.and_then(|stream| stream.organisation))
}
