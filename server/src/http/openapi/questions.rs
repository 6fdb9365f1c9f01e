//! Leaves out, of what questions can be asked about and of how they are refused, what is none of each one's.

use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::{OpenApi, RefOr};

use crate::questions::{QUESTIONS, Question};

pub(super) fn complete(api: &mut OpenApi) {
    for question in QUESTIONS {
        let item = api.paths.paths.get_mut(question.path);
        if let Some(operation) = item.and_then(|item| item.get.as_mut()) {
            complete_one(operation, question);
        }
    }
}

fn complete_one(operation: &mut Operation, question: &Question) {
    let takes = |name: &str| question.takes.contains(&name);
    if let Some(all) = &mut operation.parameters {
        let is_taken = |one: &Parameter| one.name == "bom" || takes(&one.name);
        all.retain(|one| matches!(one, RefOr::T(one) if is_taken(one)));
    }
    // What is named may not be there.
    let slug = [("participant", "`no-such-participant`"), ("release", "`no-such-release`")];
    let slug = slug.into_iter().find(|(name, _)| takes(name)).map(|(_, slug)| slug);
    let all = &mut operation.responses.responses;
    match (slug, all.get_mut("404")) {
        (Some(slug), Some(RefOr::T(refusal))) => slug.clone_into(&mut refusal.description),
        _ => drop(all.remove("404")),
    }
}
