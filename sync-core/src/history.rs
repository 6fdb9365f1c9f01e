//! The history of a record, in words: of each change its author and time, and of each field that it wrote what the
//! field said before, as the author saw it, and says since.

mod settled;

use std::collections::BTreeSet;

use automerge::{ObjId, ReadDoc, ScalarValue, legacy};

use crate::boundary::contain;
use crate::change::{Actor, Change, ChangeHash, Grounds};
use crate::conflict::{conflicts, in_words, text};
use crate::document::Document;
use crate::form::{FieldInfo, Rule, Shape, is_object, object_of};
use crate::time::Millis;

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub actor: Actor,
    /// The author's clock.
    pub at: Millis,
    /// Why it was written, where the author had to say.
    pub grounds: Option<Grounds>,
    /// In the order of the field table.
    pub fields: Vec<FieldStep>,
}

/// One field, or one entry of a field, whose words a change replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldStep {
    /// The field's name; for an entry `attendance/<participant>`.
    pub field: String,
    /// The values before the change, as its author saw them: none, one, or several where they were in conflict. Of a
    /// text, the lines that were replaced, or the versions that the change settled.
    pub from: Vec<String>,
    /// The values after the change.
    pub to: Vec<String>,
}

/// What one change of the document did; `None` where the document has no such change.
pub fn step(document: &Document, hash: &ChangeHash) -> Option<Step> {
    contain(|| read_step(document, hash)).ok().flatten()
}

/// Whether a record has, or had, a conflict. Concurrent values that are equal were none.
pub fn was_in_conflict(document: &Document) -> bool {
    !conflicts(document).is_empty() || had_a_conflict(document)
}

/// Whether a record had a conflict that was settled since; of texts, whether one has or had a conflict. Where no
/// conflict is open, this tells whether there was one. Costs a look at every change, if some change has several
/// dependencies.
pub fn had_a_conflict(document: &Document) -> bool {
    contain(|| something_was_settled(document)).unwrap_or(false)
}

/// The changes of a record that the author of a value of `field` had not seen: concurrent ones and later ones. `holds`
/// picks the value among concurrent ones. Changes that write only fields which decide about the record (its state,
/// whether it counts) are left out.
pub fn since(document: &Document, field: &str, holds: impl Fn(&ScalarValue) -> bool) -> Vec<Change> {
    contain(|| not_behind(document, &put_by(document, field, holds))).unwrap_or_default()
}

/// As [`since`], of whoever said the value first: a change that settles a clash in favour of one of its values has looked at the values alone,
/// and not at all that was recorded beside them.
pub fn since_first_said(
    document: &Document,
    field: &str,
    holds: impl Fn(&ScalarValue) -> bool,
) -> Vec<Change> {
    let first = || {
        let now = put_by(document, field, &holds);
        not_behind(document, &settled::first_said(document, field, now, holds))
    };
    contain(first).unwrap_or_default()
}

/// What the record says now in a field, or in an entry of one (`attendance/<participant>`), in words: several where they are in conflict. Nothing of a
/// text.
pub fn says(document: &Document, name: &str) -> Vec<String> {
    let (field, key) = name.split_once('/').unwrap_or((name, ""));
    let fields = document.kind().fields().iter().enumerate();
    let place =
        fields.filter(|(_, one)| one.name == field && one.shape != Shape::Text).find_map(|(row, field)| {
            let object = object_of(document.inner(), field)?;
            Some(FieldAt { row, field, key: key.to_owned(), object })
        });
    place.map(|place| place.words(document, &document.inner().get_heads())).unwrap_or_default()
}

/// The fields that decide about a record; the others tell what happened.
const HANDLING: [&str; 9] =
    ["state", "returned", "void", "moved_to", "moved_from", "double_of", "same_as", "split", "confirmed"];

/// The changes that put the values of a field which `holds` picks.
fn put_by(
    document: &Document,
    field: &str,
    holds: impl Fn(&ScalarValue) -> bool,
) -> Vec<automerge::ChangeHash> {
    let values = document.values().at_root(field).iter().filter(|one| holds(&one.value));
    values.filter_map(|one| document.inner().hash_for_opid(&one.operation)).collect()
}

/// The changes that tell something, and that none of these had seen.
fn not_behind(document: &Document, these: &[automerge::ChangeHash]) -> Vec<Change> {
    if these.is_empty() {
        return Vec::new();
    }
    // Automerge gives what somebody lacks who has these alone.
    let later = document.inner().get_changes_meta(these);
    let later: BTreeSet<ChangeHash> = later.iter().map(|meta| meta.hash.into()).collect();
    let mut changes = document.changes();
    changes.retain(|change| {
        later.contains(&change.hash())
            && touched(document, change).any(|(place, _)| !HANDLING.contains(&place.field.name))
    });
    changes
}

fn read_step(document: &Document, hash: &ChangeHash) -> Option<Step> {
    let change = Change::try_from(document.inner().get_change_by_hash(&(*hash).into())?).ok()?;
    let places: BTreeSet<FieldAt<'_>> = touched(document, &change).map(|(place, _)| place).collect();
    let fields = places.iter().filter_map(|place| place.step(document, &change)).collect();
    Some(Step { actor: change.actor(), at: change.at(), grounds: change.grounds(), fields })
}

/// Whether a text ever had a conflict, or some change overwrote several values that differed: that settles a conflict.
/// Only where some change builds on several others can a change overwrite several values, so mostly no change is
/// decoded.
fn something_was_settled(document: &Document) -> bool {
    let mut texts = document.kind().fields().iter().filter(|field| field.shape == Shape::Text);
    if texts.any(|field| text::ever(document, field)) {
        return true;
    }
    let metas = document.inner().get_changes_meta(&[]);
    metas.iter().any(|meta| meta.deps.len() > 1)
        && document.changes().iter().any(|change| {
            touched(document, change)
                .filter(|(place, overwrites)| {
                    *overwrites > 1 && matches!(place.field.rule, Rule::Conflict(_))
                })
                .any(|(place, _)| place.words(document, change.inner().deps()).len() > 1)
        })
}

/// Where in a record a change writes: a field, and in a map the key.
#[derive(Debug)]
struct FieldAt<'d> {
    /// The field's place in the field table, by which places are ordered.
    row: usize,
    field: &'d FieldInfo,
    key: String,
    object: ObjId,
}

/// The places that a change writes to, one for each operation, with how many values the operation overwrites. Fields
/// that this version of the data dictionary does not know are left out.
fn touched<'d>(
    document: &'d Document,
    change: &Change,
) -> impl Iterator<Item = (FieldAt<'d>, usize)> + use<'d> {
    let objects: Vec<Option<ObjId>> =
        document.kind().fields().iter().map(|field| object_of(document.inner(), field)).collect();
    let operations = change.inner().decode().operations;
    operations.into_iter().filter_map(move |operation| {
        let mut fields = document.kind().fields().iter().zip(&objects).enumerate();
        let (row, (field, object), key) = match (&operation.obj, &operation.key) {
            (legacy::ObjectId::Root, legacy::Key::Map(name)) => {
                let (row, it) = fields.find(|(_, (field, _))| field.name == name.as_str())?;
                (row, it, String::new())
            }
            (legacy::ObjectId::Id(id), key) => {
                let (row, it) = fields
                    .find(|(_, (_, object))| object.as_ref().is_some_and(|object| is_object(object, id)))?;
                let key = match key {
                    legacy::Key::Map(key) => key.to_string(),
                    legacy::Key::Seq(_) => String::new(),
                };
                (row, it, key)
            }
            (legacy::ObjectId::Root, legacy::Key::Seq(_)) => return None,
        };
        let place = FieldAt { row, field, key, object: object.clone()? };
        Some((place, operation.pred.iter().count()))
    })
}

impl FieldAt<'_> {
    fn step(&self, document: &Document, change: &Change) -> Option<FieldStep> {
        let (before, after) = (change.inner().deps(), [change.hash().into()]);
        let (from, to) = if self.field.shape == Shape::Text {
            let text = |heads: &[_]| document.inner().text_at(&self.object, heads).unwrap_or_default();
            let (from, to) = replaced(&text(before), &text(&after));
            // Where all versions say what the text says now, only the way in which they had merged was put right.
            match self.settled(document, change) {
                Some(versions) if versions != to => (versions, to),
                _ => (from, to),
            }
        } else {
            (self.words(document, before), self.words(document, &after))
        };
        (from != to).then(|| FieldStep { field: self.name(), from, to })
    }

    /// The versions of a text that this change settled; `None` where it has no grounds (an ordinary edit is told by the
    /// lines that it replaced), or where the text had no conflict before it.
    fn settled(&self, document: &Document, change: &Change) -> Option<Vec<String>> {
        change.grounds()?;
        let before: Vec<ChangeHash> = change.deps().collect();
        let clash = text::open(document, self.field, Some(&before))?;
        let versions: BTreeSet<String> = clash.versions.into_iter().map(|(_, words)| words).collect();
        Some(versions.into_iter().collect())
    }

    fn name(&self) -> String {
        match self.key.as_str() {
            "" => self.field.name.to_owned(),
            key => format!("{}/{key}", self.field.name),
        }
    }

    /// The different values at `heads`. A value that was taken back is an empty text among others, and none where it
    /// stands alone.
    fn words(&self, document: &Document, heads: &[automerge::ChangeHash]) -> Vec<String> {
        let key = if self.field.shape == Shape::Register { self.field.name } else { &self.key };
        let all = document.inner().get_all_at(&self.object, key, heads).unwrap_or_default();
        let words: BTreeSet<String> =
            all.iter().filter_map(|(value, _)| value.as_scalar()).map(in_words).collect();
        if words.iter().all(String::is_empty) { Vec::new() } else { words.into_iter().collect() }
    }
}

impl Ord for FieldAt<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.row, &self.key).cmp(&(other.row, &other.key))
    }
}

impl PartialOrd for FieldAt<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FieldAt<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FieldAt<'_> {}

/// The lines in which two states of a text differ: without the lines before and after that are in both.
fn replaced(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let between = |lines: &[&str]| {
        let text = lines[head..lines.len() - tail].join("\n");
        if text.is_empty() { Vec::new() } else { vec![text] }
    };
    (between(&old), between(&new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_text_only_the_lines_that_changed_are_told() {
        let one = |text: &str| vec![text.to_owned()];
        assert_eq!(replaced("", "a\n"), (vec![], one("a")));
        assert_eq!(replaced("a\nb\n", "a\nb\nc\n"), (vec![], one("c")));
        assert_eq!(replaced("a\nb\nc", "a\nx\ny\nc"), (one("b"), one("x\ny")));
        assert_eq!(replaced("a\na", "a"), (one("a"), vec![]));
    }
}
