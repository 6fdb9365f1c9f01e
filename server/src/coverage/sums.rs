//! `GET /v1/coverage/sums`: how many groups there are, and of how many organisations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use actix_web::{get, web};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};
use serde::{Deserialize, Serialize};
use sync_core::area::Level;
use sync_core::id::OrganisationId;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asked::{Asked, CoverageQuery, asked_of};
use super::group::{Partners, SHOWN_STATUS};
use crate::on_each;
use crate::problem::{FieldError, Fields, Problem};
use crate::scope::Permit;
use crate::store::schema::coverage;
use crate::store::{Conn, Db, Failure, Refusal, Store, StoreError};
use sync_core::area::AreaCode;

/// How many rows an answer may have.
const MAX_ROWS: usize = 20_000;
const MOST_DIMENSIONS: usize = 3;

/// What coverage can be told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Organisation,
    Area(Level),
    /// A column of codes.
    Code(&'static str),
    Status,
}

impl Dimension {
    const ALL: [Self; 13] = [
        Self::Organisation,
        Self::Area(Level::Province),
        Self::Area(Level::District),
        Self::Area(Level::Sector),
        Self::Area(Level::Cell),
        Self::Area(Level::Village),
        Self::Code("kind"),
        Self::Code("modality"),
        Self::Code("pillar"),
        Self::Code("mhpss_4w"),
        Self::Code("setting"),
        Self::Code("cohort"),
        Self::Status,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Area(level) => level.word(),
            Self::Code(column) => column,
            Self::Status => "status",
        }
    }

    /// An expression that gives its value, in SQL that both databases read. An organisation is grouped by in any case.
    fn sql(self) -> Option<String> {
        match self {
            Self::Organisation => None,
            Self::Area(level) => Some(format!("substr(coverage.area, 1, {})", level.digits())),
            Self::Code(column) => Some(format!("coalesce(coverage.{column}, '{NOT_KNOWN}')")),
            Self::Status => Some(format!("({SHOWN_STATUS})")),
        }
    }
}

/// The value of what a record does not say.
const NOT_KNOWN: &str = "not_known";
/// Between two values: no code has one in it.
const BETWEEN: char = '|';

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Dimension {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.word() == text);
        found.ok_or_else(|| format!("has words of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// What is summed up.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SumsQuery {
    /// What to tell groups apart by, with commas between: up to three of `organisation`, `province`, `district`, `sector`, `cell`, `village`, `kind`,
    /// `modality`, `pillar`, `mhpss_4w`, `setting`, `cohort`, `status`. Left out: only the total.
    #[param(
        example = "district,modality",
        pattern = r"^((organisation|province|district|sector|cell|village|kind|modality|pillar|mhpss_4w|setting|cohort|status)(,(organisation|province|district|sector|cell|village|kind|modality|pillar|mhpss_4w|setting|cohort|status)){0,2})?$"
    )]
    by: Option<String>,
    /// NISR code of an area of any level: it and all below it.
    area: Option<String>,
    /// One organisation.
    organisation: Option<Uuid>,
    /// `healing_space` or `dialogue_circle`.
    kind: Option<String>,
    modality: Option<String>,
    pillar: Option<String>,
    cohort: Option<String>,
    setting: Option<String>,
    status: Option<String>,
    /// The first day, `2026-03-01`: groups that were not over before it.
    from: Option<String>,
    /// The last day, `2026-03-31`: groups that had begun by then.
    to: Option<String>,
}

impl SumsQuery {
    fn checked(self) -> Result<(Vec<Dimension>, Asked), Problem> {
        let mut fields = Fields::default();
        let mut by: Vec<Dimension> = Vec::new();
        for word in self.by.iter().filter(|by| !by.is_empty()).flat_map(|by| by.split(',')) {
            by.extend(fields.parse("by", Some(word)).filter(|dimension| !by.contains(dimension)));
        }
        if by.len() > MOST_DIMENSIONS {
            fields.refuse("by", format!("has at most {MOST_DIMENSIONS} words"));
        }
        fields.done()?;
        let asked = CoverageQuery {
            area: self.area,
            organisation: self.organisation,
            kind: self.kind,
            modality: self.modality,
            pillar: self.pillar,
            cohort: self.cohort,
            setting: self.setting,
            status: self.status,
            from: self.from,
            to: self.to,
            ..CoverageQuery::default()
        };
        Ok((by, asked.checked()?.0))
    }
}

/// How many groups there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageSums {
    /// What the rows are told apart by.
    #[schema(example = json!(["district", "modality"]))]
    by: Vec<String>,
    rows: Vec<CoverageSum>,
    total: CoverageCount,
}

/// One row of sums.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageSum {
    /// The value of each dimension; areas by their NISR code, an organisation by its code, `not_known` where records do not say it.
    #[schema(example = json!({"district": "52", "modality": "sociotherapy"}))]
    of: BTreeMap<String, String>,
    #[serde(flatten)]
    count: CoverageCount,
}

/// What is counted.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct CoverageCount {
    groups: i64,
    /// The organisations whose these groups are.
    organisations: usize,
}

/// Why it is not told.
#[derive(Debug, thiserror::Error)]
#[error("the answer would have too many rows")]
struct TooMany;

impl Refusal for TooMany {}

impl From<TooMany> for Problem {
    fn from(_: TooMany) -> Self {
        let detail = format!(
            "gives more than {MAX_ROWS} rows: tell less apart, or ask for an area, a method or an organisation"
        );
        Self::fields(vec![FieldError { field: "by".to_owned(), detail }])
    }
}

/// Sum up who does what, where and when
///
/// How many groups there are, and of how many organisations: the matrix of the 4Ws. It is exact, as all members of the partnership may know that a
/// group exists. An answer has at most 20,000 rows.
#[utoipa::path(
    tag = "Coverage",
    security(("bearer" = [])),
    params(SumsQuery),
    responses(
        (status = 200, description = "The sums", body = CoverageSums),
        (status = 403, description = "`role-not-allowed`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid-fields`", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/coverage/sums")]
pub(crate) async fn sum_coverage(
    _member: Permit,
    query: web::Query<SumsQuery>,
    store: web::Data<Store>,
) -> Result<web::Json<CoverageSums>, Problem> {
    let (by, asked) = query.into_inner().checked()?;
    Ok(web::Json(store.read("sum coverage", move |tx| sum(tx, &by, &asked)).await?))
}

fn sum(tx: &mut Conn<'_>, by: &[Dimension], asked: &Asked) -> Result<CoverageSums, Failure<TooMany>> {
    let key: Vec<String> = by.iter().filter_map(|dimension| dimension.sql()).collect();
    // PostgreSQL groups by no constant.
    let key = if key.is_empty() {
        "substr(coverage.area, 1, 0)".to_owned()
    } else {
        key.join(&format!(" || '{BETWEEN}' || "))
    };
    // One row for each organisation: so how many there are needs no counting of what differs in the database.
    let counted: Vec<(String, Db<OrganisationId>, i64)> = on_each!(tx, |c, Backend| {
        let rows = coverage::table
            .group_by((sql::<Text>(&key), coverage::organisation_id))
            .select((sql::<Text>(&key), sql::<Binary>("coverage.organisation_id"), count_star()))
            .into_boxed::<Backend>();
        asked_of!(rows, asked).load(c)
    })?;
    let partners = Partners::load(tx)?;
    let mut rows: BTreeMap<Vec<String>, (i64, BTreeSet<OrganisationId>)> = BTreeMap::new();
    let (mut groups, mut organisations) = (0, BTreeSet::new());
    for (key, Db(organisation), count) in counted {
        let mut values = key.split(BETWEEN);
        let value = |dimension: &Dimension| match dimension {
            Dimension::Organisation => partners.get(organisation).map(|partner| partner.code.clone()),
            _ => Ok(values.next().unwrap_or_default().to_owned()),
        };
        let of = by.iter().map(value).collect::<Result<Vec<_>, _>>()?;
        let row = rows.entry(of).or_default();
        row.0 += count;
        row.1.insert(organisation);
        groups += count;
        organisations.insert(organisation);
    }
    if rows.len() > MAX_ROWS {
        return Err(TooMany.into());
    }
    let row = |(of, (groups, organisations)): (Vec<String>, (i64, BTreeSet<OrganisationId>))| CoverageSum {
        of: by.iter().map(ToString::to_string).zip(of).collect(),
        count: CoverageCount { groups, organisations: organisations.len() },
    };
    let rows = if by.is_empty() { Vec::new() } else { rows.into_iter().map(row).collect() };
    Ok(CoverageSums {
        by: by.iter().map(ToString::to_string).collect(),
        rows,
        total: CoverageCount { groups, organisations: organisations.len() },
    })
}

/// How many groups of a partner are in a district, of one status.
#[derive(Debug, Clone)]
pub(crate) struct InDistrict {
    /// NISR code.
    pub(crate) district: String,
    /// The partner's code.
    pub(crate) organisation: String,
    /// As it is shown: a group that was planned is active as soon as it met.
    pub(crate) status: String,
    pub(crate) groups: i64,
}

/// The groups of all partners in an area, or in all of Rwanda, by district, partner and status.
///
/// # Errors
/// Those of the store.
pub(crate) fn by_district(tx: &mut Conn<'_>, area: Option<AreaCode>) -> Result<Vec<InDistrict>, StoreError> {
    let key = "substr(coverage.area, 1, 2)";
    let asked = Asked { area, ..Asked::default() };
    let rows: Vec<(String, Db<OrganisationId>, String, i64)> = on_each!(tx, |c, Backend| {
        let rows = coverage::table
            .group_by((sql::<Text>(key), coverage::organisation_id, sql::<Text>(SHOWN_STATUS)))
            .select((
                sql::<Text>(key),
                sql::<Binary>("coverage.organisation_id"),
                sql::<Text>(SHOWN_STATUS),
                count_star(),
            ))
            .into_boxed::<Backend>();
        asked_of!(rows, &asked).load(c)
    })?;
    let partners = Partners::load(tx)?;
    let row = |(district, Db(id), status, groups)| {
        Ok(InDistrict { district, organisation: partners.get(id)?.code.clone(), status, groups })
    };
    rows.into_iter().map(row).collect()
}

/// How many groups there are in an area, or in all of Rwanda.
///
/// # Errors
/// Those of the store.
pub(crate) fn count(tx: &mut Conn<'_>, area: Option<AreaCode>) -> Result<i64, StoreError> {
    let asked = Asked { area, ..Asked::default() };
    on_each!(tx, |c, Backend| {
        let rows = coverage::table.count().into_boxed::<Backend>();
        asked_of!(rows, &asked).get_result(c)
    })
}
