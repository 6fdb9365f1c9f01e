//! Targets, as they are kept.

use diesel::prelude::*;
use sync_core::id::{OrganisationId, UserId};
use sync_core::time::Millis;
use uuid::Uuid;

use super::Target;
use crate::frameworks::indicator::Unit;
use crate::frameworks::kept;
use crate::on_each;
use crate::problem::{Fields, Problem, kind};
use crate::store::schema::{frameworks, organisations, targets};
use crate::store::{At, Conn, Db, Failure, Refusal, StoreError};

/// In which values are kept: 10^9 of them fit.
const THOUSANDTHS: f64 = 1e3;
/// A plan of some years, by quarter and district.
pub(crate) const MOST: i64 = 2_000;

#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("there is no such framework in force")]
    NoFramework,
    #[error("it has no such indicator")]
    NoIndicator,
    #[error("it is more than the whole")]
    MoreThanAll,
    #[error("there are too many targets")]
    Full,
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let mut fields = Fields::default();
        match refused {
            Refused::NoFramework => {
                return Self::of(
                    kind::NO_SUCH_FRAMEWORK,
                    "No common framework in force, and none of your organisation, has this id.",
                );
            }
            Refused::NoIndicator => {
                fields.refuse("indicator", "is the code of an indicator of this framework")
            }
            Refused::MoreThanAll => fields.refuse("value", "is a percentage, of at most 100"),
            Refused::Full => fields.refuse(
                "value",
                format!(
                    "can't be set: an organisation has at most {MOST} targets. Take back some that are over"
                ),
            ),
        }
        fields.done().err().unwrap_or_else(Self::internal)
    }
}

/// Sets a target, changes the one that is set, or takes it back.
///
/// # Errors
/// [`Refused`]; [`StoreError::Raced`] where somebody sets the same one at this moment, and those of the store.
pub(super) fn set(
    tx: &mut Conn<'_>,
    target: Target,
    now: Millis,
    by: UserId,
) -> Result<Target, Failure<Refused>> {
    let own = target.organisation_id;
    let framework = kept::find(tx, target.framework_id)?
        .filter(|one| one.is_in_force() && one.organisation.is_none_or(|of| of == own))
        .ok_or(Refused::NoFramework)?;
    let indicator = framework.content.indicator(&target.indicator).ok_or(Refused::NoIndicator)?;
    if indicator.unit == Unit::Percent && target.value.is_some_and(|value| value > 100.0) {
        return Err(Refused::MoreThanAll.into());
    }
    let area = target.area.map(|area| area.to_string()).unwrap_or_default();
    let same = || {
        targets::table.filter(
            targets::organisation_id
                .eq(Db(own))
                .and(targets::framework_id.eq(target.framework_id.as_bytes().to_vec()))
                .and(targets::indicator.eq(&target.indicator))
                .and(targets::area.eq(&area))
                .and(targets::from_month.eq(&target.from))
                .and(targets::to_month.eq(&target.to)),
        )
    };
    let there: Option<Vec<u8>> = on_each!(tx, |c| same().select(targets::id).first(c).optional())?;
    let id = there.as_deref().and_then(|id| Uuid::from_slice(id).ok()).unwrap_or(target.id);
    match target.value.map(|value| (value * THOUSANDTHS).round() as i64) {
        None => drop(on_each!(tx, |c| diesel::delete(same()).execute(c))?),
        Some(value) if there.is_some() => {
            let written = (targets::value.eq(value), targets::set_at.eq(At(now)), targets::set_by.eq(Db(by)));
            on_each!(tx, |c| diesel::update(same()).set(written).execute(c))?;
        }
        Some(value) => {
            let all: i64 = on_each!(tx, |c| targets::table
                .filter(targets::organisation_id.eq(Db(own)))
                .count()
                .get_result(c))?;
            if all >= MOST {
                return Err(Refused::Full.into());
            }
            let row = (
                targets::id.eq(target.id.as_bytes().to_vec()),
                targets::organisation_id.eq(Db(own)),
                targets::framework_id.eq(target.framework_id.as_bytes().to_vec()),
                targets::indicator.eq(&target.indicator),
                targets::area.eq(&area),
                targets::from_month.eq(&target.from),
                targets::to_month.eq(&target.to),
                targets::value.eq(value),
                targets::set_at.eq(At(now)),
                targets::set_by.eq(Db(by)),
            );
            let set = on_each!(tx, |c| diesel::insert_into(targets::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c))?;
            // Somebody set the same one at this moment: the last word counts.
            if set == 0 {
                return Err(StoreError::Raced.into());
            }
        }
    }
    let code: String =
        on_each!(tx, |c| organisations::table.find(Db(own)).select(organisations::code).first(c))?;
    Ok(Target { id, organisation: code, ..target })
}

type Row = (Vec<u8>, Db<OrganisationId>, String, Vec<u8>, String, String, String, String, i64);

/// Which targets, by their months.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    All,
    /// Of which some month lies from the first to the last of these.
    Touching(String, String),
    /// Of whole organisations, for just these months.
    Just(String, String),
}

/// Targets in the order of their ids; none of what was withdrawn.
///
/// # Errors
/// Those of the store.
pub(crate) fn list(
    tx: &mut Conn<'_>,
    of: Option<OrganisationId>,
    which: &Which,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Target>, StoreError> {
    let rows: Vec<Row> = on_each!(tx, |c, Backend| {
        let mut rows = targets::table
            .inner_join(organisations::table)
            .inner_join(frameworks::table)
            .filter(frameworks::withdrawn_at.is_null())
            .order(targets::id)
            .limit(most)
            .select((
                targets::id,
                targets::organisation_id,
                organisations::code,
                targets::framework_id,
                targets::indicator,
                targets::area,
                targets::from_month,
                targets::to_month,
                targets::value,
            ))
            .into_boxed::<Backend>();
        if let Some(of) = of {
            rows = rows.filter(targets::organisation_id.eq(Db(of)));
        }
        rows = match which {
            Which::All => rows,
            Which::Touching(from, to) => {
                rows.filter(targets::to_month.ge(from).and(targets::from_month.le(to)))
            }
            Which::Just(from, to) => rows
                .filter(targets::from_month.eq(from).and(targets::to_month.eq(to)))
                .filter(targets::area.eq("")),
        };
        if let Some(after) = after {
            rows = rows.filter(targets::id.gt(after.as_bytes().to_vec()));
        }
        rows.load(c)
    })?;
    rows.into_iter().map(target).collect()
}

fn target(row: Row) -> Result<Target, StoreError> {
    let (own, Db(organisation_id), organisation, framework, indicator, area, from, to, value) = row;
    let id = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| StoreError::Damaged("a target"));
    Ok(Target {
        id: id(&own)?,
        organisation_id,
        organisation,
        framework_id: id(&framework)?,
        indicator,
        area: area.parse().ok(),
        from,
        to,
        value: Some(value as f64 / THOUSANDTHS),
    })
}
