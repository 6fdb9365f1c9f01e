//! A locked tablet shows its code, and gets the key of its folder, sealed for it alone.
//!
//! Guesses are not limited, as those at codes for new passwords are not: a code has fifty random bits and holds for a day, for one tablet
//! whose id the guesser must know.

use actix_web::{post, web};
use data_encoding::BASE64URL_NOPAD;
use diesel::dsl::exists;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sync_core::id::{DeviceId, Id};
use sync_core::limits::MAX_FOLDER_KEY;
use sync_core::time::Millis;
use utoipa::ToSchema;

use crate::access::secret;
use crate::audit::{self, Action, Entry, ObjectKind, Who};
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::register::devices;
use crate::store::schema::devices as tablets;
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError, keys};

/// What a locked tablet shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unlock {
    #[schema(value_type = Uuid)]
    device_id: DeviceId,
    /// As it was read out; case, dashes and spaces don't matter.
    #[schema(example = "7KQ2M-X9T4B")]
    code: String,
    /// An age recipient that the tablet made for this one answer.
    #[schema(example = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")]
    recipient: String,
}

/// The tablet's key.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unlocked {
    /// The key of the folder, sealed for the recipient with age, as base64url without padding. Absent where the tablet never handed it
    /// over: then its passphrase may be tried again, and nothing else opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder_key: Option<String>,
}

/// One answer for all that is wrong with a code, so that nobody learns which tablets there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the code is not one of this tablet, or holds no longer")]
pub(crate) struct CodeRefused;

impl Refusal for CodeRefused {}

impl From<CodeRefused> for Problem {
    fn from(CodeRefused: CodeRefused) -> Self {
        Self::of(
            kind::UNLOCK_CODE_REFUSED,
            "Check how it was typed. A code holds for a day, for one use: ask your manager for another one.",
        )
    }
}

/// Unlock a tablet
///
/// Needs no sign-in: the code says that a manager lets the holder in. Good for one use; where the answer is lost, another code is needed.
#[utoipa::path(
    tag = "Tablets",
    responses(
        (status = 200, description = "Unlocked", body = Unlocked),
        (
            status = 403,
            description = "`unlock-code-refused`",
            body = Problem,
            content_type = "application/problem+json"
        ),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/tablet-unlocks")]
pub(crate) async fn unlock_tablet(
    body: web::Json<Unlock>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Unlocked>, Problem> {
    let Unlock { device_id, code, recipient } = body.into_inner();
    let code = secret::normalised(&code).ok_or(CodeRefused)?;
    let now = clock.now();
    // Whoever guesses never reaches the writer.
    let tried = code.clone();
    // Nobody is signed in: the code decides.
    let store = store.as_worker();
    store.read("look at unlock code", move |tx| look(tx, device_id, &tried, now).map(drop)).await?;
    let mut fields = Fields::default();
    // Sealing nothing tells whether it is a recipient, before the code is used up.
    if sealing::seal(&[], std::slice::from_ref(&recipient)).is_err() {
        fields.refuse("recipient", "is a public key of age, age1…");
    }
    fields.done()?;
    let taken = store.write("unlock tablet", move |tx| take(tx, device_id, &code, now)).await?;
    let Some((sealed, identity)) = taken else { return Ok(web::Json(Unlocked { folder_key: None })) };
    // Opened and sealed again once no transaction is held.
    let key = sealing::open(&sealed, &[identity], MAX_FOLDER_KEY);
    let key = key.map_err(|_| StoreError::Damaged("the key of a tablet's folder"))?;
    let sealed = sealing::seal(&key, &[recipient]).map_err(|_| Problem::internal())?;
    Ok(web::Json(Unlocked { folder_key: Some(BASE64URL_NOPAD.encode(&sealed)) }))
}

/// What the tablet handed over, and what opens it.
type Sealed = Option<(Vec<u8>, String)>;

/// The tablet, if the code is its own, and still holds.
fn look(
    tx: &mut Conn<'_>,
    id: DeviceId,
    code: &str,
    now: Millis,
) -> Result<devices::Device, Failure<CodeRefused>> {
    let sound = |tablet: &devices::Device| !tablet.revoked && !tablet.disabled;
    let tablet = devices::find(tx, id)?.filter(sound).ok_or(CodeRefused)?;
    let its_own = tablets::table
        .filter(tablets::id.eq(Db(id)))
        .filter(tablets::unlock_hash.eq(secret::hash(code)))
        .filter(tablets::unlock_expires_at.gt(At(now)));
    let holds: bool = on_each!(tx, |c| diesel::select(exists(its_own)).get_result(c))?;
    if holds { Ok(tablet) } else { Err(CodeRefused.into()) }
}

/// Uses the code up.
fn take(tx: &mut Conn<'_>, id: DeviceId, code: &str, now: Millis) -> Result<Sealed, Failure<CodeRefused>> {
    let tablet = look(tx, id, code, now)?;
    let taken = on_each!(tx, |c| diesel::update(tablets::table.find(Db(id)))
        .filter(tablets::unlock_hash.eq(secret::hash(code)))
        .filter(tablets::unlock_expires_at.gt(At(now)))
        .set((tablets::unlock_hash.eq(None::<Vec<u8>>), tablets::unlock_expires_at.eq(None::<At>)))
        .execute(c))?;
    if taken == 0 {
        // Somebody else was faster.
        return Err(CodeRefused.into());
    }
    let who = Who { user: Some(tablet.user), role: tablet.role.code(), organisation: tablet.organisation };
    let entry = Entry::of(who, now, Action::AccessChanged, "POST /v1/tablet-unlocks");
    audit::note(tx, &entry.about(ObjectKind::Device, id.uuid()))?;
    let sealed: Option<Vec<u8>> =
        on_each!(tx, |c| tablets::table.find(Db(id)).select(tablets::folder_key).first(c))?;
    match sealed {
        Some(sealed) => Ok(Some((sealed, keys::seal(tx)?))),
        None => Ok(None),
    }
}
