//! The kinds of problem: one table, from which the answers take type, title and status, and people a page for each
//! (`/problems/{type}`).

use actix_web::http::StatusCode;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The last part of the `type`; stable.
    pub slug: &'static str,
    pub status: StatusCode,
    /// What went wrong, in a few words.
    pub title: &'static str,
    /// When it happens and what to do about it, for people.
    pub about: &'static str,
}

macro_rules! kinds {
    ($($name:ident $status:ident $slug:literal $title:literal $about:literal;)*) => {
        $(
            pub const $name: Kind =
                Kind { slug: $slug, status: StatusCode::$status, title: $title, about: $about };
        )*
        /// All of them.
        pub const ALL: &[Kind] = &[$($name),*];
    };
}

kinds! {
    UNREADABLE_BODY BAD_REQUEST "unreadable-body" "The body could not be read"
        "The body is no JSON, was cut off, or is not coded as its Content-Encoding says. Nothing was done. Correct the body, or \
         send it again.";
    BAD_IDEMPOTENCY_KEY BAD_REQUEST "bad-idempotency-key" "The Idempotency-Key can't be read"
        "An Idempotency-Key is 16 to 128 letters, digits and signs, in quotes or without. Take a new random UUID for each thing \
         that you want done, and the same one when you ask for it again.";
    CUT_OFF BAD_REQUEST "cut-off" "The body does not expand"
        "A tablet's sync was cut off, or is not coded as its Content-Encoding says. Nothing was taken; the tablet keeps \
         everything, and sends it again.";
    NOT_CBOR BAD_REQUEST "not-cbor" "The body can't be read"
        "A tablet's sync is not a signed CBOR request as sync.md describes it. Nothing was taken; the tablet keeps everything.";
    UNKNOWN_PROTOCOL BAD_REQUEST "unknown-protocol" "The protocol version is not known"
        "The tablet and the service are too far apart in age. Update the older of the two. Nothing was taken; the tablet keeps \
         everything.";

    TOKEN_MISSING UNAUTHORIZED "token-missing" "Sign in first"
        "The request needs an access token, as `Authorization: Bearer …`. POST /v1/login gives one.";
    TOKEN_EXPIRED UNAUTHORIZED "token-expired" "The access token has expired"
        "Access tokens hold for fifteen minutes. Get the next one with the refresh token, or sign in again.";
    TOKEN_REFUSED UNAUTHORIZED "token-refused" "The access token is not one of this service"
        "It was changed, or another service gave it. Sign in again.";
    LOGIN_ENDED UNAUTHORIZED "login-ended" "This login has ended"
        "Somebody signed out, or the login was ended since a token of it was used by two. Sign in again.";
    LOGIN_REFUSED UNAUTHORIZED "login-refused" "This login and password do not go together"
        "Check both and try again. The answer is the same whether the login exists or not.";
    CODE_NEEDED UNAUTHORIZED "code-needed" "A code of your app is needed, too"
        "Send the six digits that your authenticator app shows now as `code`, with login and password; or one of your recovery codes.";
    CODE_REFUSED UNAUTHORIZED "code-refused" "The code is not valid"
        "Each code holds for half a minute and for one use: wait for the next one. If none holds, look whether the clock of the device \
         with the app is right, or use a recovery code.";
    REFRESH_REFUSED UNAUTHORIZED "refresh-refused" "The refresh token is not valid"
        "It is unknown, has expired, or was signed out. Sign in again.";
    REFRESH_REUSED UNAUTHORIZED "refresh-reused" "The refresh token was used before"
        "A refresh token is good for one use. Somebody may have copied it, so the whole login was ended. Sign in again.";
    SIGNATURE_INVALID UNAUTHORIZED "signature-invalid" "The signature does not hold"
        "A tablet's sync was not signed with its key, or was changed on its way. Nothing was taken; the tablet keeps everything.";
    DEVICE_UNKNOWN UNAUTHORIZED "device-unknown" "This tablet is not enrolled here"
        "Ask your manager for an enrolment code, and enrol the tablet. It keeps everything that it recorded.";

    ACCOUNT_DISABLED FORBIDDEN "account-disabled" "This account is disabled"
        "Whoever answers for you ended your account. Ask your organisation's manager or the administrator.";
    ROLE_NOT_ALLOWED FORBIDDEN "role-not-allowed" "Your role does not allow this"
        "The detail says who may do this. Ask one of them.";
    PROVIDER_REQUIRED FORBIDDEN "provider-required" "Your organisation signs in with its identity provider"
        "Passwords of its people are not taken: POST /v1/login/provider begins, `ihuriro login --with-provider` does all of it. The first time \
         whoever answers for you reads you a code.";
    PROVIDER_REFUSED FORBIDDEN "provider-refused" "This sign-in at the identity provider does not hold"
        "What the browser or the provider brought back is not of this sign-in, came too late or a second time, or is not signed as it must \
         be. Begin again; if it happens each time, tell the administrator what the detail says.";
    PROVIDER_NOT_LINKED FORBIDDEN "provider-not-linked" "Nobody is linked with this account at the provider"
        "The first time, say who you are: with a code that whoever answers for you reads to you, or by signing in with your password and then \
         linking the account (PUT /v1/me/identity-provider, `ihuriro login --with-provider --link`).";
    VIEW_AS_REFUSED FORBIDDEN "view-as-refused" "You can't look as this person"
        "A manager looks as the supervisors and facilitators of their organisation, a supervisor as the facilitators of their teams, to \
         see what these see; never more than they see themselves, and without changing anything. Leave `View-As` out to ask for yourself.";
    PASSWORD_MUST_CHANGE FORBIDDEN "password-must-change" "Choose a password of your own first"
        "Somebody else gave you the password that you signed in with. Change it with POST /v1/me/password; nothing else is done before.";
    SECOND_FACTOR_MUST_ENROL FORBIDDEN "second-factor-must-enrol" "Enrol an authenticator app first"
        "People of your role sign in with a code of an app beside the password. POST /v1/me/second-factor gives what the app reads, \
         POST /v1/me/second-factor/confirm takes its first code; nothing else is done before.";
    PASSWORD_CODE_REFUSED FORBIDDEN "password-code-refused" "The code is not valid"
        "Check the login, and how the code was typed. It may also have been used, or have expired a day after it was handed out: ask \
         whoever answers for you for another one.";
    ENROLMENT_CODE_REFUSED FORBIDDEN "enrolment-code-refused" "The code is not valid"
        "Check how it was typed. It may also have expired, three days after it was handed out: ask your manager for another one.";
    UNLOCK_CODE_REFUSED FORBIDDEN "unlock-code-refused" "The code does not unlock this tablet"
        "Check how it was typed. It may also have been used, or have expired a day after it was handed out, or the tablet was revoked: \
         ask your manager.";
    FOREIGN_BATCH FORBIDDEN "foreign-batch" "A batch is not this tablet's"
        "A batch in a tablet's sync is signed by another tablet, or was changed after it was signed. Nothing was taken.";

    NO_SUCH_ADDRESS NOT_FOUND "no-such-address" "There is nothing at this address"
        "The service has no such address. /docs/ shows all of them.";
    NO_SUCH_THING NOT_FOUND "no-such-thing" "There is nothing at this address"
        "A part of the address is not what it should be, for example an id that is none.";
    NO_SUCH_ORGANISATION NOT_FOUND "no-such-organisation" "There is no such organisation"
        "No organisation of the partnership has this id.";
    NO_IDENTITY_PROVIDER NOT_FOUND "no-identity-provider" "There is no identity provider"
        "This organisation has none, or there is no such organisation. Its people sign in with a password.";
    NO_SUCH_GROUP NOT_FOUND "no-such-group" "There is no such group"
        "No group that you may see has this id.";
    NO_SUCH_PARTICIPANT NOT_FOUND "no-such-participant" "There is no such participant"
        "No participant of a group that you may see has this id, or they asked to be erased.";
    NO_SUCH_SESSION NOT_FOUND "no-such-session" "There is no such session"
        "No session of a group that you may see has this id.";
    NO_SUCH_RECORD NOT_FOUND "no-such-record" "There is no such record"
        "No group, participant or session that you may see has this id.";
    NO_SUCH_LESSON NOT_FOUND "no-such-lesson" "There is no such lesson"
        "No lesson that is published, or that your organisation writes, has this id.";
    NO_SUCH_SERVICE NOT_FOUND "no-such-service" "There is no such service"
        "No entry of the directory of services has this id.";
    NO_SUCH_FRAMEWORK NOT_FOUND "no-such-framework" "There is no such framework"
        "No framework that you may see, or that you may set targets for, has this id. GET /v1/frameworks lists them.";
    NO_SUCH_BUDGET_LINE NOT_FOUND "no-such-budget-line" "There is no such line"
        "No line of your organisation's budget has this id.";
    NOT_IN_INBOX NOT_FOUND "not-in-inbox" "It is not in the inbox"
        "Nothing in the inbox of your organisation has this id: it was closed, declined or recalled, or is for somebody else.";
    NO_SUCH_USER NOT_FOUND "no-such-user" "There is no such person"
        "Nobody in your organisation has this id.";
    NO_SUCH_TEAM NOT_FOUND "no-such-team" "There is no such team"
        "No team of your organisation has this id, or it was ended.";
    NO_SUCH_DEVICE NOT_FOUND "no-such-device" "There is no such tablet"
        "No tablet of your organisation has this id.";
    NO_SUCH_RELEASE NOT_FOUND "no-such-release" "There is no such published table"
        "No release has this name, or it has no such table. GET /v1/published lists what there is.";
    NO_SUCH_CHANGE NOT_FOUND "no-such-change" "There is no such change"
        "No quarantined change of a group that you may see has this id.";
    NO_SUCH_OVERLAP NOT_FOUND "no-such-overlap" "There is no such overlap"
        "No overlap that you may see has this id, or its two groups overlap no longer: one of them ended, moved or is void.";

    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "method-not-allowed" "This address has no such method"
        "The header `Allow` of the answer says which methods it has.";
    NO_SUCH_CODING NOT_ACCEPTABLE "no-such-coding" "There is no answer in such a coding"
        "The header Accept-Encoding refuses every form that the service can give. Leave it out, or allow `identity`.";
    BODY_TOO_SLOW REQUEST_TIMEOUT "body-too-slow" "The body came too slowly"
        "The link is too slow for a request of this size, or broke. Nothing was done; send it again, or less at a time.";

    PROVIDER_LINKED CONFLICT "provider-linked" "This account at the provider is somebody else's"
        "Another person is linked with it. Sign in at the provider with your own account, or ask the administrator.";
    LOGIN_TAKEN CONFLICT "login-taken" "The login is taken"
        "Somebody has this login already. Choose another one.";
    CODE_TAKEN CONFLICT "code-taken" "The code is taken"
        "An organisation, a framework, or somebody in the group, has this code already. Choose another one.";
    NAME_TAKEN CONFLICT "name-taken" "The name is taken"
        "A team of your organisation has this name already. Choose another one.";
    NOT_A_MANAGER CONFLICT "not-a-manager" "This person is no manager"
        "Only a manager can be a protection officer: assigned facilitators and their supervisors see such records anyway.";
    ENROLMENT_CODE_USED CONFLICT "enrolment-code-used" "The code was used by another tablet"
        "Each tablet needs a code of its own. Ask your manager for another one.";
    DEVICE_KEY_TAKEN CONFLICT "device-key-taken" "This tablet's key is enrolled already"
        "Each enrolment needs a new key. Make one, and show the code again.";
    NO_SECOND_FACTOR CONFLICT "no-second-factor" "No enrolment has begun"
        "There is no app to be confirmed. Begin with POST /v1/me/second-factor.";
    DEVICE_REVOKED CONFLICT "device-revoked" "This tablet is revoked"
        "Nothing unlocks it again. Hand out a code that enrols another tablet.";
    USER_DISABLED CONFLICT "user-disabled" "This person's account is disabled"
        "A tablet can be enrolled or unlocked only for somebody who may sign in. Enable the account first.";
    ROLE_WITHOUT_TABLET CONFLICT "role-without-tablet" "People of this role have no tablet"
        "A tablet can be enrolled for a facilitator, a supervisor or a manager.";
    ROLE_WITHOUT_ORGANISATION CONFLICT "role-without-organisation" "People of this role belong to no organisation"
        "Only facilitators, supervisors and managers work for one, and can move.";
    ONESELF CONFLICT "oneself" "This is your own account"
        "Nobody disables themselves: ask another administrator.";
    ALREADY_DECIDED CONFLICT "already-decided" "This change does not wait any more"
        "Somebody released or rejected the quarantined change meanwhile. Its `state` says which.";
    CONFLICT_SETTLED CONFLICT "conflict-settled" "There is nothing to settle"
        "Nobody disagrees about the field now: it has no conflict, or somebody settled it meanwhile. Read the record again.";
    CONFLICT_CHANGED CONFLICT "conflict-changed" "The conflict has changed"
        "Another value has arrived since you read the conflict. Read it again, then settle.";
    ALREADY_A_DOUBLE CONFLICT "already-a-double" "It is a double already"
        "The session is marked as the double of another one. Take that mark back first.";
    OF_A_DOUBLE CONFLICT "of-a-double" "The other one is a double itself"
        "The other session is itself marked as the double of a third. Name that one, or take the other's mark back first.";
    NO_DOUBLE CONFLICT "no-double" "There is no mark to take back"
        "The session is not marked as a double now, or somebody took the mark back meanwhile.";
    ALREADY_VOID CONFLICT "already-void" "It is void already"
        "Somebody made the record void already. Read it again.";
    NEEDS_ANOTHER CONFLICT "needs-another" "Somebody else must read it first"
        "A lesson is published by a supervisor or manager who did not begin it. Ask a colleague to read it and to publish it.";
    STILL_CLASHES CONFLICT "still-clashes" "Different values stand side by side in it"
        "Tablets that did not know of each other wrote them. Settle the clash, with GET /v1/conflicts, and publish it then.";
    SAYS_OTHERWISE CONFLICT "says-otherwise" "The record to which it goes says something else"
        "What is carried over would take the place of what somebody else recorded there. Say of it whether to keep or to replace that.";
    LOOK_AGAIN CONFLICT "look-again" "Something in it may say who somebody is"
        "What another partner reads stays with them, in tablets and histories. Something in it looks like a name or a number of somebody; look_again of a \
         lesson names it. Leave it out, or say looked_again where it is none.";
    LESSON_NOT_SHARED CONFLICT "lesson-not-shared" "It is not published"
        "Only a lesson that another organisation published can be adopted. Look for it under GET /v1/lessons?shared=true.";
    DIRECTORY_FULL CONFLICT "directory-full" "The directory holds as many services as it may"
        "Every tablet holds all of them. Change an entry that ended into the one that is to be entered.";
    ALREADY_ENTERED CONFLICT "already-entered" "It is there already"
        "An entry that counts says the same. Change or take back that one, or say in what this one differs.";
    FRAMEWORKS_FULL CONFLICT "frameworks-full" "There are as many frameworks as there may be"
        "An organisation, and the partnership, keep at most 20 versions. Go on with a draft that there is.";
    NOT_VOID CONFLICT "not-void" "It is not void"
        "The record is not void now: somebody took that back, or two people disagree, and then it counts until that is settled.";
    SET_ASIDE CONFLICT "set-aside" "It does not count"
        "The session is void, moved or a double. Verify or return the record that counts.";
    NOTHING_SINCE CONFLICT "nothing-since" "Nothing was recorded since"
        "Nobody, or not that tablet, recorded anything in the session since it was set aside. Read it again.";
    RECORDED_SINCE CONFLICT "recorded-since" "Something was recorded since"
        "Something was recorded in what the session was moved to, which would count nowhere. Move that one instead.";
    SESSIONS_RECORDED CONFLICT "sessions-recorded" "Sessions are recorded already"
        "The method and the village of a group stay as they are once a session is recorded. Make those sessions void first, or begin \
         another group.";
    OVERLAP CONFLICT "overlap" "Another partner does the same there"
        "In the village or cell there is, or is planned, a group of another partner with the same method, for the same people or for people \
         of whom it is not said. `overlaps` names these groups and how the partners are reached, `complementary` what else is done in the \
         sector. Speak with them first; to go on all the same, say why in `overlap_reason`.";
    ALREADY_THE_SAME CONFLICT "already-the-same" "They are said to be somebody already"
        "The participant is said to be the same person as another already. Take that back first.";
    THE_SAME_AS_ANOTHER CONFLICT "the-same-as-another" "The other one is said to be a third"
        "The other participant is said to be the same person as a third. Name that one, or take that back first.";
    NOT_THE_SAME CONFLICT "not-the-same" "There is nothing to take back"
        "The participant is not said to be the same person as another now.";
    ALREADY_MOVED CONFLICT "already-moved" "It was moved already"
        "The session was moved already. Read it again; move the one that counts, or take the move back first.";
    ALREADY_RECORDED CONFLICT "already-recorded" "That meeting is recorded already"
        "There is a record of that day and part of the day. If both are of one meeting, mark one as the double of the other.";
    NOT_MOVED CONFLICT "not-moved" "It was not moved"
        "The session is not moved now. Read it again.";
    MOVED_ON CONFLICT "moved-on" "It was moved on"
        "What the session was moved to was itself moved on. Take back the last move first.";
    NOT_SPLIT CONFLICT "not-split" "There is nothing to take back"
        "Nobody says now that the tablet meant somebody else.";
    REQUEST_SEEN CONFLICT "request-seen" "This request was seen before"
        "Requests of a tablet count upwards. One that counts again was restored or copied; it goes on with a new incarnation \
         by itself.";
    REQUEST_TOO_FAR CONFLICT "request-too-far" "The number of the request is too far ahead"
        "Requests of a tablet count upwards by one. The number was not taken; the tablet goes on with a new incarnation by itself.";
    BATCH_REUSED CONFLICT "batch-reused" "A batch has the id of another one"
        "The id of a batch in a tablet's sync stands for another statement. Each batch needs a new id. Nothing was taken.";
    REQUEST_RUNNING CONFLICT "request-running" "This request is being answered already"
        "A request with the same Idempotency-Key is being answered now. Wait a moment, then send it again.";
    ANSWER_LOST CONFLICT "answer-lost" "This was done, but its answer is lost"
        "The service stopped between doing what the request with this Idempotency-Key asked for and keeping the answer. Look at \
         what is there before you ask for it again, with a new key.";

    BODY_TOO_LARGE PAYLOAD_TOO_LARGE "body-too-large" "The request is too large"
        "The detail says how large it may be.";
    TOO_LARGE PAYLOAD_TOO_LARGE "too-large" "The request is too large"
        "A tablet's sync is too large. Nothing was taken; the tablet keeps everything, and sends less at a time.";
    NOT_JSON UNSUPPORTED_MEDIA_TYPE "not-json" "The request is not JSON"
        "Send the body as JSON, with `content-type: application/json`.";
    NOT_CSV UNSUPPORTED_MEDIA_TYPE "not-csv" "The request is no spreadsheet"
        "Save the sheet as CSV (UTF-8) and send it with `content-type: text/csv`.";
    NOT_A_WORKBOOK UNSUPPORTED_MEDIA_TYPE "not-a-workbook" "The request is no workbook"
        "Fill the form that GET /v1/frameworks/form gives, and send it as application/vnd.openxmlformats-officedocument.spreadsheetml.sheet (XLSX).";
    NOT_A_SYNC UNSUPPORTED_MEDIA_TYPE "not-a-sync" "This is not a sync request"
        "Send application/vnd.ihuriro.sync+cbor, coded as zstd, gzip or identity.";

    INVALID_FIELDS UNPROCESSABLE_ENTITY "invalid-fields" "Some fields are not as they should be"
        "Each entry of `errors` names a field and says what it should be. Nothing was done.";
    UNREADABLE_SHEET UNPROCESSABLE_ENTITY "unreadable-sheet" "The spreadsheet can't be read"
        "The detail says what is wrong with the file as a whole: how it was saved, its columns or its size. `columns` names those that the \
         sheet may have. Nothing was made.";
    LINES_REFUSED UNPROCESSABLE_ENTITY "lines-refused" "Some lines of the spreadsheet are not as they should be"
        "`lines` says of each line what is to be put right, and in which column. Nothing at all was made. Put the sheet right, and send it \
         again; with `dry_run=true` to see first what would be made.";
    UNEXPECTED_BODY UNPROCESSABLE_ENTITY "unexpected-body" "The body says something unexpected"
        "The body is JSON, but not of the form that this address takes: a field is missing, unknown or of another kind.";
    UNEXPECTED_QUERY UNPROCESSABLE_ENTITY "unexpected-query" "The query says something unexpected"
        "The part of the address after the question mark has a word that this address does not know, or a value of another kind.";
    IDEMPOTENCY_KEY_REUSED UNPROCESSABLE_ENTITY "idempotency-key-reused" "The Idempotency-Key stands for another request"
        "Another request came with this Idempotency-Key within the last day. Take a new key for each thing that you want done.";

    TOO_MANY_ATTEMPTS TOO_MANY_REQUESTS "too-many-attempts" "Too many attempts"
        "Too many wrong passwords or codes were tried for this login, perhaps by somebody else. Try again when Retry-After says. From a \
         device or a place where you have signed in before, others' attempts do not count; elsewhere, ask whoever answers for you for a \
         code that lets you choose a new password.";
    ONLY_PUBLISHED UNPROCESSABLE_ENTITY "only-published" "Only published tables answer you"
        "Exact and live totals are told to the organisation that they are about. Everybody else reads published tables: `tables` names the \
         latest, and GET /v1/published lists all.";

    TOO_MUCH_QUARANTINED TOO_MANY_REQUESTS "too-much-quarantined" "Too much waits for somebody to look at it"
        "A tablet handed in too much within a day that could not be merged. Ask your manager to look at what is quarantined. The \
         tablet keeps everything, and may sync again when Retry-After says.";

    INTERNAL INTERNAL_SERVER_ERROR "internal" "The service failed"
        "The service made a mistake. Its log knows the request by the id that the answer gives; tell it to whoever runs the \
         service.";
    PROVIDER_FAILED BAD_GATEWAY "provider-failed" "The identity provider gave no answer that counts"
        "The detail says what is wrong with it. Try again in a while; if it stays so, tell the administrator, who set it up.";

    IMPORT_STOPPED SERVICE_UNAVAILABLE "import-stopped" "The import stopped half way"
        "`lines` says which lines were made. Send the same sheet again: what is there is left as it is, and the rest is made.";
    UNAVAILABLE SERVICE_UNAVAILABLE "unavailable" "The service is not available now"
        "The service can't reach its store, or is very busy. Nothing was changed; try again when Retry-After says.";
    BUSY SERVICE_UNAVAILABLE "busy" "The service is very busy"
        "The service has too much to do at this moment. Nothing was changed; try again when Retry-After says.";
    PROGRAM_OUTDATED SERVICE_UNAVAILABLE "program-outdated" "The service is older than its database"
        "A newer version of the program brought the database up to date, and must run in the place of this one. Tell your \
         administrator. Nothing was changed.";
    STORAGE_FULL INSUFFICIENT_STORAGE "storage-full" "The disk of the service is full"
        "There is no room left to keep this. Nothing was changed; tell your administrator, and try again later.";
}

/// The kind with this slug.
pub fn find(slug: &str) -> Option<Kind> {
    ALL.iter().copied().find(|kind| kind.slug == slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_slug_of_its_own_and_says_what_to_do() {
        for kind in ALL {
            assert_eq!(find(kind.slug), Some(*kind), "{} stands here twice", kind.slug);
            assert!(kind.slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", kind.slug);
            assert!(kind.about.ends_with('.') && !kind.title.ends_with('.'), "{}", kind.slug);
            assert!(kind.status.is_client_error() || kind.status.is_server_error());
        }
    }
}
