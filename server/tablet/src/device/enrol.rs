//! Enrolling: the tablet's key is on its disk before the server hears of it, so that an answer that got lost can be
//! asked for again with the same code.

use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use sync_core::batch::SigningKey;
use sync_core::tablet::{Enrolment, Output, Tablet};

use super::{Device, Settings};
use crate::clock::Clock;
use crate::folder::{Folder, FolderError};
use crate::link::{Enrol, Exchange, Link, LinkError};

/// An enrolment that has not been answered.
#[derive(Clone, Encode, Decode)]
pub(super) struct Pending {
    #[n(0)]
    code: String,
    /// The Ed25519 seed.
    #[n(1)]
    seed: ByteArray<32>,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

/// A tablet that could not be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("this tablet is already enrolled, for {0}; another person gives a name, as: --as eric")]
    Already(String),
    #[error(
        "somebody is enrolled in {} already, under another passphrase; another person gives a name, as: --as eric", .0.display()
    )]
    AnotherPassphrase(PathBuf),
    #[error(
        "an enrolment was begun in {} under another passphrase, and no answer came: type that one, or remove the folder, \
         which holds nothing yet, and ask your manager for another code", .0.display()
    )]
    BegunOtherwise(PathBuf),
    #[error("{0}")]
    Refused(LinkError),
    #[error("{0}; to try again, run enrol with the same code")]
    Link(LinkError),
}

impl EnrolError {
    /// The folder was made under another passphrase than the one that was typed.
    fn other_passphrase(at: &Path) -> Self {
        match Folder::device(at) {
            Err(FolderError::NoDevice) => Self::BegunOtherwise(at.to_owned()),
            _ => Self::AnotherPassphrase(at.to_owned()),
        }
    }
}

impl From<LinkError> for EnrolError {
    /// The same again helps only where no answer came.
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unreachable(_) | LinkError::Broken(_) | LinkError::CutOff { .. } => Self::Link(error),
            LinkError::Address
            | LinkError::InTheOpen
            | LinkError::Authorities(_)
            | LinkError::StoreKeys
            | LinkError::TooLarge
            | LinkError::Refused(_) => Self::Refused(error),
        }
    }
}

impl Device {
    /// Enrols a new tablet in the directory `at`, with the one-time code that a manager handed out. `name` is what
    /// people will call this tablet. Goes on with an enrolment whose answer was lost.
    ///
    /// # Errors
    /// [`EnrolError`] in words.
    pub fn enrol(
        at: &Path,
        passphrase: &str,
        server: &str,
        code: &str,
        name: &str,
        clock: Clock,
    ) -> Result<Self, EnrolError> {
        Self::enrol_over(&mut Link::to(server)?, at, passphrase, server, code, name, clock)
    }

    /// As [`Device::enrol`], over a given link.
    ///
    /// # Errors
    /// [`EnrolError`] in words.
    pub fn enrol_over(
        link: &mut dyn Exchange,
        at: &Path,
        passphrase: &str,
        server: &str,
        code: &str,
        name: &str,
        clock: Clock,
    ) -> Result<Self, EnrolError> {
        let mut folder = match Folder::create(at, passphrase) {
            Err(FolderError::There(_)) => match Folder::open(at, passphrase, clock.now()) {
                Err(FolderError::WrongPassphrase { .. }) => return Err(EnrolError::other_passphrase(at)),
                opened => opened?,
            },
            made => made?,
        };
        let settings = Settings::read(&mut folder)?;
        if !folder.blobs()?.is_empty() {
            return Err(EnrolError::Already(settings.user));
        }
        let before = settings.pending.filter(|pending| pending.code == code);
        let asked_before = before.is_some();
        let pending = before
            .unwrap_or_else(|| Pending { code: code.to_owned(), seed: rand::random::<[u8; 32]>().into() });
        let key = SigningKey::from_bytes(&pending.seed);
        let mut settings = Settings {
            server: server.trim_end_matches('/').to_owned(),
            pending: Some(pending),
            ..Settings::default()
        };
        settings.keep(&mut folder)?;

        let public_key = BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
        let asking = Enrol { code: code.to_owned(), public_key, device_name: name.to_owned() };
        let enrolled = match link.enrol(&asking) {
            // Nobody is enrolled by a code that the server refuses. The passphrase goes with it: whoever tries again chooses one anew.
            Err(refused @ LinkError::Refused(_)) if !asked_before => {
                folder.destroy()?;
                return Err(refused.into());
            }
            answer => answer?,
        };
        let store = enrolled.store.keys().ok_or(LinkError::StoreKeys)?;

        settings.user.clone_from(&enrolled.user.name);
        settings.login = enrolled.user.login;
        settings.organisation = enrolled.organisation.name;
        settings.keep(&mut folder)?;
        let (tablet, outputs) = Tablet::enrol(Enrolment {
            device: enrolled.device_id,
            user: enrolled.user.id,
            name: enrolled.user.name,
            organisation: enrolled.organisation.id,
            epoch: enrolled.epoch,
            key,
            store,
        });
        for output in outputs {
            if let Output::Persist(writes) = output {
                folder.persist(&writes, 0)?;
            }
        }
        folder.keep_device(tablet.device())?;
        settings.pending = None;
        settings.keep(&mut folder)?;
        Ok(Self { tablet, folder, settings, clock })
    }
}
