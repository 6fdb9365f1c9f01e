//! The link to the server: one request up, one answer down. What goes wrong with it is said in words and loses nothing,
//! because the tablet lets go of its work only when an answer says that it is durable.

mod http;
mod trust;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sync_core::batch::VerifyingKey;
use sync_core::id::{DeviceId, EpochId, OrganisationId, UserId};
use sync_core::tablet::{Failure, StoreKeys};

pub use http::Link;
pub use trust::trusted;

/// What stands between a tablet and the server. Tests put another in its place, which loses requests and answers.
pub trait Exchange {
    /// Registers the tablet's public key.
    ///
    /// # Errors
    /// [`LinkError`] in words. The server may have enrolled the tablet: asking again with the same code and key is safe.
    fn enrol(&mut self, asking: &Enrol) -> Result<Enrolled, LinkError>;

    /// Carries one request (the bytes of `Output::Send`, not compressed) and brings what the server said.
    /// `moved` hears of bytes as they travel.
    ///
    /// # Errors
    /// [`LinkError`] in words. The server may have taken the request or not.
    fn exchange(&mut self, body: Vec<u8>, moved: &mut dyn FnMut(Traffic)) -> Result<Reply, LinkError>;
}

/// Bytes of bodies as they travel, compressed. HTTP's own headers are not counted: some 300 bytes each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    pub up: u64,
    pub down: u64,
}

/// What came back, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub said: Said,
    pub traffic: Traffic,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The bytes for `Tablet::answered`, expanded.
    Answer(Vec<u8>),
    /// The server has already seen a request with this number: for `Tablet::outrun`.
    Seen { last: u64 },
}

/// Asks to be enrolled.
#[derive(Debug, Clone, Serialize)]
pub struct Enrol {
    /// As the manager handed it out, `XXXXX-XXXXX`.
    pub code: String,
    /// Ed25519, 32 bytes, base64url without padding.
    pub public_key: String,
    /// What people call this tablet.
    pub device_name: String,
}

/// The tablet's place in the partnership.
#[derive(Debug, Clone, Deserialize)]
pub struct Enrolled {
    pub device_id: DeviceId,
    pub user: Person,
    pub organisation: Organisation,
    pub epoch: EpochId,
    pub store: PublicKeys,
}

/// Asks for the key of a locked folder.
#[derive(Debug, Clone, Serialize)]
pub struct Unlock {
    pub device_id: DeviceId,
    /// As the manager read it out, `XXXXX-XXXXX`.
    pub code: String,
    /// An age recipient, for which the answer is sealed.
    pub recipient: String,
}

/// The key of a locked folder.
#[derive(Debug, Clone, Deserialize)]
pub struct Unlocked {
    /// Sealed with age, base64url without padding; `None` where the server has none.
    pub folder_key: Option<String>,
}

/// The server's public keys.
#[derive(Debug, Clone, Deserialize)]
pub struct PublicKeys {
    /// Ed25519, 32 bytes, base64url without padding: signs receipts.
    pub receipt_key: String,
    /// An age recipient, `age1…`: what colleagues carry is sealed for it.
    pub seal_key: String,
}

impl PublicKeys {
    /// None where they are no keys.
    pub fn keys(&self) -> Option<StoreKeys> {
        let receipts = BASE64URL_NOPAD.decode(self.receipt_key.as_bytes()).ok()?.try_into().ok()?;
        let receipts = VerifyingKey::from_bytes(&receipts).ok()?;
        Some(StoreKeys { receipts, seal: self.seal_key.clone() })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub login: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
}

/// No answer that counts.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("the server's address must look like https://ihuriro.example.rw")]
    Address,
    #[error(
        "the server's address must begin with https://: over http:// anybody on the way could read the records"
    )]
    InTheOpen,
    #[error("SSL_CERT_FILE names {0}, which holds no certificate that can be read")]
    Authorities(String),
    #[error("the server's keys can't be read; update this program")]
    StoreKeys,
    #[error("the server can't be reached ({0})")]
    Unreachable(String),
    #[error("the connection broke before the whole answer had come ({0})")]
    Broken(String),
    #[error("the connection broke in the middle of the answer, after {came} bytes ({why})")]
    CutOff { came: usize, why: String },
    #[error("the request is larger than something on the way to the server lets through")]
    TooLarge,
    #[error("the server did not take the request: {0}")]
    Refused(String),
}

impl LinkError {
    /// What it says of how much the link carries.
    pub fn failure(&self) -> Failure {
        match self {
            Self::TooLarge => Failure::Request,
            Self::Broken(_) => Failure::Either,
            Self::CutOff { came, .. } => Failure::Answer(*came),
            Self::Address
            | Self::InTheOpen
            | Self::Authorities(_)
            | Self::StoreKeys
            | Self::Unreachable(_)
            | Self::Refused(_) => Failure::Unrelated,
        }
    }
}
