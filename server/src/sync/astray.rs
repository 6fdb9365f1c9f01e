//! Records that are about a record of another group: a referral, a screening or an incident of which nobody may see what it is
//! about.

use sync_core::id::{OrganisationId, StreamId};
use sync_core::quarantine::Reason;
use sync_core::record::{Place, Record};

use crate::ledger;
use crate::store::{Conn, StoreError};

/// Why a record that begins can't stand, where what it is about is known to be of another group or of another kind.
///
/// What is not known yet may arrive later, or be quarantined for a long time: a record that waited for it could wait for ever, so
/// it is taken. So is one that names a record of another organisation, or whoever guesses ids could ask which of them there
/// are. Whoever reads such a record joins the two within the group, and is told nothing of a record elsewhere.
pub(super) fn reason(tx: &mut Conn<'_>, place: Place, record: &Record) -> Result<Option<Reason>, StoreError> {
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
