//! A bundle, from what a tablet would hand to a colleague, and back.

use sync_core::bundle::{BUNDLE, Bundle, Part, Sealed};
use sync_core::limits::MAX_EXPANDED;
use sync_core::tablet::{Came, Exported, Tablet, ToSeal};

use sealing::SealError;

/// Seals what a tablet exports, each part for its readers. `store` is the store's public key, an age recipient.
///
/// # Errors
/// [`SealError::Key`], also where there is work for the store and its key is not known.
pub fn pack(exported: Exported, store: Option<&str>) -> Result<Bundle, SealError> {
    let mut parts = Vec::new();
    for ToSeal { for_store, key, content } in exported.to_seal {
        let mut readers = Vec::new();
        if let Some(key) = key {
            readers.push(sealing::recipient_of(&key.identity)?);
        }
        if for_store {
            readers.push(store.ok_or(SealError::Key)?.to_owned());
        }
        parts.push(Part { for_store, sealed: sealing::seal(&content.to_bytes(), &readers)?.into() });
    }
    parts.extend(exported.carried.into_iter().map(|sealed| Part { for_store: true, sealed }));
    Ok(Bundle { version: BUNDLE, parts, receipts: exported.receipts })
}

/// The most parts of a bundle that are tried with a tablet's keys. Those for the store that follow are carried all the same.
const TRIED: usize = 500;
/// What all parts of a bundle may expand to together, in bytes: several groups as they stand, with years of meetings.
const ROOM: usize = 4 * MAX_EXPANDED;

/// Opens a bundle as far as a tablet's keys reach. A part for colleagues of a group that it does not hold is left out, and so is one that is
/// sealed with another group's key than that of the group that it names: whoever made it may lead only the other.
pub fn unpack(bundle: Bundle, tablet: &Tablet) -> Vec<Came> {
    let keys = tablet.stream_keys();
    let identities: Vec<String> = keys.iter().map(|key| key.identity.clone()).collect();
    let (mut tried, mut room) = (0, ROOM);
    let mut opened = |sealed: &[u8]| {
        tried += 1;
        if tried > TRIED {
            return None;
        }
        let (key, plain) = sealing::open_by(sealed, &identities, MAX_EXPANDED).ok()?;
        let before = room.min(MAX_EXPANDED);
        let mut left = before;
        let content = Sealed::within(&plain, &mut left).ok()?;
        room -= before - left;
        Some(content).filter(|content| content.stream == keys[key].stream)
    };
    let mut part = |Part { for_store, sealed }: Part| match (for_store, opened(&sealed)) {
        (true, open) => Some(Came::ForStore(sealed, open)),
        (false, open) => open.map(Came::ForColleagues),
    };
    let mut came: Vec<Came> = bundle.parts.into_iter().filter_map(&mut part).collect();
    came.extend(bundle.receipts.into_iter().map(Came::Receipt));
    came
}
