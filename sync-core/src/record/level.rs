//! How secret something is.

/// How secret something is; the data dictionary gives each kind of record one. Each level is told to fewer people than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// P: anybody may know.
    Public,
    /// I: for all members of the partnership.
    Internal,
    /// O: for the organisation whose group it is.
    Organisation,
    /// S: for the staff that is assigned to the group, their supervisors, and the protection officers of the organisation.
    Sensitive,
}

impl Level {
    /// Its letter in the data dictionary.
    pub const fn letter(self) -> char {
        match self {
            Self::Public => 'P',
            Self::Internal => 'I',
            Self::Organisation => 'O',
            Self::Sensitive => 'S',
        }
    }
}
