//! What the service takes in. A body is read to its end before anybody handles the request, within four bounds: how large it
//! may be at its address, how slowly it may come, how long it may take in all, and how many bytes of all bodies the
//! service holds at once.
//!
//! What is declared too large is refused before a byte is read. A body that was refused half way stays unread, and its
//! connection is closed.

mod unread;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::{BodyStream, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{Error, HttpMessage, ResponseError};
use sync_core::limits::MAX_BODY;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::problem::{self, JSON_LIMIT, Problem, kind};
use unread::Unread;

/// Bytes. A spreadsheet: five thousand lines of four hundred letters.
pub(crate) const MAX_SHEET: usize = 2 * 1024 * 1024;

/// What a workbook says that it is (ECMA-376).
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// How large a body may be at an address, in bytes, and what a larger one is. Most are forms that a person filled in.
fn limit_at(path: &str) -> (usize, problem::Kind) {
    match path {
        "/v1/sync" => (MAX_BODY, kind::TOO_LARGE),
        _ if path.starts_with("/v1/imports/") => (MAX_SHEET, kind::BODY_TOO_LARGE),
        _ => (JSON_LIMIT, kind::BODY_TOO_LARGE),
    }
}

/// How a body may come, and how much of all of them is held.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In each window of time at least so many bytes of a body must come. A tablet gives a link up when nothing moves for a
    /// minute; a link that moves carries this on the worst of days.
    pub window: Duration,
    pub least: usize,
    /// A body has come to its end after so long. The largest comes over EDGE, at four kilobytes a second, in time.
    pub deadline: Duration,
    /// How many bytes of bodies the service holds at once, as they came and expanded. A tablet's request is a tenth of a
    /// megabyte as it comes, and half a megabyte expanded.
    pub held: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            least: 8 * 1024,
            deadline: Duration::from_secs(10 * 60),
            held: 128 * 1024 * 1024,
        }
    }
}

/// What one service takes in, shared by all that answer for it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    bounds: Bounds,
    held: Arc<AtomicUsize>,
    /// Bodies that are being expanded: as many as there are cores, since each may for a moment be as large as the limit.
    expanding: Arc<Semaphore>,
}

/// Bytes that the service holds; given back when this is dropped.
#[derive(Debug)]
pub struct BytesHeld {
    all: Arc<AtomicUsize>,
    most: usize,
    mine: usize,
}

impl BytesHeld {
    /// Counts more bytes.
    ///
    /// # Errors
    /// 503 `busy` if the service would hold too many.
    pub fn take(&mut self, more: usize) -> Result<(), Problem> {
        let all = self.all.fetch_add(more, Ordering::Relaxed) + more;
        self.mine += more;
        if all > self.most { Err(Problem::busy()) } else { Ok(()) }
    }
}

impl Drop for BytesHeld {
    fn drop(&mut self) {
        self.all.fetch_sub(self.mine, Ordering::Relaxed);
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self::within(Bounds::default())
    }
}

impl Intake {
    pub fn within(bounds: Bounds) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { bounds, held: Arc::default(), expanding: Arc::new(Semaphore::new(cores)) }
    }

    fn nothing(&self) -> BytesHeld {
        BytesHeld { all: Arc::clone(&self.held), most: self.bounds.held, mine: 0 }
    }

    /// Opens a body on a thread where blocking is allowed, when it is its turn. What it expands to is held until the second of
    /// the pair is dropped.
    ///
    /// # Errors
    /// What `open` answers.
    pub async fn expand<T: Send + 'static>(
        &self,
        open: impl FnOnce(&mut BytesHeld) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, BytesHeld), Problem> {
        let turn = Arc::clone(&self.expanding).acquire_owned().await.map_err(|_| Problem::internal())?;
        let mut held = self.nothing();
        let opened = web::block(move || {
            let _turn = turn;
            open(&mut held).map(|opened| (opened, held))
        });
        opened.await.map_err(|_| Problem::internal())?
    }

    /// Reads a body to its end.
    async fn read(
        &self,
        body: &mut Pin<Box<BodyStream<Payload>>>,
        limit: (usize, problem::Kind),
    ) -> Result<(Bytes, BytesHeld), Problem> {
        let Bounds { window, least, deadline, .. } = self.bounds;
        let deadline = Instant::now() + deadline;
        let (mut window_ends, mut came) = (Instant::now() + window, 0);
        let (mut blocks, mut held) = (Blocks::default(), self.nothing());
        loop {
            let next = poll_fn(|cx| body.as_mut().poll_next(cx));
            match timeout_at(window_ends.min(deadline), next).await {
                Ok(None) => return Ok((blocks.joined(), held)),
                Ok(Some(Ok(chunk))) => {
                    if blocks.length + chunk.len() > limit.0 {
                        return Err(too_large(limit));
                    }
                    held.take(blocks.put(&chunk))?;
                    came += chunk.len();
                }
                Ok(Some(Err(_))) => return Err(broken_off()),
                Err(_) if came < least => return Err(too_slow()),
                Err(_) => (window_ends, came) = (Instant::now() + window, 0),
            }
            if Instant::now() >= deadline {
                return Err(too_slow());
            }
        }
    }
}

/// A body as it comes, in blocks of one size: one that grew as a whole would be copied again and again, and leave as much behind as
/// it holds.
#[derive(Default)]
struct Blocks {
    all: Vec<Vec<u8>>,
    length: usize,
}

impl Blocks {
    const SIZE: usize = 64 * 1024;

    /// Takes more bytes; gives how many bytes of new blocks that took.
    fn put(&mut self, mut chunk: &[u8]) -> usize {
        let before = self.all.len();
        self.length += chunk.len();
        while !chunk.is_empty() {
            if self.all.last().is_none_or(|block| block.len() == Self::SIZE) {
                self.all.push(Vec::with_capacity(Self::SIZE));
            }
            let Some(block) = self.all.last_mut() else { break };
            let (now, later) = chunk.split_at(chunk.len().min(Self::SIZE - block.len()));
            block.extend_from_slice(now);
            chunk = later;
        }
        (self.all.len() - before) * Self::SIZE
    }

    fn joined(self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(self.length);
        self.all.into_iter().for_each(|block| bytes.extend_from_slice(&block));
        bytes.freeze()
    }
}

/// Middleware: reads the body, and hands the request on with all of it.
pub(crate) async fn take_in(
    intake: web::Data<Intake>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let payload = match request.take_payload() {
        Payload::None => return Ok(next.call(request).await?.map_into_boxed_body()),
        payload => payload,
    };
    let mut body = Box::pin(BodyStream::new(payload));
    // Nobody would look at it there.
    if request.match_pattern().is_none() {
        let response = next.call(request).await?.map_into_boxed_body();
        return Ok(response.map_body(|_, answer| BoxBody::new(Unread::beside(answer, body))));
    }
    let limit = limit_at(request.path());
    let read = if declared(&request) > limit.0 {
        Err(too_large(limit))
    } else {
        intake.read(&mut body, limit).await
    };
    match read {
        Ok((bytes, _held)) => {
            request.set_payload(Payload::from(bytes));
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(problem) => {
            let response = request.into_response(problem.error_response());
            Ok(response.map_body(|_, answer| BoxBody::new(Unread::beside(answer, body))))
        }
    }
}

fn declared(request: &ServiceRequest) -> usize {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.trim().parse().ok()).unwrap_or_default()
}

fn too_large((limit, kind): (usize, problem::Kind)) -> Problem {
    Problem::of(
        kind,
        format!("A body may have {} KiB here. Nothing was taken; send less at a time.", limit / 1024),
    )
}

fn too_slow() -> Problem {
    Problem::of(
        kind::BODY_TOO_SLOW,
        "Too little of it came in too long a time. Nothing was taken; send it again, or less at a time.",
    )
}

fn broken_off() -> Problem {
    Problem::of(
        kind::CUT_OFF,
        "The connection ended before all of it had come. Nothing was taken; send it again.",
    )
}
