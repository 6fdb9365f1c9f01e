//! Websockets for samod, and what passes over a client's: every byte that it writes to TCP or reads from it.
//!
//! samod has websockets of its own, but counts nothing, and they come with OpenSSL.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{SinkExt, StreamExt, TryStreamExt};
use samod::{DialError, Dialer, Transport, Url};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::io::{InspectReader, InspectWriter};

/// Without a byte for so long, nothing more will come.
const SETTLED: Duration = Duration::from_millis(300);

/// samod's messages over a websocket.
pub(crate) fn transport<S>(socket: WebSocketStream<S>) -> Transport
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sink, stream) = socket.split();
    let received = stream.try_filter_map(|message| {
        ready(Ok(match message {
            Message::Binary(bytes) => Some(bytes.into()),
            _ => None,
        }))
    });
    let sent = sink.with(|bytes: Vec<u8>| ready(Ok::<_, Error>(Message::Binary(bytes.into()))));
    Transport::new(received, sent)
}

/// Connects to the server, and counts.
#[derive(Debug)]
pub(crate) struct Meter {
    url: Url,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
}

impl Meter {
    pub(crate) fn new(url: Url) -> Self {
        Self { url, up: Arc::default(), down: Arc::default() }
    }

    /// The bytes sent and received, once nothing more passes.
    pub(crate) async fn settled(&self) -> (u64, u64) {
        loop {
            let before = self.read();
            sleep(SETTLED).await;
            if self.read() == before {
                return before;
            }
        }
    }

    fn read(&self) -> (u64, u64) {
        (self.up.load(Ordering::Relaxed), self.down.load(Ordering::Relaxed))
    }
}

impl Dialer for Meter {
    type Error = Infallible;

    fn url(&self) -> Url {
        self.url.clone()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Transport, DialError<Infallible>>> {
        let (url, up, down) = (self.url.clone(), self.up.clone(), self.down.clone());
        Box::pin(async move {
            let stream = connected(&url).await.map_err(DialError::transient)?;
            let stream = InspectReader::new(stream, move |bytes| count(&down, bytes));
            let stream = InspectWriter::new(stream, move |bytes| count(&up, bytes));
            let (socket, _) = client_async(url.as_str(), stream).await.map_err(DialError::transient)?;
            Ok(transport(socket))
        })
    }
}

async fn connected(url: &Url) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(&*url.socket_addrs(|| None)?).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn count(total: &AtomicU64, bytes: &[u8]) {
    total.fetch_add(bytes.len() as u64, Ordering::Relaxed);
}
