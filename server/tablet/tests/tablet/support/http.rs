//! The store behind a socket of this machine, with just enough of HTTP/1.1 for one tablet at a time. The faults happen
//! to the connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sync_core::limits::MAX_EXPANDED;
use sync_core::wire::{CONTENT_TYPE, Coding, close, open};
use tablet::link::{Enrol, Exchange as _, Said};

use super::{Fault, NOW, Store};

/// Serves until the test ends; gives the address.
pub(crate) fn serve(store: Arc<Mutex<Store>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve_one(stream.expect("a connection"), &store);
        }
    });
    format!("http://{address}/")
}

/// Requests on one connection, until the tablet or a fault closes it.
fn serve_one(mut stream: TcpStream, store: &Mutex<Store>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    while let Some((head, body)) = request(&mut reader) {
        let mut store = store.lock().expect("not poisoned");
        let fault = store.faults.pop_front();
        if fault == Some(Fault::LostRequest) {
            return;
        }
        let (coding, (status, kind, body)) = if head.starts_with("post /v1/enrol ") {
            (Coding::Identity, enrol(&mut store, &body))
        } else {
            assert!(head.starts_with("post /v1/sync "), "{head}");
            assert!(head.contains(&CONTENT_TYPE.to_lowercase()) && head.contains("content-encoding: zstd"));
            assert!(head.contains("accept-encoding: zstd"), "{head}");
            (Coding::Zstd, sync(&mut store, &body))
        };
        let body = close(coding, &body);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
        );
        let sent = match fault {
            Some(Fault::LostAnswer) => return,
            Some(Fault::CutAnswer) => &body[..length / 2],
            _ => &body,
        };
        stream.write_all(&[head.as_bytes(), sent].concat()).expect("sent");
        if fault.is_some() {
            return;
        }
    }
}

const PROBLEM: &str = "application/problem+json";

fn sync(store: &mut Store, body: &[u8]) -> (&'static str, &'static str, Vec<u8>) {
    let body = open(Coding::Zstd, body, MAX_EXPANDED).expect("zstd");
    match store.answer(&body) {
        Said::Answer(answer) => ("200 OK", CONTENT_TYPE, answer),
        Said::Seen { last } => {
            let problem = json!({ "type": "/problems/request-seen", "title": "Seen", "last": last });
            ("409 Conflict", PROBLEM, problem.to_string().into_bytes())
        }
    }
}

fn enrol(store: &mut Store, body: &[u8]) -> (&'static str, &'static str, Vec<u8>) {
    let asking: Value = serde_json::from_slice(body).expect("JSON");
    let text = |name: &str| asking[name].as_str().expect("text").to_owned();
    let asking =
        Enrol { code: text("code"), public_key: text("public_key"), device_name: text("device_name") };
    let (status, kind, answer) = match store.enrol(&asking) {
        Ok(enrolled) => {
            let user =
                json!({ "id": enrolled.user.id, "name": enrolled.user.name, "login": enrolled.user.login });
            let organisation = json!({ "id": enrolled.organisation.id, "name": enrolled.organisation.name });
            let keys =
                json!({ "receipt_key": enrolled.store.receipt_key, "seal_key": enrolled.store.seal_key });
            let answer = json!({ "device_id": enrolled.device_id, "user": user, "organisation": organisation,
                "epoch": enrolled.epoch, "store": keys, "now": NOW.to_string() });
            ("200 OK", "application/json", answer)
        }
        Err(error) => {
            let problem =
                json!({ "type": "/problems/code-used", "title": "Used", "detail": error.to_string() });
            ("409 Conflict", PROBLEM, problem)
        }
    };
    (status, kind, answer.to_string().into_bytes())
}

fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}
