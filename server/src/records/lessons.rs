//! Lessons: those that an organisation writes, for its own people, and what is published of them, for all members of the partnership.

pub mod list;
pub mod read;

use sync_core::id::OrganisationId;

use crate::problem::Problem;
use crate::scope::Permit;

/// The organisation whose own lessons somebody may read; `None` of those who read what is published alone.
///
/// # Errors
/// Those of [`Permit::organisation`].
pub(super) fn own_of(permit: Permit) -> Result<Option<OrganisationId>, Problem> {
    if permit.is_of_published() { Ok(None) } else { permit.organisation().map(Some) }
}
