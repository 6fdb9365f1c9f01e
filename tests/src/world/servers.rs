//! The services of one world: several in this process, on one store, each with the real addresses and handlers.

use std::fmt;
use std::rc::Rc;

use actix_web::body::to_bytes;
use actix_web::http::header::HeaderMap;
use actix_web::rt::SystemRunner;
use actix_web::test::{TestRequest, init_service, try_call_service};
use server::clock::Clock;
use server::http::{Face, State, app};
use server::ledger;
use server::store::Store;

/// What came back over HTTP.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// One service. Dropping it is killing it: what it knew beside the store is gone.
pub(super) struct Server {
    pub(super) state: State,
    answer: Box<dyn Fn(TestRequest) -> Reply>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts a service as `server::http::serve` does, without a socket.
    pub(super) fn start(runner: &Rc<SystemRunner>, url: &str, clock: &Clock) -> Self {
        let store = Store::open(url).expect("the store opens");
        let state = runner.block_on(async {
            ledger::catch_up(&store).await.expect("the rows are brought up to date");
            let mut state = State::of(store, clock.clone()).await.expect("the store has an identity");
            // People of a world are signed in from behind.
            state.gate.demands_second_factor = false;
            state
        });
        let service = runner.block_on(init_service(app(state.clone(), Face::Whole)));
        let runner = Rc::clone(runner);
        let answer = move |request: TestRequest| {
            runner.block_on(async {
                match try_call_service(&service, request.to_request()).await {
                    Ok(response) => {
                        let (status, headers) = (response.status().as_u16(), response.headers().clone());
                        let body = to_bytes(response.into_body()).await;
                        let body =
                            body.map_err(|_| "a body").expect("an answer has all of its body").to_vec();
                        Reply { status, headers, body }
                    }
                    Err(error) => {
                        let status = error.as_response_error().status_code().as_u16();
                        Reply { status, headers: HeaderMap::new(), body: Vec::new() }
                    }
                }
            })
        };
        Self { state, answer: Box::new(answer) }
    }

    pub(super) fn answer(&self, request: TestRequest) -> Reply {
        (self.answer)(request)
    }
}
