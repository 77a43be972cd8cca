//! Finds values by dotted paths.

use serde_json::{Value, json};

/// The value at a path. None if it is absent, a list if there are several.
///
/// `name` goes into an object, a number into a list, `*` into every item of a list, `key=value` into the items that
/// have this value there, `#` counts a list's items.
pub(crate) fn find(root: &Value, path: &str) -> Option<Value> {
    let mut found = vec![root.clone()];
    for part in path.split('.').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|value| step(value, part)).collect();
    }
    match found.len() {
        0 => None,
        1 => found.pop(),
        _ => Some(Value::Array(found)),
    }
}

fn step(value: &Value, part: &str) -> Vec<Value> {
    let items = || value.as_array().cloned().unwrap_or_default();
    if part == "#" {
        return value.as_array().map(|items| json!(items.len())).into_iter().collect();
    }
    if part == "*" {
        return items();
    }
    if let Some((key, wanted)) = part.split_once('=') {
        return items().into_iter().filter(|item| item.get(key).is_some_and(|own| text(own) == wanted)).collect();
    }
    let child = match value {
        Value::Array(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
        value => value.get(part),
    };
    child.cloned().into_iter().collect()
}

/// A text without quotes, anything else as in JSON.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_into_objects_and_lists() {
        let value = json!({ "a": [{ "n": 1, "b": ["x"] }, { "n": 2, "b": ["y", "z"] }] });
        for (path, expected) in [
            ("a.0.n", json!(1)),
            ("a.n=2.b.0", json!("y")),
            ("a.*.n", json!([1, 2])),
            ("a.#", json!(2)),
            ("a.n=2.b.#", json!(2)),
            ("a.*.b.*", json!(["x", "y", "z"])),
        ] {
            assert_eq!(find(&value, path), Some(expected), "{path}");
        }
        for path in ["b", "a.2", "a.n=3", "a.0.n.x", "a.0.#"] {
            assert_eq!(find(&value, path), None, "{path}");
        }
    }
}
