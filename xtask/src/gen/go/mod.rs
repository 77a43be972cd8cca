//! Generates the Go package from the contract: its types, client, errors and functions. The text is in
//! `xtask/templates/go`. Code that does not depend on the contract is in `bindings-go`, and is written by hand.

mod types;

use serde_json::{Value, json};

use super::{
    Output,
    model::{Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type, Variant},
    names::{camel_case, class_name, snake_case},
    template::Templates,
};

const FILES: [(&str, &str); 6] = [
    ("bindings-go/client_generated.go", "client.go.j2"),
    ("bindings-go/enums_generated.go", "enums.go.j2"),
    ("bindings-go/errors_generated.go", "errors.go.j2"),
    ("bindings-go/functions_generated.go", "functions.go.j2"),
    ("bindings-go/records_generated.go", "records.go.j2"),
    ("bindings-go/unions_generated.go", "unions.go.j2"),
];

/// Makes the generated files of the package.
pub(super) fn generate(contract: &Contract) -> Result<Vec<Output>, String> {
    let templates = Templates::load("go")?;
    let view = Package(contract).view();
    FILES.into_iter().map(|(path, name)| Ok(Output { path, text: templates.render(name, &view)? })).collect()
}

struct Package<'a>(&'a Contract);

impl Package<'_> {
    fn view(&self) -> Value {
        let Contract { hash, objects, records, enums, error, .. } = self.0;
        let functions = self.0.functions_of_no_record();
        let objects = objects.iter().filter(|object| !object.is_watch());
        let records = records.iter().filter(|record| !self.0.is_flattened(&record.name));
        let words = enums.iter().filter(|found| found.shape != Shape::Union);
        let unions = enums.iter().filter(|found| found.shape == Shape::Union);
        json!({
            "hash": hash,
            "objects": objects.map(|object| self.object(object)).collect::<Vec<_>>(),
            "functions": functions.map(|function| self.method(None, function)).collect::<Vec<_>>(),
            "records": records.map(|record| self.record(record)).collect::<Vec<_>>(),
            "enums": words.map(Self::words).collect::<Vec<_>>(),
            "unions": unions.map(|found| self.union(found)).collect::<Vec<_>>(),
            "error": {
                "docs": types::docs("Error", &error.docs),
                "fields": self.error_fields(&error.fields),
                "kinds": error.kinds.iter().map(|kind| json!({
                    "name": kind.name,
                    "word": kind.word,
                    "docs": types::docs(&format!("Err{}", kind.name), &kind.docs),
                })).collect::<Vec<_>>(),
            },
        })
    }

    fn object(&self, object: &Object) -> Value {
        let name = class_name(&object.name);
        let make = |callable: &Callable| self.method(Some(object), callable);
        json!({
            "name": name,
            "word": object.name,
            "docs": types::docs(name, &object.docs),
            "section": self.0.section(&object.name),
            "is_client": object.is_client(),
            "is_handle": object.is_handle(),
            "constructors": object.constructors.iter().map(make).collect::<Vec<_>>(),
            "methods": object.methods.iter().map(make).collect::<Vec<_>>(),
        })
    }

    fn method(&self, object: Option<&Object>, callable: &Callable) -> Value {
        let state = callable.returns.as_ref().and_then(Type::watched);
        let is_constructor = object.is_some_and(|object| object.constructors.contains(callable));
        let class = match &callable.returns {
            Some(Type::Object(name)) if state.is_none() => Some(class_name(name)),
            _ => None,
        };
        let style = match callable.arguments.first() {
            Some(Field { ty: Type::Callback(_), .. }) => "callback",
            _ if state.is_some() => "watch",
            _ if callable.is_async => "call",
            _ if callable.arguments.iter().any(|field| field.ty == Type::Bytes) => "bytes",
            _ if class.is_some() && !callable.throws => "section",
            _ if is_constructor => "constructor",
            _ => "ask",
        };
        let name = match (is_constructor, callable.name.as_str()) {
            (true, "new") => String::new(),
            (_, name) => types::exported(name),
        };
        let declared = match (is_constructor, object) {
            (true, Some(object)) => format!("New{}{name}", class_name(&object.name)),
            _ => name.clone(),
        };
        let result = state.as_ref().or(callable.returns.as_ref());
        let is_record = matches!(result, Some(Type::Record(_)));
        let is_optional_record = result.is_some_and(|ty| ty.is_optional() && matches!(ty.inner(), Type::Record(_)));
        json!({
            "name": declared,
            "word": callable.name,
            "docs": types::docs(&declared, &callable.docs),
            "style": style,
            "throws": callable.throws,
            "is_create": callable.created().is_some(),
            "operation": object.and_then(|object| self.0.section(&object.name)).map(|section| format!("{section}.{}", callable.name)),
            "parameters": callable.arguments.iter().map(|field| self.parameter(callable, field)).collect::<Vec<_>>(),
            "class": class,
            "is_record": is_record,
            "is_optional_record": is_optional_record,
            "returns": result.map(|ty| if is_record { format!("*{}", types::output(ty)) } else { types::output(ty) }),
            "read": result.map(types::read),
        })
    }

    /// An argument. The fields of a last record are arguments of the library.
    fn parameter(&self, callable: &Callable, field: &Field) -> Value {
        let is_flat = callable.flattened().is_some_and(|(flat, _)| flat == field);
        json!({
            "name": camel_case(&field.name),
            "word": field.name,
            "type": types::input(self.0, field),
            "exported": types::exported(&field.name),
            "tag": self.field(field, false)["tag"],
            "is_flat": is_flat,
            "is_bytes": field.ty == Type::Bytes,
        })
    }

    fn record(&self, record: &Record) -> Value {
        json!({
            "name": record.name,
            "word": snake_case(&record.name),
            "docs": types::docs(&record.name, &record.docs),
            "is_output": record.usage.output,
            "fields": record.fields.iter().map(|field| self.field(field, record.usage.output)).collect::<Vec<_>>(),
            "is_payment": record.is_payment(),
        })
    }

    fn field(&self, field: &Field, is_output: bool) -> Value {
        let name = types::exported(&field.name);
        let hidden = field.hidden().map_or("", |_| ",hidden");
        let optional = if field.default.is_some() || field.ty.is_optional() { ",optional" } else { "" };
        json!({
            "name": name,
            "word": field.name,
            "tag": format!("`k2:\"{}{optional}{hidden}\"`", field.name),
            "docs": types::comment(&with_default(field, is_output)).replace('\n', "\n\t"),
            "type": if is_output { types::output(&field.ty) } else { types::input(self.0, field) },
            "read": types::read(&field.ty),
        })
    }

    /// What is absent in an error is the zero value, as in Go's own errors. A server may ask to wait for no time at all.
    /// The fields of an error. gofmt aligns those of a struct.
    fn error_fields(&self, fields: &[Field]) -> Vec<Value> {
        let mut views: Vec<_> = fields.iter().map(|field| self.error_field(field)).collect();
        let width = |views: &[Value], key: &str| {
            let lengths = views.iter().map(|view| view[key].as_str().unwrap_or_default().len());
            lengths.max().unwrap_or_default().max("Kind".len())
        };
        let (names, types) = (width(&views, "name"), width(&views, "json"));
        for view in &mut views {
            let text = |key: &str| view[key].as_str().unwrap_or_default().to_owned();
            let (name, json) = (text("name"), text("json"));
            view["space_after_name"] = " ".repeat(names + 1 - name.len()).into();
            view["space_after_type"] = " ".repeat(types + 1 - json.len()).into();
        }
        views
    }

    fn error_field(&self, field: &Field) -> Value {
        let mut view = self.field(field, true);
        if !matches!(field.ty.inner(), Type::F64) {
            view["type"] = types::output(field.ty.inner()).into();
        }
        // In JSON, as the library returns it.
        (view["json"], view["lift"]) = match field.ty.inner() {
            Type::F64 => ("*float64".into(), "durationOf".into()),
            Type::Text(Text::Timestamp) => ("string".into(), "timeOf".into()),
            _ => (view["type"].clone(), Value::Null),
        };
        view
    }

    fn words(found: &Enum) -> Value {
        let variant = |variant: &Variant| {
            let name = format!("{}{}", found.name, variant.name);
            json!({"name": name, "word": variant.word, "docs": types::docs(&name, &variant.docs).replace('\n', "\n\t")})
        };
        json!({
            "name": found.name,
            "docs": types::docs(&found.name, &found.docs),
            "is_open": found.shape == Shape::Open,
            "variants": found.variants.iter().map(variant).collect::<Vec<_>>(),
        })
    }

    fn union(&self, found: &Enum) -> Value {
        let start = found.name.rfind(|c: char| c.is_ascii_uppercase()).unwrap_or_default();
        let suffix = &found.name[start..];
        let is_output = found.usage.output;
        let variant = |variant: &Variant| {
            let (_, fields) = self.0.contents(variant);
            let name = format!("{}{suffix}", variant.name);
            json!({
                "word": variant.word,
                "docs": types::docs(&name, &variant.docs),
                "name": name,
                "fields": fields.iter().map(|field| self.field(field, is_output)).collect::<Vec<_>>(),
            })
        };
        json!({
            "name": found.name,
            "docs": types::docs(&found.name, &found.docs),
            "is_output": is_output,
            "variants": found.variants.iter().map(variant).collect::<Vec<_>>(),
        })
    }
}

/// A field's documentation, with how Go leaves it out.
fn with_default(field: &Field, is_output: bool) -> String {
    let docs =
        if field.docs.is_empty() { format!("The {}.", field.name.replace('_', " ")) } else { field.docs.clone() };
    let is_zero = matches!(field.ty.inner(), Type::F64) || matches!(field.ty, Type::Enum(_));
    let is_text = matches!(field.ty.element(), Type::Text(Text::Metadata));
    if !is_output && field.default.is_some() && is_zero && !is_text {
        format!("{docs} Zero means the default.")
    } else {
        docs
    }
}
