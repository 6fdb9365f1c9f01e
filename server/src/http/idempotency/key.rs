//! A key, and what is made of it. The store never learns the key itself: a row is found by a hash of it, and what the row
//! holds can only be opened by whoever sends the key again. An answer may hold a code that enrols a tablet, and a request
//! a password, of which a plain digest would let somebody try guesses.

use sha2::{Digest, Sha256};
use sync_core::id::UserId;

/// Long enough that nobody guesses a random one.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=128;

/// What one request is known by.
#[derive(Clone)]
pub(super) struct Key {
    /// The row.
    pub(super) name: [u8; 32],
    /// Method, address and body. Two requests with one key have the same, or one of them is refused.
    pub(super) request: [u8; 32],
    /// Opens the answer.
    pub(super) seal: [u8; 32],
}

impl Key {
    pub(super) fn of(user: UserId, key: &str, method: &str, address: &str, body: &[u8]) -> Self {
        let own = |purpose: &str| hash(&[purpose.as_bytes(), user.as_bytes(), key.as_bytes()]);
        let secret = own("request");
        Self {
            name: own("name"),
            request: hash(&[&secret, method.as_bytes(), address.as_bytes(), body]),
            seal: own("seal"),
        }
    }
}

/// SHA-256 of parts, each with its length before it, so that none runs into the next.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"ihuriro idempotency 1");
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key in a header's value: a string of Structured Fields (RFC 9651), or the same without its quotes.
pub(super) fn parse(value: &str) -> Option<&str> {
    let value = value.trim();
    let key = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    let plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    (plain && LENGTHS.contains(&key.len())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_enough_and_stands_in_quotes_or_not() {
        let uuid = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        assert_eq!(parse(&format!("\"{uuid}\"")), Some(uuid));
        assert_eq!(parse(uuid), Some(uuid));
        for odd in ["", "\"\"", "short", &"x".repeat(129), "\"half of a quotation", "two words in a key"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn callers_and_requests_are_told_apart() {
        let (one, other) = (UserId::from(uuid::Uuid::from_u128(1)), UserId::from(uuid::Uuid::from_u128(2)));
        let key = |user, body: &[u8]| Key::of(user, "0123456789abcdef", "POST", "/v1/groups", body);
        assert_ne!(key(one, b"{}").name, key(other, b"{}").name);
        assert_eq!(key(one, b"{}").name, key(one, b"[]").name);
        assert_ne!(key(one, b"{}").request, key(one, b"[]").request);
    }
}
