//! The tables, as both databases have them. The migrations are the source; a test holds the two equal.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    /// What the store knows about itself: see `identity`.
    settings (name) {
        name -> Text,
        value -> Binary,
    }
}

table! {
    organisations (id) {
        id -> Binary,
        code -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

table! {
    users (id) {
        id -> Binary,
        organisation_id -> Nullable<Binary>,
        /// Lower-case.
        login -> Text,
        name -> Text,
        role -> Text,
        /// Argon2id as a PHC string.
        password_hash -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

table! {
    refresh_tokens (hash) {
        /// SHA-256 of the token.
        hash -> Binary,
        /// One login and all that was refreshed from it.
        family -> Binary,
        user_id -> Binary,
        issued_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

table! {
    enrolment_codes (hash) {
        /// SHA-256 of the code without its dash, in upper case.
        hash -> Binary,
        user_id -> Binary,
        issued_by -> Binary,
        issued_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        device_id -> Nullable<Binary>,
    }
}

table! {
    devices (id) {
        id -> Binary,
        user_id -> Binary,
        /// Ed25519, 32 bytes.
        public_key -> Binary,
        name -> Text,
        enrolled_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        /// The number of the device's last request; requests count upwards, so that none can be played again.
        last_request -> BigInt,
        last_seen_at -> Nullable<BigInt>,
    }
}

joinable!(users -> organisations (organisation_id));
joinable!(refresh_tokens -> users (user_id));
joinable!(enrolment_codes -> devices (device_id));
joinable!(devices -> users (user_id));

allow_tables_to_appear_in_same_query!(organisations, users, refresh_tokens, enrolment_codes, devices);
