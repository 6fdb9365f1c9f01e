//! What people do over REST, each at some service with a token of their own.

use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use serde_json::Value;
use server::access::sign_in;
use sync_core::id::UserId;

use super::strike::POINTS;
use super::{Sound, World, ensure};

/// Of a hundred requests, so many meet a store that fails in the middle.
const STRUCK: u32 = 4;

impl World {
    /// Status and body, as the manager of an organisation gets them; nothing if the store broke off.
    pub(super) fn manager(
        &mut self,
        organisation: usize,
        request: TestRequest,
    ) -> Sound<Option<(u16, Value)>> {
        let manager = self.organisations[organisation].manager;
        self.person(manager, request)
    }

    /// As [`World::manager`], for anybody.
    pub(super) fn person(&mut self, user: UserId, request: TestRequest) -> Sound<Option<(u16, Value)>> {
        let server = self.dice.below(self.ground.servers());
        let state = self.ground.server(server).state.clone();
        let moment = self.ground.clock.moment();
        let token = state.store.write_blocking("desk", |tx| sign_in(tx, &state.tokens, user, &moment));
        let Some(token) = token.expect("the store answers") else { return Ok(Some((403, Value::Null))) };
        let request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
        let struck = self.faults && self.dice.percent(STRUCK);
        let reply = if struck {
            self.coverage.count("fault: store away from a desk");
            let point = POINTS[self.dice.below(POINTS.len())];
            self.ground.struck(server, point, 0, request)
        } else {
            self.ground.answer(server, request)
        };
        if struck && reply.status == 503 {
            return Ok(None);
        }
        let said = || format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        ensure(reply.status < 500, "no answer is 5xx unless the store is away", said)?;
        self.note(|| format!("    the desk says {}", reply.status));
        Ok(Some((reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())))
    }
}
