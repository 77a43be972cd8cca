//! One HTTP/1.1 connection, and the exchange of a request for a response on it.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;

use super::{
    Reason, Sent, TransportError,
    connect::{Connected, Forward, innermost},
    gated::{Gated, Writes},
};

/// The longest head of a response, and how much is read between two looks at the clock.
const MAX_HEAD: usize = 64 * 1024;

/// What reads and writes a connection.
type Driver = http1::Connection<TokioIo<Gated>, RequestBody>;

/// A connection. It is driven by the task of its request, or by a task of its own if it is to be kept.
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    driver: Option<Driver>,
    pub(super) writes: Arc<Writes>,
    pub(super) forward: Option<Forward>,
    pub(super) is_reused: bool,
}

impl Connection {
    pub(super) async fn new(connected: Connected) -> Result<Self, TransportError> {
        let writes = Writes::new();
        let gated = Gated { stream: connected.stream, writes: Arc::clone(&writes) };
        let (sender, connection) =
            http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(gated)).await.map_err(|error| {
                TransportError::new(Sent::No, Reason::Connection, format!("could not connect: {}", innermost(&error)))
            })?;
        Ok(Self { sender, driver: Some(connection), writes, forward: connected.forward, is_reused: false })
    }

    /// Lets a task drive the connection, so that it notices what happens to it while it is idle.
    pub(super) fn detach(&mut self) {
        if let Some(driver) = self.driver.take() {
            // An error was told to whoever waits for the response.
            tokio::spawn(driver.map(drop));
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Whether the connection ends with this value.
    pub(super) fn is_driven_here(&self) -> bool {
        self.driver.is_some()
    }

    pub(super) async fn send(&mut self, request: Request<RequestBody>) -> hyper::Result<Response<Incoming>> {
        let response = self.sender.send_request(request);
        drive(&mut self.driver, response).await
    }

    /// The next piece of a body; None at its end.
    pub(super) async fn chunk(&mut self, body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        loop {
            let frame = drive(&mut self.driver, poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx))).await?;
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => return Some(Ok(data)),
                Ok(Err(_trailers)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Ends a connection that is not kept: one look lets it say goodbye.
    pub(super) async fn close(self) {
        let Self { sender, driver, .. } = self;
        drop(sender);
        if let Some(mut driver) = driver {
            poll_fn(|cx| {
                let _ = Pin::new(&mut driver).poll(cx);
                Poll::Ready(())
            })
            .await;
        }
    }
}

/// Does some work, and meanwhile what the connection needs.
async fn drive<F: Future>(driver: &mut Option<Driver>, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Some(running) = driver
            && Pin::new(running).poll(cx).is_ready()
        {
            *driver = None;
        }
        work.as_mut().poll(cx)
    })
    .await
}

/// A request's body, in one piece.
pub(super) struct RequestBody(pub(super) Option<Bytes>);

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
