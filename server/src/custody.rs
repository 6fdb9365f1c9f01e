//! Who holds which groups, on which tablets, and how that ends: a tablet is revoked, a person is disabled or moves to
//! another organisation. None of it loses what was recorded. The tablet still hands it in, it waits for the group's manager
//! ([`crate::quarantine`]), and the tablet is told to drop what it holds; its receipts are read here. What a lost tablet may
//! hold is told in [`incident`].

mod refusal;
mod holdings;
mod tablet;
pub mod incident;
mod person;

use utoipa_actix_web::service_config::ServiceConfig;

/// The addresses of this room.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(holdings::groups_of_tablet)
        .service(holdings::tablets_of_group)
        .service(tablet::revoke_device)
        .service(incident::incident_report)
        .service(person::disable_user)
        .service(person::enable_user)
        .service(person::move_user);
}
