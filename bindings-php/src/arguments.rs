//! What a program hands in: PHP's arrays as arguments. The PHP part has made texts of its objects.

use ext_php_rs::types::{ArrayKey, ZendHashTable, Zval};
use kopokopo_ffi::{
    error::Result,
    value::{Arguments, FieldPath, MAX_DEPTH, Value},
};

/// Arguments by name. A value that does not fit is an error of kind `invalid_request`.
pub(crate) fn read(given: &Zval) -> Result<Arguments> {
    match given.array() {
        Some(given) => named(given, &FieldPath::Root, 0),
        None => Err(FieldPath::Root.refuse("the arguments must be an array")),
    }
}

fn named(given: &ZendHashTable, path: &FieldPath<'_>, depth: u8) -> Result<Arguments> {
    given
        .iter()
        .map(|(name, value)| {
            let name = match name {
                ArrayKey::Long(number) => number.to_string(),
                ArrayKey::String(name) => name,
                ArrayKey::Str(name) => name.to_owned(),
                ArrayKey::ZendString(name) => {
                    name.as_str().map_err(|_| path.refuse("must have names in UTF-8"))?.to_owned()
                }
            };
            let value = read_value(value.dereference(), &path.field(&name), depth)?;
            Ok((name, value))
        })
        .collect()
}

fn read_value(given: &Zval, path: &FieldPath<'_>, depth: u8) -> Result<Value> {
    if given.is_null() {
        return Ok(Value::Null);
    }
    if let Some(text) = given.zend_str() {
        let text = text.as_str().map_err(|_| path.refuse("must be text in UTF-8"))?;
        return Ok(Value::Text(text.to_owned()));
    }
    if let Some(value) = given.bool() {
        return Ok(Value::Bool(value));
    }
    if given.is_long() {
        return Ok(given.long().map_or(Value::Null, |number| Value::Integer(number.into())));
    }
    if let Some(number) = given.double() {
        if !number.is_finite() {
            return Err(path.refuse("must be a number, neither NAN nor INF"));
        }
        return Ok(Value::Float(number));
    }
    let Some(array) = given.array() else { return Err(path.refuse("is of a type that cannot be sent")) };
    if depth == MAX_DEPTH {
        return Err(path.refuse("is nested too deeply"));
    }
    if array.has_sequential_keys() {
        let items = array.iter().enumerate();
        let items = items.map(|(at, (_, item))| read_value(item.dereference(), &FieldPath::Item(path, at), depth + 1));
        return items.collect::<Result<_>>().map(Value::List);
    }
    named(array, path, depth + 1).map(Value::Record)
}
