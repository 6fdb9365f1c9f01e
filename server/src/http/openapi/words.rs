//! The words of the data dictionary in the document: which values a field has, or which form. `sync_core` knows nothing of
//! HTTP, so what utoipa sees in handlers is a text; here the text gets its values, by the name of the field, in every
//! answer, body and query alike.

use serde_json::Value;
use sync_core::area::Level;
use sync_core::quarantine::Reason;
use sync_core::record::group::{Cohort, GroupKind, GroupStatus, Setting, Target};
use sync_core::record::incident::{Action, IncidentType, Severity};
use sync_core::record::lesson::{Language, LessonStatus};
use sync_core::record::participant::{ConsentMethod, Exit, Purpose};
use sync_core::record::referral::{ReferralReason, ReferralStep, ServiceKind, Urgency};
use sync_core::record::screening::{Instrument, Timepoint};
use sync_core::record::session::{Attendance, PartOfDay, Phase, SessionState, Theme};
use sync_core::record::{AgeBand, Kind, Modality, Pillar, Sex};
use utoipa::openapi::schema::{ArrayItems, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::answers::operations;
use crate::access::Role;
use crate::audit;
use crate::coverage::{Grade, Statement};
use crate::edits::sessions::split::Clashes;
use crate::records::conflicts::SETTLED_HERE;

/// What a text may be.
enum Words {
    OneOf(Vec<&'static str>),
    Like(&'static str),
    /// On one line, not blank, of at most so many letters.
    Line(usize),
    /// As a line, of signs that are seen.
    Name(usize),
    /// As a line, or several.
    Lines(usize),
    /// Of so many letters.
    Long(usize, usize),
    Day,
}

const AREA: &str = "^[1-9]([0-9]([0-9]{2}){0,3})?$";
const DISTRICT: &str = "^[1-9][0-9]?$";
const VILLAGE: &str = "^[1-9][0-9]{7}$";
const PSEUDONYM: &str = "^[A-Z]{1,3}[0-9]{1,4}$";
const PHONE: &str = "^[0-9+*#/() ,-]{1,40}$";
const TIME: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
const ACTIVITY: &str = r"^([1-9]|1[01])\.([1-9]|1[0-9]|20)$";
const MONTH: &str = "^[0-9]{4}-(0[1-9]|1[0-2])$";
const INDICATOR: &str = "^[A-Za-z0-9.-]{1,16}$";
const CURSOR: &str = "^[A-Za-z0-9_-]+$";
/// No control characters, and one that is no space.
const LINE: &str =
    r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$";
/// As [`LINE`], and nothing without width, or that turns the direction of what follows (`problem::fields`).
const NAME: &str = r"^[^\u0000-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]*[^\s\u0000-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF][^\u0000-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]*$";
const LINES: &str = r"^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u0009\u000B-\u001F\u007F-\u009F]*$";

macro_rules! codes {
    ($kind:ty) => {
        Words::OneOf(<$kind>::ALL.iter().map(|word| word.code()).collect())
    };
}

/// The words of a field. `place` is the schema that has it, or the operation that asks for it.
fn words(place: &str, field: &str) -> Option<Words> {
    Some(match (place, field) {
        ("About" | "Sensitive" | "HeldRecord", "kind") => codes!(Kind),
        ("OpenConflict" | "list_conflicts", "record") => Words::OneOf(SETTLED_HERE.map(Kind::code).to_vec()),
        ("ReferralItem", "to") | ("IncidentItem", "escalated_to") => codes!(ServiceKind),
        ("ReferralItem", "reason") => codes!(ReferralReason),
        ("ReferralItem" | "list_referrals", "urgency") => codes!(Urgency),
        ("ReferralItem" | "list_referrals", "state") | ("ReferralStep", "step") => codes!(ReferralStep),
        ("InboxItem", "service") => codes!(ServiceKind),
        ("InboxItem", "reason") => codes!(ReferralReason),
        ("InboxItem", "urgency") => codes!(Urgency),
        ("InboxItem", "state") => codes!(ReferralStep),
        ("InboxItem", "sent_on" | "overdue_from" | "state_on") | ("InboxStep", "on") => Words::Day,
        ("InboxStepBody" | "InboxStep", "step") => Words::OneOf(vec!["arrived", "closed", "declined"]),
        ("InboxStepBody", "reason") => Words::Line(150),
        ("ReferralItem", "state_on" | "begun_on" | "overdue_from") | ("ReferralStep", "on") => Words::Day,
        ("ServiceBody" | "ServiceItem" | "list_services", "kind") => {
            let kinds = ServiceKind::ALL.iter().filter(|kind| **kind != ServiceKind::Partner);
            Words::OneOf(kinds.map(|kind| kind.code()).collect())
        }
        ("ServiceBody" | "ServiceItem", "name" | "hours") => Words::Line(160),
        ("ServiceBody" | "ServiceItem", "note") => Words::Line(300),
        ("ServiceBody" | "ServiceItem", "phone") => Words::Like(PHONE),
        ("ServiceBody" | "ServiceItem", "ended") => Words::Day,
        ("ServiceItem", "shares") => Words::OneOf(Level::ALL.map(Level::word).to_vec()),
        ("IncidentItem" | "list_incidents", "kind") => codes!(IncidentType),
        ("IncidentItem" | "list_incidents", "severity") => codes!(Severity),
        ("IncidentItem", "actions") => codes!(Action),
        ("ScreeningItem" | "list_screenings", "instrument") => codes!(Instrument),
        ("ScreeningItem" | "list_screenings", "timepoint") => codes!(Timepoint),
        ("QuarantineItem" | "list_quarantine", "reason") => Words::OneOf(Reason::CODES.to_vec()),
        ("Permission", "level") => Words::OneOf(vec!["P", "I", "O", "S"]),
        ("list_audit", "action") => codes!(audit::Action),
        ("AuditEntry", "role") => {
            let roles = Role::ALL.iter().map(|role| role.code());
            Words::OneOf(roles.chain(audit::Who::OTHERS).collect())
        }
        ("list_quarantine", "state") => Words::OneOf(vec!["waiting", "released", "rejected"]),
        ("Close", "status") => {
            Words::OneOf(vec![GroupStatus::Graduated.code(), GroupStatus::Suspended.code()])
        }
        ("LessonBody" | "LessonItem" | "LessonWhole", "area") => Words::Like(DISTRICT),
        ("LessonBody" | "LessonItem" | "LessonWhole", "title") => Words::Line(160),
        ("LessonBody", "context" | "what_happened" | "why" | "recommendation") => Words::Long(0, 10_000),
        (_, "languages") => codes!(Language),
        ("LessonStep" | "LessonItem" | "LessonWhole" | "list_lessons", "status") => codes!(LessonStatus),
        ("AdoptionBody" | "AdoptedBy", "came_of_it") => Words::Line(1000),
        (_, "since" | "retired_on" | "published_on")
            if place.starts_with("Adopt") || place.starts_with("Lesson") =>
        {
            Words::Day
        }
        ("NewGroupBody" | "GroupPatch" | "ThoughtOf", "area") => Words::Like(VILLAGE),
        ("NewGroupBody" | "GroupPatch", "name") => Words::Line(80),
        ("NewGroupBody" | "GroupPatch", "protocol_version") => Words::Line(20),
        ("FrameworkBody", "title") => Words::Line(160),
        ("Names", "en" | "fr" | "rw") | ("Baseline", "source") => Words::Line(200),
        ("Mapping", "loses") => Words::Line(300),
        ("Indicator" | "TargetBody" | "Target", "code" | "indicator") | ("Mapping", "indicator") => {
            Words::Like(INDICATOR)
        }
        ("TargetBody" | "Target" | "LineBody" | "Line", "from" | "to") => Words::Like(MONTH),
        ("LineBody", "source") => Words::Name(120),
        ("LineBody" | "Line", "currency") => Words::Like("^[A-Z]{3}$"),
        ("Measure", "age_bands") => codes!(AgeBand),
        ("FrameworkBody", "code")
        | ("Mapping", "framework")
        | ("NewOrganisation", "code")
        | ("ProviderLogin", "organisation") => Words::Like("^[A-Za-z0-9-]{2,32}$"),
        ("NewOrganisation" | "NewUser" | "UserNames" | "NewTeam", "name") | ("Enrol", "device_name") => {
            Words::Name(120)
        }
        ("NewUser" | "UserNames", "login") => Words::Like("^[A-Za-z0-9._@+-]{3,64}$"),
        ("NewUser", "password") | ("PasswordChange" | "PasswordReset", "new_password") => {
            Words::Long(10, 128)
        }
        ("Enrol", "public_key") => Words::Like("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"),
        ("ProviderLogin", "redirect_uri") => {
            Words::Like(r"^http://127\.0\.0\.1:([1-9][0-9]{3}|[1-5][0-9]{4})/callback$")
        }
        ("Unlock", "recipient") => Words::Like("^age1[02-9ac-hj-np-z]{58}$"),
        (
            "ParticipantItem" | "ReferralItem" | "ScreeningItem" | "Mark" | "SplitBody" | "ErasureItem"
            | "ErasureBody",
            "code",
        ) => Words::Like(PSEUDONYM),
        ("AreaItem", "code") => Words::Like(AREA),
        ("SeveralRejections" | "RejectionReason", "reason") => Words::Lines(500),
        ("ResolveBody", "resolution") => Words::OneOf(
            Statement::ALL.iter().filter(|said| said.settles()).map(|said| said.code()).collect(),
        ),
        ("ResolveBody", "note") | (_, "overlap_reason") => Words::Line(300),
        ("ContactBody", "contact") => Words::Line(120),
        ("list_overlaps" | "list_complementary", "grade") => codes!(Grade),
        (_, "reason") => Words::Line(300),
        (_, "kind") => codes!(GroupKind),
        (_, "modality") => codes!(Modality),
        (_, "pillar") => codes!(Pillar),
        (_, "setting") => codes!(Setting),
        (_, "cohort") => codes!(Cohort),
        (_, "target_mix") => codes!(Target),
        (_, "mhpss_4w") => Words::Like(ACTIVITY),
        (_, "status") => codes!(GroupStatus),
        (_, "sex") => codes!(Sex),
        (_, "age_band") => codes!(AgeBand),
        (_, "family") => Words::Like(PSEUDONYM),
        (_, "exit") => codes!(Exit),
        (_, "consent_purpose") => codes!(Purpose),
        (_, "consent_method") => codes!(ConsentMethod),
        (_, "part") => codes!(PartOfDay),
        (_, "phase") => codes!(Phase),
        ("ConsentBody", "purpose") => codes!(Purpose),
        ("ConsentBody", "method") => codes!(ConsentMethod),
        ("SessionItem" | "StateBody" | "aggregates" | "list_sessions", "state") => codes!(SessionState),
        ("SessionSplitBody", "clashes") => codes!(Clashes),
        (_, "themes") => codes!(Theme),
        (_, "mark") => codes!(Attendance),
        (_, "starts_at") => Words::Like(TIME),
        (_, "area" | "below" | "near") => Words::Like(AREA),
        (_, "level") => Words::OneOf(Level::ALL.map(Level::word).to_vec()),
        (_, "date" | "starts_on" | "consent_date" | "consent_withdrawn") => Words::Day,
        (
            "aggregates" | "list_groups" | "list_participants" | "list_sessions" | "list_conflicts"
            | "list_referrals" | "list_incidents" | "list_screenings" | "list_coverage" | "sum_coverage"
            | "list_overlaps" | "list_complementary",
            "from" | "to",
        ) => Words::Day,
        (_, "text") => Words::Long(0, 200),
        (_, "after") => Words::Like(CURSOR),
        _ => return None,
    })
}

/// Gives every text of the document its words.
pub(super) fn complete(api: &mut OpenApi) {
    for item in api.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let place = operation.operation_id.clone().unwrap_or_default();
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter
                    && let Some(schema) = &mut parameter.schema
                {
                    refine(&place, &parameter.name, schema);
                }
            }
        }
    }
    for (name, schema) in api.components.iter_mut().flat_map(|components| &mut components.schemas) {
        // A page holds its items inline.
        walk(name.strip_prefix("Page_").unwrap_or(name), schema);
    }
}

fn walk(place: &str, schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            for (field, schema) in &mut object.properties {
                refine(place, field, schema);
                walk(place, schema);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                walk(place, items);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(|schema| walk(place, schema)),
        Schema::OneOf(one) => one.items.iter_mut().for_each(|schema| walk(place, schema)),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|schema| walk(place, schema)),
        _ => {}
    }
}

fn refine(place: &str, field: &str, schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) if is_bare_text(object) => {
            if let Some(words) = words(place, field) {
                put(object, words);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                refine(place, field, items);
            }
        }
        _ => {}
    }
}

/// Of which nothing more is said yet.
fn is_bare_text(object: &Object) -> bool {
    let text = match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    text && object.format.is_none() && object.enum_values.is_none() && object.pattern.is_none()
}

fn put(object: &mut Object, words: Words) {
    match words {
        Words::OneOf(words) => {
            let nullable =
                matches!(&object.schema_type, SchemaType::Array(kinds) if kinds.contains(&Type::Null));
            let null = nullable.then_some(Value::Null);
            object.enum_values = Some(words.into_iter().map(Value::from).chain(null).collect());
        }
        Words::Like(pattern) => object.pattern = Some(pattern.to_owned()),
        Words::Line(longest) => {
            object.pattern = Some(LINE.to_owned());
            object.max_length = Some(longest);
        }
        Words::Name(longest) => {
            object.pattern = Some(NAME.to_owned());
            object.max_length = Some(longest);
        }
        Words::Lines(longest) => {
            object.pattern = Some(LINES.to_owned());
            object.max_length = Some(longest);
        }
        Words::Long(least, most) => {
            object.min_length = (least > 0).then_some(least);
            object.max_length = Some(most);
        }
        Words::Day => object.format = Some(SchemaFormat::KnownFormat(KnownFormat::Date)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::openapi;

    #[test]
    fn a_field_has_its_words_wherever_it_stands() {
        let document = serde_json::to_value(openapi().get_ref()).expect("JSON");
        let schemas = &document["components"]["schemas"];
        let part = &schemas["Page_SessionItem"]["properties"]["items"]["items"]["properties"]["part"];
        assert_eq!(part["enum"], serde_json::json!(["morning", "afternoon", "evening"]));
        assert_eq!(schemas["NewUser"]["properties"]["password"]["minLength"], 10);
        let asked = document["paths"]["/v1/sessions"]["get"]["parameters"].as_array().expect("parameters");
        let from = asked.iter().find(|parameter| parameter["name"] == "from").expect("from");
        assert_eq!(from["schema"]["format"], "date");
    }
}
