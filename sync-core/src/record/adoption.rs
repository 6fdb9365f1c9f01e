//! That an organisation works by a lesson of another one, and what came of it. The service tells all members of the partnership.

use super::{Note, record};
use crate::form::{Field, Fixed, Invalid, Required, Revocable};
use crate::id::{OrganisationId, SharedLessonId};
use crate::time::Date;
use crate::value::Line;

record! {
    /// A lesson of others that an organisation adopts. Level O.
    Adoption edited by AdoptionEdit {
        /// Who works by it.
        organisation: Fixed<OrganisationId>,
        /// The shared lesson, of another organisation.
        lesson: Fixed<SharedLessonId>,
        since: Required<Date>,
        came_of_it: Field<Line<1000>>,
        /// Why it was recorded by mistake, or is no more.
        void: Revocable<Note>,
    }
}

fn check(_: &Adoption) -> Result<(), Invalid> {
    Ok(())
}
