#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::{
    super::{
        model::{Contract, Field},
        names::camel_case,
        read,
    },
    *,
};

fn contract() -> Contract {
    read::read(include_str!("../../../../udl/kopokopo.udl")).unwrap()
}

fn file(contract: &Contract, name: &str) -> String {
    generate(contract, Package::Jvm).unwrap().into_iter().find(|output| output.path.ends_with(name)).unwrap().text
}

#[test]
fn no_name_of_the_contract_is_a_keyword_of_kotlin_or_java() {
    const KEYWORDS: &str = "\
        abstract as assert boolean break byte case catch char class const continue default do \
        double else enum extends false final finally float for fun goto if implements import in \
        instanceof int interface is long native new null object package private protected public \
        return short static strictfp super switch synchronized this throw throws transient true \
        try typealias typeof val var void volatile when while";
    let keywords: HashSet<&str> = KEYWORDS.split(' ').collect();
    let contract = contract();
    let objects = contract.objects.iter().chain(&contract.callbacks);
    let callables: Vec<_> = objects.flat_map(|object| &object.methods).chain(&contract.functions).collect();
    let fields = contract.records.iter().flat_map(|record| &record.fields);
    let arguments = callables.iter().flat_map(|callable| &callable.arguments);
    let names = fields.chain(arguments).map(|field| &field.name).chain(callables.iter().map(|callable| &callable.name));
    let taken: Vec<_> = names.map(|name| camel_case(name)).filter(|name| keywords.contains(name.as_str())).collect();
    assert_eq!(taken, [""; 0]);
}

/// The text of a record's class.
fn class<'a>(text: &'a str, name: &str) -> &'a str {
    let mut found = text.split("\npublic class ").filter_map(|own| own.strip_prefix(name));
    let own = found.find(|own| own.starts_with(['(', ' '])).unwrap_or_else(|| panic!("{name}"));
    own.split("\n}\n").next().unwrap_or_default()
}

#[test]
fn records_can_get_fields() {
    let contract = contract();
    let text = file(&contract, "Records.kt");
    assert!(!text.contains("data class"));
    for record in contract.records.iter().filter(|record| !contract.is_flattened(&record.name)) {
        let is_internal = class(&text, &record.name).starts_with(" internal constructor(");
        assert_eq!(is_internal, record.usage.output, "{}", record.name);
    }
}

#[test]
fn what_must_not_be_in_a_log_is_not_in_any_to_string() {
    let contract = contract();
    let text = file(&contract, "Records.kt") + &file(&contract, "Unions.kt");
    let mut shown = 0;
    let fields: Vec<&Field> = contract.records.iter().flat_map(|record| &record.fields).collect();
    for field in fields.iter().filter(|field| types::hidden(field).is_some()) {
        let name = camel_case(&field.name);
        assert!(text.contains(&format!("{name}=${{{}({name})}}", types::hidden(field).unwrap())), "{name}");
        shown += 1;
    }
    assert!(shown > 50, "{shown}");
    for record in contract.records.iter().filter(|record| !contract.is_flattened(&record.name)) {
        let own = class(&text, &record.name);
        assert!(own.contains("override fun toString()"), "{}", record.name);
        for field in record.fields.iter().filter(|field| types::hidden(field).is_some()) {
            assert!(!own.contains(&format!("=${}", camel_case(&field.name))), "{}.{}", record.name, field.name);
        }
    }
}

#[test]
fn lengths_of_time_are_exact() {
    let client = file(&contract(), "KopoKopo.kt");
    for expected in ["Duration.ofMillis(3100)", "Duration.ofSeconds(45)", "Duration.ofMillis(500)"] {
        assert!(client.contains(expected), "{expected}");
    }
}

#[test]
fn only_the_client_has_constructors_that_take_a_secret() {
    let contract = contract();
    let taking = |name: &str| file(&contract, name).matches("clientSecret: String").count();
    assert_eq!([taking("Sections.kt"), taking("Handles.kt"), taking("KopoKopo.kt")], [0, 0, 1]);
}

#[test]
fn every_async_method_calls_the_library_by_its_number() {
    for (contract, package) in [(contract(), Package::Jvm), (contract_of_apps(), Package::Android)] {
        let outputs = generate(&contract, package).unwrap();
        let text: String = outputs.into_iter().map(|output| output.text).collect();
        let count = super::super::jni::calls(&contract).count();
        for number in 0..count {
            assert_eq!(text.matches(&format!("NativeCall({number}, ")).count(), 1, "{number}");
        }
        assert_eq!(text.matches("NativeCall(").count(), count);
    }
}

#[test]
fn only_creates_stay_cancellable_until_their_result_is_delivered() {
    let text = file(&contract(), "Sections.kt") + &file(&contract(), "Handles.kt") + &file(&contract(), "Watches.kt");
    for line in text.lines().filter(|line| line.contains("NativeCall(")) {
        assert_eq!(
            line.contains("raw.callWithHandle { it }, true) { Created"),
            !line.contains("{ it }, false)"),
            "{line}"
        );
    }
    assert!(text.contains("{ it }, true)"));
}

#[test]
fn a_check_of_a_payment_is_a_method_of_what_has_the_money() {
    let contract = contract();
    let records = file(&contract, "Records.kt");
    let has: Vec<_> = contract
        .records
        .iter()
        .filter(|record| {
            !contract.is_flattened(&record.name)
                && class(&records, &record.name).contains(
                    "fun isPaidAtLeast(amount: BigDecimal, currency: String? = null, tillNumber: String? = null)",
                )
        })
        .map(|record| record.name.as_str())
        .collect();
    assert_eq!(has, ["IncomingPayment", "PaymentLink", "Event"]);
    assert!(!file(&contract, "Functions.kt").contains("isPaidAtLeast"));
}

fn contract_of_apps() -> Contract {
    read::read(&super::super::mobile::filter(include_str!("../../../../udl/kopokopo.udl")).unwrap()).unwrap()
}

#[test]
fn arguments_are_on_one_line_if_they_fit() {
    let code = |name: &str| format!("fun {name}(\n    first,\n    second,\n): Int =\n    1\n");
    assert!(layout::settle(&code("short")).ends_with("\nfun short(first, second): Int =\n    1\n"));
    let long = code(&"long".repeat(30));
    assert!(layout::settle(&long).ends_with(&long));
    let class = "class Own(\n    first,\n)\n";
    assert!(layout::settle(class).ends_with(class));
}

#[test]
fn comments_and_imports_are_absent_if_they_are_empty_or_unused() {
    let text =
        "package own\n\nimport a.Used\nimport a.Unused\n\n/** One\ntwo */\nval own: Used = 1\n/**  */\nval other = 2\n";
    let settled = layout::settle(text);
    assert!(
        settled
            .ends_with("package own\n\nimport a.Used\n\n/**\n * One\n * two\n */\nval own: Used = 1\nval other = 2\n"),
        "{settled}"
    );
}
