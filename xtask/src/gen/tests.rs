#![allow(clippy::unwrap_used)]

use super::{
    mobile,
    model::{Default, Object, Record, Shape, Text, Type, Usage, camel_case, snake_case},
    read::{hash, read},
};

const CONTRACT: &str = include_str!("../../../udl/kopokopo.udl");

const UDL: &str = r#"
[Custom]
typedef string Amount;

/// A shop.
namespace shop {
    /// Sells.
    [Throws=ShopError]
    Receipt sell(Order order);
    string about();
};

/// Sold goods.
interface Till {
    /// Opens it.
    [Throws=ShopError]
    constructor(string name, optional u32 drawers = 2);
    [Name=empty]
    constructor();
    /// Waits.
    [Async, Throws=ShopError]
    Receipt wait(sequence<Order>? orders);
    Till again();
};

/// What is expected.
dictionary Order {
    /// Which colour.
    Colour colour;
    Amount? price = null;
    double seconds = 3.10;
    Size size = "Large";
    sequence<string> notes = [];
};

dictionary Receipt { Outcome outcome; };

/// A colour.
[Enum]
interface Colour {
    /// `RED-1`: like fire.
    Red();
    Other(string word);
};

enum Size { "Small", "Large" };

[Enum]
interface Outcome { Paid(Payment payment); Unknown(); };

dictionary Payment { boolean is_paid; };

[Error]
interface ShopError {
    /// No money.
    OutOfMoney(string detail);
    Closed(string detail);
};
"#;

fn refusal(udl: &str) -> String {
    read(udl).unwrap_err()
}

#[test]
fn everything_is_read_in_the_order_it_is_written() {
    let contract = read(UDL).unwrap();
    assert_eq!((contract.name.as_str(), contract.docs.as_str()), ("shop", "A shop."));
    let names = |callables: &[super::model::Callable]| callables.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&contract.functions), ["sell", "about"]);
    let till = contract.object("Till").unwrap();
    assert_eq!(names(&till.constructors), ["new", "empty"]);
    assert_eq!(names(&till.methods), ["wait", "again"]);
    assert_eq!(contract.records.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["Order", "Receipt", "Payment"]);
}

#[test]
fn a_callable_says_how_it_runs_and_what_it_takes() {
    let contract = read(UDL).unwrap();
    let till = contract.object("Till").unwrap();
    let wait = &till.methods[0];
    assert!(wait.is_async && wait.throws && !wait.is_accessor());
    assert_eq!(wait.docs, "Waits.");
    let orders = Type::Optional(Box::new(Type::List(Box::new(Type::Record("Order".into())))));
    assert_eq!(wait.arguments[0].ty, orders);
    assert_eq!(*orders.element(), Type::Record("Order".into()));
    assert!(till.methods[1].is_accessor());
    assert_eq!(till.constructors[0].arguments[1].default, Some(Default::Int(2)));
}

#[test]
fn a_record_says_types_and_defaults() {
    let contract = read(UDL).unwrap();
    let order = contract.record("Order").unwrap();
    let defaults: Vec<_> = order.fields.iter().map(|field| field.default.clone()).collect();
    assert_eq!(
        defaults,
        [
            None,
            Some(Default::Null),
            Some(Default::Float("3.10".into())),
            Some(Default::Variant("Large".into())),
            Some(Default::EmptyList)
        ]
    );
    assert_eq!(order.fields[0].docs, "Which colour.");
    assert_eq!(*order.fields[1].ty.inner(), Type::Text(Text::Amount));
}

#[test]
fn enumerations_say_their_shape_and_words() {
    let contract = read(UDL).unwrap();
    let colour = contract.enumeration("Colour").unwrap();
    assert_eq!(colour.shape, Shape::Open);
    assert_eq!(colour.variants.len(), 1, "Other is implied");
    assert_eq!(colour.variants[0].word, "RED-1");
    let size = contract.enumeration("Size").unwrap();
    assert_eq!((size.shape, size.variants[1].word.as_str()), (Shape::Closed, "large"));
    let outcome = contract.enumeration("Outcome").unwrap();
    assert_eq!(outcome.shape, Shape::Union);
    assert_eq!(outcome.variants[0].content.as_ref().unwrap().ty, Type::Record("Payment".into()));
    assert!(outcome.variants[1].content.is_none());
}

#[test]
fn the_error_has_kinds_that_share_their_fields() {
    let error = read(UDL).unwrap().error;
    assert_eq!(error.kinds[0].word, "out_of_money");
    assert_eq!(error.fields.len(), 1);
    let odd = UDL.replace("Closed(string detail)", "Closed(string reason)");
    assert!(refusal(&odd).contains("ShopError.Closed"));
    assert!(
        refusal(
            &UDL.replace("[Error]", "[Enum]")
                .replace("[Throws=ShopError]", "")
                .replace("[Async, Throws=ShopError]", "[Async]")
        )
        .contains("no error")
    );
}

#[test]
fn usage_follows_values_into_values() {
    let contract = read(UDL).unwrap();
    assert_eq!(contract.record("Order").unwrap().usage, Usage { input: true, output: false });
    assert_eq!(contract.enumeration("Colour").unwrap().usage, Usage { input: true, output: false });
    assert_eq!(contract.record("Payment").unwrap().usage, Usage { input: false, output: true });
}

#[test]
fn what_no_generator_knows_is_refused_by_its_place() {
    assert!(refusal(&UDL.replace("Amount? price", "duration? price")).contains("Order.price"));
    assert!(
        refusal(
            &UDL.replace("typedef string Amount", "typedef string Weight").replace("Amount? price", "Weight? price")
        )
        .contains("Weight")
    );
    assert!(refusal(&UDL.replace("/// `RED-1`: like fire.", "/// Like fire.")).contains("Colour.Red"));
    assert!(
        refusal(&UDL.replace("Paid(Payment payment)", "Paid(Payment payment, string at)")).contains("Outcome.Paid")
    );
    assert!(refusal("namespace {").contains("the contract"));
}

#[test]
fn the_digest_is_that_of_the_text_whatever_its_line_ends() {
    assert_eq!(hash("a\r\nb"), hash("a\nb"));
    assert_ne!(hash("a"), hash("b"));
    assert_eq!(hash("a").len(), 16);
}

#[test]
fn names_are_spelled_for_each_language() {
    assert_eq!(snake_case("B2bTransactionReceived"), "b2b_transaction_received");
    assert_eq!(camel_case("with_token_source"), "withTokenSource");
    assert_eq!(camel_case("id"), "id");
}

#[test]
fn the_contract_itself_is_read() {
    let contract = read(CONTRACT).unwrap();
    assert_eq!(contract.error.kinds.len(), 14);
    let unused: Vec<_> =
        contract.records.iter().filter(|record| record.usage == Usage::default()).map(|record| &record.name).collect();
    assert!(unused.is_empty(), "{unused:?}");
    let undocumented: Vec<_> = contract
        .objects
        .iter()
        .flat_map(|object| object.methods.iter().chain(&object.constructors).map(|method| (&object.name, method)))
        .filter(|(_, method)| method.docs.is_empty())
        .collect();
    assert!(undocumented.is_empty(), "{undocumented:?}");
    for record in &contract.records {
        for field in &record.fields {
            assert!(!field.docs.is_empty(), "{}.{}", record.name, field.name);
        }
    }
}

#[test]
fn apps_have_money_coming_in_and_no_credential() {
    let contract = read(&mobile::filter(CONTRACT).unwrap()).unwrap();
    let names = |objects: &[Object]| objects.iter().map(|object| object.name.clone()).collect::<Vec<_>>();
    let sections = [
        "KopoKopo",
        "IncomingPayments",
        "CreatedIncomingPayment",
        "IncomingPaymentWatch",
        "PaymentLinks",
        "CreatedPaymentLink",
        "PaymentLinkWatch",
    ];
    assert_eq!(names(&contract.objects), sections);
    assert_eq!(names(&contract.callbacks), ["TokenSource"]);
    let functions: Vec<_> = contract.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(functions, ["version", "contract_hash"]);
    let client = contract.object("KopoKopo").unwrap();
    let makers: Vec<_> = client.constructors.iter().map(|made| made.name.as_str()).collect();
    assert_eq!(makers, ["with_token_source"]);
    let methods: Vec<_> = client.methods.iter().map(|method| method.name.as_str()).collect();
    assert_eq!(methods, ["with_options", "base_url", "incoming_payments", "payment_links"]);
    let mut secrets = Vec::new();
    for record in &contract.records {
        let secret = record.fields.iter().filter(|field| *field.ty.element() == Type::Text(Text::Secret));
        secrets.extend(secret.map(|field| format!("{}.{}", record.name, field.name)));
    }
    assert_eq!(secrets, ["TokenSourceOptions.proxy", "AccessToken.token"], "a token is what an app must have");
    assert_ne!(contract.hash, hash(CONTRACT));
}

#[test]
fn apps_have_what_stays_as_it_is_written() {
    let part = mobile::filter(CONTRACT).unwrap();
    let (whole, own) = (read(CONTRACT).unwrap(), read(&part).unwrap());
    assert!(own.records.len() > 5 && own.records.len() < whole.records.len() / 3);
    for record in &own.records {
        let fields = |record: &Record| record.fields.clone();
        assert_eq!(fields(record), fields(whole.record(&record.name).unwrap()), "{}", record.name);
    }
    assert_eq!(own.error, whole.error);
    assert_eq!(mobile::filter(&CONTRACT.replace('\n', "\r\n")).unwrap(), part);
}

#[test]
fn a_contract_without_what_apps_need_is_an_error() {
    let renamed = CONTRACT.replace("PaymentLinks payment_links();", "PaymentLinks links();");
    assert_eq!(mobile::filter(&renamed).unwrap_err(), "KopoKopo has no payment_links for apps");
    let renamed = CONTRACT.replace("Name=with_token_source]", "Name=with_tokens]");
    assert_eq!(mobile::filter(&renamed).unwrap_err(), "KopoKopo has no with_token_source for apps");
    assert_eq!(mobile::filter("").unwrap_err(), "the contract has no kopokopo");
}

/// The core's records hide free text in `Debug`. The languages hide the same fields.
#[test]
fn free_text_is_what_the_core_hides() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src/resources");
    let mut hidden = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for found in text.split("redacted_debug!(").skip(1) {
            let found = found.split(");").next().unwrap();
            let Some((record, fields)) = found.split_once("hides {") else { continue };
            let record = record.split(" {").next().unwrap().trim();
            hidden.extend(
                fields
                    .split(['}', ','])
                    .map(str::trim)
                    .filter(|field| !field.is_empty())
                    .map(|field| format!("{record}.{field}")),
            );
        }
    }
    let contract = read(CONTRACT).unwrap();
    let fields = contract.records.iter().flat_map(|record| record.fields.iter().map(move |field| (record, field)));
    let mut free: Vec<_> = fields
        .filter(|(_, field)| field.is_free_text())
        .map(|(record, field)| format!("{}.{}", record.name, field.name))
        .collect();
    hidden.sort();
    free.sort();
    assert_eq!(free, hidden);
}

/// The core's records are `#[non_exhaustive]`, so the compiler does not report a field that the contract lacks.
#[test]
fn contract_has_every_field_of_the_core_s_records() {
    let contract = read(CONTRACT).unwrap();
    let mut sources = String::new();
    for folder in ["resources", "webhooks", "auth"] {
        for entry in std::fs::read_dir(format!("{}/../core/src/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            sources += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
        }
    }
    let mut checked = 0;
    for record in contract.records.iter().filter(|record| record.usage.output) {
        let (before, block) = sources.split_once(&format!("\npub struct {} {{\n", record.name)).unwrap();
        assert!(before.ends_with("#[non_exhaustive]"), "{}", record.name);
        let block = block.split_once("\n}").unwrap().0;
        let fields = block.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
        for (field, _) in fields {
            let is_known = record.fields.iter().any(|known| known.name == field.trim_start_matches("r#"));
            assert!(is_known, "{}.{field} is not in udl/kopokopo.udl", record.name);
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}
