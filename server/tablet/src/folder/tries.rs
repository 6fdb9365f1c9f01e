//! How often a passphrase may be tried. The count is on the disk before each try, so that ending the program gives no free one, and the waiting
//! times are held against the latest time that was ever seen, so that turning the clock back gives none either.
//!
//! This stops who finds the tablet. Who copies the folder, or puts an older copy in its place, tries as often as they
//! like: there only the length of a passphrase helps.

use diesel::prelude::*;
use sync_core::time::Millis;

use super::FolderError;
use super::file::state;

/// So many wrong tries in a row, and the folder is locked until a manager's code unlocks it.
pub const MOST: i32 = 10;
/// Minutes to wait after the fifth wrong try, the sixth, and so on to the ninth.
const WAITS: [i64; 5] = [1, 5, 15, 60, 240];
const MINUTE: i64 = 60_000;

/// Counts a try that is about to be made.
///
/// # Errors
/// [`FolderError::Locked`] or [`FolderError::Wait`] where it may not be made; nothing is counted then.
pub(super) fn count(connection: &mut SqliteConnection, now: Millis) -> Result<(), FolderError> {
    let latest: i64 = state::table.select(state::latest).first(connection)?;
    let seen = now.0.max(latest);
    match refusal(connection, now)? {
        Some(FolderError::Locked) => return Err(FolderError::Locked),
        Some(wait) => {
            diesel::update(state::table).set(state::latest.eq(seen)).execute(connection)?;
            return Err(wait);
        }
        None => {}
    }
    let counted = (state::wrong.eq(state::wrong + 1), state::wrong_at.eq(seen), state::latest.eq(seen));
    diesel::update(state::table).set(counted).execute(connection)?;
    Ok(())
}

/// Why no passphrase may be tried now: [`FolderError::Locked`] or [`FolderError::Wait`].
pub(super) fn refusal(
    connection: &mut SqliteConnection,
    now: Millis,
) -> Result<Option<FolderError>, FolderError> {
    let (wrong, wrong_at, latest): (i32, i64, i64) =
        state::table.select((state::wrong, state::wrong_at, state::latest)).first(connection)?;
    if wrong >= MOST {
        return Ok(Some(FolderError::Locked));
    }
    let wait = usize::try_from(wrong - (MOST - WAITS.len() as i32)).ok().map_or(0, |at| WAITS[at] * MINUTE);
    let left = wrong_at + wait - now.0.max(latest);
    Ok((left > 0).then_some(FolderError::Wait { minutes: (left + MINUTE - 1) / MINUTE }))
}

/// How many tries are left.
pub(super) fn left(connection: &mut SqliteConnection) -> Result<i32, FolderError> {
    let wrong: i32 = state::table.select(state::wrong).first(connection)?;
    Ok((MOST - wrong).max(0))
}

/// The passphrase was right, or a manager let somebody in: all tries are there again, as of the time that it is now.
pub(super) fn forget(connection: &mut SqliteConnection, now: Option<Millis>) -> Result<(), FolderError> {
    diesel::update(state::table).set(state::wrong.eq(0)).execute(connection)?;
    if let Some(now) = now {
        let begun_again = (state::latest.eq(now.0), state::wrong_at.eq(0));
        diesel::update(state::table).set(begun_again).execute(connection)?;
    }
    Ok(())
}

/// What is said with a wrong passphrase.
pub(super) fn in_words(left: i32) -> String {
    match left {
        0 => {
            "; the tablet is locked now: ask your manager for a code, then: ihuriro tablet unlock --server https://… --code CODE"
                .to_owned()
        }
        1 => "; one try is left, then the tablet locks".to_owned(),
        few if few <= 5 => format!("; {few} tries are left, then the tablet locks"),
        _ => String::new(),
    }
}

/// Whether a passphrase is a PIN: digits alone.
pub(super) fn is_pin(passphrase: &str) -> bool {
    !passphrase.is_empty() && passphrase.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a PIN is among the first that anybody tries: one digit over and over, or digits in a row.
pub(super) fn is_plain(pin: &str) -> bool {
    let steps = pin.as_bytes().windows(2).map(|pair| i16::from(pair[1]) - i16::from(pair[0]));
    let steps: Vec<i16> = steps.collect();
    steps.iter().all(|step| *step == steps[0]) && steps.first().is_none_or(|step| (-1..=1).contains(step))
}
