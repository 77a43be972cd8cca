//! What comes out: views as PHP's values. A record is a list of its fields, a variant its word and its content.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ext_php_rs::{
    boxed::ZBox,
    class::RegisteredClass,
    convert::IntoZval,
    types::{ZendClassObject, ZendHashTable, ZendObject, ZendStr, Zval},
};
use kopokopo_ffi::{
    error::{self, Error, Result},
    value::{Json, Shown, Variant, View, codec::encode_error},
};

use crate::Native;

/// All calls from PHP go through here: a list of the value, or the text of the error. A panic is an error too.
pub(crate) fn guard(work: impl FnOnce() -> Result<Zval>) -> Zval {
    // What a panic leaves half-done is dropped with the closure.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => list([value]),
        Ok(Err(error)) => failure(&error),
        Err(_) => failure(&error::internal()),
    }
}

/// An error.
pub(crate) fn failure(error: &Error) -> Zval {
    text(&encode_error(error))
}

pub(crate) fn text(text: &[u8]) -> Zval {
    let mut value = Zval::new();
    value.set_zend_string(ZendStr::new(text, false));
    value
}

/// A native object.
pub(crate) fn object<T: RegisteredClass>(object: T) -> Zval
where
    ZBox<ZendClassObject<T>>: IntoZval,
{
    ZendClassObject::new(object).into_zval(false).unwrap_or_else(|_| Zval::null())
}

fn array(table: ZBox<ZendHashTable>) -> Zval {
    let mut value = Zval::new();
    value.set_hashtable(table);
    value
}

fn list<const COUNT: usize>(values: [Zval; COUNT]) -> Zval {
    let mut table = ZendHashTable::new();
    for value in values {
        push(&mut table, value);
    }
    array(table)
}

/// Fails only where the index is beyond what a table can hold.
fn push(table: &mut ZendHashTable, value: Zval) {
    let _ = table.push(value);
}

/// The value that is seen.
pub(crate) fn show(view: View<'_>) -> Zval {
    show_part(view, &mut Shown::default())
}

fn show_part(view: View<'_>, shown: &mut Shown<()>) -> Zval {
    let mut value = Zval::new();
    match view {
        View::Null => value.set_null(),
        View::Bool(own) => value.set_bool(own),
        View::Integer(number) => value.set_long(i64::try_from(number).unwrap_or(i64::MAX)),
        View::Seconds(seconds) => value.set_double(seconds),
        View::Amount(amount) => return text(amount.to_string().as_bytes()),
        View::Timestamp(moment) => return text(moment.to_string().as_bytes()),
        View::Raw(raw) => return text(raw.as_str().as_bytes()),
        View::Text(own) | View::Currency(own) | View::Personal(own) | View::Secret(own) | View::OpenEnum(_, own) => {
            return text(own.as_bytes());
        }
        View::Metadata(metadata) => {
            let mut table = ZendHashTable::new();
            for (name, value) in metadata.iter() {
                let _ = table.insert(name, json(Json::of(value)));
            }
            return array(table);
        }
        View::List(items) => {
            let mut table = table(items.count());
            items.each(&mut |item| push(&mut table, show_part(item, shown)));
            return array(table);
        }
        // True means what was shown before.
        View::Record(record) if shown.find(record).is_some() => value.set_bool(true),
        View::Record(record) => {
            let mut table = table(record.shape().fields.len());
            record.each(&mut |field| push(&mut table, show_part(field, shown)));
            return array(table);
        }
        View::Variant(Variant { word, field, .. }) => {
            let Some((_, held)) = field else { return list([text(word.as_bytes()), Zval::null()]) };
            let view = held.view();
            let content = show_part(view, shown);
            if let View::Record(record) = view {
                shown.keep(record, ());
            }
            return list([text(word.as_bytes()), content]);
        }
        View::Object(own) => return object(Native(own.clone())),
    }
    value
}

fn table(count: usize) -> ZBox<ZendHashTable> {
    ZendHashTable::with_capacity(u32::try_from(count).unwrap_or_default())
}

/// A number that PHP cannot have with all its digits stays text.
fn number(digits: &str) -> Zval {
    let mut value = Zval::new();
    match (digits.parse::<i64>(), digits.parse::<f64>()) {
        (Ok(number), _) => value.set_long(number),
        (_, Ok(number)) if number.to_string() == digits => value.set_double(number),
        _ => return text(digits.as_bytes()),
    }
    value
}

/// What cannot be read stays as it is written.
fn json(given: Json<'_>) -> Zval {
    let mut value = Zval::new();
    match given {
        Json::Null => value.set_null(),
        Json::Bool(own) => value.set_bool(own),
        Json::Integer(digits) | Json::Decimal(digits) => return number(digits),
        Json::Text(own) => return text(own.as_bytes()),
        Json::List(items) => {
            let mut table = table(items.len());
            items.iter().for_each(|item| push(&mut table, json(Json::read(item.get()))));
            return array(table);
        }
        // An empty array would be a list.
        Json::Object(pairs) => {
            let mut object = ZendObject::new_stdclass();
            for (name, item) in pairs {
                let _ = object.set_property(&name, json(Json::read(item.get())));
            }
            return object.into_zval(false).unwrap_or_else(|_| Zval::null());
        }
        Json::Unreadable(written) => return text(written.as_bytes()),
    }
    value
}
