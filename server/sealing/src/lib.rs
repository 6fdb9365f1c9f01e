//! Sealing with age, so that only its readers can open something.
//!
//! The age library reads a header line by line and parses all of it again after each line, so a header's cost grows with
//! the square of its length. [`decryptor`] is the only way in: it reads the header to its end first, within bounds, and
//! hands the library no more than that.

use std::io::{self, BufRead, Chain, Cursor, Read, Write};

use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};

/// What the header of an age file may have.
#[derive(Debug, Clone, Copy)]
pub struct HeaderBounds {
    bytes: usize,
    /// Each is tried with each key that might open it.
    stanzas: usize,
}

impl HeaderBounds {
    /// Of something sealed for a store and for whoever holds a group: two readers, and what age adds of its own accord.
    pub const PART: Self = Self { bytes: 4 * 1024, stanzas: 8 };
    /// Of a backup, which may be for as many as [`HeaderBounds::BACKUP_READERS`].
    pub const BACKUP: Self = Self { bytes: 16 * 1024, stanzas: 64 };
    /// Age adds a stanza or two that stand for nobody.
    pub const BACKUP_READERS: usize = 60;
}

/// How every age file begins, whatever its version.
const MAGIC: &[u8] = b"age-encryption.org/";
/// The only version whose header may be long.
const V1: &[u8] = b"age-encryption.org/v1\n";
/// How a stanza begins.
const STANZA: &[u8] = b"-> ";
/// How the last line of a header begins.
const END: &[u8] = b"---";

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
    open_by(sealed, identities, limit).map(|(_, plain)| plain)
}

/// The same, with the place of the first identity that fits: whoever sealed it knew that one.
///
/// # Errors
/// As [`open`].
pub fn open_by(sealed: &[u8], identities: &[String], limit: usize) -> Result<(usize, Vec<u8>), SealError> {
    for (place, text) in identities.iter().enumerate() {
        let identity = parse_identity(text)?;
        let decryptor = decryptor(sealed, HeaderBounds::PART).map_err(|_| SealError::Closed)?;
        let Ok(reader) = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)) else {
            continue;
        };
        let mut plain = Vec::new();
        reader.take(limit as u64 + 1).read_to_end(&mut plain).map_err(|_| SealError::Closed)?;
        return if plain.len() > limit { Err(SealError::Closed) } else { Ok((place, plain)) };
    }
    Err(SealError::Closed)
}

/// A file whose header was read already, from its beginning.
type Headed<R> = Chain<Cursor<Vec<u8>>, R>;

/// Begins to open an age file whose header is within bounds.
///
/// # Errors
/// [`DecryptError::InvalidHeader`] if the header is none, or is not within bounds; else what age says.
pub fn decryptor<R: BufRead>(
    mut input: R,
    bounds: HeaderBounds,
) -> Result<Decryptor<Headed<R>>, DecryptError> {
    let header = read_header(&mut input, bounds)?;
    Decryptor::new_buffered(Cursor::new(header).chain(input))
}

/// The lines of a header up to its last one; of another version than the first, only the line that says so.
fn read_header(input: &mut impl BufRead, bounds: HeaderBounds) -> Result<Vec<u8>, DecryptError> {
    let mut header = Vec::new();
    let mut stanzas = 0;
    loop {
        let begins = header.len();
        let room = bounds.bytes - begins;
        if input.by_ref().take(room as u64).read_until(b'\n', &mut header)? == 0 {
            // Either nothing more came, or there was no room for it.
            return Err(if room == 0 { DecryptError::InvalidHeader } else { cut_off() });
        }
        let line = &header[begins..];
        if begins == 0 && line != V1 {
            let foreign = !line.starts_with(MAGIC);
            return if foreign { Err(DecryptError::InvalidHeader) } else { Ok(header) };
        }
        if line.starts_with(END) {
            return Ok(header);
        }
        stanzas += usize::from(line.starts_with(STANZA));
        if stanzas > bounds.stanzas {
            return Err(DecryptError::InvalidHeader);
        }
    }
}

fn cut_off() -> DecryptError {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the header of the age file is cut off").into()
}

fn parse_identity(text: &str) -> Result<Identity, SealError> {
    text.parse().map_err(|_| SealError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(stanzas: usize, body_lines: usize) -> Vec<u8> {
        let mut header = V1.to_vec();
        for _ in 0..stanzas {
            header.extend_from_slice(b"-> a\n");
            for _ in 0..body_lines {
                header.extend_from_slice(&[b'A'; 64]);
                header.push(b'\n');
            }
            header.push(b'\n');
        }
        header.extend_from_slice(b"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
        header
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_no_other() {
        let (one, other) = (new_identity(), new_identity());
        let readers = [recipient_of(&one).expect("a key")];
        let sealed = seal(b"a meeting in Kabeza", &readers).expect("sealed");
        assert_eq!(
            open(&sealed, std::slice::from_ref(&one), 100).as_deref(),
            Ok(&b"a meeting in Kabeza"[..])
        );
        assert_eq!(open(&sealed, &[other], 100), Err(SealError::Closed));
        assert_eq!(open(&sealed, &[one], 5), Err(SealError::Closed), "longer than may be");
    }

    /// Of so many readers a part has never; the most that a backup may have fit.
    #[test]
    fn as_many_readers_as_may_be_fit_into_a_header() {
        let readers = |count: usize| -> Vec<String> {
            (0..count).map(|_| recipient_of(&new_identity()).expect("a key")).collect()
        };
        let sealed = seal(b"x", &readers(HeaderBounds::BACKUP_READERS)).expect("sealed");
        assert!(decryptor(sealed.as_slice(), HeaderBounds::BACKUP).is_ok());
        assert!(matches!(decryptor(sealed.as_slice(), HeaderBounds::PART), Err(DecryptError::InvalidHeader)));
        let sealed = seal(b"x", &readers(2)).expect("sealed");
        assert!(decryptor(sealed.as_slice(), HeaderBounds::PART).is_ok());
    }

    #[test]
    fn a_header_is_read_no_further_than_its_bounds() {
        let refused = |bytes: &[u8]| {
            let mut input = bytes;
            let refused = decryptor(&mut input, HeaderBounds::PART).err().expect("it is no age file to open");
            (refused, bytes.len() - input.len())
        };
        for (header, most) in [
            (header_of(9, 0), 200),
            (header_of(1, 100_000), HeaderBounds::PART.bytes),
            ([V1, &[b'a'; 100_000]].concat(), HeaderBounds::PART.bytes),
            ([V1, &[b'\n'; 100_000]].concat(), HeaderBounds::PART.bytes),
            (vec![b'a'; 100_000], HeaderBounds::PART.bytes),
        ] {
            let (refused, read) = refused(&header);
            assert!(matches!(refused, DecryptError::InvalidHeader), "{refused}");
            assert!(read <= most, "{read}");
        }
        assert!(matches!(refused(b"age-encryption.org/v2\nwhatever").0, DecryptError::UnknownFormat));
        let cut = header_of(2, 1);
        assert!(matches!(refused(&cut[..40]).0, DecryptError::Io(_)));
    }
}
