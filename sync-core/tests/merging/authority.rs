//! What only some people may say: the store keeps it in quarantine when others say it.

use super::*;
use sync_core::record::group::{Group, GroupKind, GroupStatus};
use sync_core::record::{Kinded, Modality};

fn facilitator(devices: &[u128]) -> Authority {
    Authority::Facilitator { devices: devices.iter().copied().map(device).collect() }
}

/// What becomes of an edit of a record by device 1, with this authority: the field that is refused, if any.
fn field_refused<R: Kinded>(
    place: Place,
    document: &Document,
    authority: &Authority,
    edit: impl FnOnce(&mut sync_core::form::Edit<'_, R>) -> Result<(), EditError>,
) -> Option<String> {
    let mut edited = document.clone();
    let change = edited.edit::<R>(actor(1), NOW, edit).expect("a sound edit").expect("something changed");
    let (bytes, device, standing) = (change.bytes(), device(1), Standing::Assigned);
    let offered = [Incoming { bytes, schema: SCHEMA, device, standing, authority }];
    let outcome = plan(place, Some(&document.save()), &offered).expect("a sound store").outcomes.remove(0);
    match outcome {
        Outcome::Accepted => None,
        Outcome::Quarantined(Reason::Invalid(field, _)) => Some(field),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_supervisors_and_managers_verify_and_return() {
    let mut document = Document::genesis(Kind::Session);
    edit(&mut document, 1, |session| {
        begin(session)?;
        session.state().set(SessionState::Submitted)
    });
    let refused = |document: &Document, authority: &Authority, state: SessionState| {
        field_refused::<Session>(place(), document, authority, |session| session.state().move_to(state))
    };
    let (own, above) = (facilitator(&[1]), [Authority::Supervisor, Authority::Manager]);
    assert_eq!(refused(&document, &own, SessionState::Verified).as_deref(), Some("state"));
    assert_eq!(refused(&document, &own, SessionState::Draft).as_deref(), Some("state"), "not back");
    for authority in &above {
        assert_eq!(refused(&document, authority, SessionState::Verified), None);
        assert_eq!(refused(&document, authority, SessionState::Draft), None);
    }
    let note = |authority: &Authority| {
        field_refused::<Session>(place(), &document, authority, |session| {
            session.returned().set("Who came?".parse()?)
        })
    };
    assert_eq!((note(&own).as_deref(), note(&above[0])), (Some("returned"), None));

    // Somebody else verified at the same time: that covers nothing.
    let mut verified = document.clone();
    edit(&mut verified, 2, |session| session.state().set(SessionState::Verified));
    let mut unheard = document.clone();
    let hers = edit(&mut unheard, 1, |session| session.state().set(SessionState::Verified));
    let offer = [Incoming {
        bytes: hers.bytes(),
        schema: SCHEMA,
        device: device(1),
        standing: Standing::Assigned,
        authority: &own,
    }];
    let outcomes = plan(place(), Some(&verified.save()), &offer).expect("a sound store").outcomes;
    assert!(matches!(&outcomes[0], Outcome::Quarantined(Reason::Invalid(field, _)) if field == "state"));
}

#[test]
fn facilitators_make_void_what_they_recorded() {
    let mut document = Document::genesis(Kind::Session);
    edit(&mut document, 2, begin);
    let void = |authority: &Authority| {
        field_refused::<Session>(place(), &document, authority, |session| session.void().set("no".parse()?))
    };
    assert_eq!(void(&facilitator(&[1])).as_deref(), Some("void"), "a colleague recorded it");
    assert_eq!(void(&facilitator(&[1, 2])), None, "their tablet before this one recorded it");
    assert_eq!((void(&Authority::Supervisor), void(&Authority::Manager)), (None, None));

    edit(&mut document, 3, |session| session.void().set("no".parse()?));
    let back = |authority: &Authority| {
        field_refused::<Session>(place(), &document, authority, |session| session.void().clear())
    };
    assert_eq!((back(&facilitator(&[1])).as_deref(), back(&facilitator(&[1, 2]))), (Some("void"), None));
}

#[test]
fn groups_are_the_managers() {
    let mut document = Document::genesis(Kind::Group);
    let begun = document.edit::<Group>(actor(1), NOW, |one| {
        one.organisation().set(sync_core::id::OrganisationId::from_uuid(uuid::Uuid::from_u128(9)))?;
        one.name().set("Twiyubake".parse()?)?;
        one.kind().set(GroupKind::HealingSpace)?;
        one.modality().set(Modality::Sociotherapy)?;
        one.area().set("52010101".parse()?)?;
        one.status().set(GroupStatus::Graduated)
    });
    begun.expect("a sound record");
    let place = Place { stream: group().into(), document: group().into(), kind: Kind::Group };
    let void = |authority: &Authority| {
        field_refused::<Group>(place, &document, authority, |one| one.void().set("twice".parse()?))
    };
    let back = |authority: &Authority| {
        field_refused::<Group>(place, &document, authority, |one| one.status().move_to(GroupStatus::Active))
    };
    for authority in [facilitator(&[1]), Authority::Supervisor] {
        assert_eq!(void(&authority).as_deref(), Some("void"));
        assert_eq!(back(&authority).as_deref(), Some("status"));
    }
    assert_eq!((void(&Authority::Manager), back(&Authority::Manager)), (None, None));
}
