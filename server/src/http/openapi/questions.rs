//! Leaves out, of what questions can be asked about, what each of them does not take.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::{OpenApi, RefOr};

use crate::questions::QUESTIONS;

pub(super) fn complete(api: &mut OpenApi) {
    for question in QUESTIONS {
        let item = api.paths.paths.get_mut(question.path);
        let parameters = item.and_then(|item| item.get.as_mut()?.parameters.as_mut());
        let takes = |one: &Parameter| one.name == "bom" || question.takes.contains(&one.name.as_str());
        if let Some(all) = parameters {
            all.retain(|one| matches!(one, RefOr::T(one) if takes(one)));
        }
    }
}
