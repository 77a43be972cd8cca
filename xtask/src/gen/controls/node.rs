//! `kopokopo/testing`: a table of the records, a method for each call, and the types.

use serde_json::{Value, json};

use super::{
    super::{Output, names::camel_case, template::Templates},
    Call, Controls, Field, Record, Type,
};

pub(super) fn generate(controls: &Controls) -> Result<[Output; 2], String> {
    let templates = Templates::load("node")?;
    let view = controls.view(&controls.words, record, call);
    Ok([
        Output { path: "bindings-node/testing/controls.js", text: templates.render("controls.js.j2", &view)? },
        Output { path: "bindings-node/testing/controls.d.ts", text: templates.render("controls.d.ts.j2", &view)? },
    ])
}

fn record(controls: &Controls, record: &Record) -> Value {
    let fields = record.fields.iter().map(|field| field_view(controls, field, record.usage.is_input()));
    json!({ "name": record.name, "docs": record.docs, "fields": fields.collect::<Vec<_>>() })
}

fn field_view(controls: &Controls, field: &Field, input: bool) -> Value {
    json!({
        "name": field.name,
        "camel": camel_case(&field.name),
        "docs": field.docs,
        "type": field.ty,
        "ts": typescript(&controls.ty(&field.ty), input),
        "is_optional": input && !field.is_required(),
        "default": field.default.as_ref().map(Value::to_string),
    })
}

fn call(controls: &Controls, call: &Call) -> Value {
    let (by_place, by_name) = call.split(controls);
    let view = |field: &&Field| field_view(controls, field, true);
    json!({
        "name": call.name, "docs": call.docs, "method": call.method,
        "path": call.path(|name| format!("${{segment({0}, '{0}')}}", camel_case(name))),
        "has_path": by_place.iter().any(|field| call.is_in_path(field)),
        "by_place": by_place.iter().map(view).collect::<Vec<_>>(),
        "by_name": by_name.iter().map(view).collect::<Vec<_>>(),
        "all_optional": by_name.iter().all(|field| !field.is_required()),
        "whole": call.body.as_ref().and(by_place.last()).map(view),
        "fixed": call.fixed,
        "body": by_place.iter().filter(|field| !call.is_in_path(field)).map(view).collect::<Vec<_>>(),
        "accepts": call.accepts,
        "returns": call.returns,
        "ts": call.returns.as_deref().map(|ty| typescript(&controls.ty(ty), false)),
    })
}

fn typescript(ty: &Type, input: bool) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Integer | Type::Float => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Amount => if input { "AmountLike" } else { "string" }.to_owned(),
        Type::Json => "any".to_owned(),
        Type::Map => "Record<string, any>".to_owned(),
        Type::Word(name) | Type::Record(name) => name.clone(),
        Type::Optional(inner) => format!("{} | null", typescript(inner, input)),
        Type::List(inner) => format!("readonly {}[]", typescript(inner, input)),
    }
}
