//! Metadata: a JSON object as a hash.

use kopokopo::types::Metadata;
use kopokopo_ffi::value::Json;
use magnus::{Error, IntoValue, Ruby, Value, prelude::*};

use crate::views::text;

/// Metadata as a frozen hash, in its order.
pub(crate) fn hash(ruby: &Ruby, metadata: &Metadata) -> Result<Value, Error> {
    let hash = ruby.hash_new();
    for (name, value) in metadata.iter() {
        hash.aset(text(ruby, name), show(ruby, Json::of(value))?)?;
    }
    hash.freeze();
    Ok(hash.as_value())
}

/// Whole numbers keep all their digits. What cannot be read stays as it is written.
fn show(ruby: &Ruby, json: Json<'_>) -> Result<Value, Error> {
    Ok(match json {
        Json::Null => ruby.qnil().as_value(),
        Json::Bool(value) => value.into_value_with(ruby),
        Json::Integer(digits) => {
            ruby.module_kernel().funcall("Integer", (digits,)).unwrap_or_else(|_| text(ruby, digits))
        }
        Json::Decimal(digits) => {
            digits.parse::<f64>().map_or_else(|_| text(ruby, digits), |number| number.into_value_with(ruby))
        }
        Json::Text(own) => text(ruby, &own),
        Json::List(items) => {
            let array = ruby.ary_new_capa(items.len());
            items.iter().try_for_each(|item| array.push(show(ruby, Json::read(item.get()))?))?;
            array.freeze();
            array.as_value()
        }
        Json::Object(pairs) => {
            let hash = ruby.hash_new();
            pairs
                .iter()
                .try_for_each(|(name, value)| hash.aset(text(ruby, name), show(ruby, Json::read(value.get()))?))?;
            hash.freeze();
            hash.as_value()
        }
        Json::Unreadable(written) => text(ruby, written),
    })
}
