//! That an organisation works by a lesson of another one, told with that lesson.

use sync_core::record::{Adoption, Kind, SharedLesson};
use sync_core::time::Millis;

use super::{Published, Written, place};
use crate::desk::{self, Member, Original};
use crate::store::Conn;

/// Writes into the shared lesson since when an organisation works by it and what came of it, or takes that back. A lesson that is not there
/// is left: whoever adopts one has read it, so only a restored store lacks it.
pub(super) fn share(tx: &mut Conn<'_>, published: Published, adoption: &Adoption, now: Millis) -> Written {
    let original = Original::at(tx, place(Kind::SharedLesson, adoption.lesson))?;
    if original.there().is_none() {
        return Ok(());
    }
    let who = published.organisation;
    desk::edit(tx, original, Member::service(now), |document, actor| {
        let change = document.edit::<SharedLesson>(actor, now, |edit| {
            if adoption.void.is_some() {
                edit.adopted_by().clear(&who)?;
                return edit.came_of_it().clear(&who);
            }
            edit.adopted_by().put(&who, adoption.since)?;
            match &adoption.came_of_it {
                Some(words) => edit.came_of_it().put(&who, words.clone()),
                None => edit.came_of_it().clear(&who),
            }
        });
        Ok(change?)
    })
}
