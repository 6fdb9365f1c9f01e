//! What a question is asked about, as it stands in an address.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sync_core::id::{OrganisationId, ParticipantId};
use sync_core::time::{Date, day_in_rwanda};
use utoipa::IntoParams;
use uuid::Uuid;

use diesel::prelude::*;

use super::Refused;
use crate::access::Role;
use crate::clock::Clock;
use crate::on_each;
use crate::problem::{Fields, Problem};
use crate::published::Release;
use crate::scope::conditions::Values;
use crate::scope::{self, Action, AskedQuery, Permit, Reach, Scope};
use crate::store::schema::organisations;
use crate::store::{Conn, Db, Failure};

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    scope: Option<Scope>,
    role: Role,
    own: Option<OrganisationId>,
    pub(super) today: Date,
}

impl Asker {
    pub(super) fn new(permit: Permit, clock: &Clock) -> Self {
        let own = permit.organisation().ok();
        Self { scope: permit.scope().ok(), role: permit.role(), own, today: day_in_rwanda(clock.now()) }
    }

    /// # Errors
    /// [`Refused::NoRecords`].
    pub(super) fn scope(self) -> Result<Scope, Refused> {
        self.scope.ok_or(Refused::NoRecords)
    }

    /// Of which organisation they may ask this question: `None` is all.
    ///
    /// # Errors
    /// [`Refused::NoRecords`] where the policy lets them ask of their own, and they have none.
    pub(super) fn organisations(self, path: &str) -> Result<Option<OrganisationId>, Refused> {
        let reach = Action::at("GET", path).map_or(Reach::Nothing, |action| action.reach(self.role));
        match reach {
            Reach::Partnership => Ok(None),
            _ => self.own.map(Some).ok_or(Refused::NoRecords),
        }
    }

    /// The code of their organisation.
    ///
    /// # Errors
    /// Those of the store; [`Refused::NoRecords`] of whoever has none.
    pub(super) fn organisation_code(self, tx: &mut Conn<'_>) -> Result<String, Failure<Refused>> {
        let own = self.own.ok_or(Refused::NoRecords)?;
        Ok(on_each!(tx, |c| organisations::table.find(Db(own)).select(organisations::code).first(c))?)
    }

    /// Whose tablets they may know of.
    pub(super) fn organisation(self) -> Option<OrganisationId> {
        self.scope.and_then(|scope| scope.organisation)
    }
}

/// All that questions can be asked about; each takes some of it ([`Question::takes`](super::Question)).
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionQuery {
    /// One group.
    group: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    kind: Option<String>,
    /// `sociotherapy`, `space_for_peace` and so on.
    modality: Option<String>,
    /// NISR code of a province, district, sector, cell or village (1, 2, 4, 6 or 8 digits): it and all below it.
    #[param(example = "52")]
    area: Option<String>,
    /// The first month, `2026-01`.
    #[param(example = "2026-01", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    from: Option<String>,
    /// The last month, `2026-03`.
    #[param(example = "2026-03", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    to: Option<String>,
    /// For how many days nothing was heard; 14 of groups and 7 of tablets if left out.
    #[param(minimum = 1, maximum = 3660)]
    days: Option<i64>,
    /// At least how many times; 3 if left out.
    #[param(minimum = 1, maximum = 1000)]
    times: Option<i64>,
    /// Whose attendance.
    participant: Option<Uuid>,
    /// The name of a release; the latest of a whole quarter if left out.
    #[param(example = "2026-Q1")]
    release: Option<String>,
    /// `true`: CSV begins with a byte order mark, by which spreadsheets know that it is UTF-8.
    pub(super) bom: Option<bool>,
}

/// What a question about groups, whenever, takes.
pub(super) const OF_GROUPS: &[&str] = &["group", "kind", "modality", "area"];
/// What a question about groups in some months takes.
pub(super) const OF_MONTHS: &[&str] = &["group", "kind", "modality", "area", "from", "to"];

/// A question that holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Which groups, and which days: always whole months.
    pub(super) groups: scope::Asked,
    /// For how many days nothing was heard.
    pub(super) silent: Option<i64>,
    pub(super) times: Option<i64>,
    pub(super) participant: Option<ParticipantId>,
    pub(super) release: Option<Release>,
    /// The words in which it was asked.
    pub(super) words: Map<String, Value>,
}

impl Asked {
    /// That a column of days lies in the months that are asked for, as a condition that begins with `AND`.
    pub(super) fn days(&self, values: &mut Values, column: &str) -> String {
        let bounds = [(self.groups.from, ">="), (self.groups.to, "<=")];
        let bound = |(day, than): (Option<Date>, &str)| {
            Some(values.text(&format!(" AND {column} {than} ?"), day?.to_string()))
        };
        bounds.into_iter().filter_map(bound).collect()
    }
}

/// Ten years.
const MOST_DAYS: i64 = 3_660;
const MOST_TIMES: i64 = 1_000;

impl QuestionQuery {
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub(super) fn checked(&self, takes: &[&str]) -> Result<Asked, Problem> {
        let words = self.words();
        let mut fields = Fields::default();
        for word in words.keys().filter(|word| !takes.contains(&word.as_str())) {
            fields.refuse(word, "is nothing that this question takes");
        }
        let (from, to) = (month(&mut fields, "from", &self.from), month(&mut fields, "to", &self.to));
        let release = fields.parse("release", self.release.as_deref());
        for (field, number, most) in [("days", self.days, MOST_DAYS), ("times", self.times, MOST_TIMES)] {
            if number.is_some_and(|number| !(1..=most).contains(&number)) {
                fields.refuse(field, format!("is a number from 1 to {most}"));
            }
        }
        if takes.contains(&"participant") && self.participant.is_none() {
            fields.refuse("participant", "is the id of somebody: GET /v1/participants lists them");
        }
        fields.done()?;
        let groups = AskedQuery {
            group: self.group,
            kind: self.kind.clone(),
            modality: self.modality.clone(),
            area: self.area.clone(),
            ..AskedQuery::default()
        };
        let groups = scope::Asked { from, to: to.map(Date::last_of_month), ..groups.checked()? };
        let participant = self.participant.map(ParticipantId::from);
        Ok(Asked { groups, silent: self.days, times: self.times, participant, release, words })
    }

    /// What was said, but for how it is to be written.
    fn words(&self) -> Map<String, Value> {
        let Ok(Value::Object(mut words)) = serde_json::to_value(self) else { return Map::new() };
        words.retain(|name, value| !value.is_null() && name != "bom");
        words
    }
}

/// The first day of a month.
fn month(fields: &mut Fields, field: &str, text: &Option<String>) -> Option<Date> {
    let text = text.as_deref()?;
    let first = (text.len() == "2026-03".len()).then(|| format!("{text}-01").parse().ok()).flatten();
    if first.is_none() {
        fields.refuse(field, "is a month written as 2026-03");
    }
    first
}
