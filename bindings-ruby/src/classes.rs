//! Ruby's classes. Those of the contract are found by their names when a value of them is first seen, so that the
//! package loads only the files that a program uses.

use std::{
    ptr,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use kopokopo_ffi::value::Shape;

use magnus::{
    Error, RClass, RHash, RModule, Ruby, TryConvert, Value,
    prelude::*,
    r_hash::ForEach,
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
    /// In the contract's order.
    records: Vec<Option<Opaque<RClass>>>,
    variants: Vec<(&'static str, &'static str, Opaque<RClass>)>,
    enumerations: Vec<Enumeration>,
}

/// The class of an enumeration, with the words that are known. There are few, so they are searched in their order.
struct Enumeration {
    name: &'static str,
    class: Opaque<RClass>,
    words: Vec<(String, Opaque<Value>)>,
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
pub(crate) fn record(ruby: &Ruby, shape: &'static Shape) -> Result<RClass, Error> {
    if let Some(class) = found().records.get(shape.index).copied().flatten() {
        return Ok(ruby.get_inner(class));
    }
    let class = module(ruby)?.const_get::<_, RClass>(shape.name)?;
    let kept = kept(ruby, class);
    let mut found = found();
    let length = found.records.len().max(shape.index + 1);
    found.records.resize(length, None);
    found.records[shape.index] = Some(kept);
    Ok(class)
}

/// The class of a union's variant: `KopoKopo::EventPayload::SendMoney`.
pub(crate) fn variant(ruby: &Ruby, union: &'static str, word: &'static str) -> Result<RClass, Error> {
    let is_same = |(of, own, _): &&(&str, &str, Opaque<RClass>)| ptr::eq(*of, union) && ptr::eq(*own, word);
    if let Some((_, _, class)) = found().variants.iter().find(is_same) {
        return Ok(ruby.get_inner(*class));
    }
    let class = module(ruby)?.const_get::<_, RModule>(union)?.const_get::<_, RClass>(upper_camel(word))?;
    let kept = kept(ruby, class);
    found().variants.push((union, word, kept));
    Ok(class)
}

/// A word of an enumeration. One that is not known becomes an object of its own.
pub(crate) fn word(ruby: &Ruby, name: &'static str, word: &str) -> Result<Value, Error> {
    let find = || {
        let found = found();
        let enumeration = found.enumerations.iter().find(|own| ptr::eq(own.name, name))?;
        let known = enumeration.words.iter().find(|(text, _)| text == word).map(|(_, value)| *value);
        Some((enumeration.class, known))
    };
    let (class, known) = if let Some(found) = find() {
        found
    } else {
        add_enumeration(ruby, name)?;
        find().ok_or_else(|| Error::new(ruby.exception_runtime_error(), "an enumeration was not kept"))?
    };
    match known {
        Some(value) => Ok(ruby.get_inner(value)),
        None => ruby.get_inner(class).funcall("new", (ruby.str_new(word),)),
    }
}

fn add_enumeration(ruby: &Ruby, name: &'static str) -> Result<(), Error> {
    let class = module(ruby)?.const_get::<_, RClass>(name)?;
    let members = RHash::try_convert(class.funcall::<_, _, Value>("members", ())?)?;
    let mut words = Vec::new();
    members.foreach(|text: String, value: Value| {
        words.push((text, kept(ruby, value)));
        Ok(ForEach::Continue)
    })?;
    let class = kept(ruby, class);
    found().enumerations.push(Enumeration { name, class, words });
    Ok(())
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
