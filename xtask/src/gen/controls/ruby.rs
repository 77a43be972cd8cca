//! `kopokopo/testing` of the gem: the words, the records, a method for each call, and their types in RBS.

use serde_json::{Value, json};

use super::{
    super::{Output, ruby, template::Templates},
    Call, Controls, Field, Record, Type,
};

pub(super) fn generate(controls: &Controls) -> Result<[Output; 4], String> {
    let mut templates = Templates::load("ruby")?;
    templates.add_filter("comment", ruby::comment);
    let view = controls.view(&controls.words, record, call);
    let render = |path, name| Ok::<_, String>(Output { path, text: templates.render(name, &view)? });
    Ok([
        render("bindings-ruby/lib/kopokopo/testing/generated/words.rb", "testing.words.rb.j2")?,
        render("bindings-ruby/lib/kopokopo/testing/generated/records.rb", "testing.records.rb.j2")?,
        render("bindings-ruby/lib/kopokopo/testing/generated/controls.rb", "testing.controls.rb.j2")?,
        render("bindings-ruby/sig/testing_generated.rbs", "testing.rbs.j2")?,
    ])
}

fn record(controls: &Controls, record: &Record) -> Value {
    let is_input = record.usage.is_input();
    json!({
        "name": record.name, "docs": record.docs,
        "is_input": is_input, "is_output": record.usage.is_output(),
        "fields": record.fields.iter().enumerate().map(|(at, field)| member(controls, field, at, is_input)).collect::<Vec<_>>(),
    })
}

/// A field of a class, and its place there.
fn member(controls: &Controls, field: &Field, at: usize, is_input: bool) -> Value {
    let ty = controls.ty(&field.ty);
    let item =
        if field.is_optional() { format!("value[{:?}]", field.name) } else { format!("value.fetch({:?})", field.name) };
    json!({
        "name": field.name, "docs": field.docs,
        // A question, as in the records of the API.
        "reader": if ty == Type::Boolean { format!("{}?", field.name) } else { field.name.clone() },
        "default": if is_input { field.default("nil") } else { field.is_optional().then(|| "nil".to_owned()) },
        "yard": yard(&ty, false), "yard_given": yard(&ty, is_input),
        "rbs": rbs(&ty, false), "rbs_given": rbs(&ty, is_input),
        "redacted": field.redacted.then_some("personal"),
        "check": check(&ty, &field.name, &format!("{:?}", field.name)),
        "read": read(&ty, &item),
        "write": write(&ty, &format!("@values[{at}]")),
    })
}

fn call(controls: &Controls, call: &Call) -> Value {
    let (by_place, by_name) = call.split(controls);
    let view = |field: &Field, is_named: bool| {
        let ty = controls.ty(&field.ty);
        let checked = check(&ty, &field.name, &format!("{:?}", field.name));
        json!({
            "name": field.name, "docs": field.docs, "is_named": is_named, "default": field.default("nil"),
            "yard": yard(&ty, true), "rbs": rbs(&ty, true),
            "write": checked_write(&ty, &field.name, &format!("{:?}", field.name)).unwrap_or(checked),
        })
    };
    let returns = call.returned(controls);
    let parameters =
        by_place.iter().map(|field| view(field, false)).chain(by_name.iter().map(|field| view(field, true)));
    let path = call.path(|name| {
        let field = call.parameters(controls).iter().find(|field| field.name == name);
        match field.map(|field| controls.ty(&field.ty)) {
            Some(Type::Integer) => format!("#{{Values.integer({name}, {name:?})}}"),
            _ => format!("#{{Values.segment({name}, {name:?})}}"),
        }
    });
    let returned = |write: fn(&Type, bool) -> String| returns.as_ref().map_or("void".to_owned(), |ty| write(ty, false));
    call.view(
        controls,
        |field| view(field, false),
        json!({
            "docs": [call.docs],
            "path": path,
            "parameters": parameters.collect::<Vec<_>>(),
            "yard": returned(yard),
            "rbs": returned(rbs),
            "read": returns.as_ref().map(|ty| read(ty, "content")),
        }),
    )
}

fn yard(ty: &Type, is_input: bool) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Integer => "Integer".to_owned(),
        Type::Float => if is_input { "Numeric" } else { "Float" }.to_owned(),
        Type::Boolean => "Boolean".to_owned(),
        Type::Amount => if is_input { "BigDecimal, Integer, String" } else { "BigDecimal" }.to_owned(),
        Type::Json => "Object".to_owned(),
        Type::Map => if is_input { "Hash" } else { "Hash{String => Object}" }.to_owned(),
        Type::Word(name) => {
            if is_input {
                format!("{name}, String, Symbol")
            } else {
                name.clone()
            }
        }
        Type::Record(name) => {
            if is_input {
                format!("{name}, Hash")
            } else {
                name.clone()
            }
        }
        Type::Optional(inner) => format!("{}, nil", yard(inner, is_input)),
        Type::List(inner) => format!("Array<{}>", yard(inner, is_input)),
    }
}

fn rbs(ty: &Type, is_input: bool) -> String {
    match ty {
        Type::Float => if is_input { "Numeric" } else { "Float" }.to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Amount if is_input => "(BigDecimal | Integer | String)".to_owned(),
        Type::Json => "untyped".to_owned(),
        Type::Map => format!("Hash[{}, untyped]", if is_input { "String | Symbol" } else { "String" }),
        Type::Word(name) if is_input => format!("({name} | String | Symbol)"),
        Type::Record(name) if is_input => format!("({name} | Hash[Symbol, untyped])"),
        Type::Optional(inner) if **inner == Type::Json => rbs(inner, is_input),
        Type::Optional(inner) => format!("{}?", rbs(inner, is_input)),
        Type::List(inner) => format!("Array[{}]", rbs(inner, is_input)),
        same => yard(same, is_input),
    }
}

fn read(ty: &Type, value: &str) -> String {
    match ty {
        Type::Amount => format!("BigDecimal({value})"),
        Type::Word(name) => format!("{name}.new({value})"),
        Type::Record(name) => format!("{name}.read({value})"),
        Type::Optional(inner) if is_converted(inner) => format!("{value}&.then {{ |found| {} }}", read(inner, "found")),
        Type::List(inner) if is_converted(inner) => format!("{value}.map {{ |item| {} }}.freeze", read(inner, "item")),
        _ => value.to_owned(),
    }
}

/// What a record keeps of a value that a program gives. `name` is Ruby's code for its name in errors.
fn check(ty: &Type, value: &str, name: &str) -> String {
    match ty {
        Type::Optional(inner) => format!("{value}&.then {{ |given| {} }}", check(inner, "given", name)),
        Type::List(inner) => format!("Values.list({value}, {name}) {{ |item, at| {} }}", check(inner, "item", "at")),
        Type::Word(found) => format!("Values.word({value}, {found}, {name})"),
        Type::Record(found) => format!("Values.record({value}, {found}, {name})"),
        Type::String => format!("Values.string({value}, {name})"),
        Type::Integer => format!("Values.integer({value}, {name})"),
        Type::Float => format!("Values.float({value}, {name})"),
        Type::Boolean => format!("Values.boolean({value}, {name})"),
        Type::Amount => format!("Values.amount({value}, {name})"),
        Type::Json => format!("Values.json({value}, {name})"),
        Type::Map => format!("Values.map({value}, {name})"),
    }
}

/// The JSON of a value that a record has.
fn write(ty: &Type, value: &str) -> String {
    match ty {
        Type::Amount => format!("Record.amount_text({value})"),
        Type::Record(_) => format!("{value}.to_body"),
        Type::Optional(inner) if is_written(inner) => format!("{value}&.then {{ |found| {} }}", write(inner, "found")),
        Type::List(inner) if is_written(inner) => format!("{value}.map {{ |item| {} }}", write(inner, "item")),
        _ => value.to_owned(),
    }
}

/// The JSON of a value that a program gives, if it is not what a record keeps.
fn checked_write(ty: &Type, value: &str, name: &str) -> Option<String> {
    Some(match ty {
        Type::Optional(inner) => format!("{value}&.then {{ |given| {} }}", checked_write(inner, "given", name)?),
        Type::List(inner) => {
            format!("Values.list({value}, {name}) {{ |item, at| {} }}", checked_write(inner, "item", "at")?)
        }
        Type::Amount | Type::Record(_) => write(ty, &check(ty, value, name)),
        _ => return None,
    })
}

fn is_converted(ty: &Type) -> bool {
    match ty {
        Type::Amount | Type::Word(_) | Type::Record(_) => true,
        Type::Optional(inner) | Type::List(inner) => is_converted(inner),
        _ => false,
    }
}

fn is_written(ty: &Type) -> bool {
    is_converted(ty) && !matches!(ty, Type::Word(_))
}
