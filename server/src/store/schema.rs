//! The tables, as both databases have them. The migrations are the source; a test holds the two equal.

use diesel::sql_types;
use diesel::{allow_tables_to_appear_in_same_query, define_sql_function, joinable, table};

define_sql_function! {
    /// How many bytes, without reading them.
    fn length(bytes: sql_types::Binary) -> sql_types::Integer;
}

define_sql_function! {
    /// So many bytes from a place, counted from 1.
    #[sql_name = "substr"]
    fn part_of(bytes: sql_types::Binary, from: sql_types::Integer, count: sql_types::Integer) -> sql_types::Binary;
}

table! {
    /// What the store knows about itself: see `identity`.
    settings (name) {
        name -> Text,
        value -> Binary,
    }
}

table! {
    /// The keys by which tablets know the store: see `keys`.
    store_keys (name) {
        name -> Text,
        value -> Binary,
    }
}

table! {
    /// The keys that sign access tokens: see `token_keys`.
    token_keys (id) {
        id -> Text,
        /// Ed25519, 32 bytes.
        seed -> Binary,
        /// Missing of the first one of a store, until a service sees it.
        made_at -> Nullable<BigInt>,
    }
}

table! {
    organisations (id) {
        id -> Binary,
        code -> Text,
        name -> Text,
        created_at -> BigInt,
        /// When it left the partnership, and its records were removed.
        left_at -> Nullable<BigInt>,
        /// The e-mail address or telephone number of an office.
        contact -> Nullable<Text>,
    }
}

table! {
    /// For how many months records of a kind are kept; those of the whole partnership stand under an id of sixteen zero bytes.
    retention_rules (organisation_id, kind) {
        organisation_id -> Binary,
        kind -> Text,
        months -> Integer,
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
        /// Argon2id as a PHC string; `!` where none was chosen yet.
        password_hash -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        /// Since when they see the referrals, incidents and screenings of the whole organisation.
        protects_since -> Nullable<BigInt>,
        /// When somebody else gave the password, who knows it: it must be changed before anything else.
        password_given_at -> Nullable<BigInt>,
    }
}

table! {
    /// The groups that people of a team lead are looked after by its supervisors.
    teams (id) {
        id -> Binary,
        organisation_id -> Binary,
        name -> Text,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    /// Who is and was in a team. One row for each time that somebody joined.
    team_members (id) {
        id -> Binary,
        team_id -> Binary,
        user_id -> Binary,
        joined_at -> BigInt,
        ended_at -> Nullable<BigInt>,
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
        /// The hash of the token for which it was given; none of one that a login gave.
        parent -> Nullable<Binary>,
        /// When another token for the same parent was used in its place.
        superseded_at -> Nullable<BigInt>,
        /// The family of the program that signed in.
        client -> Nullable<Text>,
        /// Whether an identity provider says that two factors were shown there.
        factor_at_provider -> Bool,
    }
}

table! {
    /// With what an organisation signs in, beside passwords or in their place.
    identity_providers (organisation_id) {
        organisation_id -> Binary,
        issuer -> Text,
        client_id -> Text,
        /// Sealed for the organisation; none of a public client.
        sealed_secret -> Nullable<Binary>,
        /// Hosts beside the issuer's, with spaces between them.
        hosts -> Text,
        /// 1 where nobody of theirs signs in otherwise.
        required -> Integer,
        set_at -> BigInt,
    }
}

table! {
    /// Who is meant by an account at a provider.
    provider_links (account) {
        /// A keyed hash of issuer and subject.
        account -> Binary,
        user_id -> Binary,
        linked_at -> BigInt,
    }
}

table! {
    /// Sign-ins with a provider that were finished, until their tickets hold no longer.
    finished_sign_ins (state) {
        /// SHA-256 of the state.
        state -> Binary,
        expires_at -> BigInt,
    }
}

table! {
    /// How many passwords may still be tried: see `access::limits`.
    sign_in_limits (name) {
        /// A keyed hash.
        name -> Binary,
        /// When all attempts are there again.
        full_at -> BigInt,
    }
}

table! {
    /// From where each person has signed in.
    known_addresses (hash) {
        /// A keyed hash of login and address.
        hash -> Binary,
        user_id -> Binary,
        last_at -> BigInt,
    }
}

table! {
    /// Codes with which people choose a new password; one is removed when it is used.
    password_codes (hash) {
        /// SHA-256 of the code without its dash, in upper case.
        hash -> Binary,
        user_id -> Binary,
        issued_at -> BigInt,
        expires_at -> BigInt,
    }
}

table! {
    /// Codes of an app, beside the password: see `access::second_factor`.
    second_factors (user_id) {
        user_id -> Binary,
        /// Sealed.
        secret -> Nullable<Binary>,
        /// The one that is to be, until a code of it was shown; sealed.
        next_secret -> Nullable<Binary>,
        /// That of the last code that was taken.
        last_step -> Nullable<BigInt>,
    }
}

table! {
    /// What people sign in with who have lost their app; one is removed when it is used.
    recovery_codes (hash) {
        /// SHA-256 of the code without its dash, in upper case.
        hash -> Binary,
        user_id -> Binary,
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
        /// What it runs, as it last said: the program with its version.
        program -> Nullable<Text>,
        /// How many changes it had not handed in, as it last said.
        unsent -> Nullable<BigInt>,
        /// What opens its folder, sealed for the store.
        folder_key -> Nullable<Binary>,
        /// Of the code with which its holder may have that back.
        unlock_hash -> Nullable<Binary>,
        unlock_expires_at -> Nullable<BigInt>,
    }
}

table! {
    /// The unit of access and of order.
    streams (id) {
        id -> Binary,
        kind -> Text,
        organisation_id -> Nullable<Binary>,
        /// The sequence number of the last change; they count from 1 without gaps.
        last_seq -> BigInt,
        fingerprint -> Binary,
        created_at -> BigInt,
        /// The sequence number up to which the bytes of changes are given up; their documents hold them.
        compacted_to -> BigInt,
        /// Counts the keys with which colleagues seal for whoever holds the stream.
        key_number -> Integer,
        /// The present one, an age identity.
        key_identity -> Nullable<Text>,
        /// The sequence number up to which the service has shared what stands in it; of organisations alone.
        shared_to -> BigInt,
    }
}

table! {
    /// The streams that each tablet holds, and how far it has read them.
    readings (stream_id, device_id) {
        device_id -> Binary,
        stream_id -> Binary,
        /// As the tablet last said; 0 until it says so.
        position -> BigInt,
        /// When it said so.
        seen_at -> BigInt,
        /// When it was first sent the stream.
        since -> BigInt,
        /// When it was told to drop it.
        told_at -> Nullable<BigInt>,
    }
}

table! {
    assignments (id) {
        id -> Binary,
        group_id -> Binary,
        user_id -> Binary,
        assigned_by -> Binary,
        assigned_at -> BigInt,
        ended_by -> Nullable<Binary>,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    documents (id) {
        id -> Binary,
        kind -> Text,
        stream_id -> Binary,
        /// Counts the document's writes.
        version -> BigInt,
        snapshot -> Binary,
        /// How many the snapshot holds.
        operations -> BigInt,
        /// Hashes of 32 bytes, ascending, one after the other.
        heads -> Binary,
        updated_at -> BigInt,
    }
}

table! {
    batches (id) {
        id -> Binary,
        device_id -> Binary,
        /// COSE_Sign1, as the tablet signed it.
        statement -> Binary,
        /// The tablet's clock.
        claimed_at -> BigInt,
        received_at -> BigInt,
        /// The tablet that carried it, where another one signed it.
        carrier_id -> Nullable<Binary>,
        /// 1 where the service's own clock may have been wrong.
        received_in_doubt -> Integer,
    }
}

table! {
    changes (stream_id, seq) {
        stream_id -> Binary,
        seq -> BigInt,
        hash -> Binary,
        document_id -> Binary,
        kind -> Text,
        /// The device, or the user who wrote at the web interface.
        author -> Binary,
        incarnation -> BigInt,
        schema -> Integer,
        batch_id -> Nullable<Binary>,
        received_at -> BigInt,
        bytes -> Binary,
    }
}

table! {
    quarantine (document_id, digest) {
        digest -> Binary,
        stream_id -> Binary,
        document_id -> Binary,
        kind -> Text,
        device_id -> Binary,
        schema -> Integer,
        batch_id -> Binary,
        reason -> Text,
        field -> Nullable<Text>,
        /// Of `invalid`: what the field must be.
        detail -> Text,
        received_at -> BigInt,
        /// When it was merged after all.
        released_at -> Nullable<BigInt>,
        bytes -> Binary,
        id -> Binary,
        /// Who answers for it though its author was not assigned.
        waived_by -> Nullable<Binary>,
        waived_at -> Nullable<BigInt>,
        rejected_by -> Nullable<Binary>,
        rejected_at -> Nullable<BigInt>,
        rejected_because -> Nullable<Text>,
    }
}

table! {
    /// Documents that were erased because the person asked for it: see `ledger::erase`.
    erasures (document_id) {
        document_id -> Binary,
        stream_id -> Binary,
        kind -> Text,
        erased_at -> BigInt,
        erased_by -> Nullable<Binary>,
    }
}

table! {
    /// Receipts of tablets that dropped a stream as they were told.
    purges (device_id, stream_id, received_at) {
        device_id -> Binary,
        stream_id -> Binary,
        received_at -> BigInt,
        /// From when on the tablet held it.
        since -> Nullable<BigInt>,
        told_at -> Nullable<BigInt>,
    }
}

table! {
    groups (id) {
        id -> Binary,
        organisation_id -> Binary,
        name -> Text,
        kind -> Text,
        modality -> Text,
        pillar -> Nullable<Text>,
        setting -> Nullable<Text>,
        cohort -> Nullable<Text>,
        area -> Text,
        planned_sessions -> Nullable<Integer>,
        starts_on -> Nullable<Text>,
        status -> Text,
        conflicts -> Integer,
        was_in_conflict -> Bool,
        /// The day on which it began, or its record was begun where it does not say.
        began_on -> Nullable<Text>,
        void -> Nullable<Text>,
        name_folded -> Text,
        /// Since when it is phased out, or has graduated.
        phased_out_on -> Nullable<Text>,
    }
}

table! {
    /// Of each group that is neither void nor erased what all members of the partnership may know. Its id is made of the group's.
    coverage (id) {
        id -> Binary,
        organisation_id -> Binary,
        kind -> Text,
        modality -> Text,
        pillar -> Nullable<Text>,
        mhpss_4w -> Nullable<Text>,
        setting -> Nullable<Text>,
        cohort -> Nullable<Text>,
        area -> Text,
        sector -> Text,
        starts_on -> Nullable<Text>,
        began_on -> Nullable<Text>,
        /// Absent while it goes on.
        ended_on -> Nullable<Text>,
        status -> Text,
        /// Whether a session of it counts: written with the facts.
        met -> Bool,
    }
}

table! {
    /// What partners and the secretariat said of two groups that overlap; the last of a kind counts.
    overlap_statements (id) {
        id -> Binary,
        overlap_id -> Binary,
        first_id -> Binary,
        second_id -> Binary,
        first_organisation_id -> Binary,
        second_organisation_id -> Binary,
        said -> Text,
        words -> Nullable<Text>,
        /// Of the secretariat none.
        organisation_id -> Nullable<Binary>,
        role -> Text,
        user_id -> Binary,
        said_at -> BigInt,
    }
}

table! {
    participants (id) {
        id -> Binary,
        group_id -> Binary,
        code -> Text,
        sex -> Nullable<Text>,
        age_band -> Nullable<Text>,
        family -> Nullable<Text>,
        consents -> Bool,
        exit -> Nullable<Text>,
        erased -> Bool,
        conflicts -> Integer,
        was_in_conflict -> Bool,
        void -> Nullable<Text>,
        /// Who counts in their place.
        same_as -> Nullable<Binary>,
        /// Whether they took their consent back.
        withdrawn -> Bool,
    }
}

table! {
    referrals (id) {
        id -> Binary,
        group_id -> Binary,
        participant_id -> Binary,
        from_organisation -> Nullable<Binary>,
        service -> Text,
        to_organisation -> Nullable<Binary>,
        reason -> Nullable<Text>,
        urgency -> Nullable<Text>,
        /// The latest step, and its day.
        state -> Nullable<Text>,
        state_on -> Nullable<Text>,
        open -> Bool,
        begun_on -> Nullable<Text>,
        overdue_from -> Nullable<Text>,
        conflicts -> Integer,
        was_in_conflict -> Bool,
        void -> Nullable<Text>,
        /// The entry of the directory that was chosen.
        to_service -> Nullable<Binary>,
    }
}

table! {
    /// What other members of the partnership refer to an organisation, once somebody is sent.
    received_referrals (id) {
        id -> Binary,
        /// Whoever receives it is not told it.
        group_id -> Binary,
        /// Who receives it.
        organisation_id -> Binary,
        from_organisation -> Binary,
        service -> Text,
        reason -> Nullable<Text>,
        urgency -> Nullable<Text>,
        sex -> Nullable<Text>,
        age_band -> Nullable<Text>,
        sector -> Nullable<Text>,
        sent_on -> Text,
        overdue_from -> Nullable<Text>,
        state -> Text,
        state_on -> Text,
    }
}

table! {
    referral_steps (referral_id, step, day) {
        referral_id -> Binary,
        step -> Text,
        day -> Text,
    }
}

table! {
    incidents (id) {
        id -> Binary,
        group_id -> Binary,
        session_id -> Binary,
        kind -> Text,
        severity -> Nullable<Text>,
        /// Codes with a comma between; so, too, `escalated_to`.
        actions -> Text,
        escalated_to -> Text,
        conflicts -> Integer,
        was_in_conflict -> Bool,
        void -> Nullable<Text>,
    }
}

table! {
    screenings (id) {
        id -> Binary,
        group_id -> Binary,
        participant_id -> Binary,
        instrument -> Text,
        version -> Nullable<Text>,
        timepoint -> Text,
        date -> Nullable<Text>,
        score -> Integer,
        max -> Integer,
        risk -> Nullable<Bool>,
        /// The screening that it corrects.
        corrects -> Nullable<Binary>,
        conflicts -> Integer,
        was_in_conflict -> Bool,
        void -> Nullable<Text>,
    }
}

table! {
    participant_origins (participant_id, device_id) {
        participant_id -> Binary,
        device_id -> Binary,
        /// Whether the device began the record, not knowing of others who did.
        began -> Bool,
        /// Whether somebody said that it means the same person as the others.
        confirmed -> Bool,
        /// The participant to whom this device's marks belong instead.
        split_to -> Nullable<Binary>,
    }
}

table! {
    sessions (id) {
        id -> Binary,
        group_id -> Binary,
        date -> Text,
        part -> Text,
        starts_at -> Nullable<Text>,
        minutes -> Nullable<Integer>,
        phase -> Nullable<Text>,
        state -> Text,
        commemoration -> Bool,
        /// Of how many people and heads it says something.
        marked -> Integer,
        summary_folded -> Text,
        conflicts -> Integer,
        was_in_conflict -> Bool,
        double_of -> Nullable<Binary>,
        /// Which record of its part of the day it is, from 0.
        nth -> Integer,
        void -> Nullable<Text>,
        moved_to -> Nullable<Binary>,
        moved_from -> Nullable<Binary>,
        returned -> Nullable<Text>,
        changed_since_verified -> Bool,
        recorded_since -> Bool,
        /// The same, should the move that made it have been taken back: that stands in another record.
        recorded_since_moved -> Bool,
    }
}

table! {
    /// Who counts in a participant's place, where that is somebody else.
    people (participant_id) {
        participant_id -> Binary,
        group_id -> Binary,
        person_id -> Binary,
    }
}

table! {
    /// Each day that a record says something happened on.
    days (document_id, field) {
        document_id -> Binary,
        field -> Text,
        day -> Text,
        /// When it begins in Rwanda.
        begins_at -> BigInt,
        /// Hash of the change that put it, and its author's clock then.
        written_by -> Nullable<Binary>,
        written_at -> Nullable<BigInt>,
    }
}

table! {
    /// Sessions that look like records of one meeting; each pair both ways round.
    possible_doubles (session_id, other_id) {
        session_id -> Binary,
        other_id -> Binary,
    }
}

table! {
    session_themes (session_id, theme) {
        session_id -> Binary,
        theme -> Text,
    }
}

table! {
    attendances (session_id, participant_id, author, mark) {
        session_id -> Binary,
        participant_id -> Binary,
        /// The device, or the user who wrote at the web interface.
        author -> Binary,
        mark -> Text,
        /// Of several at the same time, the one that is shown where there is room for one.
        shown -> Bool,
    }
}

table! {
    headcounts (session_id, sex, age_band) {
        session_id -> Binary,
        sex -> Text,
        age_band -> Text,
        heads -> Integer,
    }
}

table! {
    /// What organisations learned: as they write it, and as all members read what is published of it.
    lessons (id) {
        id -> Binary,
        organisation_id -> Binary,
        /// Whether it is what all members read.
        shared -> Bool,
        title -> Text,
        /// All that it says, as it is searched.
        folded -> Text,
        pillar -> Nullable<Text>,
        modality -> Nullable<Text>,
        area -> Nullable<Text>,
        status -> Text,
        /// Of a shared one.
        published_on -> Nullable<Text>,
        /// By how many organisations.
        adopted -> Integer,
        conflicts -> Integer,
        was_in_conflict -> Bool,
    }
}

table! {
    /// The directory of services that people are sent to.
    services (id) {
        id -> Binary,
        name -> Text,
        /// Name and note, as they are searched.
        folded -> Text,
        kind -> Text,
        area -> Text,
        phone -> Nullable<Text>,
        hours -> Nullable<Text>,
        note -> Nullable<Text>,
        /// Which member of the partnership runs it.
        organisation_id -> Nullable<Binary>,
        /// Since when nobody is sent there any more.
        ended -> Nullable<Text>,
    }
}

table! {
    /// What two people set differently, and nobody has settled.
    conflicts (id) {
        /// Names the field with just these values; begins with the time of the last of them.
        id -> Binary,
        document_id -> Binary,
        kind -> Text,
        group_id -> Binary,
        /// The day of a session.
        date -> Nullable<Text>,
        field -> Text,
        /// Of a text, what the lines concerned read now.
        reads -> Nullable<Text>,
    }
}

table! {
    conflict_claims (conflict_id, place) {
        conflict_id -> Binary,
        /// The last is the value that stands where there is room for one.
        place -> Integer,
        value -> Text,
        /// The device, or the user who wrote at the web interface.
        author -> Binary,
        /// The author's clock.
        written_at -> BigInt,
        /// Of the change.
        hash -> Binary,
    }
}

table! {
    /// What was counted of a group in a month: of all, of people by sex and age band, of meetings by the rest; what is not told apart is
    /// empty.
    facts (group_id, month, sex, age_band, phase, part_of_day, state) {
        group_id -> Binary,
        month -> Text,
        sex -> Text,
        age_band -> Text,
        phase -> Text,
        part_of_day -> Text,
        state -> Text,
        sessions -> BigInt,
        by_register -> BigInt,
        by_headcount -> BigInt,
        attendances -> BigInt,
        heads -> BigInt,
        minutes -> BigInt,
    }
}

table! {
    /// Each month in which a person came.
    person_months (group_id, person_id, month) {
        group_id -> Binary,
        person_id -> Binary,
        month -> Text,
        /// The month before it in which they came; empty for the first.
        before -> Text,
        sex -> Text,
        age_band -> Text,
        consents -> Bool,
    }
}

table! {
    /// What should be known of the totals of a group and month; of its people where the month is empty.
    fact_doubts (group_id, month) {
        group_id -> Binary,
        month -> Text,
        doubles -> BigInt,
        moved -> BigInt,
        void -> BigInt,
        recorded_since -> BigInt,
        possible_doubles -> BigInt,
        date_doubts -> BigInt,
        void_attendances -> BigInt,
        without_record -> BigInt,
        one_or_two -> BigInt,
        consent_date_doubts -> BigInt,
    }
}

table! {
    /// Under what the facts of a group stand in the sums.
    strata (group_id) {
        group_id -> Binary,
        organisation_id -> Binary,
        area -> Text,
        kind -> Text,
        modality -> Text,
    }
}

table! {
    /// Sums of facts over the groups of an organisation.
    fact_sums (organisation_id, level, plane, area, kind, modality, sex, age_band, phase, part_of_day, state, month, part) {
        organisation_id -> Binary,
        /// How far times, areas, kinds and modalities are told apart.
        level -> Integer,
        /// Whether sexes (1) and age bands (2) are, or meetings (4).
        plane -> Integer,
        area -> Text,
        kind -> Text,
        modality -> Text,
        sex -> Text,
        age_band -> Text,
        phase -> Text,
        part_of_day -> Text,
        state -> Text,
        month -> Text,
        /// Names what was added at one time, until it is added up; empty where that is done.
        part -> Binary,
        sessions -> BigInt,
        by_register -> BigInt,
        by_headcount -> BigInt,
        attendances -> BigInt,
        heads -> BigInt,
        minutes -> BigInt,
    }
}

table! {
    /// The same of the months of people.
    people_sums (organisation_id, level, plane, area, kind, modality, sex, age_band, month, before, consents, part) {
        organisation_id -> Binary,
        level -> Integer,
        plane -> Integer,
        area -> Text,
        kind -> Text,
        modality -> Text,
        sex -> Text,
        age_band -> Text,
        month -> Text,
        before -> Text,
        consents -> Bool,
        part -> Binary,
        people -> BigInt,
    }
}

table! {
    /// The same of what should be known of totals.
    doubt_sums (organisation_id, level, month, area, kind, modality, part) {
        organisation_id -> Binary,
        level -> Integer,
        month -> Text,
        area -> Text,
        kind -> Text,
        modality -> Text,
        part -> Binary,
        doubles -> BigInt,
        moved -> BigInt,
        void -> BigInt,
        recorded_since -> BigInt,
        possible_doubles -> BigInt,
        date_doubts -> BigInt,
        void_attendances -> BigInt,
        without_record -> BigInt,
        one_or_two -> BigInt,
        consent_date_doubts -> BigInt,
    }
}

table! {
    /// Groups of which the facts wait to be counted again.
    facts_due (group_id) {
        group_id -> Binary,
        /// Another one each time that it is said.
        token -> Binary,
    }
}

table! {
    /// Requests with an `Idempotency-Key` that did something.
    idempotency_keys (name) {
        /// A hash of the caller and the key.
        name -> Binary,
        /// A keyed hash of method, address and body.
        request -> Binary,
        /// Tells twins apart that run at the same moment.
        run -> Binary,
        at -> BigInt,
        /// Sealed with the key; absent for a moment after the request was done.
        answer -> Nullable<Binary>,
    }
}

table! {
    /// Who did what: see `audit`.
    audit_entries (id) {
        id -> Binary,
        /// In the log, from 0; none until the entry is given one.
        place -> Nullable<BigInt>,
        at -> BigInt,
        user_id -> Nullable<Binary>,
        role -> Text,
        organisation_id -> Nullable<Binary>,
        action -> Text,
        outcome -> Text,
        route -> Text,
        /// Whose data it was about.
        of_organisation_id -> Nullable<Binary>,
        object_kind -> Nullable<Text>,
        object_id -> Nullable<Binary>,
        /// Who was assigned, taken off, put into a team, or taken out.
        person_id -> Nullable<Binary>,
        items -> Nullable<BigInt>,
        /// As whom they looked.
        viewed_as_id -> Nullable<Binary>,
    }
}

table! {
    /// The hashes of the audit log's Merkle tree, 256 in a tile.
    audit_tiles (level, number) {
        level -> Integer,
        number -> BigInt,
        hashes -> Binary,
    }
}

table! {
    /// What was published, and when.
    releases (name) {
        /// `2026-Q1`, `2026-Q1-revised` or `2026-Q2-to-05`
        name -> Text,
        released_at -> BigInt,
    }
}

table! {
    /// The figures of a release; immutable.
    published_nodes (release, organisation_id, measure, place, split, word) {
        release -> Text,
        organisation_id -> Binary,
        measure -> Text,
        place -> Text,
        split -> Text,
        word -> Text,
        figure -> BigInt,
    }
}

table! {
    /// In which place each district stands in a release.
    published_places (release, organisation_id, district) {
        release -> Text,
        organisation_id -> Binary,
        district -> Text,
        place -> Text,
    }
}

table! {
    /// What the figures of a first release count, exactly, until the revision.
    held_counts (quarter, organisation_id, measure, place, cell) {
        quarter -> Text,
        organisation_id -> Binary,
        measure -> Text,
        place -> Text,
        /// The words of the cell with `/` between.
        cell -> Text,
        people -> BigInt,
    }
}

table! {
    frameworks (id) {
        id -> Binary,
        /// Absent: a common one.
        organisation_id -> Nullable<Binary>,
        code -> Text,
        version -> Integer,
        title -> Text,
        /// JSON.
        content -> Text,
        drawn_up_at -> BigInt,
        drawn_up_by -> Binary,
        in_force_at -> Nullable<BigInt>,
        in_force_by -> Nullable<Binary>,
        withdrawn_at -> Nullable<BigInt>,
        withdrawn_by -> Nullable<Binary>,
    }
}

table! {
    targets (id) {
        id -> Binary,
        organisation_id -> Binary,
        framework_id -> Binary,
        indicator -> Text,
        /// Empty: the whole organisation.
        area -> Text,
        from_month -> Text,
        to_month -> Text,
        /// In thousandths.
        value -> BigInt,
        set_at -> BigInt,
        set_by -> Binary,
    }
}

table! {
    budget_lines (id) {
        id -> Binary,
        organisation_id -> Binary,
        /// Absent: all methods together.
        modality -> Nullable<Text>,
        from_month -> Text,
        to_month -> Text,
        currency -> Text,
        amount -> BigInt,
        source -> Text,
        entered_at -> BigInt,
        entered_by -> Binary,
        taken_back_at -> Nullable<BigInt>,
        taken_back_by -> Nullable<Binary>,
    }
}

joinable!(frameworks -> organisations (organisation_id));
joinable!(targets -> organisations (organisation_id));
joinable!(targets -> frameworks (framework_id));
joinable!(budget_lines -> organisations (organisation_id));
joinable!(users -> organisations (organisation_id));
joinable!(team_members -> users (user_id));
joinable!(refresh_tokens -> users (user_id));
joinable!(known_addresses -> users (user_id));
joinable!(password_codes -> users (user_id));
joinable!(identity_providers -> organisations (organisation_id));
joinable!(provider_links -> users (user_id));
joinable!(second_factors -> users (user_id));
joinable!(recovery_codes -> users (user_id));
joinable!(enrolment_codes -> devices (device_id));
joinable!(devices -> users (user_id));
joinable!(streams -> organisations (organisation_id));
joinable!(assignments -> streams (group_id));
joinable!(documents -> streams (stream_id));
joinable!(readings -> devices (device_id));
joinable!(readings -> streams (stream_id));
joinable!(purges -> devices (device_id));
joinable!(purges -> streams (stream_id));
joinable!(batches -> devices (device_id));
joinable!(quarantine -> batches (batch_id));
joinable!(quarantine -> devices (device_id));
joinable!(groups -> organisations (organisation_id));
joinable!(sessions -> documents (id));
joinable!(conflict_claims -> conflicts (conflict_id));
joinable!(published_nodes -> organisations (organisation_id));

allow_tables_to_appear_in_same_query!(
    organisations,
    lessons,
    services,
    received_referrals,
    users,
    teams,
    team_members,
    refresh_tokens,
    sign_in_limits,
    known_addresses,
    password_codes,
    identity_providers,
    provider_links,
    finished_sign_ins,
    second_factors,
    recovery_codes,
    enrolment_codes,
    devices,
    streams,
    readings,
    assignments,
    documents,
    batches,
    changes,
    quarantine,
    erasures,
    purges,
    groups,
    coverage,
    overlap_statements,
    participants,
    participant_origins,
    people,
    sessions,
    referrals,
    referral_steps,
    incidents,
    screenings,
    days,
    possible_doubles,
    session_themes,
    attendances,
    headcounts,
    conflicts,
    conflict_claims,
    facts,
    person_months,
    fact_doubts,
    strata,
    fact_sums,
    people_sums,
    doubt_sums,
    facts_due,
    idempotency_keys,
    audit_entries,
    audit_tiles,
    releases,
    published_nodes,
    published_places,
    held_counts,
    frameworks,
    targets,
    budget_lines,
);
