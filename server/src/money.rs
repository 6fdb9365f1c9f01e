//! Budgets: what an organisation has for its work, by method and months. Managers enter lines; results are divided by them in
//! [`questions`](crate::questions). A line is not changed: it is taken back with a new one in its place.

mod line;
mod kept;
mod handler;

pub(crate) use kept::{all_of, lines};
pub(crate) use line::{Line, amounts};

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(handler::list_budget)
        .service(handler::enter_budget_line)
        .service(handler::take_back_budget_line);
}
