//! `dev.kopokopo.sandbox`: the words, the records and the calls.

use serde_json::{Value, json};

use super::{
    super::{
        Output,
        names::{camel_case, in_camel_case},
        template::Templates,
    },
    Call, Controls, Field, Record, Type, required_first,
};

pub(super) fn generate(controls: &Controls) -> Result<Output, String> {
    let words = controls.words.iter().map(|word| {
        let values = word
            .values
            .iter()
            .map(|(value, docs)| json!({ "word": value, "name": value.to_uppercase(), "docs": in_camel_case(docs) }));
        json!({ "name": word.name, "docs": word.docs, "values": values.collect::<Vec<_>>() })
    });
    let view = controls.view(words.collect::<Vec<_>>(), record, call);
    let text = Templates::load("kotlin")?.render("Controls.kt.j2", view)?;
    Ok(Output { path: "bindings-kotlin/testing/src/main/generated/dev/kopokopo/sandbox/Controls.kt", text })
}

fn record(controls: &Controls, record: &Record) -> Value {
    let is_input = record.usage.is_input();
    let view = |field: &Field| field_view(controls, field, is_input);
    // Java has no named arguments, so what is required comes first.
    let fields: Vec<_> = if is_input {
        required_first(&record.fields).map(view).collect()
    } else {
        record.fields.iter().map(view).collect()
    };
    json!({
        "name": record.name, "docs": record.docs,
        "is_input": is_input, "is_output": record.usage.is_output(),
        "has_defaults": is_input && record.fields.iter().any(|field| !field.is_required()),
        "fields": fields,
    })
}

fn field_view(controls: &Controls, field: &Field, input: bool) -> Value {
    let ty = controls.ty(&field.ty);
    let name = camel_case(&field.name);
    json!({
        "name": field.name, "camel": name, "docs": field.docs,
        "type": kotlin_type(&ty),
        "default": if input { default(&ty, field) } else { None },
        "read": read(&ty, &format!("fields[{:?}]", field.name)),
        "write": write(&ty, &name),
    })
}

fn call(controls: &Controls, call: &Call) -> Value {
    let parameters = call.parameters(controls);
    let view = |field: &Field| field_view(controls, field, true);
    let returns = call.returned(controls);
    call.view(
        controls,
        view,
        json!({
            "path": call.path(|name| format!("${{segment({0}, \"{0}\")}}", camel_case(name))),
            "has_defaults": parameters.iter().any(|field| !field.is_required()),
            "parameters": required_first(parameters).map(view).collect::<Vec<_>>(),
            "returns": returns.as_ref().map(kotlin_type),
            "read": returns.as_ref().map(|ty| read(ty, "content")),
        }),
    )
}

fn default(ty: &Type, field: &Field) -> Option<String> {
    let Some(value) = &field.default else { return matches!(ty, Type::Optional(_)).then(|| "null".to_owned()) };
    Some(match (ty, value) {
        (Type::Word(name), Value::String(word)) => format!("{name}.{}", word.to_uppercase()),
        (Type::Amount, Value::String(text)) => format!("BigDecimal({text:?})"),
        (Type::Integer | Type::Optional(_), Value::Number(number)) => format!("{number}L"),
        _ => value.to_string(),
    })
}

fn kotlin_type(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Integer => "Long".to_owned(),
        Type::Float => "Double".to_owned(),
        Type::Boolean => "Boolean".to_owned(),
        Type::Amount => "BigDecimal".to_owned(),
        Type::Json => "Any?".to_owned(),
        Type::Map => "Map<String, Any?>".to_owned(),
        Type::Word(name) | Type::Record(name) => name.clone(),
        Type::Optional(inner) => format!("{}?", kotlin_type(inner).trim_end_matches('?')),
        Type::List(inner) => format!("List<{}>", kotlin_type(inner)),
    }
}

fn read(ty: &Type, value: &str) -> String {
    match ty {
        Type::String => format!("{value} as String"),
        Type::Integer => format!("({value} as Number).toLong()"),
        Type::Float => format!("({value} as Number).toDouble()"),
        Type::Boolean => format!("{value} as Boolean"),
        Type::Amount => format!("BigDecimal({value} as String)"),
        Type::Json => value.to_owned(),
        Type::Map => format!("fieldsOf({value})"),
        Type::Word(name) => format!("{name}.of({value} as String)"),
        Type::Record(name) => format!("{name}.read({value})"),
        Type::Optional(inner) if **inner == Type::Json => value.to_owned(),
        Type::Optional(inner) => format!("{value}?.let {{ {} }}", read(inner, "it")),
        Type::List(inner) => format!("({value} as List<*>).map {{ {} }}", read(inner, "it")),
    }
}

fn write(ty: &Type, value: &str) -> String {
    match ty {
        Type::Amount => format!("{value}.toPlainString()"),
        Type::Word(_) => format!("{value}.word"),
        Type::Record(_) => format!("{value}.write()"),
        Type::Optional(inner) => match &**inner {
            Type::Amount | Type::Word(_) | Type::Record(_) => format!("{value}?.let {{ {} }}", write(inner, "it")),
            Type::List(item) if write(item, "it") != "it" => format!("{value}?.map {{ {} }}", write(item, "it")),
            _ => value.to_owned(),
        },
        Type::List(inner) if write(inner, "it") != "it" => format!("{value}.map {{ {} }}", write(inner, "it")),
        _ => value.to_owned(),
    }
}
