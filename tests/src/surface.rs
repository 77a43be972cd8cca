//! Whether a package exports what the contract (`contract.json`) has, and nothing else.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Map, Value, json};

use crate::{
    run::succeeded,
    testee::{Language, Testee},
};

/// What a surface may have or leave out: a function that some languages have as a method of records, and a record that a
/// token source returns, which is a plain object in some.
const OPTIONAL: [&str; 2] = ["functions.is_paid_at_least", "records.AccessToken"];

/// Compares the surface of a package with the contract.
///
/// # Errors
/// The names that are missing, and those that the contract does not have.
pub(crate) async fn check(testee: &Testee) -> Result<(), String> {
    let surface = succeeded(testee.ask(json!({ "do": "surface" })).await?)?;
    let mut contract = contract().map_err(|error| format!("contract.json: {error}"))?;
    if testee.language.apps {
        keep_what_apps_have(&mut contract);
    }
    let mut differences = Vec::new();
    let more = expected_of_types(&contract).into_iter().filter(|(part, _)| !surface[*part].is_null());
    for (part, expected) in expected(&contract, &testee.language).into_iter().chain(more) {
        compare(part, &expected, &surface[part], &mut differences);
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

fn contract() -> Result<Value, Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract.json");
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// The part of the contract that apps have.
fn keep_what_apps_have(contract: &mut Value) {
    let keep = |entries: &mut Value| {
        if let Some(entries) = entries.as_object_mut() {
            entries.retain(|_, entry| entry["mobile"] == true);
        }
    };
    for part in ["functions", "objects", "records", "enums"] {
        keep(&mut contract[part]);
    }
    for object in contract["objects"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        keep(&mut object["constructors"]);
        keep(&mut object["methods"]);
    }
    contract["hash"] = contract["mobile_hash"].take();
}

/// The operations that apps have, such as `incoming_payments.create`.
pub(crate) fn operations_of_apps() -> Result<BTreeSet<String>, String> {
    let mut apps = contract().map_err(|error| format!("contract.json: {error}"))?;
    keep_what_apps_have(&mut apps);
    let mut operations = BTreeSet::new();
    for object in apps["objects"].as_object().into_iter().flat_map(Map::values) {
        if let (Some(section), Some(methods)) = (object["section"].as_str(), object["methods"].as_object()) {
            operations.extend(methods.keys().map(|method| format!("{section}.{method}")));
        }
    }
    Ok(operations)
}

/// The contract in the form of a surface.
fn expected(contract: &Value, language: &Language) -> Vec<(&'static str, Value)> {
    let empty = Map::new();
    let entries = |name: &str| contract[name].as_object().unwrap_or(&empty).iter();
    // A watch is an iterator in every language. Records that only go in are arguments in the dynamic ones.
    let objects = entries("objects").filter(|(name, _)| !name.ends_with("Watch"));
    let objects = objects.map(|(name, object)| {
        let constructors = object["constructors"].as_object().unwrap_or(&empty).iter();
        let methods = constructors.chain(object["methods"].as_object().unwrap_or(&empty));
        (name.clone(), methods.map(|(method, found)| (method.clone(), found["parameters"].clone())).collect())
    });
    let records = entries("records").filter(|(name, record)| record["out"] == true || *name == "AccessToken");
    let records = records.map(|(name, record)| (name.clone(), record["fields"].clone()));
    let enums = entries("enums").filter(|(_, found)| found["shape"] != "union");
    let enums = enums.map(|(name, found)| (name.clone(), names(&found["variants"])));
    let unions = entries("enums").filter(|(_, found)| found["shape"] == "union");
    let unions = unions.map(|(name, union)| {
        let variants = union["variants"].as_object().unwrap_or(&empty).iter();
        (name.clone(), variants.map(|(word, content)| (word.clone(), variant(content, union))).collect())
    });
    let functions = entries("functions").map(|(name, function)| (name.clone(), function["parameters"].clone()));
    let mut parts = vec![
        ("objects", Value::Object(objects.collect())),
        ("records", Value::Object(records.collect())),
        ("enums", Value::Object(enums.collect())),
        ("unions", Value::Object(unions.collect())),
        ("functions", Value::Object(functions.collect())),
        ("errors", names(&contract["error"]["kinds"])),
        ("contract_hash", contract["hash"].clone()),
    ];
    // TypeScript's types are gone when a program runs: its compiler checks the words and the unions.
    if language.untyped.iter().any(|tag| tag == "$word") {
        parts.retain(|(part, _)| !matches!(*part, "enums" | "unions"));
    }
    parts
}

/// What only a language with static types has: the records that programs make, and the fields of its class of errors.
fn expected_of_types(contract: &Value) -> Vec<(&'static str, Value)> {
    let records = contract["records"].as_object().cloned().unwrap_or_default();
    let inputs = records.into_iter().filter(|(_, record)| record["out"] == false && record["flattened"] == false);
    let inputs = inputs.map(|(name, record)| (name, record["fields"].clone()));
    vec![("inputs", Value::Object(inputs.collect())), ("error_fields", names(&contract["error"]["fields"]))]
}

/// The fields of a variant: those of its record if programs make it, or one with its record.
fn variant(content: &Value, union: &Value) -> Value {
    match (content, union["in"] == true) {
        (Value::Null, _) => json!([]),
        (content, true) => content["fields"].clone(),
        (content, false) => json!([content["field"]]),
    }
}

/// The names of an object's members or of a list, sorted.
fn names(value: &Value) -> Value {
    let names: BTreeSet<&str> = match value {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    };
    json!(names)
}

fn compare(place: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    let (Value::Object(expected), Value::Object(found)) = (expected, found) else {
        // The words of an enumeration, and the kinds and fields of errors, have no order.
        let has_order = !["enums", "error"].iter().any(|part| place.starts_with(part));
        let is_same = if has_order { expected == found } else { names(expected) == names(found) };
        if !is_same {
            differences.push(format!("{place}: expected {expected}, found {found}"));
        }
        return;
    };
    for (name, expected) in expected {
        match found.get(name) {
            Some(found) => compare(&format!("{place}.{name}"), expected, found, differences),
            None if OPTIONAL.contains(&format!("{place}.{name}").as_str()) => {}
            None => differences.push(format!("{place}.{name} is missing")),
        }
    }
    let unknown = found.keys().filter(|name| !expected.contains_key(*name));
    differences.extend(unknown.map(|name| format!("{place}.{name} is not in the contract")));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn language(untyped: &[&str]) -> Language {
        let hello = json!({ "language": "x", "engines": [], "timestamp_digits": 0, "keeps_offsets": true, "journal": true, "untyped": untyped });
        serde_json::from_value(hello).unwrap()
    }

    #[test]
    fn apps_have_no_money_sent_and_a_contract_of_their_own() {
        let mut apps = contract().unwrap();
        keep_what_apps_have(&mut apps);
        assert!(apps["objects"]["SendMoneyRequests"].is_null() && !apps["objects"]["PaymentLinks"].is_null());
        assert!(apps["objects"]["KopoKopo"]["methods"]["webhooks"].is_null());
        let operations = operations_of_apps().unwrap();
        assert!(operations.contains("payment_links.watch") && !operations.contains("send_money.create"));
        assert!(apps["hash"].is_string() && apps["hash"] != contract().unwrap()["hash"]);
    }

    #[test]
    fn a_name_too_few_or_too_many_is_found() {
        let contract = contract().unwrap();
        let parts = expected(&contract, &language(&[]));
        assert_eq!(parts.len(), 7);
        for (part, expected) in &parts {
            let mut differences = Vec::new();
            compare(part, expected, expected, &mut differences);
            assert!(differences.is_empty(), "{differences:?}");
        }
        let (part, objects) = &parts[0];
        let mut found = objects.clone();
        let methods = found["Reversals"].as_object_mut().unwrap();
        let create = methods.remove("create").unwrap();
        methods.insert("make".to_owned(), create);
        found["Reversals"]["get"] = json!(["number"]);
        let mut differences = Vec::new();
        compare(part, objects, &found, &mut differences);
        let expected = [
            "objects.Reversals.create is missing",
            "objects.Reversals.get: expected [\"id\"], found [\"number\"]",
            "objects.Reversals.make is not in the contract",
        ];
        differences.sort();
        assert_eq!(differences, expected);
    }
}
