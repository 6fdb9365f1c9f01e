//! What meetings are about, and how facilitators put it: about the process, never about a person.

use std::collections::BTreeSet;

use sync_core::record::Modality;
use sync_core::record::group::{Cohort, GroupKind};
use sync_core::record::session::{Phase, Theme};

use super::group::{CYCLE, GroupPlan};

use Theme::{
    FamilyConflict, Forgiveness, GenderBasedViolence, Grief, IntergenerationalDialogue, LandDispute,
    Livelihood, Reintegration, SelfCare, SocialCohesion, Trauma, TruthTelling, YouthIdentity,
};

/// The six phases of sociotherapy over its fifteen meetings.
const PHASES: [(Phase, u32); 6] = [
    (Phase::Safety, 2),
    (Phase::Trust, 5),
    (Phase::Care, 8),
    (Phase::Respect, 10),
    (Phase::NewOrientation, 13),
    (Phase::Memory, CYCLE),
];

const HEALING: [Theme; 10] = [
    Trauma,
    Grief,
    SelfCare,
    TruthTelling,
    FamilyConflict,
    GenderBasedViolence,
    Forgiveness,
    Reintegration,
    SocialCohesion,
    Livelihood,
];
const YOUTH: [Theme; 4] = [YouthIdentity, IntergenerationalDialogue, TruthTelling, SocialCohesion];
const CITIZENS: [Theme; 6] =
    [SocialCohesion, LandDispute, FamilyConflict, Livelihood, Reintegration, IntergenerationalDialogue];

pub(super) fn phase(modality: Modality, number: u32) -> Option<Phase> {
    let reached =
        || PHASES.iter().find(|(_, last)| number <= *last).map_or(Phase::Memory, |(phase, _)| *phase);
    (modality == Modality::Sociotherapy).then(reached)
}

/// What somebody says who thinks that the group is further; in the last phase they agree.
pub(super) fn next_phase(phase: Phase) -> Option<Phase> {
    let next = PHASES.iter().skip_while(|(there, _)| *there != phase).nth(1);
    Some(next.map_or(phase, |(next, _)| *next))
}

/// Two themes for each facilitator, one of them the same; they move on as the group does.
pub(super) fn themes(group: &GroupPlan, number: u32, seat: usize) -> BTreeSet<Theme> {
    let list: &[Theme] = match (group.kind, group.cohort()) {
        (GroupKind::HealingSpace, _) => &HEALING,
        (_, Cohort::Youth) => &YOUTH,
        _ => &CITIZENS,
    };
    let reached = match group.kind {
        GroupKind::HealingSpace => (number as usize - 1) * list.len() / CYCLE as usize,
        GroupKind::DialogueCircle => number as usize - 1 + group.index,
    };
    [reached + seat, reached + seat + 1].into_iter().map(|at| list[at % list.len()]).collect()
}

const HEALING_SUMMARIES: [[&str; 6]; 2] = [
    [
        "We agreed on the rules of the circle (amategeko y'itsinda) and what stays among us.",
        "The circle practised listening (gutega amatwi) in twos. Trust (kwizerana) grew slowly but it grew.",
        "We spoke of wounds of the heart (ibikomere byo ku mutima) and how neighbours can carry them together.",
        "Respect in the home was the question of the day. The group made its own list of what helps.",
        "The group looked forward: what we do differently from now on, in the family and on the hill.",
        "We remembered the way we came (urugendo twakoze) and planned how the circle goes on by itself.",
    ],
    [
        "Opened with a song. The circle was quiet at first; by the end most had taken the word.",
        "A breathing exercise at the start helped. We kept to the time and closed with tea.",
        "Heavy subjects today, so we took a pause outside. All left calm; we offered to stay after the circle.",
        "Good exchange between the older and the younger. The talking piece went round twice.",
        "Small groups worked better than the whole circle. Next time we begin with them.",
        "The group led half of the meeting itself. We only kept the time. Murakoze cyane.",
    ],
];
const DIALOGUE_SUMMARIES: [[&str; 4]; 2] = [
    [
        "Dialogue (ikiganiro) on living together in the village; the question came from the group itself.",
        "We compared how disputes go to the mediators (abunzi) and what could be settled before.",
        "Three small groups, one poster each: what unity (ubumwe) looks like in daily life.",
        "The group planned a common work for umuganda and shared the tasks.",
    ],
    [
        "Many views, spoken with respect. Moderation by two members of the group went well.",
        "We came back to the ground rules once, then the exchange was open to the end.",
        "Lively from the beginning. The savings circle (ikimina) reported at the close.",
        "Closed with a round of one word each. Several said: icyizere.",
    ],
];
const ADDITIONS: [&str; 3] = [
    "Added later: we also spoke of how facilitators look after themselves.",
    "Added later from my notebook: the closing round took longer than planned.",
    "Added later: the group asked to come back to self-care (kwiyitaho) next time.",
];

pub(super) fn summary(group: &GroupPlan, number: u32, seat: usize) -> &'static str {
    if group.kind == GroupKind::DialogueCircle {
        return DIALOGUE_SUMMARIES[seat][(number as usize + group.index) % 4];
    }
    let reached = PHASES.iter().position(|(_, last)| number <= *last).unwrap_or(PHASES.len() - 1);
    HEALING_SUMMARIES[seat][reached]
}

pub(super) fn addition(number: u32) -> &'static str {
    ADDITIONS[number as usize % ADDITIONS.len()]
}
