//! A provider that says what it is told to say, true or not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// What is said at an address.
#[derive(Clone)]
pub(crate) enum Said {
    Json(Value),
    /// Status and body.
    Error(u16, Value),
    /// So many bytes, as it says itself.
    Long(usize),
    /// Bytes without end.
    Endless,
    /// A byte now and then, without end.
    Slow,
    Redirect(String),
    Zipped,
}

pub(crate) struct Key(EcdsaKeyPair);

pub(crate) struct Liar {
    pub(crate) url: String,
    pub(crate) key: Key,
    said: Arc<Mutex<[Said; 3]>>,
    /// Bytes of bodies that it got rid of.
    sent: Arc<AtomicU64>,
    asked: Arc<AtomicU64>,
}

const METADATA: usize = 0;
const KEYS: usize = 1;
const TOKEN: usize = 2;

impl Key {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        Self(
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random)
                .expect("a key"),
        )
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// As a JSON Web Key of this name.
    pub(crate) fn jwk(&self, name: &str) -> Value {
        let (x, y) = self.public()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| BASE64URL_NOPAD.encode(part));
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": name, "x": x, "y": y})
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).expect("it signs").as_ref().to_vec()
    }
}

/// A token under any header, signed by anything.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
    let message = format!("{header}.{claims}");
    let signature = BASE64URL_NOPAD.encode(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

impl Liar {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let key = Key::new();
        let said = [
            Said::Json(Self::metadata(&url)),
            Said::Json(json!({"keys": [key.jwk("one")]})),
            Said::Json(json!({})),
        ];
        let said = Arc::new(Mutex::new(said));
        let (sent, asked): (Arc<AtomicU64>, Arc<AtomicU64>) = Default::default();
        let (saying, sending, asking) = (said.clone(), sent.clone(), asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (said, sent) = (saying.clone(), sending.clone());
                asking.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || drop(answer(stream, &said, &sent)));
            }
        });
        Self { url, key, said, sent, asked }
    }

    /// What is true of it.
    pub(crate) fn metadata(url: &str) -> Value {
        json!({
            "issuer": url, "authorization_endpoint": format!("{url}/auth"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"),
        })
    }

    fn says(&self, at: usize, said: Said) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)[at] = said;
    }

    pub(crate) fn says_of_itself(&self, said: Said) {
        self.says(METADATA, said);
    }

    pub(crate) fn has_keys(&self, said: Said) {
        self.says(KEYS, said);
    }

    pub(crate) fn gives(&self, said: Said) {
        self.says(TOKEN, said);
    }

    /// Gives this token for whatever code.
    pub(crate) fn vouches(&self, token: &str) {
        self.gives(Said::Json(json!({"access_token": "its own", "token_type": "Bearer", "id_token": token})));
    }

    /// As it is done.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        token(&json!({"alg": "ES256", "kid": "one"}), claims, |message| self.key.sign(message))
    }

    /// Says of itself what is true again.
    pub(crate) fn is_honest(&self) {
        self.says_of_itself(Said::Json(Self::metadata(&self.url)));
        self.has_keys(Said::Json(json!({"keys": [self.key.jwk("one")]})));
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How often somebody came.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn answer(mut stream: TcpStream, said: &Mutex<[Said; 3]>, sent: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut first, mut length) = (String::new(), String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if first.is_empty() {
            first.clone_from(&line);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length])?;
    let at = match first.split(' ').nth(1) {
        Some("/.well-known/openid-configuration") => METADATA,
        Some("/keys") => KEYS,
        _ => TOKEN,
    };
    let said = said.lock().unwrap_or_else(PoisonError::into_inner)[at].clone();
    let head = "connection: close\r\ncontent-type: application/json\r\n";
    match said {
        Said::Json(body) => {
            let body = body.to_string();
            write!(stream, "HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n{body}", body.len())
        }
        Said::Error(status, body) => {
            let body = body.to_string();
            write!(stream, "HTTP/1.1 {status} No\r\n{head}content-length: {}\r\n\r\n{body}", body.len())
        }
        Said::Long(length) => {
            write!(stream, "HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n{{}}")?;
            stream.write_all(&vec![b' '; length - 2])
        }
        Said::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n")?;
            loop {
                stream.write_all(&[b' '; 16 * 1024])?;
                sent.fetch_add(16 * 1024, Ordering::Relaxed);
            }
        }
        Said::Slow => {
            write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n")?;
            loop {
                stream.write_all(b" ")?;
                thread::sleep(Duration::from_millis(200));
            }
        }
        Said::Redirect(to) => {
            write!(stream, "HTTP/1.1 302 Found\r\n{head}location: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Said::Zipped => {
            write!(stream, "HTTP/1.1 200 OK\r\n{head}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{{}}")
        }
    }
}
