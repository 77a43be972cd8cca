//! How bytes cross: in a block of their length, four bytes in little endian, and themselves. All `unsafe` code is here.

use std::ptr;

/// The length in front.
const HEAD: usize = size_of::<u32>();

/// The address of a block that JavaScript filled; null where an argument is absent. Only JavaScript makes one, and passes
/// each to one call.
#[repr(transparent)]
pub(crate) struct Given(*mut u8);

/// A block, freed when it is dropped.
pub(crate) struct Block(Box<[u8]>);

impl Given {
    pub(crate) fn block(self) -> Option<Block> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: JavaScript passes the address of a block from `Block::lend`, whose head it does not change.
        let length = u32::from_le_bytes(unsafe { self.0.cast::<[u8; HEAD]>().read() });
        let slice = ptr::slice_from_raw_parts_mut(self.0, HEAD + length as usize);
        // SAFETY: as above. `lend` made it from a box of that size, and JavaScript gives each address back once.
        Some(Block(unsafe { Box::from_raw(slice) }))
    }
}

impl Block {
    fn of(length: usize) -> Vec<u8> {
        // A length that memory cannot hold ends here: the instance traps, and JavaScript makes another.
        let mut room = Vec::with_capacity(length.saturating_add(HEAD));
        room.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        room
    }

    pub(crate) fn from_parts(parts: &[&[u8]]) -> Self {
        let mut room = Self::of(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            room.extend_from_slice(part);
        }
        Self(room.into_boxed_slice())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0[HEAD..]
    }

    /// JavaScript owns it until it passes the address to a function or to [`release`].
    pub(crate) fn lend(self) -> *mut u8 {
        Box::into_raw(self.0).cast()
    }
}

/// Room for so many bytes, which JavaScript writes behind the head.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn allocate(length: usize) -> *mut u8 {
    let mut room = Block::of(length);
    room.resize(length + HEAD, 0);
    Block(room.into_boxed_slice()).lend()
}

/// Frees a result that JavaScript has read.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn release(given: Given) {
    drop(given.block());
}
