//! Leaves out schemas that nothing refers to: utoipa collects those of items that a page has inlined.

use std::collections::BTreeSet;

use utoipa::openapi::OpenApi;

pub(super) fn leave_out(api: &mut OpenApi) {
    // What only an unused schema refers to is unused in the next round.
    loop {
        let text = serde_json::to_string(api).expect("the document is JSON");
        let references = text.split("\"#/components/schemas/").skip(1);
        let named: BTreeSet<&str> = references.filter_map(|rest| rest.split('"').next()).collect();
        let Some(components) = &mut api.components else { return };
        let before = components.schemas.len();
        components.schemas.retain(|name, _| named.contains(name.as_str()));
        if components.schemas.len() == before {
            return;
        }
    }
}
