//! A slow link: what goes through it comes later, and so many bytes a second; and it may break.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How slow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slow {
    /// One way.
    delay: Duration,
    bytes_a_second: u32,
    /// A connection is cut once so many bytes went one way.
    cut_after: Option<usize>,
}

/// What a village has: 300 ms there and back, 32 KB a second.
pub(super) const EDGE: Slow =
    Slow { delay: Duration::from_millis(150), bytes_a_second: 32 * 1024, cut_after: None };

/// The same on a bad day: it breaks after 48 KB, each time.
pub(super) const BREAKING: Slow = Slow { cut_after: Some(48 * 1024), ..EDGE };

/// Stands before a service; lives as long as the process.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) url: String,
}

impl Proxy {
    pub(super) fn to(url: &str, slow: Slow) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection begins with a journey there and back.
                thread::sleep(slow.delay * 2);
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let both = [
                    client.try_clone().and_then(|client| Ok((client, server.try_clone()?))),
                    Ok((server, client)),
                ];
                for (from, to) in both.into_iter().flatten() {
                    thread::spawn(move || carry(from, to, slow));
                }
            }
        });
        Self { url }
    }
}

/// Carries one way until it ends.
fn carry(mut from: TcpStream, mut to: TcpStream, slow: Slow) {
    let (sender, receiver) = std::sync::mpsc::sync_channel::<(Instant, Vec<u8>)>(1024);
    let far = thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        to.shutdown(Shutdown::Write).ok();
    });
    let mut buffer = [0; 1_024];
    let (mut free, mut carried) = (Instant::now(), 0);
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        carried += read;
        if slow.cut_after.is_some_and(|most| carried > most) {
            // Both ways end, whatever is still on its way.
            from.shutdown(Shutdown::Both).ok();
            break;
        }
        free = free.max(Instant::now()) + Duration::from_secs(1) * read as u32 / slow.bytes_a_second;
        if sender.send((free + slow.delay, buffer[..read].to_vec())).is_err() {
            break;
        }
    }
    drop(sender);
    far.join().ok();
}
