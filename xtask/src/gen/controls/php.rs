//! `KopoKopo\Testing` of the PHP package: the words, the records, and a method for each call.

use serde_json::{Value, json};

use super::{
    super::{
        Output,
        names::{camel_case, in_camel_case},
        php,
        template::Templates,
    },
    Call, Controls, Field, Record, Type, required_first,
};

pub(super) fn generate(controls: &Controls) -> Result<[Output; 3], String> {
    let mut templates = Templates::load("php")?;
    templates.add_filter("comment", php::comment);
    let words = controls.words.iter().map(|word| {
        let values = word.values.iter().map(
            |(value, docs)| json!({ "word": value, "constant": value.to_uppercase(), "docs": in_camel_case(docs) }),
        );
        json!({ "name": word.name, "docs": word.docs, "values": values.collect::<Vec<_>>() })
    });
    let view = controls.view(words.collect::<Vec<_>>(), record, call);
    let render = |path, name| Ok::<_, String>(Output { path, text: templates.render(name, &view)? });
    Ok([
        render("bindings-php/php/Testing/Generated/Words.php", "testing.Words.php.j2")?,
        render("bindings-php/php/Testing/Generated/Records.php", "testing.Records.php.j2")?,
        render("bindings-php/php/Testing/Controls.php", "testing.Controls.php.j2")?,
    ])
}

fn record(controls: &Controls, record: &Record) -> Value {
    let is_input = record.usage.is_input();
    let view = |field: &Field| field_view(controls, field);
    let fields: Vec<_> = record.fields.iter().map(view).collect();
    json!({
        "name": record.name, "docs": in_camel_case(&record.docs),
        "is_input": is_input, "is_output": record.usage.is_output(),
        "ordered": if is_input { required_first(&record.fields).map(view).collect() } else { fields.clone() },
        "fields": fields,
    })
}

/// A field of a record, or a parameter.
fn field_view(controls: &Controls, field: &Field) -> Value {
    let ty = controls.ty(&field.ty);
    let name = camel_case(&field.name);
    let item = format!("$value['{}']", field.name);
    let (value, text) = (format!("${name}"), format!("'{name}'"));
    json!({
        "word": field.name, "name": name, "docs": in_camel_case(&field.docs),
        "input": php_type(&ty, true), "output": php_type(&ty, false),
        "documented_input": documented(&ty, true), "documented": documented(&ty, false),
        "default": default(field),
        "hidden": field.redacted,
        "read": match &ty {
            Type::Optional(inner) if read(inner, &item) != item => format!("isset({item}) ? {} : null", read(inner, &item)),
            Type::Optional(_) | Type::Json => format!("{item} ?? null"),
            _ => read(&ty, &item),
        },
        "check": check(&ty, &value, &text, false),
        "sent": check(&ty, &value, &text, true),
    })
}

fn call(controls: &Controls, call: &Call) -> Value {
    let view = |field: &Field| field_view(controls, field);
    let returns = call.returned(controls);
    call.view(
        controls,
        view,
        json!({
            "name": camel_case(&call.name), "docs": in_camel_case(&call.docs),
            "path": path(controls, call),
            "parameters": required_first(call.parameters(controls)).map(view).collect::<Vec<_>>(),
            "returns": returns.as_ref().map(|ty| php_type(ty, false)),
            "documented": returns.as_ref().map(|ty| documented(ty, false)),
            "read": returns.as_ref().map(|ty| read(ty, "$value")),
        }),
    )
}

/// The path, as an expression of PHP.
fn path(controls: &Controls, call: &Call) -> String {
    let parts = call.path.split(['{', '}']).enumerate().filter(|(_, part)| !part.is_empty()).map(|(at, part)| {
        let field = call.parameters(controls).iter().find(|field| at % 2 == 1 && field.name == part);
        match field.map(|field| (camel_case(part), controls.ty(&field.ty))) {
            None => format!("'{part}'"),
            Some((name, Type::Integer)) => format!("${name}"),
            Some((name, _)) => format!("Values::segment(${name}, '{name}')"),
        }
    });
    parts.collect::<Vec<_>>().join(" . ")
}

fn default(field: &Field) -> Option<String> {
    match &field.default {
        Some(Value::String(text)) => Some(format!("'{text}'")),
        _ => field.default("null"),
    }
}

/// A type that PHP checks. Without `strict_types` it would make text of a float that is an amount, so that is refused by code.
fn php_type(ty: &Type, is_input: bool) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Amount => if is_input { "string|int|float|bool" } else { "string" }.to_owned(),
        Type::Json => "mixed".to_owned(),
        Type::Map | Type::List(_) => "array".to_owned(),
        Type::Word(name) if is_input => format!("{name}|string"),
        Type::Word(name) | Type::Record(name) => name.clone(),
        Type::Optional(inner) => match php_type(inner, is_input) {
            any if any == "mixed" => any,
            union if union.contains('|') => format!("{union}|null"),
            one => format!("?{one}"),
        },
    }
}

fn documented(ty: &Type, is_input: bool) -> String {
    match ty {
        Type::Amount if is_input => "string|int".to_owned(),
        Type::Map => "array<string, mixed>".to_owned(),
        Type::List(inner) => format!("list<{}>", documented(inner, is_input)),
        Type::Optional(inner) if **inner == Type::Json => "mixed".to_owned(),
        Type::Optional(inner) => format!("{}|null", documented(inner, is_input)),
        same => php_type(same, is_input),
    }
}

fn read(ty: &Type, value: &str) -> String {
    match ty {
        Type::Word(name) => format!("new {name}({value})"),
        Type::Record(name) => format!("{name}::read({value})"),
        Type::List(inner) => match &**inner {
            Type::Record(name) => format!("\\array_map({name}::read(...), {value})"),
            _ => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// What a record keeps of a value that a program gives, or what is sent of it: words are text in JSON. `name` is PHP's code for
/// its name in errors.
fn check(ty: &Type, value: &str, name: &str, is_sent: bool) -> String {
    match ty {
        Type::Optional(inner) => format!("{value} === null ? null : {}", check(inner, value, name, is_sent)),
        Type::List(inner) => {
            let item = check(inner, "$item", "$at", is_sent);
            format!("Values::list({value}, {name}, static fn (mixed $item, string $at) => {item})")
        }
        Type::Word(found) => format!("Values::word({value}, {found}::class, {name})"),
        Type::Record(found) => {
            format!("Values::record({value}, {found}::class, {name}){}", if is_sent { "->toBody()" } else { "" })
        }
        Type::String => format!("Values::string({value}, {name})"),
        Type::Integer => format!("Values::integer({value}, {name})"),
        Type::Float => format!("Values::float({value}, {name})"),
        Type::Boolean => value.to_owned(),
        Type::Amount => format!("Values::amount({value}, {name})"),
        Type::Json => format!("Values::json({value}, {name})"),
        Type::Map => format!("Values::map({value}, {name})"),
    }
}
