//! Lessons at a desk: written, proposed, published by a second person, retired; and adopted where others learned them.

pub mod adopt;
pub mod publish;
pub mod write;

use super::right::Refused;
use crate::problem::kind;

/// There is none, or none that the caller may see.
fn no_such() -> Refused {
    Refused::Otherwise(
        kind::NO_SUCH_LESSON,
        "No lesson that is published, or that your organisation writes, has this id.",
    )
}
