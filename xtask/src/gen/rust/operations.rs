//! A line for each record, request, enumeration and section, for the templates. The macros in `udl/src/value` and
//! `udl/src/operations/methods.rs` turn them into code over the core's own types.

use serde_json::{Value, json};

use super::values;
use crate::r#gen::{
    jni,
    model::{Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type},
};

/// Records that `udl/src` reads by hand: options, and the token of a token source.
const READ_BY_HAND: [&str; 5] = ["ClientOptions", "TokenSourceOptions", "WaitOptions", "AccessToken", "JournalOptions"];

/// The journal is no section of the API: its methods are written by hand, in `udl/src/operations/journal.rs`.
const JOURNAL: &str = "Journal";

/// What needs no client.
pub(super) fn values(contract: &Contract, parts: [(&str, &Contract); 2]) -> Value {
    let is_read = |record: &Record| record.usage.output || !READ_BY_HAND.contains(&record.name.as_str());
    let records = contract.records.iter().enumerate().filter(|(_, record)| is_read(record));
    let open = |is_used: fn(&Enum) -> bool| {
        let open = contract.enums.iter().filter(|found| found.shape == Shape::Open && is_used(found));
        open.map(|found| found.name.as_str()).collect::<Vec<_>>()
    };
    let unions = contract.enums.iter().filter(|found| found.shape == Shape::Union);
    json!({
        "parts": parts.map(|(condition, contract)| json!({"condition": condition, "hash": contract.hash})),
        "records": records.map(|(index, record)| self::record(index, record)).collect::<Vec<_>>(),
        "words_out": open(|found| found.usage.output),
        "words_in": open(|found| found.usage.input),
        "unions": unions.map(union).collect::<Vec<_>>(),
    })
}

/// A record that is handed out has its position in the contract and its fields. One that is handed in has the fields
/// that are required, and those that are not.
fn record(index: usize, Record { name, fields, usage, .. }: &Record) -> Value {
    let asked = |field: &Field| if values::method(name, field).is_some() { "()" } else { "" };
    let out: Vec<_> = fields.iter().map(|field| format!("{}{}", field.name, asked(field))).collect();
    let names = |fields: Vec<&Field>| fields.into_iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let (required, optional) = fields.iter().partition(|field| field.default.is_none());
    json!({
        "index": index,
        "name": name,
        "is_output": usage.output,
        "fields": out,
        "required": names(required),
        "optional": names(optional),
    })
}

fn union(Enum { name, variants, usage, .. }: &Enum) -> Value {
    let held = variants.iter().filter_map(|variant| Some((variant, variant.content.as_ref()?)));
    let variants = held.map(|(variant, content)| {
        let name = if usage.output { format!(" {}", content.name) } else { String::new() };
        format!("{:?} {}{name}", variant.word, variant.name)
    });
    json!({"name": name, "is_output": usage.output, "variants": variants.collect::<Vec<_>>()})
}

/// What sends requests. What apps do not have is left out of their library, not only of its tables.
pub(super) fn sections(contract: &Contract, parts: [(&str, &Contract); 2]) -> Value {
    let [(not_for_apps, _), (_, apps)] = parts;
    let condition = |object: &str| match apps.object(object) {
        Some(_) => String::new(),
        None => format!("#[cfg({not_for_apps})]"),
    };
    let is_sent = |object: &Object| object.name != JOURNAL && object.methods.iter().any(|method| method.is_async);
    let sent = contract.objects.iter().filter(|object| is_sent(object));
    let sections =
        sent.filter_map(|object| Some(section(object, contract.section(&object.name)?, &condition(&object.name))));
    let names = |part: &Contract| {
        let sections = part.objects.iter().filter(|object| object.name != JOURNAL);
        let names = sections.filter_map(|object| part.section(&object.name)).filter(|name| *name != "webhooks");
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let watches = contract.objects.iter().filter(|object| object.is_watch()).map(|watch| {
        let record = watch.name.trim_end_matches("Watch");
        let handle = Some(format!("Created{record}")).filter(|name| contract.object(name).is_some());
        json!({"record": record, "handle": handle.unwrap_or_default(), "object": watch.name, "condition": condition(&watch.name)})
    });
    json!({
        "sections": sections.collect::<Vec<_>>(),
        "watches": watches.collect::<Vec<_>>(),
        "parts": parts.map(|(condition, part)| json!({"condition": condition, "names": names(part)})),
    })
}

fn section(Object { name, methods, .. }: &Object, section: &str, condition: &str) -> Value {
    let (sent, watch): (Vec<_>, Vec<_>) = methods.iter().partition(|method| method.is_async);
    json!({
        "object": name,
        "name": section,
        "condition": condition,
        "sent": sent.into_iter().map(method).collect::<Vec<_>>(),
        "watch": watch.first().map(|method| method.name.as_str()).unwrap_or_default(),
        "operations": methods.iter().map(operation).collect::<Vec<_>>(),
    })
}

fn method(Callable { name, arguments, returns, .. }: &Callable) -> String {
    let arguments = match arguments.as_slice() {
        [] => String::new(),
        [Field { ty: Type::Record(_), .. }] => "request".to_owned(),
        [Field { name, ty, .. }] => {
            format!("{name}: {}", if *ty == Type::Text(Text::Secret) { "api::Secret" } else { "String" })
        }
        _ => "id, options".to_owned(),
    };
    let kind = match returns {
        None => "nothing",
        Some(Type::Object(_)) => "handle",
        Some(_) => "value",
    };
    format!("{name}({arguments}) -> {kind}")
}

/// What the command line says of a method: the first sentence.
fn operation(method: &Callable) -> Value {
    let about = method.docs.replace('\n', " ");
    let about = about.split_inclusive(['.', ':']).next().unwrap_or_default().trim_end_matches(['.', ':']);
    json!({"name": method.name, "about": about, "creates": method.is_async && jni::creates(method)})
}
