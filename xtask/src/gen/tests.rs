#![allow(clippy::unwrap_used)]

use super::{
    mobile,
    model::{Object, Record, Text, Type, Usage},
    names::{camel_case, snake_case},
    read::{hash, read},
};

const CONTRACT: &str = include_str!("../../../udl/kopokopo.udl");

/// The golden files show what is read of it.
const FIXTURE: &str = include_str!("../../fixtures/contract.udl");

fn refusal(udl: &str) -> String {
    read(udl).unwrap_err()
}

#[test]
fn there_is_one_error_and_its_kinds_share_their_fields() {
    let odd = FIXTURE.replace("Internal(ErrorFields fields)", "Internal(string reason)");
    assert!(refusal(&odd).contains("KopoKopoError.Internal"));
    assert!(refusal(&FIXTURE.replace("dictionary ErrorFields", "dictionary ErrorFacts")).contains("ErrorFields"));
    let without = FIXTURE.split_once("/// What went wrong").unwrap().0;
    let without = without
        .replace("[Throws=KopoKopoError]", "")
        .replace("[Async, Throws=KopoKopoError]", "[Async]")
        .replace("[Throws=KopoKopoError, Name", "[Name");
    assert!(refusal(&without).contains("no error"));
}

#[test]
fn what_no_generator_knows_is_refused_by_its_place() {
    assert!(refusal(&FIXTURE.replace("u64? expires_in", "duration? expires_in")).contains("Token.expires_in"));
    assert!(refusal(&FIXTURE.replace("Metadata", "Weight")).contains("Weight"));
    assert!(refusal(&FIXTURE.replace("/// `Card`", "/// A card.")).contains("PaymentChannel.Card"));
    let two = FIXTURE.replace("SendMoney(SendMoney send_money)", "SendMoney(SendMoney send_money, string at)");
    assert!(refusal(&two).contains("EventPayload.SendMoney"));
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
    let free: Vec<_> = fields
        .filter(|(_, field)| field.is_free_text())
        .map(|(record, field)| format!("{}.{}", record.name, field.name))
        .collect();
    let shown: Vec<_> = free.iter().filter(|field| !hidden.contains(field)).collect();
    assert!(shown.is_empty(), "free text that the core shows: hide it in redacted_debug!: {shown:?}");
    let readable: Vec<_> = hidden.iter().filter(|field| !free.contains(field)).collect();
    assert!(
        readable.is_empty(),
        "hidden by the core: add the name to FREE_TEXT in xtask/src/gen/model.rs: {readable:?}"
    );
}

/// What only the journal and its stores use.
const OF_THE_STORE: [&str; 3] = ["JournalRecord.owner", "JournalRecord.error", "JournalRecord.details"];

/// The core's records are `#[non_exhaustive]`, so the compiler does not report a field that the contract lacks.
#[test]
fn contract_has_every_field_of_the_core_s_records() {
    let contract = read(CONTRACT).unwrap();
    let mut sources = String::new();
    for folder in ["resources", "webhooks", "auth", "journal"] {
        for entry in std::fs::read_dir(format!("{}/../core/src/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let path = entry.unwrap().path();
            // What is in folders below has no records.
            if path.is_file() {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut checked = 0;
    for record in contract.records.iter().filter(|record| record.usage.output) {
        let (before, block) = sources.split_once(&format!("\npub struct {} {{\n", record.name)).unwrap();
        assert!(before.ends_with("#[non_exhaustive]"), "{}", record.name);
        let block = block.split_once("\n}").unwrap().0;
        let fields = block.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
        for (field, _) in fields {
            let is_known = record.fields.iter().any(|known| known.name == field.trim_start_matches("r#"))
                || OF_THE_STORE.contains(&format!("{}.{field}", record.name).as_str());
            assert!(is_known, "{}.{field} is not in udl/kopokopo.udl", record.name);
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}
