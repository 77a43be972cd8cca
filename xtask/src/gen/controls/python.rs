//! `kopokopo.testing._controls`.

use serde_json::{Value, json};

use super::super::{Output, template::Templates};
use super::{Call, Controls, Field, Record, Type};

pub(super) fn generate(controls: &Controls) -> Result<Output, String> {
    let view = controls.view(&controls.words, record, call);
    let text = Templates::load("python")?.render("_controls.py.j2", view)?;
    Ok(Output { path: "bindings-python/python/kopokopo/testing/_controls.py", text })
}

fn record(controls: &Controls, record: &Record) -> Value {
    let is_input = record.usage.is_input();
    let fields = record.fields.iter().map(|field| {
        let ty = controls.ty(&field.ty);
        let item = if field.is_optional() {
            format!("value.get({:?})", field.name)
        } else {
            format!("value[{:?}]", field.name)
        };
        json!({
            "name": field.name, "docs": field.docs,
            "type": python_type(&ty, is_input),
            "default": if is_input { default(field) } else { None },
            "read": read(&ty, &item),
            "write": write(&ty, &format!("self.{}", field.name), &field.name),
        })
    });
    json!({
        "name": record.name, "docs": record.docs,
        "is_input": is_input, "is_output": record.usage.is_output(),
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn call(controls: &Controls, call: &Call) -> Value {
    let parameters = call.parameters(controls);
    let field = |field: &Field| {
        let ty = controls.ty(&field.ty);
        json!({
            "name": field.name, "docs": field.docs,
            "type": python_type(&ty, true),
            "default": default(field),
            "write": write(&ty, &field.name, &field.name),
        })
    };
    let returns = call.returned(controls);
    call.view(
        controls,
        field,
        json!({
            "path": call.path(|name| format!("{{_segment({name}, '{name}')}}")),
            "has_path": parameters.iter().any(|field| call.is_in_path(field)),
            "required": parameters.iter().filter(|field| field.is_required()).map(field).collect::<Vec<_>>(),
            "optional": parameters.iter().filter(|field| !field.is_required()).map(field).collect::<Vec<_>>(),
            "returns": returns.as_ref().map(|ty| python_type(ty, false)),
            "read": returns.as_ref().map(|ty| read(ty, "content")),
        }),
    )
}

fn default(field: &Field) -> Option<String> {
    match &field.default {
        Some(Value::Bool(value)) => Some(if *value { "True" } else { "False" }.to_owned()),
        _ => field.default("None"),
    }
}

fn python_type(ty: &Type, input: bool) -> String {
    match ty {
        Type::String => "str".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Amount => if input { "Amount" } else { "Decimal" }.to_owned(),
        Type::Json => "Any".to_owned(),
        Type::Map => if input { "Mapping[str, Any]" } else { "dict[str, Any]" }.to_owned(),
        Type::Word(name) | Type::Record(name) => name.clone(),
        Type::Optional(inner) => format!("{} | None", python_type(inner, input)),
        Type::List(inner) => format!("{}[{}]", if input { "Sequence" } else { "list" }, python_type(inner, input)),
    }
}

fn read(ty: &Type, value: &str) -> String {
    match ty {
        Type::Amount => format!("Decimal({value})"),
        Type::Record(name) => format!("{name}._read({value})"),
        Type::Optional(inner) if is_converted(inner) => {
            format!("None if {value} is None else {}", read(inner, value))
        }
        Type::List(inner) if is_converted(inner) => format!("[{} for item in {value}]", read(inner, "item")),
        _ => value.to_owned(),
    }
}

fn write(ty: &Type, value: &str, name: &str) -> String {
    match ty {
        Type::Amount => format!("amount_text({value}, {name:?})"),
        Type::Record(_) => format!("{value}._write()"),
        Type::Optional(inner) if is_converted(inner) || matches!(**inner, Type::List(_)) => {
            format!("None if {value} is None else {}", write(inner, value, name))
        }
        Type::List(inner) if is_converted(inner) => format!("[{} for item in {value}]", write(inner, "item", name)),
        Type::List(_) => format!("list({value})"),
        _ => value.to_owned(),
    }
}

fn is_converted(ty: &Type) -> bool {
    match ty {
        Type::Amount | Type::Record(_) => true,
        Type::Optional(inner) | Type::List(inner) => is_converted(inner),
        _ => false,
    }
}
