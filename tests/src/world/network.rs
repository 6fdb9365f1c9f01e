//! The network between the tablets and the services, and all that goes wrong on it.

use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE as TYPE};
use actix_web::test::TestRequest;
use serde_json::Value;
use sync_core::limits::MAX_EXPANDED;
use sync_core::tablet::Failure;
use sync_core::wire::{Answer, CONTENT_TYPE, Coding, close, open};

use super::servers::Reply;
use super::strike::{POINTS, Point};
use super::{Sound, World, ensure};
use crate::Fault;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// The link fails.
    Link(Fault),
    /// It arrives later than others that were sent after it; its sender has long given up.
    Late,
    /// The store fails in the middle of the transaction.
    StoreAway(Point, i64),
    /// The service is killed in the middle of the transaction, and started again.
    ServerKilled(Point, i64),
}

/// What the tablet hears.
#[derive(Debug)]
pub(super) enum Said {
    Answer(Vec<u8>),
    /// A request with this number was seen before.
    Seen(u64),
    /// The service says no: status and kind of the problem.
    Refused(u16, String),
    Nothing,
    /// Nothing, and the tablet has noticed how.
    Failed(Failure),
}

impl Mishap {
    pub(super) const KINDS: usize = Fault::ALL.len() + 3;

    /// One of [`Mishap::KINDS`].
    pub(super) fn of(kind: usize, point: Point, rows: i64) -> Self {
        match Fault::ALL.get(kind) {
            Some(fault) => Self::Link(*fault),
            None if kind == Fault::ALL.len() => Self::Late,
            None if kind == Fault::ALL.len() + 1 => Self::StoreAway(point, rows),
            None => Self::ServerKilled(point, rows),
        }
    }

    pub(super) fn name(&self) -> String {
        let name = match self {
            Self::Link(Fault::LoseRequest) => "request lost",
            Self::Link(Fault::CutRequest) => "request cut",
            Self::Link(Fault::LoseAnswer) => "answer lost",
            Self::Link(Fault::CutAnswer) => "answer cut",
            Self::Link(Fault::Repeat) => "request twice",
            Self::Late => "request late",
            Self::StoreAway(..) => "store away",
            Self::ServerKilled(..) => "service killed",
        };
        format!("fault: {name}")
    }
}

impl World {
    /// Carries one request of a tablet, and perhaps its answer.
    pub(super) fn exchange(&mut self, body: &[u8], mishap: Option<Mishap>) -> Sound<Said> {
        let packed = close(Coding::Zstd, body);
        let Some(mishap) = mishap else { return self.deliver(&packed) };
        self.coverage.count(mishap.name());
        self.note(|| format!("    {mishap:?}"));
        match mishap {
            Mishap::Link(Fault::LoseRequest) => Ok(Said::Nothing),
            Mishap::Link(Fault::CutRequest) => {
                let said = self.deliver(&packed[..packed.len() / 2])?;
                let refused = matches!(said, Said::Refused(400, _));
                ensure(refused, "half a request is refused", || format!("{said:?}"))?;
                Ok(Said::Nothing)
            }
            Mishap::Link(Fault::LoseAnswer) => self.deliver(&packed).map(|_| Said::Nothing),
            Mishap::Link(Fault::CutAnswer) => Ok(match self.deliver(&packed)? {
                Said::Answer(mut body) => {
                    body.truncate(body.len() / 2);
                    Said::Answer(body)
                }
                other => other,
            }),
            Mishap::Link(Fault::Repeat) => {
                let said = self.deliver(&packed)?;
                let again = self.deliver(&packed)?;
                let twice = matches!(again, Said::Answer(_));
                ensure(!twice, "a request counts once", || format!("{said:?}, then {again:?}"))?;
                Ok(said)
            }
            Mishap::Late => {
                self.late.push(packed);
                Ok(Said::Nothing)
            }
            Mishap::StoreAway(point, more) => {
                let server = self.dice.below(self.ground.servers());
                let reply = self.ground.struck(server, point, more, sync_request(&packed));
                self.heard(reply, true)
            }
            Mishap::ServerKilled(point, more) => {
                let server = self.dice.below(self.ground.servers());
                let reply = self.ground.struck(server, point, more, sync_request(&packed));
                self.ground.restart(server);
                self.heard(reply, true).map(|_| Said::Nothing)
            }
        }
    }

    /// A request that was held up arrives. Nobody is there to hear the answer.
    pub(super) fn deliver_late(&mut self) -> Sound<bool> {
        if self.late.is_empty() {
            return Ok(false);
        }
        let at = self.dice.below(self.late.len());
        let packed = self.late.swap_remove(at);
        self.deliver(&packed).map(|_| true)
    }

    fn deliver(&mut self, packed: &[u8]) -> Sound<Said> {
        let server = self.dice.below(self.ground.servers());
        let reply = self.ground.answer(server, sync_request(packed));
        self.heard(reply, false)
    }

    fn heard(&mut self, reply: Reply, struck: bool) -> Sound<Said> {
        let failed = reply.status >= 500;
        ensure(
            !failed || (struck && reply.status == 503),
            "no answer is 5xx unless the store is away",
            || format!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body)),
        )?;
        if struck && failed {
            self.coverage.count("transactions broken off");
        }
        let coding =
            reply.headers.get(CONTENT_ENCODING).and_then(|name| name.to_str().ok()).unwrap_or_default();
        let body =
            coding.parse::<Coding>().ok().and_then(|coding| open(coding, &reply.body, MAX_EXPANDED).ok());
        let body = body.unwrap_or_default();
        if reply.status == 200 {
            let answer: Answer = minicbor::decode(&body).expect("an answer of the protocol");
            self.coverage.add(
                "pages with more to come",
                answer.pages.iter().filter(|page| page.fingerprint.is_none()).count() as u64,
            );
            return Ok(Said::Answer(body));
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let kind = problem["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        Ok(match problem["last"].as_u64() {
            Some(last) if reply.status == 409 && kind == "request-seen" => Said::Seen(last),
            _ => Said::Refused(reply.status, kind.to_owned()),
        })
    }

    /// Something that goes wrong with one request.
    pub(super) fn mishap(&mut self) -> Mishap {
        let kind = self.dice.below(Mishap::KINDS);
        let point = POINTS[self.dice.below(POINTS.len())];
        Mishap::of(kind, point, self.dice.between(0, 2))
    }
}

fn sync_request(packed: &[u8]) -> TestRequest {
    TestRequest::post()
        .uri("/v1/sync")
        .insert_header((TYPE, CONTENT_TYPE))
        .insert_header((CONTENT_ENCODING, "zstd"))
        .insert_header((ACCEPT_ENCODING, "zstd"))
        .set_payload(packed.to_vec())
}
