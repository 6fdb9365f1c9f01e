//! A service that people are sent to: what a facilitator has to know to refer somebody there. The secretariat keeps the directory of them; all
//! members of the partnership read it, on tablets too, and no facilitator needs a network to find the nearest.

use super::record;
use super::referral::ServiceKind;
use crate::form::{Field, Invalid, Required};
use crate::id::OrganisationId;
use crate::time::Date;
use crate::value::{KnownArea, Line};

record! {
    /// An entry of the directory: a place with a telephone, and nobody's name. Level I.
    Service edited by ServiceEdit {
        name: Required<Line<160>>,
        /// What is done there: any kind but `partner`, which says who runs it.
        kind: Required<ServiceKind>,
        /// Where it is, or the area that it serves: of any level.
        area: Required<KnownArea>,
        /// That of an office, not of a person.
        phone: Field<Line<40>>,
        /// When somebody is there.
        hours: Field<Line<160>>,
        note: Field<Line<300>>,
        /// Where a member of the partnership runs it: which.
        organisation: Field<OrganisationId>,
        /// Since when nobody is sent there any more.
        ended: Field<Date>,
    }
}

/// A telephone number is what somebody can dial: digits, and what people write between them. No name passes.
fn is_dialled(phone: &str) -> bool {
    phone.bytes().any(|byte| byte.is_ascii_digit())
        && phone.bytes().all(|byte| byte.is_ascii_digit() || b"+*#/-() ,".contains(&byte))
}

fn check(service: &Service) -> Result<(), Invalid> {
    if service.kind == ServiceKind::Partner {
        return Err(Invalid::new(
            "kind",
            "must say what is done there; organisation says which partner runs it",
        ));
    }
    match &service.phone {
        Some(phone) if !is_dialled(phone.as_str()) => Err(Invalid::new(
            "phone",
            "must be a number that can be dialled, as 0788 123 456, without a name",
        )),
        _ => Ok(()),
    }
}

impl Service {
    /// Whether people are sent there on a day.
    pub fn is_open_on(&self, today: Date) -> bool {
        self.ended.is_none_or(|ended| ended > today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(kind: ServiceKind, phone: Option<&str>) -> Service {
        Service {
            name: "Nyamata health centre".parse().expect("a line"),
            kind,
            area: "5201".parse().expect("an area"),
            phone: phone.map(|phone| phone.parse().expect("a line")),
            hours: None,
            note: None,
            organisation: None,
            ended: None,
        }
    }

    #[test]
    fn a_phone_is_a_number_and_a_kind_says_what_is_done_there() {
        for phone in [None, Some("112"), Some("+250 (0)788 123 456"), Some("0788123456 / 0788-123-457")] {
            assert_eq!(check(&service(ServiceKind::HealthCentre, phone)), Ok(()), "{phone:?}");
        }
        for phone in ["Mukamana 0788123456", "+", "ask at the office"] {
            let refused = check(&service(ServiceKind::HealthCentre, Some(phone))).expect_err("a name");
            assert_eq!(refused.field, "phone", "{phone}");
        }
        assert_eq!(check(&service(ServiceKind::Partner, None)).expect_err("no kind").field, "kind");
    }

    #[test]
    fn nobody_is_sent_there_from_the_day_on_which_it_ends() {
        let day = |day| Date::constant(2026, 3, day);
        let ends = Service { ended: Some(day(5)), ..service(ServiceKind::Legal, None) };
        assert!(ends.is_open_on(day(4)) && !ends.is_open_on(day(5)));
        assert!(service(ServiceKind::Legal, None).is_open_on(day(5)));
    }
}
