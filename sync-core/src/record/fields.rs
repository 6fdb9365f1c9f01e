//! How a record is made of its fields: one list, from which struct, field table, reader and editor follow.

use automerge::Automerge;

use crate::form::{Invalid, Values};

/// A record that is read from a document, and edited through a [`crate::form::Edit`] of it.
pub trait Fields: Sized {
    /// Reads it; `values` are those of the document.
    ///
    /// # Errors
    /// [`Invalid`] names the first field that does not stand as the data dictionary says.
    fn read(document: &Automerge, values: &Values) -> Result<Self, Invalid>;
}

/// Defines a record: its plain struct, its field table, how it is read and how it is edited.
///
/// ```text
/// record! { /// One meeting.
///     Session edited by SessionEdit { /// How long.
///         minutes: Field<Minutes>, .. } }
/// ```
/// A free function `check(&Session) -> Result<(), Invalid>` beside it says what no single field can.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident edited by $edit:ident {
        $($(#[$field_doc:meta])* $field:ident : $form:ty),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: <$form as $crate::form::Form>::Plain),*
        }

        impl $name {
            pub const FIELDS: &'static [$crate::form::FieldInfo] = &[$($crate::form::FieldInfo {
                name: stringify!($field),
                shape: <$form as $crate::form::Form>::SHAPE,
                rule: <$form as $crate::form::Form>::RULE,
            }),*];
        }

        impl $crate::record::Fields for $name {
            fn read(
                document: &automerge::Automerge,
                values: &$crate::form::Values,
            ) -> Result<Self, $crate::form::Invalid> {
                let record = Self {
                    $($field: <$form as $crate::form::Form>::read(document, values, stringify!($field))?),*
                };
                check(&record)?;
                Ok(record)
            }
        }

        #[doc = concat!("A [`", stringify!($name), "`] under edit: each method names a field.")]
        pub type $edit<'d> = $crate::form::Edit<'d, $name>;

        impl<'d> $crate::form::Edit<'d, $name> {
            $($(#[$field_doc])* pub fn $field(&mut self) -> $crate::form::Editor<'_, 'd, $form> {
                self.field(stringify!($field))
            })*
        }
    };
}
pub(super) use record;
