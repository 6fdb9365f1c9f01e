//! The real link, and what may go wrong with it.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use sync_core::wire::{CONTENT_TYPE, Coding, close};
use tablet::link::{Enrol, Enrolled, Exchange, Link, LinkError, Reply, Traffic};

use super::Failed;

/// What goes wrong with one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The network goes away in the middle of the request.
    CutOff,
    /// The service takes the request; its answer never arrives.
    AnswerLost,
}

/// The tablet's own link, with what may go wrong next.
pub(super) struct Line {
    link: Link,
    server: SocketAddr,
    pub(super) fault: Option<Fault>,
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
