//! Sealing with age, so that only its readers can open something.

use std::io::{Read, Write};

use age::x25519::{Identity, Recipient};
use age::{Decryptor, Encryptor};

/// Something that can't be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("a key is not an age key")]
    Key,
    #[error("it is sealed for others, or was changed on its way")]
    Closed,
}

/// The public key to an age identity, `AGE-SECRET-KEY-1…`.
///
/// # Errors
/// [`SealError::Key`].
pub fn recipient_of(identity: &str) -> Result<String, SealError> {
    Ok(parse_identity(identity)?.to_public().to_string())
}

/// A new age identity.
pub fn new_identity() -> String {
    use age::secrecy::ExposeSecret as _;
    Identity::generate().to_string().expose_secret().to_owned()
}

/// Seals for all of these recipients (`age1…`), of whom there must be one at least.
///
/// # Errors
/// [`SealError::Key`].
pub fn seal(plain: &[u8], recipients: &[String]) -> Result<Vec<u8>, SealError> {
    let recipients: Vec<Recipient> =
        recipients.iter().map(|text| text.parse().map_err(|_| SealError::Key)).collect::<Result<_, _>>()?;
    let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(|_| SealError::Key)?;
    let mut sealed = Vec::new();
    let wrote = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(plain)?;
        writer.finish()
    });
    wrote.map_err(|_| SealError::Key)?;
    Ok(sealed)
}

/// Opens what was sealed for one of these identities; no more than `limit` bytes of it.
///
/// # Errors
/// [`SealError::Closed`] if none of them fits, or it is longer.
pub fn open(sealed: &[u8], identities: &[String], limit: usize) -> Result<Vec<u8>, SealError> {
    let identities: Vec<Identity> =
        identities.iter().map(|text| parse_identity(text)).collect::<Result<_, _>>()?;
    let decryptor = Decryptor::new(sealed).map_err(|_| SealError::Closed)?;
    let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
    let reader = decryptor.decrypt(identities).map_err(|_| SealError::Closed)?;
    let mut plain = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut plain).map_err(|_| SealError::Closed)?;
    if plain.len() > limit { Err(SealError::Closed) } else { Ok(plain) }
}

fn parse_identity(text: &str) -> Result<Identity, SealError> {
    text.parse().map_err(|_| SealError::Key)
}
