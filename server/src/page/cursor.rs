//! The text form of a cursor: base64url of the JSON array `[version, list, sort key]`.
//!
//! It is not signed: whoever makes one up learns nothing that the list would not tell them from its first page. It is
//! strict all the same: what this service did not write, or wrote for another list, is no cursor.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Counts upwards when a list gets another sort key; cursors of an earlier version are then refused.
const VERSION: u8 = 1;
/// Ours have some 150 letters.
const LONGEST: usize = 512;
const NUL: &[u8] = br"\u0000";

pub(super) fn write<K: Serialize>(list: &str, key: &K) -> String {
    let json = serde_json::to_vec(&(VERSION, list, key)).expect("a sort key has text keys only");
    BASE64URL_NOPAD.encode(&json)
}

/// The key of a cursor that [`write()`] made for this list.
pub(super) fn read<K: Serialize + DeserializeOwned>(list: &str, text: &str) -> Option<K> {
    if text.len() > LONGEST {
        return None;
    }
    let json = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    // No key holds a NUL, for which PostgreSQL has no place in a text.
    if json.windows(NUL.len()).any(|part| part == NUL) {
        return None;
    }
    let (version, of, key): (u8, String, K) = serde_json::from_slice(&json).ok()?;
    // One key has one spelling: a JSON that only means the same was not written here.
    ((version, of.as_str()) == (VERSION, list) && write(list, &key) == text).then_some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_gives_its_key_back_and_fits_in_an_address(key: (i64, [u8; 16])) {
            let text = write("sessions", &key);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert!(text.len() <= LONGEST);
            prop_assert_eq!(read("sessions", &text), Some(key));
            prop_assert_eq!(read::<(i64, [u8; 16])>("groups", &text), None);
        }

        #[test]
        fn nothing_else_is_a_cursor(text in ".{0,80}") {
            prop_assert_eq!(read::<(i64, [u8; 16])>("sessions", &text), None);
        }
    }

    #[test]
    fn another_spelling_is_no_cursor() {
        let spaced = BASE64URL_NOPAD.encode(br#"[1, "sessions",7]"#);
        assert_eq!(
            (read::<u8>("sessions", &spaced), read("sessions", &write("sessions", &7))),
            (None, Some(7))
        );
        let older = BASE64URL_NOPAD.encode(br#"[0,"sessions",7]"#);
        assert_eq!(read::<u8>("sessions", &older), None);
    }
}
