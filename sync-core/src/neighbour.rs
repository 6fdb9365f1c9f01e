//! What other partners do near to the groups of a tablet, so that whoever leads a group there knows with whom to speak. Of a group of another
//! partner every member of the partnership may know that much: whose it is, where, when and of what kind (level I). No name of a group, nobody
//! in it, and nothing that was recorded of it.

use minicbor::{Decode, Encode};

use crate::area::{AreaCode, Level};
use crate::id::{GroupId, StreamId};
use crate::time::Millis;

/// A group of another partner, near to one that the tablet holds. Codes are those of the data dictionary, perhaps of a later one than the
/// tablet's program knows.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Neighbour {
    /// The group of the tablet's own to which it is near.
    #[n(0)]
    pub group: GroupId,
    /// Whether it does the same for the same people, as far as the records of both say. Otherwise it is of another pillar: people of one may need
    /// the other.
    #[n(1)]
    pub overlaps: bool,
    /// The name of the partner whose it is.
    #[n(2)]
    pub organisation: String,
    /// The e-mail address or telephone number of an office of theirs.
    #[n(3)]
    pub contact: Option<String>,
    #[n(4)]
    pub modality: String,
    #[n(5)]
    pub pillar: Option<String>,
    #[n(6)]
    pub cohort: Option<String>,
    /// NISR code of its village.
    #[n(7)]
    pub area: String,
    /// The first day that both groups have, `2026-03-05`; none where it is of neither known.
    #[n(8)]
    pub from: Option<String>,
    /// The last one; none while both go on.
    #[n(9)]
    pub to: Option<String>,
}

impl Neighbour {
    /// The smallest area that its village shares with another: one village, cell or sector.
    pub fn shares(&self, village: AreaCode) -> Option<Level> {
        self.area.parse::<AreaCode>().ok()?.shares(village)
    }
}

/// What the store said of neighbours, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Neighbours {
    /// The store's clock as it said so; 0 before it ever did.
    #[n(0)]
    pub heard: Millis,
    /// Of each group the nearest first.
    #[n(1)]
    pub all: Vec<Neighbour>,
}

impl Neighbours {
    /// For how long the store does not say it again, in minutes.
    const HOLDS: i64 = 20 * 60;

    /// Whether it is to be said again to whoever heard it at `heard`. Twenty hours, so that who syncs each morning hears it each morning.
    pub fn is_due(heard: Millis, now: Millis) -> bool {
        heard > now || heard.plus_minutes(Self::HOLDS) <= now
    }

    /// Forgets what is near to a group that the tablet holds no longer. Gives whether there was anything.
    pub fn forget(&mut self, stream: StreamId) -> bool {
        let before = self.all.len();
        self.all.retain(|one| StreamId::from(one.group) != stream);
        self.all.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_again_the_next_morning_or_where_the_store_went_back() {
        let morning = Millis(1_772_694_000_000);
        let due = |minutes| Neighbours::is_due(morning, morning.plus_minutes(minutes));
        assert!(Neighbours::is_due(Millis(0), morning));
        assert!(!due(0) && !due(19 * 60) && due(20 * 60) && due(24 * 60));
        assert!(Neighbours::is_due(morning.plus_minutes(1), morning), "the store has another clock");
    }
}
