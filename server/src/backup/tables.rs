//! Which tables a backup holds. Their columns are what the database says, so that a new column needs no line here; a new
//! table needs one, and a test misses it.

/// A table with its key, by whose order it is read.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    pub(super) key: &'static [&'static str],
}

const fn table(name: &'static str, key: &'static [&'static str]) -> Table {
    Table { name, key }
}

/// What is kept, each table after those that its rows point to.
pub const KEPT: [Table; 34] = [
    table("store_keys", &["name"]),
    table("organisations", &["id"]),
    table("retention_rules", &["organisation_id", "kind"]),
    table("users", &["id"]),
    table("known_addresses", &["hash"]),
    table("password_codes", &["hash"]),
    table("identity_providers", &["organisation_id"]),
    table("provider_links", &["account"]),
    table("second_factors", &["user_id"]),
    table("recovery_codes", &["hash"]),
    table("teams", &["id"]),
    table("team_members", &["id"]),
    table("devices", &["id"]),
    table("enrolment_codes", &["hash"]),
    table("streams", &["id"]),
    table("assignments", &["id"]),
    table("documents", &["id"]),
    table("batches", &["id"]),
    table("changes", &["stream_id", "seq"]),
    table("quarantine", &["document_id", "digest"]),
    table("erasures", &["document_id"]),
    table("overlap_statements", &["id"]),
    table("frameworks", &["id"]),
    table("targets", &["id"]),
    table("budget_lines", &["id"]),
    table("readings", &["stream_id", "device_id"]),
    table("purges", &["device_id", "stream_id", "received_at"]),
    table("idempotency_keys", &["name"]),
    table("audit_entries", &["id"]),
    table("audit_tiles", &["level", "number"]),
    table("releases", &["name"]),
    table("published_nodes", &["release", "organisation_id", "measure", "place", "split", "word"]),
    table("published_places", &["release", "organisation_id", "district"]),
    table("held_counts", &["quarter", "organisation_id", "measure", "place", "cell"]),
];

/// What is computed from the documents.
pub const COMPUTED: [&str; 28] = [
    "groups",
    "lessons",
    "services",
    "coverage",
    "participants",
    "participant_origins",
    "sessions",
    "referrals",
    "referral_steps",
    "received_referrals",
    "incidents",
    "screenings",
    "days",
    "people",
    "session_themes",
    "attendances",
    "headcounts",
    "conflicts",
    "conflict_claims",
    "possible_doubles",
    "facts",
    "person_months",
    "fact_doubts",
    "strata",
    "fact_sums",
    "people_sums",
    "doubt_sums",
    "facts_due",
];

/// What belongs to one life of the store: its identity, who is signed in, and what was tried. A restored store begins its own.
pub const OWN: [&str; 5] =
    ["settings", "token_keys", "refresh_tokens", "sign_in_limits", "finished_sign_ins"];
