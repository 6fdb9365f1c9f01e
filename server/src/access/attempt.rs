//! One attempt to sign in, and what it is counted with, so that nobody guesses a password and nobody keeps another out.
//!
//! Wrong passwords are counted in buckets ([`limits`](super::limits)). Which ones an attempt takes from depends on where it comes from:
//!
//! 1. From a **device** that has signed in to this account before, and shows the token that it got (OWASP, *Device Cookies*): its own
//!    bucket, which nobody else can empty.
//! 2. From an **address** from which this account has signed in before: the bucket of account and address. What others try elsewhere does
//!    not touch it; whoever shares the address does.
//! 3. From **elsewhere**: the bucket of account and address, and one of the account from all such places. That one can be kept empty by
//!    whoever has many addresses; its owner then signs in as in 1 or 2, or with a code for a new password that their manager reads to them.
//!
//! An address alone never keeps anybody out, since many facilitators share that of their carrier. One from which very many attempts failed
//! gets fewer for each account. A login that does not exist is counted like one that does.
//!
//! An attempt is taken before the password is looked at, so that many at once are not all let through, and given back if it was right.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use data_encoding::BASE64URL_NOPAD;
use diesel::dsl::exists;
use diesel::prelude::*;
use sync_core::id::{Id, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use super::gate::Gate;
use super::limits::{Bucket, Limit};
use super::origin::Origin;
use crate::on_each;
use crate::problem::{Problem, kind};
use crate::store::schema::known_addresses;
use crate::store::{At, Conn, Db, Failure, Refusal, StoreError};

const MINUTE: i64 = 60_000;
/// An account from one address, or from one device.
const FROM_ONE_PLACE: Limit = Limit { burst: 10, interval: MINUTE };
/// The same from an address that is above [`OF_AN_ADDRESS`].
const FROM_A_BAD_PLACE: Limit = Limit { burst: 2, interval: MINUTE };
/// An account from all places where it never signed in. A password of score 3 takes 10^8 guesses or more; this lets half a million through
/// in a year.
const FROM_ELSEWHERE: Limit = Limit { burst: 30, interval: MINUTE };
/// An address, whichever the accounts. A hundred people behind one address may mistype at the same time.
const OF_AN_ADDRESS: Limit = Limit { burst: 100, interval: MINUTE / 6 };

/// Codes of an app from one place, or from elsewhere: whoever tries has the password. A thirtieth of one in ten thousand is guessed in a day.
const CODES: Limit = Limit { burst: 5, interval: 15 * MINUTE };

/// How long a place is known after somebody signed in from it.
const KNOWN_DAYS: i64 = 180;
/// How many addresses are known of a person.
const KNOWN_ADDRESSES: i64 = 20;

/// Too much was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many wrong passwords; another attempt in {0} ms")]
pub(super) struct TooMany(pub(super) i64);

impl Refusal for TooMany {}

impl From<TooMany> for Problem {
    fn from(TooMany(wait): TooMany) -> Self {
        let seconds = (wait + 999) / 1000;
        let detail = format!(
            "Try again in {seconds} seconds. From a device or a place where you have signed in before, others' attempts do not count."
        );
        Self::of(kind::TOO_MANY_ATTEMPTS, detail).header(RETRY_AFTER, HeaderValue::from(seconds))
    }
}

/// Where an attempt comes from, as the account sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Device,
    KnownAddress,
    Elsewhere,
}

impl Place {
    const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::KnownAddress => "known-address",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// Whether the account has signed in from there before.
    pub(super) fn is_known(self) -> bool {
        self != Self::Elsewhere
    }
}

/// An attempt to sign in to an account. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    account: Bucket,
    here: Bucket,
    address: Bucket,
    /// That of a device with a valid token.
    device: Option<Bucket>,
    /// The name of account and address among the known ones.
    known: Vec<u8>,
}

/// What an attempt is counted in.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) place: Place,
    buckets: Vec<Bucket>,
    /// Counted, but keeps nobody out.
    address: Option<Bucket>,
    /// Codes of the account's app that are tried from there.
    codes: Bucket,
}

impl Attempt {
    /// An attempt at this login, however it is written, by a request; with what the device says it is.
    pub(super) fn of(
        gate: &Gate,
        request: &HttpRequest,
        login: &str,
        device: Option<&str>,
        now: Millis,
    ) -> Self {
        let address = Origin::of(request, &gate.proxies).bytes();
        let (login, address) = (login.as_bytes(), &address[..]);
        let bucket = |parts: &[&[u8]], limit| Bucket { name: gate.name(parts), limit };
        let nonce = device.and_then(|token| device_of(gate, token, login, now));
        Self {
            account: bucket(&[b"account", login], FROM_ELSEWHERE),
            here: bucket(&[b"account and address", login, address], FROM_ONE_PLACE),
            address: bucket(&[b"address", address], OF_AN_ADDRESS),
            device: nonce.map(|nonce| bucket(&[b"device", login, &nonce], FROM_ONE_PLACE)),
            known: gate.name(&[b"known address", login, address]),
        }
    }

    /// What it is counted in, if there may be another attempt now.
    pub(super) fn counted(&self, tx: &mut Conn<'_>, now: Millis) -> Result<Counted, Failure<TooMany>> {
        let counted = self.place(tx, now)?;
        let mut wait = None;
        for bucket in &counted.buckets {
            wait = wait.max(bucket.wait(tx, now)?);
        }
        match wait {
            Some(wait) => Err(TooMany(wait).into()),
            None => Ok(counted),
        }
    }

    fn place(&self, tx: &mut Conn<'_>, now: Millis) -> Result<Counted, StoreError> {
        if let Some(device) = &self.device {
            let codes = self.codes(device);
            return Ok(Counted { place: Place::Device, buckets: vec![device.clone()], address: None, codes });
        }
        let known = known_addresses::table
            .filter(known_addresses::hash.eq(&self.known))
            .filter(known_addresses::last_at.gt(At(now.plus_days(-KNOWN_DAYS))));
        let known: bool = on_each!(tx, |c| diesel::select(exists(known)).get_result(c))?;
        let mut here = self.here.clone();
        if self.address.wait(tx, now)?.is_some() {
            here.limit = FROM_A_BAD_PLACE;
        }
        let address = Some(self.address.clone());
        Ok(match known {
            true => {
                let codes = self.codes(&here);
                Counted { place: Place::KnownAddress, buckets: vec![here], address, codes }
            }
            false => {
                let codes = self.codes(&self.account);
                let buckets = vec![self.account.clone(), here];
                Counted { place: Place::Elsewhere, buckets, address, codes }
            }
        })
    }

    /// What codes are counted in that come from where passwords are counted in another bucket.
    fn codes(&self, place: &Bucket) -> Bucket {
        let name = [b"codes ", &place.name[..]].concat();
        Bucket { name, limit: CODES }
    }

    /// Notes that the person signed in from there, and forgets where they have not been for long.
    pub(super) fn remember(&self, tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<(), StoreError> {
        on_each!(tx, |c| diesel::insert_into(known_addresses::table)
            .values((
                known_addresses::hash.eq(&self.known),
                known_addresses::user_id.eq(Db(user)),
                known_addresses::last_at.eq(At(now)),
            ))
            .on_conflict(known_addresses::hash)
            .do_update()
            .set(known_addresses::last_at.eq(At(now)))
            .execute(c))?;
        let theirs = known_addresses::table.filter(known_addresses::user_id.eq(Db(user)));
        let oldest: Option<At> = on_each!(tx, |c| theirs
            .select(known_addresses::last_at)
            .order(known_addresses::last_at.desc())
            .offset(KNOWN_ADDRESSES)
            .first(c)
            .optional())?;
        let Some(oldest) = oldest else { return Ok(()) };
        on_each!(tx, |c| diesel::delete(known_addresses::table)
            .filter(known_addresses::user_id.eq(Db(user)))
            .filter(known_addresses::last_at.le(oldest))
            .execute(c))?;
        Ok(())
    }
}

impl Counted {
    /// Takes the attempt: from here on it counts as a wrong one.
    pub(super) fn take(&self, tx: &mut Conn<'_>, now: Millis) -> Result<(), Failure<TooMany>> {
        for bucket in &self.buckets {
            if let Err(wait) = bucket.take(tx, now)? {
                return Err(TooMany(wait).into());
            }
        }
        if let Some(address) = &self.address {
            // Above its limit it is not counted further, so that it falls below it again.
            let _above = address.take(tx, now)?;
        }
        Ok(())
    }

    /// Takes an attempt at a code; see [`Counted::give_code_back`].
    pub(super) fn take_code(&self, tx: &mut Conn<'_>, now: Millis) -> Result<(), Failure<TooMany>> {
        self.codes.take(tx, now)?.map_err(|wait| TooMany(wait).into())
    }

    /// Gives an attempt at a code back, which was right.
    pub(super) fn give_code_back(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        self.codes.give_back(tx)
    }

    /// Gives the attempt back.
    pub(super) fn give_back(&self, tx: &mut Conn<'_>) -> Result<(), StoreError> {
        self.buckets.iter().chain(&self.address).try_for_each(|bucket| bucket.give_back(tx))
    }

    /// Counts how it ended.
    pub(super) fn ended(&self, outcome: &'static str) {
        ended(self.place.word(), outcome);
    }
}

/// Counts an attempt that got no further.
pub(super) fn refused() {
    ended("any", "refused");
}

fn ended(place: &'static str, outcome: &'static str) {
    metrics::counter!("ihuriro_sign_ins_total", "from" => place, "outcome" => outcome).increment(1);
}

/// What is tried by somebody who is signed in, by this login.
pub(super) fn of_login(gate: &Gate, login: Uuid) -> Bucket {
    Bucket { name: gate.name(&[b"signed in", login.as_bytes()]), limit: FROM_ONE_PLACE }
}

/// Codes of an app that are tried by whoever has shown an identity provider that they are this person.
pub(super) fn at_provider(gate: &Gate, user: UserId) -> Bucket {
    Bucket { name: gate.name(&[b"codes at a provider", user.uuid().as_bytes()]), limit: CODES }
}

/// A token by which a device is known again at this account: a random nonce, the time, and a keyed hash of both with the login. The store
/// keeps nothing of it.
pub(super) fn device_token(gate: &Gate, login: &str, now: Millis) -> String {
    let nonce: [u8; 16] = rand::random();
    let at = now.0.to_be_bytes();
    let name = gate.name(&[b"device token", login.as_bytes(), &nonce, &at]);
    BASE64URL_NOPAD.encode(&[&nonce[..], &at, &name].concat())
}

/// The nonce of a device token of this login that holds.
fn device_of(gate: &Gate, token: &str, login: &[u8], now: Millis) -> Option<[u8; 16]> {
    let bytes: [u8; 56] = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?.try_into().ok()?;
    let (nonce, rest) = bytes.split_first_chunk::<16>()?;
    let (at, name) = rest.split_first_chunk::<8>()?;
    let holds = gate.is_name(name, &[b"device token", login, nonce, at]);
    let age = now.0.saturating_sub(i64::from_be_bytes(*at));
    (holds && age <= Millis(0).plus_days(KNOWN_DAYS).0).then_some(*nonce)
}
