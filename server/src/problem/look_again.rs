//! What others would read, and may say who somebody is: it is not written until whoever says it has looked again.

use std::collections::BTreeSet;

use sync_core::identifying::found_in;

use super::{Problem, kind};

/// Looks at one text that goes to another organisation.
///
/// # Errors
/// 409 `look-again` where something in it looks like a name or a number of somebody, and nobody has looked again.
pub(crate) fn look_at(field: &'static str, text: Option<&str>, looked_again: bool) -> Result<(), Problem> {
    let found = text.filter(|_| !looked_again).map(found_in).unwrap_or_default();
    let found: BTreeSet<_> = found.iter().map(|one| (field, one.what.words())).collect();
    if found.is_empty() { Ok(()) } else { Err(look_again(&found)) }
}

/// Names the fields, and what something in them looks like.
pub(crate) fn look_again(found: &BTreeSet<(&'static str, &'static str)>) -> Problem {
    let told: Vec<String> =
        found.iter().map(|(field, looks_like)| format!("{field} ({looks_like})")).collect();
    let told = told.join(", ");
    Problem::of(
        kind::LOOK_AGAIN,
        format!("Look again at {told}. Leave it out, or say looked_again where it names nobody."),
    )
}
