//! Codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, steps of thirty seconds, one step of drift), and recovery codes for
//! those who have lost it.
//!
//! A secret is enrolled in two steps: [`begin`] draws it, and [`confirm`] takes a first code of it, so that nobody is locked out by an app
//! that did not read it. It is sealed in the store; each code is taken once, also where it comes twice at the same moment.

use data_encoding::BASE32_NOPAD;
use diesel::prelude::*;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use sync_core::id::{Id, UserId};
use sync_core::time::Millis;
use totp_rs::{Builder, Totp};

use super::gate::Gate;
use super::secret;
use crate::on_each;
use crate::store::schema::{recovery_codes, second_factors};
use crate::store::{Conn, Db, StoreError};

/// Seconds.
const STEP: i64 = 30;
/// What secrets are sealed for.
const PURPOSE: &[u8] = b"second factors";
const RECOVERY_CODES: usize = 10;

/// What an app is given, once.
#[derive(Clone, Copy)]
pub struct Secret([u8; 20]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The code that an app shows at this time.
    pub fn code_at(&self, now: Millis) -> String {
        self.code_of(now.seconds().div_euclid(STEP))
    }

    fn code_of(&self, step: i64) -> String {
        self.totp().generate(seconds(step)).to_string()
    }

    /// The step of which this is the code, now or one step before or after; later than `last`.
    fn step_of(&self, code: &str, last: Option<i64>, now: Millis) -> Option<i64> {
        let at = now.seconds().div_euclid(STEP);
        (at - 1..=at + 1)
            .filter(|step| last.is_none_or(|last| *step > last))
            .find(|step| self.totp().check(code, seconds(*step)).is_some())
    }

    /// For one step at a time: which of them may be taken is for us to say. It compares in constant time.
    fn totp(&self) -> Totp {
        Builder::new().with_secret(self.0).with_skew(0).build().expect("twenty bytes are a secret")
    }

    /// As people type it where no picture can be read.
    pub fn in_words(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// As apps read it (the Key URI Format of Google Authenticator).
    pub fn uri(&self, login: &str) -> String {
        let login = login.replace('+', "%2B").replace('@', "%40");
        let secret = self.in_words();
        format!(
            "otpauth://totp/Ihuriro:{login}?secret={secret}&issuer=Ihuriro&algorithm=SHA1&digits=6&period={STEP}"
        )
    }

    /// The URI as a picture.
    pub fn as_svg(&self, login: &str) -> String {
        self.qr(login).render::<svg::Color<'_>>().min_dimensions(240, 240).build()
    }

    fn qr(&self, login: &str) -> QrCode {
        QrCode::new(self.uri(login)).expect("a URI of at most 200 letters fits")
    }
}

/// What an app reads ([`Secret::uri`]) as a picture of letters, for a terminal; `None` if it is too long for one.
pub fn as_text(uri: &str) -> Option<String> {
    let (dark, light) = (unicode::Dense1x2::Dark, unicode::Dense1x2::Light);
    // Terminals are dark: what is to be dark is left as it is.
    Some(QrCode::new(uri).ok()?.render::<unicode::Dense1x2>().dark_color(light).light_color(dark).build())
}

/// When a step begins.
fn seconds(step: i64) -> u64 {
    u64::try_from(step * STEP).unwrap_or_default()
}

/// Draws a secret for a person, which counts once a code of it was shown. Until then the one that they have does.
///
/// # Errors
/// Those of the store.
pub fn begin(tx: &mut Conn<'_>, gate: &Gate, user: UserId) -> Result<Secret, StoreError> {
    let secret = Secret(rand::random());
    let sealed = seal(gate, user, &secret);
    on_each!(tx, |c| diesel::insert_into(second_factors::table)
        .values((second_factors::user_id.eq(Db(user)), second_factors::next_secret.eq(&sealed)))
        .on_conflict(second_factors::user_id)
        .do_update()
        .set(second_factors::next_secret.eq(&sealed))
        .execute(c))?;
    Ok(secret)
}

/// What became of a first code.
#[derive(Debug)]
pub enum Confirmed {
    /// The secret counts; these are the recovery codes, in the place of all that were there.
    RecoveryCodes(Vec<String>),
    WrongCode,
    /// No secret waits for a code.
    NothingBegun,
}

/// Takes the first code of a new secret.
///
/// # Errors
/// Those of the store.
pub fn confirm(
    tx: &mut Conn<'_>,
    gate: &Gate,
    user: UserId,
    code: &str,
    now: Millis,
) -> Result<Confirmed, StoreError> {
    let next: Option<Option<Vec<u8>>> = on_each!(tx, |c| second_factors::table
        .find(Db(user))
        .select(second_factors::next_secret)
        .first(c)
        .optional())?;
    let Some(sealed) = next.flatten() else { return Ok(Confirmed::NothingBegun) };
    let Some(step) = open(gate, user, &sealed)?.step_of(code, None, now) else {
        return Ok(Confirmed::WrongCode);
    };
    on_each!(tx, |c| diesel::update(second_factors::table.find(Db(user)))
        .set((
            second_factors::secret.eq(&sealed),
            second_factors::next_secret.eq(None::<Vec<u8>>),
            second_factors::last_step.eq(step),
        ))
        .execute(c))?;
    on_each!(tx, |c| diesel::delete(recovery_codes::table)
        .filter(recovery_codes::user_id.eq(Db(user)))
        .execute(c))?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| secret::code()).collect();
    for code in &codes {
        on_each!(tx, |c| diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::hash.eq(secret::hash(&code.replace('-', ""))),
                recovery_codes::user_id.eq(Db(user)),
            ))
            .execute(c))?;
    }
    Ok(Confirmed::RecoveryCodes(codes))
}

/// Whether a person has an app whose codes count.
pub(crate) fn is_enrolled(tx: &mut Conn<'_>, user: UserId) -> Result<bool, StoreError> {
    Ok(current(tx, user)?.is_some())
}

/// Takes a code of the person's app, or one of their recovery codes. Each is taken once.
pub(crate) fn take(
    tx: &mut Conn<'_>,
    gate: &Gate,
    user: UserId,
    code: &str,
    now: Millis,
) -> Result<bool, StoreError> {
    if let Some(recovery) = secret::normalised(code) {
        let removed = on_each!(tx, |c| diesel::delete(recovery_codes::table.find(secret::hash(&recovery)))
            .filter(recovery_codes::user_id.eq(Db(user)))
            .execute(c))?;
        return Ok(removed == 1);
    }
    let Some((sealed, last)) = current(tx, user)? else { return Ok(false) };
    let Some(step) = open(gate, user, &sealed)?.step_of(code.trim(), last, now) else { return Ok(false) };
    // Of two that come with the same code at once, one finds the step taken.
    let taken = on_each!(tx, |c| diesel::update(second_factors::table.find(Db(user)))
        .filter(second_factors::last_step.is_null().or(second_factors::last_step.lt(step)))
        .set(second_factors::last_step.eq(step))
        .execute(c))?;
    Ok(taken == 1)
}

/// Takes a person's app and recovery codes away.
pub(crate) fn remove(tx: &mut Conn<'_>, user: UserId) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::delete(recovery_codes::table)
        .filter(recovery_codes::user_id.eq(Db(user)))
        .execute(c))?;
    on_each!(tx, |c| diesel::delete(second_factors::table.find(Db(user))).execute(c))?;
    Ok(())
}

type Current = (Vec<u8>, Option<i64>);

fn current(tx: &mut Conn<'_>, user: UserId) -> Result<Option<Current>, StoreError> {
    let row: Option<(Option<Vec<u8>>, Option<i64>)> = on_each!(tx, |c| second_factors::table
        .find(Db(user))
        .select((second_factors::secret, second_factors::last_step))
        .first(c)
        .optional())?;
    Ok(row.and_then(|(secret, last)| Some((secret?, last))))
}

/// Bound to the person, so that nobody who may write the store gives them another's.
fn seal(gate: &Gate, user: UserId, Secret(secret): &Secret) -> Vec<u8> {
    gate.seal(PURPOSE, user.uuid().as_bytes(), secret)
}

fn open(gate: &Gate, user: UserId, sealed: &[u8]) -> Result<Secret, StoreError> {
    let opened = gate.open(PURPOSE, user.uuid().as_bytes(), sealed);
    let bytes = opened.and_then(|plain| plain.try_into().ok());
    bytes.map(Secret).ok_or(StoreError::Damaged("a second factor does not open"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of which six digits are the last six of eight.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret(*b"12345678901234567890");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(secret.code_at(Millis(seconds * 1000)), code);
        }
    }

    #[test]
    fn a_code_holds_for_one_step_of_drift_and_not_before_the_last_one() {
        let secret = Secret(*b"12345678901234567890");
        let now = Millis(1_111_111_109_000);
        let step = now.seconds() / STEP;
        for (drift, last, taken) in [
            (0, None, true),
            (-1, None, true),
            (1, None, true),
            (-2, None, false),
            (2, None, false),
            (0, Some(step), false),
            (1, Some(step), true),
        ] {
            let found = secret.step_of(&secret.code_of(step + drift), last, now);
            assert_eq!(found, taken.then_some(step + drift), "{drift} after {last:?}");
        }
        assert_eq!(secret.step_of("", None, now), None);
        assert_eq!(secret.step_of("000000", None, now), None);
    }

    #[test]
    fn an_app_reads_the_uri_from_a_picture() {
        let secret = Secret([7; 20]);
        let uri = secret.uri("uwase+m@aegis");
        assert!(uri.starts_with("otpauth://totp/Ihuriro:uwase%2Bm%40aegis?secret="), "{uri}");
        assert!(uri.ends_with("&issuer=Ihuriro&algorithm=SHA1&digits=6&period=30"), "{uri}");
        assert!(secret.as_svg("uwase").starts_with("<?xml"));
        let picture = as_text(&secret.uri("uwase")).expect("it is short");
        assert!(picture.lines().all(|line| line.chars().count() < 80));
        // The longest login fits, too.
        secret.as_svg(&"@".repeat(64));
    }
}
