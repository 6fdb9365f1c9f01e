//! What can be asked of groups, and through them of all that belongs to them.

use serde::Deserialize;
use sync_core::area::{self, AreaCode};
use sync_core::fold::fold;
use sync_core::id::{GroupId, OrganisationId};
use sync_core::record::Modality;
use sync_core::record::group::GroupKind;
use sync_core::time::Date;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::page::PageQuery;
use crate::problem::{Fields, Problem};

/// Which groups, and which days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub group: Option<GroupId>,
    pub organisation: Option<OrganisationId>,
    pub kind: Option<GroupKind>,
    pub modality: Option<Modality>,
    pub area: Option<AreaCode>,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// Part of the text.
    pub text: Option<String>,
}

/// A question as it stands in an address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedQuery {
    /// One group.
    pub(crate) group: Option<Uuid>,
    /// The groups of one organisation.
    pub(crate) organisation: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    pub(crate) kind: Option<String>,
    /// `sociotherapy`, `space_for_peace` and so on.
    pub(crate) modality: Option<String>,
    /// NISR code of a province, district, sector, cell or village (1, 2, 4, 6 or 8 digits): it and all below it.
    #[param(example = "52")]
    pub(crate) area: Option<String>,
    /// The first day, `2026-03-01`.
    pub(crate) from: Option<String>,
    /// The last day, `2026-03-31`.
    pub(crate) to: Option<String>,
    /// Words that stand in the text: the name of a group, the summary of a session. Case and accents don't matter.
    pub(crate) text: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    pub(crate) after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    pub(crate) limit: Option<u32>,
}

impl AskedQuery {
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub(crate) fn checked(&self) -> Result<Asked, Problem> {
        let mut fields = Fields::default();
        let asked = Asked {
            group: self.group.map(GroupId::from),
            organisation: self.organisation.map(OrganisationId::from),
            kind: fields.parse("kind", self.kind.as_deref()),
            modality: fields.parse("modality", self.modality.as_deref()),
            area: known_area(&mut fields, self.area.as_deref()),
            from: fields.day("from", self.from.as_deref()),
            to: fields.day("to", self.to.as_deref()),
            text: fields.words("text", self.text.as_deref()),
        };
        fields.done().map(|()| asked)
    }

    pub(crate) fn page(&self) -> PageQuery {
        PageQuery::new(self.after.clone(), self.limit)
    }
}

/// The code of an area that there is.
pub(crate) fn known_area(fields: &mut Fields, text: Option<&str>) -> Option<AreaCode> {
    let code: AreaCode = fields.parse("area", text)?;
    if area::find(code).is_none() {
        fields.refuse("area", "is the code of an area of Rwanda that exists");
    }
    Some(code)
}

/// Patterns of which a text holds each that has all these words, in any order, also inside of longer words: in Kinyarwanda a word carries its class
/// before its stem (`umuryango`, `imiryango`).
pub(crate) fn each_word(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().take(MOST_WORDS).map(anywhere)
}

/// More words than these are no search.
const MOST_WORDS: usize = 16;

/// A pattern that finds `text` anywhere in a column of folded texts, taken literally. SQLite and PostgreSQL both need
/// `ESCAPE '\'` with it.
pub(crate) fn anywhere(text: &str) -> String {
    let literal = fold(text.trim()).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}
