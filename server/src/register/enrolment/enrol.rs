//! A tablet shows its code and its public key, and becomes a device of the code's holder.
//!
//! The answer may be lost on the way, so the same code with the same key gets the same answer again. With
//! another key it is refused: somebody else used the code.

use actix_web::{post, web};
use data_encoding::BASE64URL_NOPAD;
use diesel::prelude::*;
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use sealing::recipient_of;
use serde::{Deserialize, Serialize};
use sync_core::id::{DeviceId, EpochId, Id, UserId};
use sync_core::time::{Millis, Moment};
use utoipa::ToSchema;

use crate::access::secret;
use crate::audit::{self, Action, Entry, ObjectKind, Who};
use crate::clock::{Clock, timestamp};
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::register::organisations::{self, Organisation};
use crate::register::users::{self, User};
use crate::store::schema::{devices, enrolment_codes};
use crate::store::{At, Conn, Db, Failure, Refusal, Store, StoreError, identity, keys};

/// What a tablet shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrol {
    /// As it was handed out; case, dashes and spaces don't matter.
    #[schema(example = "7KQ2M-X9T4B")]
    code: String,
    /// The Ed25519 public key that the tablet made: 32 bytes as base64url without padding.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    public_key: String,
    /// What people call the tablet.
    #[schema(example = "Nyagatare 3")]
    device_name: String,
}

/// What a tablet needs to know to begin.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enrolled {
    #[schema(value_type = Uuid)]
    device_id: DeviceId,
    user: Holder,
    organisation: HolderOrganisation,
    /// The life of the store that the tablet joins; another one later means that the store was restored.
    #[schema(value_type = Uuid)]
    epoch: EpochId,
    store: StoreKeys,
    /// The service's time.
    now: Timestamp,
}

/// The store's public keys, which stay the same when it is restored.
#[derive(Serialize, ToSchema)]
struct StoreKeys {
    /// Signs receipts for work that colleagues carried: Ed25519, 32 bytes as base64url without padding.
    receipt_key: String,
    /// What colleagues carry is sealed for it: an age recipient.
    #[schema(example = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")]
    seal_key: String,
}

/// Whose tablet it is.
#[derive(Serialize, ToSchema)]
struct Holder {
    #[schema(value_type = Uuid)]
    id: UserId,
    name: String,
    login: String,
}

/// The holder's organisation.
#[derive(Serialize, ToSchema)]
struct HolderOrganisation {
    #[schema(value_type = Uuid)]
    id: sync_core::id::OrganisationId,
    name: String,
}

/// Why a tablet was not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnrolRefused {
    /// One answer for all of these, so that nobody learns which codes exist.
    #[error("the code is unknown or has expired")]
    Code,
    #[error("the code was used by another tablet")]
    CodeUsed,
    #[error("the key belongs to another device")]
    KeyTaken,
}

impl Refusal for EnrolRefused {}

impl From<EnrolRefused> for Problem {
    fn from(refused: EnrolRefused) -> Self {
        match refused {
            EnrolRefused::Code => Self::of(
                kind::ENROLMENT_CODE_REFUSED,
                "Check how it was typed. It may also have expired: ask your manager for another one.",
            ),
            EnrolRefused::CodeUsed => Self::of(
                kind::ENROLMENT_CODE_USED,
                "Each tablet needs a code of its own. Ask your manager for another one.",
            ),
            EnrolRefused::KeyTaken => Self::of(
                kind::DEVICE_KEY_TAKEN,
                "Each enrolment needs a new key. Make one, and show the code again.",
            ),
        }
    }
}

/// Enrol a tablet
///
/// Needs no sign-in: the code says who the holder is. Showing the same code and key again gives the same answer.
#[utoipa::path(
    tag = "Tablets",
    responses(
        (status = 200, description = "Enrolled", body = Enrolled),
        (
            status = 403,
            description = "`enrolment-code-refused`",
            body = Problem,
            content_type = "application/problem+json"
        ),
        (
            status = 409,
            description = "`enrolment-code-used`, `device-key-taken`",
            body = Problem,
            content_type = "application/problem+json"
        ),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/v1/enrol")]
pub(crate) async fn enrol_tablet(
    body: web::Json<Enrol>,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
) -> Result<web::Json<Enrolled>, Problem> {
    let mut fields = Fields::default();
    let name = fields.name("device_name", &body.device_name);
    let key = public_key(&body.public_key).unwrap_or_else(|| {
        fields.refuse("public_key", "is an Ed25519 public key: 32 bytes as base64url without padding");
        Vec::new()
    });
    fields.done()?;
    let code = secret::normalised(&body.code).ok_or(EnrolRefused::Code)?;
    let moment = clock.moment();
    // Nobody is signed in: the code decides. The answer holds the store's public keys.
    let enrolled =
        store.as_worker().write("enrol", move |tx| register(tx, &code, &key, &name, &moment)).await?;
    Ok(web::Json(enrolled))
}

/// The key's bytes, unless anybody could sign for it (a point of small order).
fn public_key(text: &str) -> Option<Vec<u8>> {
    let bytes: [u8; 32] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
    let key = VerifyingKey::from_bytes(&bytes).ok()?;
    (!key.is_weak()).then(|| bytes.to_vec())
}

fn register(
    tx: &mut Conn<'_>,
    code: &str,
    key: &[u8],
    name: &str,
    moment: &Moment,
) -> Result<Enrolled, Failure<EnrolRefused>> {
    let code = find(tx, &secret::hash(code))?.ok_or(EnrolRefused::Code)?;
    let (user, organisation) = holder(tx, &code)?.ok_or(EnrolRefused::Code)?;
    let device = match code.device {
        Some((device, of)) if of == key => device,
        Some(_) => return Err(EnrolRefused::CodeUsed.into()),
        None if moment.now >= code.expires => return Err(EnrolRefused::Code.into()),
        None => {
            let device = add(tx, &code, key, name, moment)?;
            let who = Who { user: Some(user.id), role: user.role.code(), organisation: user.organisation_id };
            let entry = Entry::of(who, moment.now, Action::AccessChanged, "POST /v1/enrol");
            audit::note(tx, &entry.about(ObjectKind::Device, device.uuid()))?;
            device
        }
    };
    Ok(Enrolled {
        device_id: device,
        user: Holder { id: user.id, name: user.name, login: user.login },
        organisation: HolderOrganisation { id: organisation.id, name: organisation.name },
        epoch: identity::epoch(tx)?,
        store: store_keys(tx)?,
        now: timestamp(moment.now),
    })
}

fn store_keys(tx: &mut Conn<'_>) -> Result<StoreKeys, StoreError> {
    let receipt_key = BASE64URL_NOPAD.encode(keys::receipts(tx)?.verifying_key().as_bytes());
    let seal_key = recipient_of(&keys::seal(tx)?).map_err(|_| StoreError::Damaged("the key for sealing"))?;
    Ok(StoreKeys { receipt_key, seal_key })
}

struct CodeRow {
    hash: Vec<u8>,
    user: UserId,
    issuer: UserId,
    expires: Millis,
    /// The device that used it, and its key.
    device: Option<(DeviceId, Vec<u8>)>,
}

fn find(tx: &mut Conn<'_>, hash: &[u8]) -> Result<Option<CodeRow>, StoreError> {
    type Row = (Vec<u8>, Db<UserId>, Db<UserId>, At, Option<(Db<DeviceId>, Vec<u8>)>);
    let row: Option<Row> = on_each!(tx, |c| enrolment_codes::table
        .left_join(devices::table)
        .filter(enrolment_codes::hash.eq(hash))
        .select((
            enrolment_codes::hash,
            enrolment_codes::user_id,
            enrolment_codes::issued_by,
            enrolment_codes::expires_at,
            (devices::id, devices::public_key).nullable(),
        ))
        .first(c)
        .optional())?;
    Ok(row.map(|(hash, Db(user), Db(issuer), At(expires), device)| CodeRow {
        hash,
        user,
        issuer,
        expires,
        device: device.map(|(Db(id), key)| (id, key)),
    }))
}

/// The holder and their organisation, unless the holder is disabled, or moved to another one than that of whoever handed
/// out the code.
fn holder(tx: &mut Conn<'_>, code: &CodeRow) -> Result<Option<(User, Organisation)>, StoreError> {
    let Some(user) = users::find(tx, code.user)?.filter(|user| user.disabled_at.is_none()) else {
        return Ok(None);
    };
    let Some(organisation) = user.organisation_id else {
        return Ok(None);
    };
    let issuer = users::find(tx, code.issuer)?;
    if issuer.is_none_or(|issuer| issuer.organisation_id != Some(organisation)) {
        return Ok(None);
    }
    Ok(organisations::find(tx, organisation)?.map(|organisation| (user, organisation)))
}

fn add(
    tx: &mut Conn<'_>,
    code: &CodeRow,
    key: &[u8],
    name: &str,
    moment: &Moment,
) -> Result<DeviceId, Failure<EnrolRefused>> {
    let device = DeviceId::new(moment);
    let added = on_each!(tx, |c| diesel::insert_into(devices::table)
        .values((
            devices::id.eq(Db(device)),
            devices::user_id.eq(Db(code.user)),
            devices::public_key.eq(key),
            devices::name.eq(name),
            devices::enrolled_at.eq(At(moment.now)),
        ))
        .on_conflict(devices::public_key)
        .do_nothing()
        .execute(c))?;
    let used = on_each!(tx, |c| diesel::update(enrolment_codes::table.find(&code.hash))
        .filter(enrolment_codes::used_at.is_null())
        .set((
            enrolment_codes::used_at.eq(At(moment.now)),
            enrolment_codes::device_id.eq((added == 1).then_some(Db(device))),
        ))
        .execute(c))?;
    match (added, used) {
        (1, 1) => Ok(device),
        // Another request with this code was faster; what it did decides our answer.
        (_, 0) => Err(StoreError::Raced.into()),
        _ => Err(EnrolRefused::KeyTaken.into()),
    }
}
