//! What can be asked of coverage.

use serde::Deserialize;
use sync_core::area::{self, AreaCode, Level};
use sync_core::id::OrganisationId;
use sync_core::record::group::{Cohort, GroupKind, GroupStatus, Setting};
use sync_core::record::{Modality, Pillar};
use sync_core::time::Date;
use utoipa::IntoParams;
use uuid::Uuid;

use super::pair::Grade;
use crate::page::PageQuery;
use crate::problem::{Fields, Problem};

/// Which groups.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) area: Option<AreaCode>,
    pub(super) organisation: Option<OrganisationId>,
    pub(super) kind: Option<GroupKind>,
    pub(super) modality: Option<Modality>,
    pub(super) pillar: Option<Pillar>,
    pub(super) cohort: Option<Cohort>,
    pub(super) setting: Option<Setting>,
    pub(super) status: Option<GroupStatus>,
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

/// A question for groups, as it stands in an address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CoverageQuery {
    /// NISR code of an area of any level: it and all below it.
    #[param(example = "52")]
    pub(super) area: Option<String>,
    /// The groups of one organisation.
    pub(super) organisation: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    pub(super) kind: Option<String>,
    /// `sociotherapy`, `space_for_peace` and so on.
    pub(super) modality: Option<String>,
    /// `community_healing`, `social_reintegration` or `social_cohesion`.
    pub(super) pillar: Option<String>,
    /// `adult`, `youth`, `mixed` or `family`.
    pub(super) cohort: Option<String>,
    /// `community`, `health_facility`, `correctional` or `school`.
    pub(super) setting: Option<String>,
    /// `planned`, `forming`, `active`, `phase_out`, `graduated` or `suspended`.
    pub(super) status: Option<String>,
    /// The first day, `2026-03-01`: groups that were not over before it.
    pub(super) from: Option<String>,
    /// The last day, `2026-03-31`: groups that had begun by then.
    pub(super) to: Option<String>,
    /// At which level the place is told: `province`, `district`, `sector`, `cell` or `village`, which is that of a group.
    pub(super) level: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    pub(super) after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<u32>,
}

impl CoverageQuery {
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub(super) fn checked(&self) -> Result<(Asked, Level), Problem> {
        let mut fields = Fields::default();
        let level: Option<Level> = fields.parse("level", self.level.as_deref());
        let asked = Asked {
            area: known_area(&mut fields, self.area.as_deref()),
            organisation: self.organisation.map(OrganisationId::from),
            kind: fields.parse("kind", self.kind.as_deref()),
            modality: fields.parse("modality", self.modality.as_deref()),
            pillar: fields.parse("pillar", self.pillar.as_deref()),
            cohort: fields.parse("cohort", self.cohort.as_deref()),
            setting: fields.parse("setting", self.setting.as_deref()),
            status: fields.parse("status", self.status.as_deref()),
            from: fields.day("from", self.from.as_deref()),
            to: fields.day("to", self.to.as_deref()),
        };
        fields.done().map(|()| (asked, level.unwrap_or(Level::Village)))
    }

    pub(super) fn page(&self) -> PageQuery {
        PageQuery::new(self.after.clone(), self.limit)
    }
}

/// Filters a boxed query of coverage by what is asked. A macro because the type of such a query names its backend, and what it groups by.
macro_rules! asked_of {
    ($query:expr, $asked:expr) => {{
        use ::diesel::prelude::*;
        use $crate::store::Db;
        use $crate::store::schema::coverage;
        let asked: &$crate::coverage::asked::Asked = $asked;
        let mut query = $query;
        if let Some(area) = asked.area {
            let (first, beyond) = $crate::coverage::asked::within(area);
            query = query.filter(coverage::area.ge(first)).filter(coverage::area.lt(beyond));
        }
        if let Some(organisation) = asked.organisation {
            query = query.filter(coverage::organisation_id.eq(Db(organisation)));
        }
        if let Some(kind) = asked.kind {
            query = query.filter(coverage::kind.eq(kind.code()));
        }
        if let Some(modality) = asked.modality {
            query = query.filter(coverage::modality.eq(modality.code()));
        }
        if let Some(pillar) = asked.pillar {
            query = query.filter(coverage::pillar.eq(pillar.code()));
        }
        if let Some(cohort) = asked.cohort {
            query = query.filter(coverage::cohort.eq(cohort.code()));
        }
        if let Some(setting) = asked.setting {
            query = query.filter(coverage::setting.eq(setting.code()));
        }
        if let Some(status) = asked.status {
            let shown =
                ::diesel::dsl::sql::<::diesel::sql_types::Text>($crate::coverage::group::SHOWN_STATUS);
            query = query.filter(shown.eq(status.code()));
        }
        if let Some(from) = asked.from {
            query = query.filter(coverage::ended_on.is_null().or(coverage::ended_on.ge(from.to_string())));
        }
        if let Some(to) = asked.to {
            query = query.filter(coverage::began_on.is_null().or(coverage::began_on.le(to.to_string())));
        }
        query
    }};
}
pub(super) use asked_of;

/// The least code of an area, and the least of those that follow on it: all below it lie between. No code begins with 9.
pub(super) fn within(area: AreaCode) -> (String, String) {
    (area.to_string(), (area.number() + 1).to_string())
}

pub(super) fn known_area(fields: &mut Fields, text: Option<&str>) -> Option<AreaCode> {
    let code: AreaCode = fields.parse("area", text)?;
    if area::find(code).is_none() {
        fields.refuse("area", "is the code of an area of Rwanda that exists");
    }
    Some(code)
}

/// Which pairs of groups.
#[derive(Debug, Clone, Default)]
pub(super) struct AskedPairs {
    pub(super) area: Option<AreaCode>,
    /// Each has a part in it.
    pub(super) organisations: Vec<OrganisationId>,
    pub(super) modality: Option<Modality>,
    pub(super) pillar: Option<Pillar>,
    pub(super) cohort: Option<Cohort>,
    pub(super) grade: Option<Grade>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// Whether somebody said how it was settled.
    pub(super) resolved: Option<bool>,
}

/// A question for pairs of groups, as it stands in an address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PairsQuery {
    /// NISR code of an area of any level: pairs of which a group meets in it.
    #[param(example = "52")]
    pub(super) area: Option<String>,
    /// Pairs of which a group is of this organisation.
    pub(super) organisation: Option<Uuid>,
    /// Pairs of which a group has this method.
    pub(super) modality: Option<String>,
    /// Pairs of which a group is of this pillar.
    pub(super) pillar: Option<String>,
    /// Pairs of which a group is for these people.
    pub(super) cohort: Option<String>,
    /// How near they are: `A` in one village, `B` in one cell, `C` in one sector.
    pub(super) grade: Option<String>,
    /// The first day, `2026-03-01`; today if left out: pairs that both go on then or later.
    pub(super) from: Option<String>,
    /// The last day.
    pub(super) to: Option<String>,
    /// The `next` of the page before, of this list; left out for the first page.
    pub(super) after: Option<String>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<u32>,
}

impl PairsQuery {
    /// # Errors
    /// 422 `invalid-fields`, with all that is wrong.
    pub(super) fn checked(&self, today: Date) -> Result<AskedPairs, Problem> {
        let mut fields = Fields::default();
        let from = fields.day("from", self.from.as_deref()).unwrap_or(today);
        let asked = AskedPairs {
            area: known_area(&mut fields, self.area.as_deref()),
            organisations: self.organisation.map(OrganisationId::from).into_iter().collect(),
            modality: fields.parse("modality", self.modality.as_deref()),
            pillar: fields.parse("pillar", self.pillar.as_deref()),
            cohort: fields.parse("cohort", self.cohort.as_deref()),
            grade: fields.parse("grade", self.grade.as_deref()),
            from: Some(from.to_string()),
            to: fields.day("to", self.to.as_deref()).map(|to| to.to_string()),
            resolved: None,
        };
        fields.done().map(|()| asked)
    }

    pub(super) fn page(&self) -> PageQuery {
        PageQuery::new(self.after.clone(), self.limit)
    }
}
