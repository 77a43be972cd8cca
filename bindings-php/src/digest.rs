//! What a kept client is found by: a digest of its options, which have secrets. The digest has a key of its own in each
//! process, so that it says nothing about them, in a core dump either.

use kopokopo_ffi::value::{Arguments, Value};
use ring::{
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};

/// The key of a process's digests.
pub(crate) struct Key(hmac::Key);

/// The digest of some options.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Digest([u8; 32]);

impl Key {
    /// None if the system has no random numbers.
    pub(crate) fn random() -> Option<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Equal options have equal digests, and other options have others.
    pub(crate) fn digest(&self, options: &Arguments) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        named(&mut context, options);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        Digest(digest)
    }
}

/// Each part begins with its kind and its length, so that no two values are the same bytes.
fn part(context: &mut hmac::Context, kind: u8, bytes: &[u8]) {
    context.update(&[kind]);
    context.update(&bytes.len().to_be_bytes());
    context.update(bytes);
}

fn named(context: &mut hmac::Context, fields: &Arguments) {
    part(context, b'r', &fields.len().to_be_bytes());
    for (name, value) in fields {
        part(context, b'n', name.as_bytes());
        add(context, value);
    }
}

fn add(context: &mut hmac::Context, value: &Value) {
    match value {
        Value::Null => part(context, b'0', &[]),
        Value::Bool(own) => part(context, b'b', &[u8::from(*own)]),
        Value::Integer(number) => part(context, b'i', &number.to_be_bytes()),
        Value::Float(number) => part(context, b'f', &number.to_bits().to_be_bytes()),
        Value::Text(text) => part(context, b't', text.as_bytes()),
        Value::Word(word) => part(context, b'w', word.as_bytes()),
        Value::List(items) => {
            part(context, b'l', &items.len().to_be_bytes());
            for item in items {
                add(context, item);
            }
        }
        Value::Record(fields) => named(context, fields),
    }
}
