//! The id of an overlap. No table gives ids out, so an id names its two groups.

use serde::{Deserialize, Serialize};
use sync_core::id::Id;
use uuid::Uuid;

use crate::projection::CoverageId;

/// Two groups that overlap: sixty bits of the id of each, the lesser first, in a UUID of version 8 (RFC 9562, 5.8). Among a million groups two
/// share their sixty bits once in two million stores; whoever reads the id then takes the two that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OverlapId(Uuid);

const VERSION: usize = 8;
/// The variant of RFC 9562, in the two highest bits of the second half.
const VARIANT: u64 = 0b10 << 62;

impl OverlapId {
    pub fn of(one: CoverageId, other: CoverageId) -> Self {
        let [first, second] = [one.min(other), one.max(other)].map(bits);
        Self(Uuid::from_u64_pair(half(first, VERSION as u64), VARIANT | second << 2))
    }

    /// Between which ids each of the two groups lies, both included; `None` where this is the id of something else.
    pub(super) fn groups(self) -> Option<[(CoverageId, CoverageId); 2]> {
        let (high, low) = self.0.as_u64_pair();
        if self.0.get_version_num() != VERSION || low & (0b11 << 62 | 0b11) != VARIANT {
            return None;
        }
        let second = (low & !VARIANT) >> 2;
        Some([sixty(high), second].map(|bits| {
            let high = half(bits, 5);
            let id = |low| CoverageId::from_uuid(Uuid::from_u64_pair(high, low));
            (id(0), id(u64::MAX))
        }))
    }
}

impl Id for OverlapId {
    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }
    fn uuid(self) -> Uuid {
        self.0
    }
}

/// The first sixty bits of an id that are not its version.
fn bits(id: CoverageId) -> u64 {
    sixty(id.uuid().as_u64_pair().0)
}

fn sixty(high: u64) -> u64 {
    high >> 16 << 12 | high & 0xfff
}

/// The first half of an id of this version with these sixty bits.
fn half(bits: u64, version: u64) -> u64 {
    bits >> 12 << 16 | version << 12 | bits & 0xfff
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sync_core::id::GroupId;

    use super::*;

    proptest! {
        #[test]
        fn an_id_names_its_two_groups_in_either_order(one: [u8; 16], other: [u8; 16]) {
            let [one, other] = [one, other].map(|id| CoverageId::of(GroupId::from_uuid(Uuid::from_bytes(id))));
            let id = OverlapId::of(one, other);
            prop_assert_eq!(id, OverlapId::of(other, one));
            prop_assert_eq!(id.uuid().get_variant(), uuid::Variant::RFC4122);
            let [first, second] = id.groups().expect("it is one");
            prop_assert!((first.0..=first.1).contains(&one.min(other)));
            prop_assert!((second.0..=second.1).contains(&one.max(other)));
        }

        #[test]
        fn nothing_else_is_one(id: [u8; 16]) {
            let id = OverlapId::from_uuid(Uuid::from_bytes(id));
            if let Some([(first, _), (second, _)]) = id.groups() {
                prop_assert_eq!(half(bits(first), 8), id.uuid().as_u64_pair().0);
                prop_assert_eq!(VARIANT | bits(second) << 2, id.uuid().as_u64_pair().1);
            }
            prop_assert_eq!(OverlapId::from_uuid(Uuid::now_v7()).groups(), None);
        }
    }
}
