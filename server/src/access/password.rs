//! Passwords, as Argon2id with the parameters that OWASP names (19 MiB, two passes, one lane). Keyboards write one letter in
//! several ways; what is hashed is its NFKC form (NIST SP 800-63B), so that a password holds on all of them.

use std::fmt;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::thread::available_parallelism;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use diesel::prelude::*;
use sync_core::id::UserId;
use sync_core::time::Millis;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Entropy, Score, zxcvbn};

use crate::on_each;
use crate::problem::Problem;
use crate::store::schema::{organisations, users};
use crate::store::{At, Conn, Db, StoreError};

/// A hash takes 19 MiB and a core. At most half of the cores hash, so that whoever guesses leaves the others to those who sync.
static AT_ONCE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new((available_parallelism().map_or(1, NonZero::get) / 2).clamp(1, 4)));
/// How many may wait for their turn: about as many as are done within two seconds. Those who come from where their account has signed in
/// before have places of their own, so that whoever floods the service from elsewhere does not keep them out.
static WAITING: Semaphore = Semaphore::const_new(64);
static WAITING_KNOWN: Semaphore = Semaphore::const_new(16);

/// The hash of a password nobody knows: a login that does not exist is checked against it, so that it takes the
/// same path and the same time as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bVILcqOUBhT7RT5fSFueBg$1dZmcDrlMVGvrLrOAPguPl9E8ZqeEFouh3LGyTqkWJ8";

/// What stands in the place of a hash where no password was chosen.
const NONE: &str = "!";

/// Characters that a password has at least, and at most.
const LONG: RangeInclusive<usize> = 10..=128;
/// How many characters of it are judged. What zxcvbn takes grows faster than the length where letters are written as signs (`4@8({[<3691!`):
/// a second for 128 of them, on a thread on which others wait.
const JUDGED: usize = 40;

/// An Argon2id hash in PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl PasswordHash {
    /// Hashes a password. Takes a noticeable part of a second, on a thread where blocking is allowed.
    ///
    /// # Errors
    /// 503 `busy` where too many wait to be hashed.
    pub async fn of(password: String) -> Result<Self, Problem> {
        in_turn(true, move || Self::of_blocking(&password)).await
    }

    /// [`PasswordHash::of`] for the command line.
    pub fn of_blocking(password: &str) -> Self {
        let hash: phc::PasswordHash = argon2()
            .hash_password(normal(password).as_bytes())
            .expect("a password under 4 GiB can be hashed");
        Self(hash.to_string())
    }

    /// That of somebody who has chosen no password yet: none is right.
    pub fn none() -> Self {
        Self(NONE.to_owned())
    }

    /// What stands in the store; `None` where no password was chosen yet.
    pub(super) fn stored(text: String) -> Option<Self> {
        (text != NONE).then_some(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is the password. Without a hash it is not, but that takes as long to say. `known` are those who come from where the account
/// has signed in before.
///
/// # Errors
/// 503 `busy` where too many wait to be hashed.
pub(super) async fn verify(
    password: String,
    hash: Option<PasswordHash>,
    known: bool,
) -> Result<bool, Problem> {
    in_turn(known, move || {
        let known = hash.is_some();
        let hash = hash.map_or_else(|| NOBODY.to_owned(), |hash| hash.0);
        let right = phc::PasswordHash::new(&hash)
            .is_ok_and(|hash| argon2().verify_password(normal(&password).as_bytes(), &hash).is_ok());
        known && right
    })
    .await
}

/// What is weak about a password, as the end of a sentence that begins with its name; `None` if it withstands guessing. `around` is what
/// others know of the person: nothing that a password may be made of. There are no other rules (NIST SP 800-63B, 3.1.1.2).
pub(crate) fn weakness<S: AsRef<str>>(password: &str, around: &[S]) -> Option<String> {
    if !LONG.contains(&password.chars().count()) {
        return Some(format!("has {} to {} characters", LONG.start(), LONG.end()));
    }
    let whole = around.iter().map(AsRef::as_ref);
    let parts = around.iter().flat_map(|text| text.as_ref().split(|c: char| !c.is_alphanumeric()));
    let known: Vec<String> =
        whole.chain(parts).chain(["ihuriro"]).filter(|word| word.len() > 2).map(normal_in_small).collect();
    let inputs: Vec<&str> = known.iter().map(String::as_str).collect();
    let Some(mut found) = judged(&normal(password), &inputs) else { return Some(easy("")) };
    // Several known words with a sign between them are many guesses to zxcvbn, and few to somebody who knows the person: what is left
    // without those words must withstand guessing, too.
    let left = known.iter().fold(normal_in_small(password), |left, word| left.replace(word, ""));
    if left.len() < normal_in_small(password).len() {
        let Some(without) = judged(&left, &[]) else { return Some(easy("")) };
        if without.score() < found.score() {
            found = without;
        }
    }
    if found.score() >= Score::Three {
        return None;
    }
    let feedback = found.feedback();
    let warning = feedback.and_then(|feedback| feedback.warning()).map(|warning| warning.to_string());
    let advice = feedback.into_iter().flat_map(|feedback| feedback.suggestions()).map(ToString::to_string);
    let said: Vec<String> = warning.into_iter().chain(advice).collect();
    let known = if said.is_empty() { "It is made of your name, login or organisation." } else { "" };
    Some(easy(&format!("{}{known}", said.join(" "))))
}

fn easy(why: &str) -> String {
    format!("is too easy to guess. {why}").trim_end().to_owned()
}

/// What zxcvbn finds in the beginning of a password; nothing where it panics. It multiplies past what a number holds on some long repetitions ("12" 64 times): none of these is
/// strong. It is built so that it always panics there, also in a release.
fn judged(password: &str, inputs: &[&str]) -> Option<Entropy> {
    let beginning: String = password.chars().take(JUDGED).collect();
    catch_unwind(AssertUnwindSafe(|| zxcvbn(&beginning, inputs))).ok()
}

/// Characters of a random secret of 128 bits, in base64.
const RANDOM: usize = 22;
/// Powers of ten. What is random is told from words and repeats by this; zxcvbn says no more of it.
const GUESSES: f64 = 16.0;

/// Why a secret that no person has to type, as the password of a database, could be guessed.
pub fn weakness_of_secret(secret: &str) -> Option<&'static str> {
    if secret.chars().count() < RANDOM {
        return Some("it is shorter than 22 characters");
    }
    let guesses = judged(secret, &[]).map_or(0.0, |entropy| entropy.guesses_log10());
    (guesses < GUESSES).then_some("it is made of words or repeats")
}

/// What others know of a person: their login and name, and those of their organisation.
pub(crate) fn around(tx: &mut Conn<'_>, user: UserId) -> Result<Vec<String>, StoreError> {
    type Row = (String, String, Option<(String, String)>);
    let row: Option<Row> = on_each!(tx, |c| users::table
        .left_join(organisations::table)
        .filter(users::id.eq(Db(user)))
        .select((users::login, users::name, (organisations::code, organisations::name).nullable()))
        .first(c)
        .optional())?;
    Ok(row
        .into_iter()
        .flat_map(|(login, name, of)| {
            let (code, organisation) = of.unzip();
            [Some(login), Some(name), code, organisation].into_iter().flatten()
        })
        .collect())
}

/// Gives a person a password of their own.
pub(crate) fn set(tx: &mut Conn<'_>, user: UserId, hash: &PasswordHash) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(users::table.find(Db(user)))
        .set((users::password_hash.eq(hash.as_str()), users::password_given_at.eq(None::<At>)))
        .execute(c))?;
    Ok(())
}

/// Says that a person's password is known to somebody else, who gave it.
pub(crate) fn demand_change(tx: &mut Conn<'_>, user: UserId, now: Millis) -> Result<(), StoreError> {
    on_each!(tx, |c| diesel::update(users::table.find(Db(user)))
        .set(users::password_given_at.eq(At(now)))
        .execute(c))?;
    Ok(())
}

/// Does this when it is its turn. The turn lasts as long as the work, also where nobody waits for it any more.
async fn in_turn<T: Send + 'static>(
    known: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let places = if known { &WAITING_KNOWN } else { &WAITING };
    let place = places.try_acquire().map_err(|_| Problem::busy())?;
    let turn = AT_ONCE.acquire().await.expect("the semaphore is never closed");
    drop(place);
    let done = spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    Ok(done.await.expect("hashing does not panic"))
}

fn normal(password: &str) -> String {
    password.nfkc().collect()
}

fn normal_in_small(text: &str) -> String {
    normal(text).to_lowercase()
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("OWASP's parameters are allowed");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn hash(password: &str) -> PasswordHash {
        PasswordHash::of(password.into()).await.expect("nobody else waits")
    }

    async fn right(password: &str, hash: Option<PasswordHash>) -> bool {
        verify(password.into(), hash, true).await.expect("nobody else waits")
    }

    #[actix_web::test]
    async fn only_the_right_password_is_right() {
        let hash = hash("umuganda wa mbere").await;
        assert!(right("umuganda wa mbere", Some(hash.clone())).await);
        assert!(!right("umuganda wa kabiri", Some(hash)).await);
        assert!(!right("umuganda wa mbere", None).await);
    }

    #[actix_web::test]
    async fn a_password_holds_on_whichever_keyboard() {
        let hash = hash("\u{e9}coute, \u{fb01}n").await;
        assert!(right("e\u{301}coute, fin", Some(hash.clone())).await);
        assert!(!right("ecoute, fin", Some(hash)).await);
    }

    #[test]
    fn a_password_that_is_easy_to_guess_is_weak_and_why_is_said() {
        let around = ["uwase.m", "Uwase Marie", "aegis", "Aegis Trust"];
        for (weak, why) in [
            ("short", "has 10 to 128 characters"),
            ("password1234", "common"),
            ("aaaaaaaaaaaa", "Repeat"),
            ("qwertyuiop", "common"),
            ("uwase.m2026", "guess"),
            ("AegisTrust1", "guess"),
            ("uwase-marie-aegis", "guess"),
        ] {
            let said = weakness(weak, &around).unwrap_or_else(|| panic!("{weak} is said to be strong"));
            assert!(said.to_lowercase().contains(&why.to_lowercase()), "{weak}: {said}");
        }
        assert!(weakness(&"a long one ".repeat(12), &around).is_some(), "longer than 128 characters");
        for strong in [
            "umuganda wa mbere",
            "mountain-lake-river",
            "lake-kivu-sunrise",
            "hills-of-nyagatare",
            "Xk7#pWq2mZ",
        ] {
            assert_eq!(weakness(strong, &around), None, "{strong}");
        }
        // Of no organisation, the same would do.
        assert_eq!(weakness("nyagatare-mutara", &[""]), None);
    }

    /// The CPU time of this thread, as the operating system counts it.
    #[cfg(target_os = "linux")]
    fn cpu() -> std::time::Duration {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
        let spent = told.split(' ').next().and_then(|spent| spent.parse().ok());
        std::time::Duration::from_nanos(spent.expect("a number"))
    }

    /// What a password costs to be judged, whatever it is: this is done while others wait for the same thread.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_dearest_password_is_judged_soon() {
        let around = ["uwase.m", "Uwase Marie", "aegis", "Aegis Trust"];
        for part in [
            "a",
            "ab",
            "1",
            "12",
            "20201212",
            "1.1.2020",
            "password",
            "p4$5w0rd",
            "qwertyuiop",
            "abcdefgh",
            "4@8({[<3691!|705$7+%2",
            "4@",
            "!|1",
            "aegis",
            "Xk7#pWq2mZ",
            "lovelovelove1",
            "\u{fb01}",
            "\u{1f331}",
            "zxcvbnm,./",
            "correcthorsebatterystaple",
            "8420135791119",
            "aA@4",
            "s$5z2",
            "uwase-marie.",
        ] {
            let password: String = part.chars().cycle().take(128).collect();
            let begun = cpu();
            let _judged = weakness(&password, &around);
            let cost = cpu().saturating_sub(begun);
            assert!(cost < std::time::Duration::from_millis(500), "{part}: {cost:?}");
        }
    }

    #[test]
    fn nobody_costs_as_much_to_check_as_anybody() {
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(NOBODY), cost(PasswordHash::of_blocking("x").as_str()));
        assert!(phc::PasswordHash::new(NOBODY).is_ok());
    }
}
