//! Referrals, screenings and incidents that name a participant or a session of another group: the people who may see
//! the one record may not see the other. And those about somebody who was erased, by a tablet that had not heard.

use sync_core::id::{OrganisationId, StreamId};
use sync_core::quarantine::Reason;
use sync_core::record::{Kind, Place, Record};

use crate::ledger::{self, Lacking};
use crate::store::{Conn, StoreError};

/// Why a record can't begin; or else, of one about a participant, how that one stood.
///
/// A record that names an unknown record is taken: the unknown one may arrive later, be quarantined for a long time, or
/// never come. So is a record that names one of another organisation: a refusal would tell a person who guesses ids
/// which of them exist. Queries join the two records within one group, so nobody is shown anything of a record
/// elsewhere.
pub(super) fn begins(
    tx: &mut Conn<'_>,
    place: Place,
    record: &Record,
    waived: bool,
) -> Result<Result<Option<Lacking>, Reason>, StoreError> {
    // 1. A tablet writes no record to a stream in which its kind does not live ([`Writable`](super::holding::Writable)); where a keeper
    //    vouches for one (`waived`), it is looked at here.
    if waived && ledger::stream(tx, place.stream)?.is_some_and(|row| row.kind.home() != place.kind.lives_in())
    {
        let why = "must travel in a stream of the kind in which such records live";
        return Ok(Err(Reason::Invalid("document".into(), why.into())));
    }
    // 2. What it names is of its group, and of the kind that the field is for.
    let Some(about) = record.is_about() else { return Ok(Ok(None)) };
    let there = ledger::stands(tx, about.document)?;
    let elsewhere = there.filter(|there| !about.is(there.place, place.stream));
    if let Some(elsewhere) = elsewhere
        && organisation(tx, elsewhere.place.stream)? == organisation(tx, place.stream)?
    {
        let invalid = about.astray();
        return Ok(Err(Reason::Invalid(invalid.field, invalid.why.0)));
    }
    // 3. Whom it names was not erased. Who is erased between this and its writing is found then: their record has another version.
    if about.kind != Kind::Participant {
        return Ok(Ok(None));
    }
    let here = there.filter(|there| there.place.stream == place.stream);
    if here.is_some_and(|here| here.is_erased) {
        return Ok(Err(Reason::Erased));
    }
    let version = here.map(|here| here.version);
    Ok(Ok(Some(Lacking { stream: place.stream, id: about.document, version })))
}

fn organisation(tx: &mut Conn<'_>, stream: StreamId) -> Result<Option<OrganisationId>, StoreError> {
    Ok(ledger::stream(tx, stream)?.and_then(|stream| stream.organisation))
}
