//! Why nobody was disabled, let in again or moved.

use crate::desk::EditRefused;
use crate::problem::{FieldError, Problem, kind};
use crate::register::users::not_for_managers;
use crate::store::Refusal;

/// Why a person stays as they are.
#[derive(Debug, thiserror::Error)]
pub(super) enum PersonRefused {
    #[error("there is no such person in the organisation")]
    NoSuchUser,
    #[error("a manager does not decide about people of this role")]
    NotTheirs,
    #[error("nobody disables themselves")]
    Oneself,
    #[error("people of this role belong to no organisation")]
    NoOrganisation,
    #[error("there is no such organisation")]
    NoSuchOrganisation,
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

impl Refusal for PersonRefused {}

impl From<PersonRefused> for Problem {
    fn from(refused: PersonRefused) -> Self {
        match refused {
            PersonRefused::NoSuchUser => {
                Self::of(kind::NO_SUCH_USER, "Nobody in your organisation has this id.")
            }
            PersonRefused::NotTheirs => not_for_managers(),
            PersonRefused::Oneself => Self::of(
                kind::ONESELF,
                "Nobody disables themselves: somebody has to be left who can undo it. Ask another administrator.",
            ),
            PersonRefused::NoOrganisation => Self::of(
                kind::ROLE_WITHOUT_ORGANISATION,
                "Only facilitators, supervisors and managers work for one, and can move.",
            ),
            PersonRefused::NoSuchOrganisation => Self::fields(vec![FieldError {
                field: "organisation_id".to_owned(),
                detail: "is the id of an organisation of the partnership".to_owned(),
            }]),
            PersonRefused::Edit(refused) => refused.into(),
        }
    }
}
