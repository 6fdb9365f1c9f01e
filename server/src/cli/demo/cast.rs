//! Who there is: three organisations of the partnership, a manager each, and facilitators in pairs. The people are
//! invented; the organisations, their methods and the districts are real.

use sync_core::record::Modality;

use Modality::{
    CitizenForum, CollaborativeLivelihood, DialogueClub, MultifamilyHealing, PeaceClub,
    ResilienceOrientedTherapy, Sociotherapy, SpaceForPeace, YouthPeaceDialogue,
};

pub(super) struct Organisation {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) manager: &'static str,
    /// The methods of its healing spaces, which meet weekly.
    pub(super) healing: &'static [Modality],
    /// The methods of its dialogue circles, which meet monthly.
    pub(super) dialogue: &'static [Modality],
}

/// Two facilitators who lead groups together, each with a tablet.
pub(super) struct Pair {
    /// The place of their organisation in [`ORGANISATIONS`].
    pub(super) organisation: usize,
    pub(super) facilitators: [&'static str; 2],
    pub(super) districts: [&'static str; 2],
}

pub(super) const ADMINISTRATOR: &str = "administrator";
pub(super) const SECRETARIAT: &str = "secretariat";
pub(super) const DONOR: &str = "donor";

pub(super) const ORGANISATIONS: [Organisation; 3] = [
    Organisation {
        code: "aegis",
        name: "Aegis Trust",
        manager: "manager.aegis",
        healing: &[Sociotherapy, MultifamilyHealing],
        dialogue: &[YouthPeaceDialogue, PeaceClub, DialogueClub],
    },
    Organisation {
        code: "interpeace",
        name: "Interpeace",
        manager: "manager.interpeace",
        healing: &[ResilienceOrientedTherapy, Sociotherapy, MultifamilyHealing],
        dialogue: &[CollaborativeLivelihood, DialogueClub],
    },
    Organisation {
        code: "nar",
        name: "Never Again Rwanda",
        manager: "manager.nar",
        healing: &[Sociotherapy, ResilienceOrientedTherapy],
        dialogue: &[SpaceForPeace, CitizenForum, YouthPeaceDialogue],
    },
];

pub(super) const PAIRS: [Pair; 6] = [
    Pair { organisation: 0, facilitators: ["Uwase", "Mugisha"], districts: ["Nyagatare", "Gatsibo"] },
    Pair { organisation: 1, facilitators: ["Umutoni", "Habimana"], districts: ["Bugesera", "Ngoma"] },
    Pair { organisation: 2, facilitators: ["Uwera", "Kamanzi"], districts: ["Huye", "Nyamagabe"] },
    Pair { organisation: 0, facilitators: ["Ingabire", "Nshuti"], districts: ["Ngoma", "Kirehe"] },
    Pair { organisation: 1, facilitators: ["Keza", "Ntwali"], districts: ["Musanze", "Nyabihu"] },
    Pair { organisation: 2, facilitators: ["Iradukunda", "Munyana"], districts: ["Nyagatare", "Musanze"] },
];

impl Pair {
    pub(super) fn organisation(&self) -> &'static Organisation {
        &ORGANISATIONS[self.organisation]
    }
}

/// What groups are called, by themselves: we rebuild each other, bearers of unity, trust, let us help one another…
pub(super) const GROUP_NAMES: [&str; 24] = [
    "Twiyubake",
    "Abunzubumwe",
    "Icyizere",
    "Dufatanye",
    "Twubakane",
    "Urumuri",
    "Duhumurizanye",
    "Tuzamurane",
    "Inkingi",
    "Komera",
    "Humura",
    "Twizerane",
    "Turikumwe",
    "Umucyo",
    "Ihumure",
    "Ejo Heza",
    "Isangano",
    "Umurage",
    "Ubudaheranwa",
    "Twunge Ubumwe",
    "Abahuje",
    "Imbere Heza",
    "Tujyanemo",
    "Amahoro",
];
