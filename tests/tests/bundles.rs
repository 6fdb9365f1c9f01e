//! Work that travels without a network: a file that a colleague carries to the server, or to another tablet of the group.

mod carrying;
mod trusting;

use std::fs;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use server::on_each;
use server::store::schema::batches;
use server::store::{Conn, Db, Store, StoreError};
use sync_core::batch::{Purpose, Signed, SigningKey};
use sync_core::bundle::{BUNDLE, Bundle, Part, Sealed, Settled, Settlement};
use sync_core::change::Actor;
use sync_core::document::Document;
use sync_core::id::{DeviceId, EpochId, GroupId, Id, SessionId};
use sync_core::quarantine::{Outcome, Reason};
use sync_core::record::session::{Attendance, PartOfDay, Phase};
use sync_core::record::{Kind, Session};
use sync_core::wire::Whole;
use tablet::device::{Device, RelayError};
use tablet::recording::Details;
use tempfile::TempDir;
use tests::app::START;
use tests::recount::{Count, check_streams};
use tests::village::{day, group_keys, marks, people_join, record};
use tests::{Database, TestApp, Village};
use uuid::Uuid;

/// A memory card.
struct Card {
    folder: TempDir,
    files: usize,
}

impl Card {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), files: 0 }
    }

    fn from(&mut self, tablet: &Device) -> PathBuf {
        self.files += 1;
        let file = self.folder.path().join(format!("{}.ihuriro", self.files));
        tablet.export(&file).expect("a bundle");
        file
    }
}

fn minutes(minutes: i64) -> Details {
    Details { minutes: Some(minutes.try_into().expect("in range")), ..Details::default() }
}
