//! The rule: when two groups of different partners overlap, and when they complement each other. It is said here alone; whoever lists pairs,
//! counts them or warns asks it.

use serde::Serialize;
use sync_core::codes;
use utoipa::ToSchema;

use super::group::Covered;
use super::id::OverlapId;

codes! {
    /// How near to each other two groups are.
    #[derive(ToSchema)]
    Grade {
        /// In one village.
        Village = "A",
        /// In one cell.
        Cell = "B",
        /// In one sector.
        Sector = "C",
    }

    /// Whether two groups are for the same people, as far as their records say it.
    #[derive(ToSchema)]
    SameCohort {
        Same = "same",
        /// The record of one of them does not say for whom it is.
        NotKnown = "not_known",
    }
}

impl Grade {
    /// Of the codes of two villages; `None` where they lie in different sectors.
    fn of(one: &str, other: &str) -> Option<Self> {
        let same = |digits: usize| one.len() >= digits && one.get(..digits) == other.get(..digits);
        [(8, Self::Village), (6, Self::Cell), (4, Self::Sector)]
            .into_iter()
            .find(|(digits, _)| same(*digits))
            .map(|(_, grade)| grade)
    }

    /// Whether somebody who begins such a group must say why: in one sector they are only told.
    pub(super) fn asks_why(self) -> bool {
        self < Self::Sector
    }
}

/// What two groups are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// The same method, for the same people or for people of whom it is not said.
    Overlap,
    /// Another pillar.
    Complement,
}

/// How two groups meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meets {
    pub(super) grade: Grade,
    pub(super) cohort: SameCohort,
    /// The first day that both have; `None` where it is of neither known when it began.
    pub(super) from: Option<String>,
    /// The last one; `None` where both go on.
    pub(super) to: Option<String>,
}

impl Relation {
    /// How two groups meet if they are this to each other: of different partners, in one sector, on some days both.
    pub(super) fn between(self, one: &Covered, other: &Covered) -> Option<Meets> {
        if one.organisation_id == other.organisation_id {
            return None;
        }
        let cohort = match self {
            Self::Overlap if one.modality == other.modality => match (&one.cohort, &other.cohort) {
                (Some(one), Some(other)) if one != other => return None,
                (Some(_), Some(_)) => SameCohort::Same,
                _ => SameCohort::NotKnown,
            },
            // Whether it is for the same people does not matter.
            Self::Complement if differ(one.pillar.as_ref(), other.pillar.as_ref()) => SameCohort::NotKnown,
            _ => return None,
        };
        let grade = Grade::of(&one.area, &other.area)?;
        let from = one.began_on.as_ref().max(other.began_on.as_ref());
        let to = one.ended_on.iter().chain(&other.ended_on).min();
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return None;
        }
        Some(Meets { grade, cohort, from: from.cloned(), to: to.cloned() })
    }
}

fn differ(one: Option<&String>, other: Option<&String>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

impl Meets {
    /// Whether they meet on one of these days.
    pub(super) fn on(&self, from: Option<&str>, to: Option<&str>) -> bool {
        let after = from.zip(self.to.as_deref()).is_some_and(|(from, last)| last < from);
        let before = to.zip(self.from.as_deref()).is_some_and(|(to, first)| first > to);
        !after && !before
    }
}

/// The groups among `others` that a group meets today or later, the nearest first.
pub(super) fn near_to<'a>(
    group: &Covered,
    others: &'a [Covered],
    relation: Relation,
    today: &str,
) -> Vec<(&'a Covered, Meets)> {
    let meets = |other: &'a Covered| {
        let meets = relation.between(group, other).filter(|meets| meets.on(Some(today), None))?;
        Some((other, meets))
    };
    let mut near: Vec<(&Covered, Meets)> = others.iter().filter_map(meets).collect();
    near.sort_by_key(|(_, meets)| (meets.grade, meets.cohort));
    near
}

/// Two groups that meet; the first has the lesser id.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) first: Covered,
    pub(super) second: Covered,
    pub(super) meets: Meets,
}

impl Pair {
    pub(super) fn id(&self) -> OverlapId {
        OverlapId::of(self.first.id.0, self.second.id.0)
    }

    pub(super) fn each(&self) -> [&Covered; 2] {
        [&self.first, &self.second]
    }
}

/// How two groups meet, for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MeetsItem {
    grade: Grade,
    /// The first day that both have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// The last one; absent while both go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<String>,
}

impl MeetsItem {
    pub(super) fn grade(&self) -> Grade {
        self.grade
    }
}

impl From<&Meets> for MeetsItem {
    fn from(meets: &Meets) -> Self {
        Self { grade: meets.grade, from: meets.from.clone(), to: meets.to.clone() }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::id::OrganisationId;
    use uuid::Uuid;

    use super::*;

    fn group(
        organisation: u128,
        area: &str,
        cohort: Option<&str>,
        began: &str,
        ended: Option<&str>,
    ) -> Covered {
        let organisation = OrganisationId::from(Uuid::from_u128(organisation));
        let area = area.parse().expect("a village");
        let (modality, cohort) = ("sociotherapy".to_owned(), cohort.map(str::to_owned));
        let group = Covered::thought_of(
            organisation,
            modality,
            Some("community_healing".into()),
            cohort,
            area,
            began.into(),
        );
        Covered { ended_on: ended.map(str::to_owned), ..group }
    }

    #[test]
    fn the_same_for_the_same_people_overlaps_graded_by_nearness() {
        let one = group(1, "52010101", Some("adult"), "2026-01-05", None);
        let grade = |area: &str| {
            let other = group(2, area, Some("adult"), "2026-03-05", None);
            Relation::Overlap.between(&one, &other).map(|meets| meets.grade)
        };
        assert_eq!(grade("52010101"), Some(Grade::Village));
        assert_eq!(grade("52010102"), Some(Grade::Cell));
        assert_eq!(grade("52010201"), Some(Grade::Sector));
        assert_eq!(grade("52020101"), None);
        assert!(Grade::Cell.asks_why() && !Grade::Sector.asks_why());
    }

    #[test]
    fn nobody_overlaps_with_themselves_nor_with_other_methods_people_or_days() {
        let one = group(1, "52010101", Some("adult"), "2026-01-05", Some("2026-03-04"));
        let overlaps = |other: &Covered| {
            assert_eq!(Relation::Overlap.between(&one, other), Relation::Overlap.between(other, &one));
            Relation::Overlap.between(&one, other)
        };
        let same = group(2, "52010101", Some("adult"), "2026-03-04", None);
        let meets = overlaps(&same).expect("they share a day");
        assert_eq!((meets.from.as_deref(), meets.to.as_deref()), (Some("2026-03-04"), Some("2026-03-04")));
        assert!(meets.on(None, Some("2026-03-04")) && !meets.on(Some("2026-03-05"), None));
        assert_eq!(overlaps(&group(1, "52010101", Some("adult"), "2026-03-04", None)), None);
        assert_eq!(overlaps(&group(2, "52010101", Some("adult"), "2026-03-05", None)), None);
        assert_eq!(overlaps(&group(2, "52010101", Some("youth"), "2026-03-01", None)), None);
        assert_eq!(overlaps(&Covered { modality: "peace_club".into(), ..same.clone() }), None);
        let unsaid =
            overlaps(&group(2, "52010101", None, "2026-03-01", None)).expect("it may be for the same");
        assert_eq!(unsaid.cohort, SameCohort::NotKnown);

        let complements = |pillar: Option<&str>| {
            let other = Covered { pillar: pillar.map(str::to_owned), ..same.clone() };
            Relation::Complement.between(&one, &other).is_some()
        };
        assert!(complements(Some("social_cohesion")));
        assert!(!complements(Some("community_healing")) && !complements(None));
    }
}
