//! The body of a request, which passes the gate immediately before the request is written.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::{SendGate, TransportError};

/// hyper polls a body when the connection is established and the head is in its buffer, before it writes either. So the
/// first poll passes the gate, and an error at that moment closes the connection before anything is written.
pub(super) struct GatedBody {
    pub(super) gate: SendGate,
    pub(super) bytes: Option<Bytes>,
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = Refused;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refused>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(self.gate.pass().map(|()| Frame::data(bytes)).map_err(Refused)))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// The gate refused the request.
#[derive(Debug)]
pub(super) struct Refused(pub(super) TransportError);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl StdError for Refused {}
