//! The file: age around zstd around messages of CBOR, each after its length in four bytes, big-endian. The first is the
//! [`Header`], all others are [`Page`]s. That it is whole and as it was written is what age vouches for.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Chain, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Encryptor, Identity};
use minicbor::{Decode, Decoder, Encode};
use sealing::{HeaderBounds, decryptor};
use sync_core::cbor;
use sync_core::id::EpochId;
use sync_core::time::Millis;

use super::row::Page;
use super::tables::KEPT;
use super::{PublicKey, Refused};

/// How a backup begins.
const NAME: &str = "ihuriro backup";
/// The version of this format.
const FORMAT: u32 = 1;
/// No message is larger, in bytes; [`Page`]s of the largest rows that there may be stay well below.
const MAX_MESSAGE: u32 = 512 * 1024 * 1024;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    #[n(0)]
    name: String,
    #[n(1)]
    format: u32,
    /// The version of the program that made it.
    #[n(2)]
    pub program: String,
    /// The version of its tables: that of the last migration.
    #[n(3)]
    pub tables: String,
    /// The life of the store that it is of.
    #[n(4)]
    pub epoch: EpochId,
    #[n(5)]
    pub at: Millis,
}

impl Header {
    pub(super) fn new(tables: String, epoch: EpochId, at: Millis) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self { name: NAME.to_owned(), format: FORMAT, program, tables, epoch, at }
    }

    /// What stands first is the same in all versions of the format.
    fn read(message: &[u8]) -> Result<Self, Refused> {
        let begins = (|| {
            let mut d = Decoder::new(message);
            d.array()?;
            Ok::<_, minicbor::decode::Error>((d.str()?, d.u32()?, d.str()?))
        })();
        match begins {
            Ok((NAME, FORMAT, _)) => cbor::from_bytes(message).map_err(|_| Refused::Foreign),
            Ok((NAME, _, program)) => Err(Refused::Newer(program.to_owned())),
            _ => Err(Refused::Foreign),
        }
    }
}

/// Writes one.
pub(super) struct Writer<W: Write> {
    out: zstd::Encoder<'static, StreamWriter<BufWriter<W>>>,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, keys: &[PublicKey], header: &Header) -> io::Result<Self> {
        let keys = keys.iter().map(|key| &key.0 as &dyn age::Recipient);
        let sealed = Encryptor::with_recipients(keys).map_err(io::Error::other)?;
        let out =
            zstd::Encoder::new(sealed.wrap_output(BufWriter::new(out))?, zstd::DEFAULT_COMPRESSION_LEVEL)?;
        let mut begun = Self { out };
        begun.message(header)?;
        Ok(begun)
    }

    pub(super) fn page(&mut self, page: &Page) -> io::Result<()> {
        self.message(page)
    }

    /// Without this, what was written can't be read.
    pub(super) fn finish(self) -> io::Result<()> {
        self.out.finish()?.finish()?.flush()
    }

    fn message<T: Encode<()>>(&mut self, message: &T) -> io::Result<()> {
        let bytes = cbor::to_bytes(message);
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MAX_MESSAGE);
        let length = length.ok_or_else(|| io::Error::other("the rows are too large for a backup"))?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&bytes)
    }
}

/// A file whose header was read already, from its beginning.
type Headed = Chain<Cursor<Vec<u8>>, BufReader<File>>;

/// Reads one.
pub(super) struct Reader {
    path: PathBuf,
    input: zstd::Decoder<'static, BufReader<StreamReader<Headed>>>,
}

impl Reader {
    pub(super) fn open(
        path: &Path,
        keys: &[Box<dyn Identity + Send + Sync>],
    ) -> Result<(Self, Header), Refused> {
        let read = Refused::read(path);
        let file = BufReader::new(File::open(path).map_err(&read)?);
        let sealed = |error| match error {
            DecryptError::Io(cause) => Refused::read(path)(cause),
            DecryptError::InvalidHeader | DecryptError::UnknownFormat => Refused::Foreign,
            DecryptError::InvalidMac => Refused::Spoilt,
            _ => Refused::Key,
        };
        let keys = keys.iter().map(|key| &**key as &dyn Identity);
        let open =
            decryptor(file, HeaderBounds::BACKUP).and_then(|file| file.decrypt(keys)).map_err(sealed)?;
        let input = zstd::Decoder::new(open).map_err(&read)?;
        let mut reader = Self { path: path.to_owned(), input };
        let header = Header::read(&reader.message()?.ok_or(Refused::Foreign)?)?;
        Ok((reader, header))
    }

    /// The next rows; none at the end. Their table is one that we know, and their columns are plain words.
    pub(super) fn page(&mut self) -> Result<Option<Page>, Refused> {
        let Some(message) = self.message()? else { return Ok(None) };
        let page: Page = cbor::from_bytes(&message).map_err(|_| Refused::Foreign)?;
        let known = KEPT.iter().any(|table| table.name == page.table);
        let word =
            |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let full = page.rows.iter().all(|row| row.len() == page.columns.len());
        if known && full && page.columns.iter().all(word) { Ok(Some(page)) } else { Err(Refused::Foreign) }
    }

    fn message(&mut self) -> Result<Option<Vec<u8>>, Refused> {
        let length: [u8; 4] = match self.take(4)?.try_into() {
            Ok(length) => length,
            Err(nothing) if nothing.is_empty() => return Ok(None),
            Err(_) => return Err(Refused::Foreign),
        };
        let length = u32::from_be_bytes(length);
        if length > MAX_MESSAGE {
            return Err(Refused::Foreign);
        }
        let message = self.take(length)?;
        if message.len() == length as usize { Ok(Some(message)) } else { Err(Refused::Foreign) }
    }

    /// So many bytes, or all that are left.
    fn take(&mut self, length: u32) -> Result<Vec<u8>, Refused> {
        let mut bytes = Vec::new();
        let input = self.input.by_ref();
        input.take(length.into()).read_to_end(&mut bytes).map_err(Refused::read(&self.path))?;
        Ok(bytes)
    }
}
