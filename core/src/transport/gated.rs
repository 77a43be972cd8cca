//! A stream that knows whether anything of a request was written.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{SendGate, TransportError, connect::Stream};

/// TLS encrypts a write of up to this size in one record. If writing it fails, the peer cannot read any of it.
const ONE_RECORD: usize = 16 * 1024;

/// What is known of the request that a connection carries. Shared by the stream and the task that waits for the response.
pub(super) struct Writes(Mutex<State>);

#[derive(Default)]
struct State {
    /// Asked before the first byte.
    gate: Option<SendGate>,
    /// When the connection is of no use any more.
    deadline: Option<Instant>,
    is_written: bool,
    refused: Option<TransportError>,
}

impl Writes {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new request begins.
    pub(super) fn arm(&self, gate: SendGate, deadline: Instant) {
        *self.lock() = State { gate: Some(gate), deadline: Some(deadline), ..State::default() };
    }

    /// The request is over.
    pub(super) fn disarm(&self) {
        *self.lock() = State::default();
    }

    /// Whether any byte of the request may have left this machine.
    pub(super) fn is_written(&self) -> bool {
        self.lock().is_written
    }

    /// Why the gate refused the request.
    pub(super) fn refused(&self) -> Option<TransportError> {
        self.lock().refused.clone()
    }

    fn is_overdue(&self) -> bool {
        self.lock().deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Passes the gate, if it has not been passed.
    fn before_write(&self, bytes: usize) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(gate) = state.gate.take()
            && let Err(refused) = gate.pass()
        {
            state.refused = Some(refused);
        }
        if state.refused.is_some() {
            return Err(io::Error::other("the request must not be sent"));
        }
        state.is_written |= bytes > ONE_RECORD;
        Ok(())
    }
}

/// The stream below an HTTP connection.
pub(super) struct Gated {
    pub(super) stream: Stream,
    pub(super) writes: Arc<Writes>,
}

impl AsyncRead for Gated {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // A server that never stops sending leaves a timer on the same thread no turn.
        if self.writes.is_overdue() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Gated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.before_write(bytes.len())?;
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if matches!(written, Poll::Ready(Ok(n)) if n > 0) {
            self.writes.lock().is_written = true;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gated").finish_non_exhaustive()
    }
}
