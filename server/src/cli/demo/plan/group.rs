//! One group: where it meets, how often, and who is in it.

use sync_core::area::{self, Area, Level};
use sync_core::record::group::{Cohort, GroupKind, Setting, Target};
use sync_core::record::session::PartOfDay;
use sync_core::record::{AgeBand, Modality, Pillar, Sex};
use sync_core::time::Date;

use super::super::cast::{GROUP_NAMES, PAIRS};
use super::super::chance::Chance;
use super::{Calendar, WEEKS};

use AgeBand::{From16To24, From25To35, From36To59, From60, Under16};

/// How often a healing space meets in a cycle.
pub(super) const CYCLE: u32 = 15;
/// Days of the week, counted from the Wednesday, on which groups meet.
const DAYS: [u32; 4] = [0, 1, 3, 5];
/// One group falls silent: which, and after which week.
const SILENT: (usize, u32) = (4, 8);

pub(in crate::cli::demo) struct GroupPlan {
    pub(in crate::cli::demo) calendar: Calendar,
    pub(in crate::cli::demo) index: usize,
    /// The place in [`PAIRS`] of those who lead it.
    pub(in crate::cli::demo) pair: usize,
    pub(in crate::cli::demo) name: String,
    pub(in crate::cli::demo) kind: GroupKind,
    pub(in crate::cli::demo) modality: Modality,
    pub(in crate::cli::demo) village: Area,
    pub(in crate::cli::demo) day: u32,
    pub(in crate::cli::demo) part: PartOfDay,
    pub(in crate::cli::demo) minutes: i64,
    /// How many of a hundred come.
    pub(super) attendance: u32,
    /// Nobody in an open circle, in which heads are counted.
    pub(in crate::cli::demo) people: Vec<Person>,
}

/// Somebody in a group. Their code is their place in the list.
pub(in crate::cli::demo) struct Person {
    pub(in crate::cli::demo) sex: Sex,
    pub(in crate::cli::demo) age_band: AgeBand,
    /// The number of their family, in a multifamily group.
    pub(in crate::cli::demo) family: Option<usize>,
}

impl GroupPlan {
    pub(super) fn of(index: usize, calendar: Calendar) -> Self {
        let mut chance = Chance::of(&[1, index as u64]);
        let (pair, turn) = (index % PAIRS.len(), index / PAIRS.len());
        let organisation = PAIRS[pair].organisation();
        let (kind, methods) = if turn.is_multiple_of(2) {
            (GroupKind::HealingSpace, organisation.healing)
        } else {
            (GroupKind::DialogueCircle, organisation.dialogue)
        };
        // The second pair of an organisation begins with its second method.
        let modality = methods[(turn / 2 + pair / 3) % methods.len()];
        let village = village_in(PAIRS[pair].districts[(turn + turn / 2) % 2], &mut chance);
        let people = if is_open(modality) { Vec::new() } else { people(modality, &mut chance) };
        Self {
            calendar,
            index,
            pair,
            name: format!("{} {}", GROUP_NAMES[(index * 7) % GROUP_NAMES.len()], village.name),
            kind,
            modality,
            village,
            day: DAYS[(turn + pair) % DAYS.len()],
            part: [PartOfDay::Morning, PartOfDay::Afternoon][(turn / DAYS.len()) % 2],
            minutes: if kind == GroupKind::HealingSpace { 120 } else { 150 },
            attendance: chance.between(79, 92) as u32,
            people,
        }
    }

    /// Which meeting of the group falls into a week, counted from 1. Healing spaces meet weekly for a cycle of fifteen,
    /// after which facilitators visit them once a month; dialogue circles meet monthly.
    pub(in crate::cli::demo) fn meeting_number(&self, week: u32) -> Option<u32> {
        if self.index == SILENT.0 && week > SILENT.1 {
            return None;
        }
        match self.kind {
            GroupKind::HealingSpace if week < CYCLE => Some(week + 1),
            GroupKind::HealingSpace => week.is_multiple_of(4).then_some(CYCLE + (week - CYCLE) / 4 + 1),
            GroupKind::DialogueCircle => {
                let first = 1 + (self.index / PAIRS.len() / 2 + self.pair) as u32 % 3;
                (week % 4 == first).then_some(week / 4 + 1)
            }
        }
    }

    /// The day on which it begins: its people join. The first meeting comes in its turn.
    pub(in crate::cli::demo) fn begins_on(&self) -> Date {
        self.calendar.on_day(0, 0)
    }

    /// Whether whoever comes is welcome, and heads are counted: nobody is registered.
    pub(in crate::cli::demo) fn is_open(&self) -> bool {
        is_open(self.modality)
    }

    pub(in crate::cli::demo) fn starts_at(&self) -> &'static str {
        if self.part == PartOfDay::Morning { "09:00" } else { "14:00" }
    }

    pub(in crate::cli::demo) fn planned_sessions(&self) -> u32 {
        if self.kind == GroupKind::HealingSpace { CYCLE } else { 12 }
    }

    pub(in crate::cli::demo) fn pillar(&self) -> Pillar {
        match self.kind {
            GroupKind::HealingSpace => Pillar::CommunityHealing,
            GroupKind::DialogueCircle => Pillar::SocialCohesion,
        }
    }

    pub(in crate::cli::demo) fn cohort(&self) -> Cohort {
        match self.modality {
            Modality::YouthPeaceDialogue | Modality::PeaceClub => Cohort::Youth,
            Modality::MultifamilyHealing => Cohort::Family,
            Modality::CitizenForum | Modality::CollaborativeLivelihood => Cohort::Mixed,
            _ => Cohort::Adult,
        }
    }

    pub(in crate::cli::demo) fn setting(&self) -> Setting {
        match self.modality {
            Modality::PeaceClub => Setting::School,
            Modality::ResilienceOrientedTherapy => Setting::HealthFacility,
            _ => Setting::Community,
        }
    }

    pub(in crate::cli::demo) fn targets(&self) -> &'static [Target] {
        match self.cohort() {
            Cohort::Youth => &[Target::BornAfter1994],
            Cohort::Mixed => &[Target::CommunityMembers, Target::OpinionLeaders],
            _ => &[Target::Survivors, Target::PerpetratorFamilies, Target::ReleasedPrisoners],
        }
    }

    /// Which facilitator of the pair enrols the people.
    pub(in crate::cli::demo) fn enrolled_by(&self) -> usize {
        self.index / PAIRS.len() % 2
    }
}

fn is_open(modality: Modality) -> bool {
    modality == Modality::CitizenForum
}

/// A village of a district, found as a person would: the district by its name, then down.
fn village_in(district: &str, chance: &mut Chance) -> Area {
    let found = area::search(district, WEEKS as usize);
    let mut place = found.into_iter().find(|area| area.level() == Level::District && area.name == district);
    let mut village = None;
    while let Some(here) = place {
        village = Some(here);
        place = (!here.children().is_empty()).then(|| chance.pick(here.children()));
    }
    village.expect("the districts of the cast are districts of Rwanda: a test looks them up")
}

fn people(modality: Modality, chance: &mut Chance) -> Vec<Person> {
    let (least, most, women, ages): (_, _, _, &[(AgeBand, u32)]) = match modality {
        Modality::PeaceClub => (14, 20, 52, &[(Under16, 35), (From16To24, 65)]),
        Modality::YouthPeaceDialogue => (12, 20, 50, &[(From16To24, 65), (From25To35, 35)]),
        Modality::MultifamilyHealing => {
            (12, 18, 58, &[(From16To24, 30), (From25To35, 15), (From36To59, 40), (From60, 15)])
        }
        Modality::CollaborativeLivelihood => {
            (12, 20, 54, &[(From16To24, 15), (From25To35, 35), (From36To59, 40), (From60, 10)])
        }
        _ => (9, 15, 66, &[(From16To24, 5), (From25To35, 20), (From36To59, 53), (From60, 22)]),
    };
    let several = modality == Modality::MultifamilyHealing;
    let size = chance.between(least, most);
    let person = |place| Person {
        sex: if chance.percent(women) { Sex::Female } else { Sex::Male },
        age_band: chance.weighted(ages),
        family: several.then_some(place / 3 + 1),
    };
    (0..size).map(person).collect()
}
