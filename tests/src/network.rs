//! The network between a tablet and the service. It fails when told, once, in one of the ways in which networks do.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;

use sync_core::wire::{CONTENT_TYPE, Coding, close};
use tablet::link::{Enrol, Enrolled, Exchange, Link, LinkError, Reply, Traffic};

/// One way of failing. Lost request and lost answer are different things: after the second the server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request never arrives.
    LoseRequest,
    /// The connection breaks in the middle of the request's body.
    CutRequest,
    /// The server took the request; its answer never arrives.
    LoseAnswer,
    /// The answer arrives cut off in the middle.
    CutAnswer,
    /// The request arrives twice.
    Repeat,
}

impl Fault {
    pub const ALL: [Self; 5] =
        [Self::LoseRequest, Self::CutRequest, Self::LoseAnswer, Self::CutAnswer, Self::Repeat];
}

/// How little a link carries, in bytes of bodies as they travel. It is the same each time, unlike a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrow {
    /// Something on the way refuses larger requests with 413.
    Refuses(usize),
    /// It breaks after so many bytes of a request.
    BreaksUp(usize),
    /// It breaks after so many bytes of an answer.
    BreaksDown(usize),
}

/// A link that fails as planned.
#[derive(Debug)]
pub struct Network {
    link: Link,
    address: String,
    faults: VecDeque<Option<Fault>>,
    narrow: Option<Narrow>,
    /// What was sent over it, whether or not it arrived: the sizes of requests.
    pub sent: Vec<usize>,
}

impl Network {
    pub fn to(url: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        let link = Link::to(url).expect("a sound address");
        Self { link, address, faults: VecDeque::new(), narrow: None, sent: Vec::new() }
    }

    /// What happens to the next requests, one after the other; all after them go well.
    #[must_use]
    pub fn failing(mut self, faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }

    /// How little it carries, for good.
    #[must_use]
    pub fn narrow(mut self, narrow: Narrow) -> Self {
        self.narrow = Some(narrow);
        self
    }

    fn through(
        &mut self,
        body: Vec<u8>,
        moved: &mut dyn FnMut(Traffic),
        narrow: Narrow,
    ) -> Result<Reply, LinkError> {
        let size = close(Coding::Zstd, &body).len();
        self.sent.push(size);
        match narrow {
            Narrow::Refuses(most) if size > most => Err(LinkError::TooLarge),
            Narrow::BreaksUp(most) if size > most => {
                self.cut(&body);
                Err(broken())
            }
            Narrow::Refuses(_) | Narrow::BreaksUp(_) => self.link.exchange(body, moved),
            Narrow::BreaksDown(most) => {
                let reply = self.link.exchange(body, moved)?;
                let cut = LinkError::CutOff { came: most, why: "the test broke it".to_owned() };
                if reply.traffic.down as usize > most { Err(cut) } else { Ok(reply) }
            }
        }
    }

    /// Sends half of a request's body, then hangs up.
    fn cut(&self, body: &[u8]) {
        let packed = close(Coding::Zstd, body);
        let mut stream = TcpStream::connect(&self.address).expect("the service listens");
        let head = format!(
            "POST /v1/sync HTTP/1.1\r\nhost: {}\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-encoding: zstd\r\ncontent-length: {}\r\n\r\n",
            self.address,
            packed.len()
        );
        stream.write_all(head.as_bytes()).expect("the service reads");
        stream.write_all(&packed[..packed.len() / 2]).expect("the service reads");
        stream.shutdown(std::net::Shutdown::Write).expect("the service is there");
        // Wait until the service has hung up too, so that nothing of this request is under way any more.
        stream.read_to_end(&mut Vec::new()).ok();
    }
}

fn broken() -> LinkError {
    LinkError::Broken("the test broke it".to_owned())
}

impl Exchange for Network {
    fn enrol(&mut self, asking: &Enrol) -> Result<Enrolled, LinkError> {
        self.link.enrol(asking)
    }

    fn exchange(&mut self, body: Vec<u8>, moved: &mut dyn FnMut(Traffic)) -> Result<Reply, LinkError> {
        if let Some(narrow) = self.narrow {
            return self.through(body, moved, narrow);
        }
        match self.faults.pop_front().flatten() {
            None => self.link.exchange(body, moved),
            Some(Fault::LoseRequest) => Err(broken()),
            Some(Fault::CutRequest) => {
                self.cut(&body);
                Err(broken())
            }
            Some(Fault::LoseAnswer) => {
                self.link.exchange(body, moved)?;
                Err(broken())
            }
            Some(Fault::CutAnswer) => {
                let mut reply = self.link.exchange(body, moved)?;
                if let tablet::link::Said::Answer(answer) = &mut reply.said {
                    answer.truncate(answer.len() / 2);
                }
                Ok(reply)
            }
            Some(Fault::Repeat) => {
                let reply = self.link.exchange(body.clone(), moved)?;
                self.link.exchange(body, moved)?;
                Ok(reply)
            }
        }
    }
}
