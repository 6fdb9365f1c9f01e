//! What a service takes in: how large a request may be, how slowly it may come, how many there may be at once, and what all of
//! them together cost in memory.

mod bodies;
mod memory;
mod passwords;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sync_core::wire::CONTENT_TYPE;

/// A client that writes bytes as it likes.
struct Raw(TcpStream);

impl Raw {
    fn to(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).expect("the service listens");
        // A test that waits for what never comes is to fail.
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        Self(stream)
    }

    /// Sends the head of a request, and nothing of its body.
    fn begin(url: &str, path: &str, kind: &str, length: &str) -> Self {
        let mut raw = Self::to(url);
        raw.send(
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n{length}\r\n\r\n")
                .as_bytes(),
        );
        raw
    }

    fn sync(url: &str, length: usize) -> Self {
        Self::begin(url, "/v1/sync", CONTENT_TYPE, &format!("content-length: {length}"))
    }

    /// The service may hang up on us while we still send: that is its right.
    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).ok();
    }

    /// What the service says until it hangs up.
    fn heard(mut self) -> Heard {
        let mut bytes = Vec::new();
        // Where it hangs up before it has read all that we sent, the system says so after what it said.
        let end = self.0.read_to_end(&mut bytes).err().map(|error| error.kind());
        let hung_up = !matches!(end, Some(std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
        assert!(hung_up, "it says no more, and does not hang up: {}", String::from_utf8_lossy(&bytes));
        Heard(String::from_utf8_lossy(&bytes).into_owned())
    }
}

struct Heard(String);

impl Heard {
    /// Status and last part of the type of a problem.
    fn problem(&self) -> (u16, &str) {
        let status =
            self.0.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let kind = self.0.split("\"type\":\"/problems/").nth(1).and_then(|rest| rest.split('"').next());
        (status, kind.unwrap_or_default())
    }
}
