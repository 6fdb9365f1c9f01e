//! Syncs over the real link, which twice in the three months is worse than usual.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use sync_core::wire::{CONTENT_TYPE, Coding, close};
use tablet::device::{Progress, SyncError};
use tablet::link::{Enrol, Enrolled, Exchange, Link, LinkError, Reply, Traffic};

use super::Failed;
use super::record::Tablet;
use super::tally::Tally;

/// What goes wrong with one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The network goes away in the middle of the request.
    CutOff,
    /// The service takes the request; its answer never arrives.
    AnswerLost,
}

/// The week's end on which something goes wrong, and for whom.
pub(super) fn fault(pair: usize, seat: usize, week: u32) -> Option<Fault> {
    match (pair, seat, week) {
        (0, 0, 5) => Some(Fault::CutOff),
        (1, 1, 6) => Some(Fault::AnswerLost),
        _ => None,
    }
}

/// Who is not sure whether it worked, and syncs again at once.
pub(super) fn again(pair: usize, seat: usize, week: u32) -> bool {
    (pair, seat, week) == (2, 0, 6)
}

/// The tablet's own link, with what may go wrong next.
pub(super) struct Line {
    link: Link,
    server: SocketAddr,
    fault: Option<Fault>,
}

impl Line {
    pub(super) fn to(server: SocketAddr) -> Result<Self, Failed> {
        Ok(Self { link: Link::to(&format!("http://{server}"))?, server, fault: None })
    }

    /// Sends the head of the request and half of its body, and hangs up.
    fn cut_off(&self, body: &[u8]) -> std::io::Result<Traffic> {
        let body = close(Coding::Zstd, body);
        let half = &body[..body.len() / 2];
        let mut stream = TcpStream::connect(self.server)?;
        write!(
            stream,
            "POST /v1/sync HTTP/1.1\r\nHost: {}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Encoding: zstd\r\n\
             Content-Length: {}\r\n\r\n",
            self.server,
            body.len()
        )?;
        stream.write_all(half)?;
        stream.flush()?;
        Ok(Traffic { up: half.len() as u64, down: 0 })
    }
}

impl Exchange for Line {
    fn enrol(&mut self, asking: &Enrol) -> Result<Enrolled, LinkError> {
        self.link.enrol(asking)
    }

    fn exchange(&mut self, body: Vec<u8>, moved: &mut dyn FnMut(Traffic)) -> Result<Reply, LinkError> {
        match self.fault.take() {
            None => self.link.exchange(body, moved),
            Some(Fault::CutOff) => {
                let sent = self.cut_off(&body).map_err(|error| LinkError::Broken(error.to_string()))?;
                moved(sent);
                Err(LinkError::Broken("the network went away".into()))
            }
            Some(Fault::AnswerLost) => {
                self.link.exchange(body, moved)?;
                Err(LinkError::Broken("the network went away".into()))
            }
        }
    }
}

/// Counts all bytes, also those of exchanges that failed.
struct Meter<'t>(&'t mut Traffic);

impl Progress for Meter<'_> {
    fn moved(&mut self, more: Traffic) {
        self.0.up += more.up;
        self.0.down += more.down;
    }
}

impl Tablet {
    /// Syncs; if the link fails as planned, the facilitator simply does it again.
    pub(super) fn sync(&mut self, fault: Option<Fault>, tally: &mut Tally) -> Result<(), Failed> {
        self.line.fault = fault;
        match self.device.sync_over(&mut self.line, &mut Meter(&mut tally.traffic)) {
            Ok(summary) => {
                tally.synced(self.device.tablet(), &summary.report);
                Ok(())
            }
            Err(SyncError::Link(LinkError::Broken(_))) if fault.is_some() => {
                let waiting = self.device.tablet().outbox().len();
                self.sync(None, tally)?;
                let how = match fault {
                    Some(Fault::CutOff) => "was cut off in the middle of a request",
                    _ => "lost the answer to a request that the service had taken",
                };
                let name = self.name;
                tally.mishaps.push(format!(
                    "{name}'s tablet {how};\n  its {waiting} changes waited on and went with the next sync."
                ));
                Ok(())
            }
            Err(error) => Err(format!("{}'s tablet: {error}", self.name).into()),
        }
    }
}
