//! Secrets that we hand out once and keep only as a hash: refresh tokens and enrolment codes.

use data_encoding::BASE64URL_NOPAD;
use rand::{Rng, RngExt};
use sha2::{Digest, Sha256};

/// Crockford's base 32: no letter that is taken for a digit when read over the telephone.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH: usize = 10;

/// SHA-256 of a secret. Enough, without a salt, where the secret is random and long or soon worthless.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// 256 random bits as text.
pub(super) fn token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// Fifty random bits that a person can read out and type: `7KQ2M-X9T4B`.
pub(crate) fn code() -> String {
    let mut rng = rand::rng();
    let mut code: String =
        (0..CODE_LENGTH).map(|_| char::from(SYMBOLS[rng.random_range(0..SYMBOLS.len())])).collect();
    code.insert(CODE_LENGTH / 2, '-');
    code
}

/// The code as it was meant, however it was typed: case, dashes, spaces, `o` for zero and `l` for one don't matter.
pub(crate) fn normalised(code: &str) -> Option<String> {
    let code: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let known = |c: char| u8::try_from(c).is_ok_and(|c| SYMBOLS.contains(&c));
    (code.len() == CODE_LENGTH && code.chars().all(known)).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_read_out_and_typed() {
        let code = code();
        assert_eq!(code.len(), 11);
        assert_eq!(normalised(&code.to_lowercase()), Some(code.replace('-', "")));
        assert_eq!(normalised(" o1l2i-ABCDE "), Some("01121ABCDE".to_owned()));
        assert_eq!(normalised("ABCDE-ABCD"), None);
        assert_eq!(normalised("ABCDE-ABCDU"), None);
        assert_ne!(token(), token());
    }
}
