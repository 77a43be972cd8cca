//! What a program hands in: Ruby's values as arguments.

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    operations::Object,
    value::{Arguments, FieldPath, MAX_DEPTH, Value as Argument},
};
use magnus::{
    Error, Float, Integer, RArray, RHash, RString, Ruby, Symbol, Value, encoding::EncodingCapable, prelude::*,
    r_hash::ForEach,
};

use crate::{
    classes::{self, Builtin},
    errors::refusal,
};

/// Arguments by name. A value that does not fit is an error of this kind.
pub(crate) fn read(ruby: &Ruby, given: RHash, kind: ErrorKind) -> Result<Arguments, Error> {
    Reader::new(ruby, kind, None)?.named(given, &FieldPath::Root, 0)
}

/// Arguments of an object's method.
pub(crate) fn of_call(ruby: &Ruby, given: RHash, own: &Object, method: &str) -> Result<Arguments, Error> {
    Reader::new(ruby, own.argument_error_kind(), own.operation(method))?.named(given, &FieldPath::Root, 0)
}

/// The text of a string. None if it is not UTF-8 and cannot become it.
pub(crate) fn text(given: RString) -> Option<String> {
    // SAFETY: nothing of Ruby runs before it is copied.
    let copy = |given: RString| std::str::from_utf8(unsafe { given.as_slice() }).ok().map(str::to_owned);
    // Frameworks leave much text without its encoding.
    let ruby = Ruby::get_with(given);
    let encoding = given.enc_get();
    if [ruby.utf8_encindex(), ruby.usascii_encindex(), ruby.ascii8bit_encindex()].contains(&encoding) {
        return copy(given);
    }
    given.funcall::<_, _, RString>("encode", ("UTF-8",)).ok().and_then(copy)
}

struct Reader<'a> {
    ruby: &'a Ruby,
    builtin: &'static Builtin,
    kind: ErrorKind,
    /// What is called, where errors say it.
    operation: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(ruby: &'a Ruby, kind: ErrorKind, operation: Option<&'static str>) -> Result<Self, Error> {
        Ok(Self { ruby, builtin: classes::builtin(ruby)?, kind, operation })
    }

    fn named(&self, given: RHash, path: &FieldPath<'_>, depth: u8) -> Result<Arguments, Error> {
        let mut out = Arguments::with_capacity(given.len());
        given.foreach(|name: Value, value: Value| {
            let name = if let Some(symbol) = Symbol::from_value(name) {
                symbol.name()?.into_owned()
            } else if let Some(name) = RString::from_value(name) {
                self.text(name, path)?
            } else {
                return Err(self.refuse(path, "must have names that are strings or symbols"));
            };
            let value = self.value(value, &path.field(&name), depth)?;
            out.push((name, value));
            Ok(ForEach::Continue)
        })?;
        Ok(out)
    }

    fn value(&self, given: Value, path: &FieldPath<'_>, depth: u8) -> Result<Argument, Error> {
        let ruby = self.ruby;
        if given.is_nil() {
            return Ok(Argument::Null);
        }
        // Words of enumerations are strings.
        if let Some(given) = RString::from_value(given) {
            return self.text(given, path).map(Argument::Text);
        }
        if let Some(given) = Symbol::from_value(given) {
            return Ok(Argument::Text(given.name()?.into_owned()));
        }
        if given.is_kind_of(ruby.class_true_class()) || given.is_kind_of(ruby.class_false_class()) {
            return Ok(Argument::Bool(given.to_bool()));
        }
        if let Some(given) = Integer::from_value(given) {
            let number = given.to_u64().map(i128::from).or_else(|_| given.to_i64().map(i128::from));
            return number.map(Argument::Integer).map_err(|_| self.refuse(path, "must be a smaller number"));
        }
        if let Some(given) = Float::from_value(given) {
            return self.float(given.to_f64(), path);
        }
        if depth == MAX_DEPTH {
            return Err(self.refuse(path, "is nested too deeply"));
        }
        if given.is_kind_of(ruby.get_inner(self.builtin.record)) {
            let given: RHash = given.funcall("to_argument", ())?;
            return self.named(given, path, depth + 1).map(Argument::Record);
        }
        if let Some(given) = RHash::from_value(given) {
            return self.named(given, path, depth + 1).map(Argument::Record);
        }
        if let Some(given) = RArray::from_value(given) {
            return self.list(given, path, depth);
        }
        if given.is_kind_of(ruby.get_inner(self.builtin.big_decimal)) {
            return self.decimal(given, path).map(Argument::Text);
        }
        self.other(given, path, depth)
    }

    /// Values that only their methods tell apart: Rails has classes that stand for others.
    fn other(&self, given: Value, path: &FieldPath<'_>, depth: u8) -> Result<Argument, Error> {
        let is_a = |class| given.funcall::<_, _, bool>("is_a?", (self.ruby.get_inner(class),));
        if is_a(self.builtin.time)? {
            let digits = if given.funcall::<_, _, u32>("nsec", ())? == 0 { 0 } else { 9 };
            return self.text(given.funcall("xmlschema", (digits,))?, path).map(Argument::Text);
        }
        if is_a(self.builtin.numeric)? {
            return self.float(given.funcall("to_f", ())?, path);
        }
        if given.respond_to("to_str", false)? {
            return self.text(given.funcall("to_str", ())?, path).map(Argument::Text);
        }
        if given.respond_to("to_hash", false)? {
            return self.named(given.funcall("to_hash", ())?, path, depth + 1).map(Argument::Record);
        }
        if given.respond_to("to_ary", false)? {
            return self.list(given.funcall("to_ary", ())?, path, depth);
        }
        // SAFETY: copied at once.
        let name = unsafe { given.classname() }.into_owned();
        let remedy = if given.respond_to("id", false)? { ": pass its id" } else { "" };
        Err(self.refuse(path, &format!("cannot be {name}{remedy}")))
    }

    fn list(&self, given: RArray, path: &FieldPath<'_>, depth: u8) -> Result<Argument, Error> {
        let mut out = Vec::with_capacity(given.len());
        // Its length may change while its items are read.
        let mut at = 0;
        while at < given.len() {
            let item = given.entry::<Value>(isize::try_from(at).unwrap_or(isize::MAX))?;
            out.push(self.value(item, &FieldPath::Item(path, at), depth + 1)?);
            at += 1;
        }
        Ok(Argument::List(out))
    }

    fn float(&self, number: f64, path: &FieldPath<'_>) -> Result<Argument, Error> {
        if number.is_finite() {
            return Ok(Argument::Float(number));
        }
        Err(self.refuse(path, "must be a number, neither NaN nor infinite"))
    }

    /// A decimal as plain digits. An exponent beyond any amount is left for the core to refuse.
    fn decimal(&self, given: Value, path: &FieldPath<'_>) -> Result<String, Error> {
        let exponent: i64 = given.funcall("exponent", ())?;
        let digits: i64 = given.funcall("n_significant_digits", ())?;
        let form = if exponent.abs() < 64 && digits < 64 { "F" } else { "E" };
        self.text(given.funcall("to_s", (form,))?, path)
    }

    fn text(&self, given: RString, path: &FieldPath<'_>) -> Result<String, Error> {
        text(given).ok_or_else(|| self.refuse(path, "is not text that can be sent: it must be UTF-8"))
    }

    fn refuse(&self, path: &FieldPath<'_>, remedy: &str) -> Error {
        refusal(self.ruby, self.kind, self.operation, path, remedy)
    }
}
