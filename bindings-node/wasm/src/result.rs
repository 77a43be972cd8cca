//! The result for JavaScript: an encoded value or error and its raw texts, each after its length.

use kopokopo::types::Raw;
use kopokopo_ffi::{
    error::Result,
    value::{
        View,
        codec::{self, Moments},
    },
};

use crate::memory::Block;

/// An encoded value and its raw texts.
pub(crate) struct Encoded(Vec<u8>, Vec<Raw>);

/// Whatever JavaScript calls goes through here. Errors are data. A panic is a trap, because nothing unwinds here.
pub(crate) fn respond(work: impl FnOnce() -> Result<Encoded>) -> *mut u8 {
    let Encoded(row, raws) = work().unwrap_or_else(|error| Encoded(codec::encode_error(&error), Vec::new()));
    let parts: Vec<&[u8]> = std::iter::once(&*row).chain(raws.iter().map(|raw| raw.as_str().as_bytes())).collect();
    let heads: Vec<[u8; 4]> =
        parts.iter().map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes()).collect();
    let mixed: Vec<&[u8]> = heads.iter().zip(&parts).flat_map(|(head, part)| [head.as_slice(), part]).collect();
    Block::from_parts(&mixed).lend()
}

pub(crate) fn of(view: View<'_>) -> Encoded {
    let mut raws = Vec::new();
    Encoded(codec::encode(view, Moments::Milliseconds, &mut raws), raws)
}

/// What was read from a body that JavaScript has: that is not handed back to it.
pub(crate) fn of_body(view: View<'_>, body: &[u8]) -> Encoded {
    let Encoded(row, mut raws) = of(view);
    if raws.iter().all(|raw| raw.as_str().as_bytes() == body) {
        raws.clear();
    }
    Encoded(row, raws)
}
