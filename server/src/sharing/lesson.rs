//! A lesson that is published, as all members read it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use sync_core::conflict::claims;
use sync_core::document::Document;
use sync_core::form::EditError;
use sync_core::id::{DeviceId, LessonId, SharedLessonId, UserId};
use sync_core::record::lesson::LessonStatus;
use sync_core::record::shared_lesson::SharedLessonEdit;
use sync_core::record::{Kind, Lesson, SharedLesson};
use sync_core::time::{Date, Millis, day_in_rwanda};

use super::{Published, Written, place};
use crate::desk::{self, Member, Original};
use crate::ledger::web_author;
use crate::on_each;
use crate::store::schema::devices;
use crate::store::{Conn, Db, StoreError};

/// Writes what a lesson says into the shared one, once it is published; says there that it is retired, once it is.
pub(super) fn share(
    tx: &mut Conn<'_>,
    published: Published,
    document: &Document,
    lesson: &Lesson,
    now: Millis,
) -> Written {
    let id = LessonId::from(published.id);
    let original = Original::at(tx, place(Kind::SharedLesson, SharedLessonId::of(id)))?;
    let there = original.there().map(|document| document.read::<SharedLesson>());
    let there = there.transpose().map_err(|_| StoreError::Damaged("a record"))?;
    // 1. A draft is its organisation's own. What was shared stays where the lesson is taken back: others have read it, and it is retired then.
    let stands = lesson.status == LessonStatus::Published && is_of_two(tx, document)?;
    if there.is_none() && !stands {
        return Ok(());
    }
    let today = day_in_rwanda(now);
    desk::edit(tx, original, Member::service(now), |document, actor| {
        let change = document.edit::<SharedLesson>(actor, now, |edit| {
            if there.is_none() {
                edit.lesson().set(id)?;
                edit.organisation().set(published.organisation)?;
                edit.published_on().set(today)?;
            }
            // 2. Only what somebody published is told, not what is being written of it since it was taken back.
            if stands {
                copy(lesson, there.as_ref(), edit)?;
            }
            retire(there.as_ref(), !stands, today, edit)
        });
        Ok(change?)
    })
}

/// Whether somebody published it who had not begun it: a lesson is read by a second person before others read it.
pub(crate) fn is_of_two(tx: &mut Conn<'_>, document: &Document) -> Result<bool, StoreError> {
    let published: BTreeSet<DeviceId> = claims(document, "status").iter().map(|claim| claim.device).collect();
    let begun = people(tx, &document.begun_by())?;
    Ok(people(tx, &published)?.iter().any(|who| !begun.contains(who)))
}

/// Whether somebody is another person than those who began it.
pub(crate) fn may_publish(
    tx: &mut Conn<'_>,
    document: &Document,
    member: Member,
) -> Result<bool, StoreError> {
    let begun = people(tx, &document.begun_by())?;
    Ok(member.person().is_none_or(|user| !begun.contains(&web_author(user))))
}

/// Who wrote as one of these authors: people at a desk write under their own id.
fn people(tx: &mut Conn<'_>, authors: &BTreeSet<DeviceId>) -> Result<BTreeSet<DeviceId>, StoreError> {
    let theirs: Vec<(Db<DeviceId>, Db<UserId>)> = on_each!(tx, |c| devices::table
        .filter(devices::id.eq_any(authors.iter().copied().map(Db)))
        .select((devices::id, devices::user_id))
        .load(c))?;
    let mut people = authors.clone();
    for (Db(device), Db(user)) in theirs {
        people.remove(&device);
        people.insert(web_author(user));
    }
    Ok(people)
}

fn copy(
    lesson: &Lesson,
    there: Option<&SharedLesson>,
    edit: &mut SharedLessonEdit<'_>,
) -> Result<(), EditError> {
    edit.title().set(lesson.title.clone())?;
    edit.context().copy(&lesson.context)?;
    edit.what_happened().copy(&lesson.what_happened)?;
    edit.why().copy(&lesson.why)?;
    edit.recommendation().copy(&lesson.recommendation)?;
    match lesson.pillar {
        Some(pillar) => edit.pillar().set(pillar)?,
        None => edit.pillar().clear()?,
    }
    match lesson.modality {
        Some(modality) => edit.modality().set(modality)?,
        None => edit.modality().clear()?,
    }
    match lesson.area {
        Some(area) => edit.area().set(area)?,
        None => edit.area().clear()?,
    }
    match &lesson.evidence {
        Some(question) => edit.evidence().set(question.clone())?,
        None => edit.evidence().clear()?,
    }
    for language in &lesson.languages {
        edit.languages().insert(language)?;
    }
    let before = there.map(|there| there.languages.clone()).unwrap_or_default();
    before.difference(&lesson.languages).try_for_each(|language| edit.languages().remove(language))
}

/// Says since when it is retired, or that it is not.
fn retire(
    there: Option<&SharedLesson>,
    retired: bool,
    today: Date,
    edit: &mut SharedLessonEdit<'_>,
) -> Result<(), EditError> {
    match (there.and_then(|there| there.retired_on), retired) {
        (None, true) => edit.retired_on().set(today),
        (Some(_), false) => edit.retired_on().clear(),
        _ => Ok(()),
    }
}
