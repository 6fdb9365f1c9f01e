//! The service on the network: its addresses, what surrounds every request, starting and stopping.
//!
//! A new room adds its addresses in [`configure_v1`]; the OpenAPI document and the browsable page follow from
//! the code.

mod beside;
mod body;
mod guide;
mod headers;
mod health;
mod idempotency;
mod methods;
mod openapi;
mod problems;
mod serve;
mod tls;
#[cfg(test)]
mod tests;

pub use openapi::openapi;
pub use serve::{Running, SecondFactor, ServeError, Settings, serve};
pub use tls::{Certificate, TlsError};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, web};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::SwaggerUi;

use crate::access::{self, Gate, Providers, Tokens};
use crate::audit;
use crate::clock::Clock;
use crate::coverage;
use crate::custody;
use crate::edits;
use crate::erasure;
use crate::frameworks;
use crate::importing;
use crate::inbox;
use crate::intake::{self, Intake};
use crate::leading;
use crate::money;
use crate::oversight;
use crate::problem;
use crate::published;
use crate::quarantine;
use crate::records;
use crate::register::{self, lease::Lease};
use crate::retention;
use crate::scope;
use crate::store::{Store, StoreError};
use crate::sync::{self, Turns};
use crate::telemetry;
use crate::{questions, totals};

/// Where the OpenAPI document is.
const DOCUMENT: &str = "/v1/openapi.json";

/// What the handlers work with; each takes the parts it needs as `web::Data`.
#[derive(Debug, Clone)]
pub struct State {
    pub store: Store,
    pub clock: Clock,
    pub tokens: Tokens,
    pub gate: Gate,
    pub providers: Providers,
    pub intake: Intake,
    pub turns: Turns,
    pub lease: Lease,
}

impl State {
    /// The state of a service on a migrated store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let tokens = Tokens::of(&store).await?;
        let gate = Gate::of(&store).await?;
        let (providers, intake, turns) = (Providers::new(false), Intake::default(), Turns::default());
        let lease = Lease::default();
        Ok(Self { store, clock, tokens, gate, providers, intake, turns, lease })
    }
}

/// The addresses of version 1, room by room.
pub fn configure_v1(config: &mut ServiceConfig<'_>) {
    access::configure(config);
    scope::configure(config);
    oversight::configure(config);
    register::configure(config);
    sync::configure(config);
    records::configure(config);
    coverage::configure(config);
    frameworks::configure(config);
    money::configure(config);
    leading::configure(config);
    edits::configure(config);
    importing::configure(config);
    inbox::configure(config);
    erasure::configure(config);
    retention::configure(config);
    custody::configure(config);
    quarantine::configure(config);
    published::configure(config);
    totals::configure(config);
    questions::configure(config);
}

/// What an address of the service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Whole,
    /// All but the numbers for Prometheus and the page to try the API at, which are for its operator.
    Public,
}

/// One worker's copy of the service.
pub fn app(
    state: State,
    face: Face,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let (app, _) = App::new().into_utoipa_app().configure(configure_v1).split_for_parts();
    app.configure(problem::extractors)
        .configure(health::configure)
        .configure(problems::configure)
        .configure(guide::configure)
        .service(web::redirect("/", "/guide/"))
        .route(DOCUMENT, web::get().to(openapi::document))
        .configure(|config| {
            if face == Face::Whole {
                health::configure_metrics(config);
                config.service(web::redirect("/docs", "/docs/"));
                config.service(SwaggerUi::new("/docs/{_:.*}").config(DOCUMENT.into()));
            }
        })
        .default_service(web::to(problem::no_such_route))
        .app_data(openapi())
        .app_data(web::Data::new(state.store))
        .app_data(web::Data::new(state.clock))
        .app_data(web::Data::new(state.tokens))
        .app_data(web::Data::new(state.gate))
        .app_data(web::Data::new(state.providers))
        .app_data(web::Data::new(state.intake))
        .app_data(web::Data::new(state.turns))
        .app_data(web::Data::new(state.lease))
        .wrap(from_fn(scope::judge_first))
        .wrap(from_fn(audit::witness))
        .wrap(from_fn(idempotency::once))
        .wrap(from_fn(body::whole))
        .wrap(Compress::default())
        .wrap(from_fn(methods::complete))
        .wrap(from_fn(intake::take_in))
        .wrap(from_fn(headers::guard))
        .wrap(from_fn(telemetry::observe))
}
