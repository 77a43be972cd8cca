//! The generated code has the fields and arguments of the contract, and those that must be given are required.

use kopokopo_dart_tests::{Known, Package, camel, contract, package, read};
use serde_json::Value;

/// The type of Dart for a type of the contract.
fn dart(field: &Value, is_argument: bool) -> String {
    let element = field["element"].as_str().unwrap_or_default();
    let plain = match element {
        "string" | "Currency" => "String",
        "Personal" if is_argument => "String",
        "boolean" => "bool",
        "u16" | "u32" | "u64" => "int",
        "double" => "Duration",
        "Amount" => "Decimal",
        "Metadata" => "Map<String,Object?>",
        other => other,
    };
    let listed = if field["list"] == true { format!("List<{plain}>") } else { plain.to_owned() };
    if field["optional"] == true { listed + "?" } else { listed }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten().filter(|(_, entry)| entry["mobile"] == true)
}

fn details(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn fields_of_records_are_required_where_the_contract_always_has_them() {
    let (contract, package) = (contract(), Package::new(&package(), Known::default()));
    let library = &package.libraries["lib/src/generated/records.dart"];
    let mut count = 0;
    for (name, record) in entries(&contract["records"]).filter(|(_, record)| record["out"] == true) {
        let class = &library.classes[name];
        let constructor = &class.constructors["_"];
        assert!(constructor.positional.is_empty(), "{name}");
        assert_eq!(constructor.named.len(), details(&record["field_details"]).len(), "{name}");
        for field in details(&record["field_details"]) {
            let own = camel(field["name"].as_str().unwrap_or_default());
            let expected = (dart(field, false), field["optional"] != true);
            assert_eq!(constructor.named.get(&own), Some(&expected), "{name}.{own}");
            assert_eq!(class.members[&own].ty, expected.0, "{name}.{own}");
            count += 1;
        }
        let sample = &library.members[&format!("sample{name}")].callable.clone().unwrap_or_default();
        assert!(sample.named.values().all(|(ty, is_required)| ty.ends_with('?') && !is_required), "{name}");
        assert_eq!(sample.named.len(), constructor.named.len(), "{name}");
    }
    assert!(count > 40, "{count}");
}

#[test]
fn arguments_are_required_where_the_contract_has_no_default() {
    let (contract, package) = (contract(), Package::new(&package(), Known::default()));
    let library = &package.libraries["lib/src/generated/client.dart"];
    let fields = |argument: &Value| -> Vec<Value> {
        let record = &contract["records"][argument["element"].as_str().unwrap_or_default()];
        if argument["kind"] == "record" { details(&record["field_details"]).to_vec() } else { vec![argument.clone()] }
    };
    let mut count = 0;
    for (name, object) in entries(&contract["objects"]).filter(|(_, object)| object["watch"] == false) {
        let class = &library.classes[name];
        for (word, method) in entries(&object["methods"]).chain(entries(&object["constructors"])) {
            let own = camel(word);
            let made = class.constructors.get(&own).cloned();
            let callable = made.or_else(|| class.members[&own].callable.clone()).unwrap_or_default();
            let arguments: Vec<Value> = details(&method["argument_details"]).iter().flat_map(&fields).collect();
            let mut wanted = callable.named.clone();
            if method["async"] == true {
                assert_eq!(wanted.remove("cancel"), Some(("CancelToken?".to_owned(), false)), "{name}.{word}");
            }
            for argument in arguments {
                let argument_name = camel(argument["name"].as_str().unwrap_or_default());
                if argument_name == "id" || argument["kind"] == "callback" || argument_name == "tokenSource" {
                    assert_eq!((callable.positional.len(), callable.required), (1, 1), "{name}.{word}");
                    continue;
                }
                let is_required = argument.get("default").is_none() && argument["optional"] != true;
                let expected = (dart(&argument, true), is_required);
                assert_eq!(wanted.remove(&argument_name), Some(expected), "{name}.{word}: {argument_name}");
                count += 1;
            }
            assert!(wanted.is_empty(), "{name}.{word}: {wanted:?} is not in the contract");
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn errors_have_a_class_for_each_kind_and_the_fields_of_the_contract() {
    let (contract, package) = (contract(), Package::new(&package(), Known::default()));
    let library = &package.libraries["lib/src/generated/errors.dart"];
    let text = read("bindings-dart/lib/src/generated/errors.dart");
    for kind in details(&contract["error"]["kinds"]) {
        let kind = kind.as_str().unwrap_or_default();
        assert!(text.contains(&format!("String get kind => '{kind}';")), "{kind}");
        assert_eq!(text.matches(&format!("    '{kind}' => ")).count(), 1, "{kind}");
    }
    assert_eq!(text.matches(" extends KopoKopoException {").count(), details(&contract["error"]["kinds"]).len());
    for field in details(&contract["error"]["field_details"]) {
        let own = camel(field["name"].as_str().unwrap_or_default());
        for class in ["ErrorFields", "KopoKopoException"] {
            assert_eq!(library.classes[class].members[&own].ty, dart(field, false), "{class}.{own}");
        }
    }
    let required =
        library.classes["ErrorFields"].constructors[""].named.iter().filter(|(_, (_, is_required))| *is_required);
    assert_eq!(required.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["detail"]);
}
