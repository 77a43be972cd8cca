//! Ruby's classes. Those of the contract are found by their names when a value of them is first seen, so that the
//! package loads only the files that a program uses.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use magnus::{
    Error, RClass, RHash, RModule, Ruby, TryConvert, Value,
    prelude::*,
    value::{Opaque, ReprValue},
};

/// Ruby's own classes, and the base class of records.
pub(crate) struct Builtin {
    pub(crate) record: Opaque<RClass>,
    pub(crate) big_decimal: Opaque<RClass>,
    pub(crate) time: Opaque<RClass>,
    pub(crate) numeric: Opaque<RClass>,
    pub(crate) values: rb_sys::ID,
}

/// The contract's classes that were found so far.
#[derive(Default)]
struct Found {
    records: HashMap<&'static str, Opaque<RClass>>,
    variants: HashMap<(&'static str, &'static str), Opaque<RClass>>,
    /// With the words that are known.
    words: HashMap<&'static str, (Opaque<RClass>, Opaque<RHash>)>,
}

static BUILTIN: OnceLock<Builtin> = OnceLock::new();
static FOUND: OnceLock<Mutex<Found>> = OnceLock::new();

fn found() -> MutexGuard<'static, Found> {
    // Nothing of Ruby runs while it is locked, so neither a fork nor another thread finds it locked.
    FOUND.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a class where it is: Ruby's garbage collector may move others.
fn kept<T: ReprValue + Copy>(ruby: &Ruby, value: T) -> Opaque<T> {
    ruby.gc_register_mark_object(value);
    value.into()
}

fn module(ruby: &Ruby) -> Result<RModule, Error> {
    ruby.class_object().const_get("KopoKopo")
}

/// `KopoKopo::Native`.
pub(crate) fn native(ruby: &Ruby) -> Result<RModule, Error> {
    module(ruby)?.const_get("Native")
}

pub(crate) fn builtin(ruby: &Ruby) -> Result<&'static Builtin, Error> {
    if let Some(builtin) = BUILTIN.get() {
        return Ok(builtin);
    }
    let class = |name: &str| ruby.class_object().const_get::<_, RClass>(name).map(|class| kept(ruby, class));
    let builtin = Builtin {
        record: kept(ruby, module(ruby)?.const_get::<_, RClass>("Record")?),
        big_decimal: class("BigDecimal")?,
        time: class("Time")?,
        numeric: class("Numeric")?,
        values: magnus::rb_sys::AsRawId::as_raw(ruby.intern("@values")),
    };
    Ok(BUILTIN.get_or_init(|| builtin))
}

/// A record's class.
pub(crate) fn record(ruby: &Ruby, name: &'static str) -> Result<RClass, Error> {
    if let Some(class) = found().records.get(name) {
        return Ok(ruby.get_inner(*class));
    }
    let class = module(ruby)?.const_get::<_, RClass>(name)?;
    found().records.insert(name, kept(ruby, class));
    Ok(class)
}

/// The class of a union's variant: `KopoKopo::EventPayload::SendMoney`.
pub(crate) fn variant(ruby: &Ruby, union: &'static str, word: &'static str) -> Result<RClass, Error> {
    if let Some(class) = found().variants.get(&(union, word)) {
        return Ok(ruby.get_inner(*class));
    }
    let class = module(ruby)?.const_get::<_, RModule>(union)?.const_get::<_, RClass>(upper_camel(word))?;
    found().variants.insert((union, word), kept(ruby, class));
    Ok(class)
}

/// A word of an enumeration. One that is not known becomes an object of its own.
pub(crate) fn word(ruby: &Ruby, name: &'static str, word: &str) -> Result<Value, Error> {
    let known = found().words.get(name).copied();
    let (class, members) = if let Some((class, members)) = known {
        (ruby.get_inner(class), ruby.get_inner(members))
    } else {
        let class = module(ruby)?.const_get::<_, RClass>(name)?;
        let members = RHash::try_convert(class.funcall::<_, _, Value>("members", ())?)?;
        found().words.insert(name, (kept(ruby, class), kept(ruby, members)));
        (class, members)
    };
    let word = ruby.str_new(word);
    members.get(word).map_or_else(|| class.funcall("new", (word,)), Ok)
}

/// The class of a kind of error: `KopoKopo::OutcomeUnknownError`.
pub(crate) fn error(ruby: &Ruby, kind: &str) -> Result<RClass, Error> {
    module(ruby)?.const_get(format!("{}Error", upper_camel(kind)))
}

/// `outcome_unknown` to `OutcomeUnknown`.
fn upper_camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect()
}
