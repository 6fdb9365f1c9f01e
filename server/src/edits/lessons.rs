//! Lessons at a desk: written, proposed, published by a second person, retired; and adopted where others learned them.

pub mod adopt;
pub mod publish;
pub mod write;

use super::right::Refused;
use crate::problem::kind;
use crate::records::lessons::read::LookAgain;

/// There is none, or none that the caller may see.
fn no_such() -> Refused {
    Refused::Otherwise(
        kind::NO_SUCH_LESSON,
        "No lesson that is published, or that your organisation writes, has this id.",
    )
}

/// Refuses what all partners would read if something in it may say who somebody is, unless somebody looked at that again.
fn look_at_again(found: &[LookAgain], looked: bool) -> Result<(), Refused> {
    if looked || found.is_empty() {
        return Ok(());
    }
    Err(Refused::LookAgain(found.iter().map(|one| (one.field, one.looks_like)).collect()))
}
