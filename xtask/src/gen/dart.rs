//! Generates the Dart package from the part of the contract that apps have, and its twin in Python, which calls the same
//! functions in the same order: no Dart compiler is at hand. What the contract does not define is written by hand, in
//! `bindings-dart/lib/src`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Output,
    model::{Callable, Contract, Default, Enum, Field, Object, Record, Shape, Text, Type, Variant},
    names::{camel_case, capitalized, milliseconds, snake_case, uncapitalized},
    template::Templates,
};

/// Files and their templates.
const FILES: [(&str, &str); 7] = [
    ("bindings-dart/lib/kopokopo.dart", "kopokopo.dart.j2"),
    ("bindings-dart/lib/testing.dart", "testing.dart.j2"),
    ("bindings-dart/lib/src/generated/client.dart", "client.dart.j2"),
    ("bindings-dart/lib/src/generated/errors.dart", "errors.dart.j2"),
    ("bindings-dart/lib/src/generated/records.dart", "records.dart.j2"),
    ("bindings-dart/lib/src/generated/words.dart", "words.dart.j2"),
    ("bindings-dart/tests/generated.py", "twin.py.j2"),
];

pub(super) fn generate(apps: &Contract) -> Result<Vec<Output>, String> {
    if let Some(union) = apps.enums.iter().find(|found| found.shape == Shape::Union) {
        return Err(format!("{}: the generator for Dart knows no unions, because apps had none", union.name));
    }
    let templates = Templates::load("dart")?;
    let view = Package { contract: apps, names: apps.names() }.view();
    FILES.into_iter().map(|(path, name)| Ok(Output { path, text: templates.render(name, &view)? })).collect()
}

struct Package<'a> {
    contract: &'a Contract,
    /// The contract's names, which Dart spells in camel case.
    names: BTreeSet<&'a str>,
}

impl Package<'_> {
    fn view(&self) -> Value {
        let Contract { hash, objects, callbacks, records, enums, error, .. } = self.contract;
        let kinds = error.kinds.iter().map(
            |kind| json!({ "class": exception(&kind.name), "word": kind.word, "docs": self.docs(&kind.docs, "") }),
        );
        let objects = objects.iter().filter(|object| !object.is_watch());
        json!({
            "hash": hash,
            "names": self.names.iter().filter(|name| name.contains('_')).collect::<Vec<_>>(),
            "objects": objects.map(|object| self.object(object)).collect::<Vec<_>>(),
            "sources": callbacks.iter().map(|source| json!({ "name": source.name, "docs": self.docs(&source.docs, ""),
                "method_docs": source.methods.first().map(|method| self.docs(&method.docs, "  ")) })).collect::<Vec<_>>(),
            "records": records.iter().filter(|record| record.usage.output).map(|record| self.record(record)).collect::<Vec<_>>(),
            "closed": enums.iter().filter(|found| found.shape == Shape::Closed).map(|found| self.words(found)).collect::<Vec<_>>(),
            "open": enums.iter().filter(|found| found.shape == Shape::Open).map(|found| self.words(found)).collect::<Vec<_>>(),
            "error": {
                "docs": self.docs(&error.docs, ""),
                "fields": error.fields.iter().map(|field| self.error_field(field)).collect::<Vec<_>>(),
                "kinds": kinds.collect::<Vec<_>>(),
            },
        })
    }

    fn object(&self, object: &Object) -> Value {
        let callables = object.constructors.iter().chain(&object.methods);
        let methods: Vec<_> = callables.map(|callable| self.method(object, callable)).collect();
        json!({
            "name": object.name,
            "docs": self.docs(&object.docs, ""),
            "is_handle": object.is_handle(),
            "methods": methods,
        })
    }

    fn method(&self, object: &Object, callable: &Callable) -> Value {
        let watched = callable.returns.as_ref().and_then(Type::watched);
        let style = match &callable.returns {
            _ if object.constructors.contains(callable) => "source",
            _ if watched.is_some() => "watch",
            _ if callable.is_accessor() => "section",
            Some(Type::Object(_)) if callable.is_async => "create",
            Some(Type::Object(_)) => "client",
            None => "act",
            Some(_) if callable.is_async => "read",
            Some(_) => "property",
        };
        let returns = watched.as_ref().or(callable.returns.as_ref());
        // A token source is no value: it is passed apart.
        let parameters = self.contract.parameters(callable);
        let parameters: Vec<_> = parameters
            .iter()
            .filter(|field| !matches!(field.ty, Type::Callback(_)))
            .map(|field| self.field(field))
            .collect();
        // What names a resource has no label.
        let is_read = callable.arguments.first().is_some_and(|field| field.name == "id");
        json!({
            "name": camel_case(&callable.name),
            "word": callable.name,
            "docs": self.docs(&callable.docs, "  "),
            "style": style,
            "id": is_read.then(|| parameters.first()).flatten(),
            "parameters": if is_read { &parameters[1..] } else { &parameters[..] },
            "returns": returns.map_or("void".to_owned(), dart),
            "read": returns.map(read),
            "twin_read": returns.map(twin_read),
        })
    }

    fn record(&self, Record { name, docs, fields, .. }: &Record) -> Value {
        json!({
            "name": name,
            "docs": self.docs(docs, ""),
            "fields": fields.iter().map(|field| self.field(field)).collect::<Vec<_>>(),
        })
    }

    fn field(&self, field: &Field) -> Value {
        let name = camel_case(&field.name);
        json!({
            "key": field.name,
            "name": name,
            "docs": self.docs(&field.docs, "  "),
            "argument_docs": self.docs(&field.docs, "  ").replace("\n  /// ", "\n  ///   "),
            "type": dart(&field.ty),
            "given": given(&field.ty),
            "is_optional": field.ty.is_optional(),
            "is_required": field.default.is_none() && !field.ty.is_optional(),
            "default": default(field),
            "lower": lower(&field.ty, &name),
            "read": match &field.ty {
                Type::Optional(_) | Type::List(_) => read(&field.ty),
                plain => format!("{}(reader)", read(plain)),
            },
            "twin_read": twin_read(&field.ty),
            // These have a text form of their own, without the value.
            "is_shown": field.hidden().is_none() || matches!(field.ty.element(), Type::Text(Text::Personal | Text::Secret | Text::Raw)),
            "sample": self.sample(&field.ty),
        })
    }

    /// A field of an error, of the JSON object that the library returns.
    fn error_field(&self, field: &Field) -> Value {
        let own = match (&field.ty, field.name.as_str()) {
            (_, "detail") => "spelled(textOf(fields['detail']) ?? '')".to_owned(),
            (_, "field") => "camelOrNull(textOf(fields['field']))".to_owned(),
            (Type::List(_), name) => format!("textsOf(fields['{name}'])"),
            (ty, name) => {
                let function = match ty.inner() {
                    Type::F64 => "secondsOf",
                    Type::Text(Text::Timestamp) => "timestampOf",
                    Type::U16 | Type::U32 | Type::U64 => "integerOf",
                    _ => "textOf",
                };
                let absent = if ty.is_optional() { "" } else { " ?? 0" };
                format!("{function}(fields['{name}']){absent}")
            }
        };
        let absent = match &field.ty {
            Type::List(_) => Some("const <String>[]"),
            Type::U16 | Type::U32 | Type::U64 => Some("0"),
            _ => None,
        };
        json!({
            "key": field.name,
            "name": camel_case(&field.name),
            "docs": self.docs(&described(&self.contract.error.docs, &field.name), "  "),
            "type": dart(&field.ty),
            "is_required": absent.is_none() && !field.ty.is_optional(),
            "default": absent,
            "lift": own,
        })
    }

    fn words(&self, Enum { name, docs, variants, .. }: &Enum) -> Value {
        let variant = |variant: &Variant| json!({ "name": uncapitalized(&variant.name), "word": quoted(&variant.word), "text": variant.word, "docs": self.docs(&variant.docs, "  ") });
        json!({ "name": name, "docs": self.docs(docs, ""), "variants": variants.iter().map(variant).collect::<Vec<_>>() })
    }

    /// What a sample of a record has, where a test gives nothing.
    fn sample(&self, ty: &Type) -> Option<String> {
        let own = match ty {
            Type::Optional(_) => return None,
            Type::Bool => "false".to_owned(),
            Type::U16 | Type::U32 | Type::U64 => "0".to_owned(),
            Type::F64 => "Duration.zero".to_owned(),
            Type::List(inner) => format!("const <{}>[]", dart(inner)),
            Type::Text(Text::Amount) => "Decimal.zero".to_owned(),
            Type::Text(Text::Timestamp) => "Timestamp.parse('2026-01-01T00:00:00+03:00')".to_owned(),
            Type::Text(Text::Metadata) => "const <String, Object?>{}".to_owned(),
            Type::Text(Text::Personal) => "const Personal('')".to_owned(),
            Type::Text(Text::Secret) => "const Secret('')".to_owned(),
            Type::Text(Text::Raw) => "const Raw('{}')".to_owned(),
            Type::Enum(name) => {
                let first = self.contract.enumeration(name).and_then(|found| found.variants.first());
                format!("{name}.{}", uncapitalized(first.map_or("", |variant| &variant.name)))
            }
            Type::Record(name) => format!("sample{name}()"),
            _ => "''".to_owned(),
        };
        Some(own)
    }

    /// Documentation, from the second line on at this indent. Names of the contract are as Dart spells them, and kinds of
    /// errors are their classes. A `Duration` has its unit.
    fn docs(&self, docs: &str, indent: &str) -> String {
        let docs = docs.trim().replace(", in seconds", "");
        let kinds = &self.contract.error.kinds;
        let parts = docs.split('`').enumerate().map(|(at, part)| {
            let kind = kinds.iter().find(|kind| kind.word == part);
            match (at % 2, kind) {
                (0, _) => part.to_owned(),
                (_, Some(kind)) => format!("[{}]", exception(&kind.name)),
                (_, None) if self.names.contains(part) => format!("`{}`", camel_case(part)),
                _ => format!("`{part}`"),
            }
        });
        let out: String = parts.collect();
        out.replace('\n', &format!("\n{indent}/// ")).replace("/// \n", "///\n")
    }
}

/// What the list in the documentation of the error says of a field. Several fields can share a line.
fn described(docs: &str, field: &str) -> String {
    let mut items = docs.split("\n- ").skip(1).filter_map(|item| item.split_once(": "));
    let found = items.find(|(names, _)| names.contains(&format!("`{field}`")));
    capitalized(found.map_or("See the documentation of the class.", |(_, text)| text).trim())
}

/// The type of a value.
fn dart(ty: &Type) -> String {
    match ty {
        Type::Optional(inner) => format!("{}?", dart(inner)),
        Type::List(inner) => format!("List<{}>", dart(inner)),
        Type::Bool => "bool".to_owned(),
        Type::U16 | Type::U32 | Type::U64 => "int".to_owned(),
        Type::F64 => "Duration".to_owned(),
        Type::String | Type::Bytes | Type::Text(Text::Currency) => "String".to_owned(),
        Type::Text(Text::Amount) => "Decimal".to_owned(),
        Type::Text(Text::Metadata) => "Map<String, Object?>".to_owned(),
        Type::Text(text) => text.name().to_owned(),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => name.clone(),
    }
}

/// How an argument is written as JSON.
fn lower(ty: &Type, name: &str) -> String {
    let lowered = |value: &str| match ty.inner() {
        Type::F64 => format!("seconds({value})"),
        Type::Text(Text::Amount) => format!("{value}.toString()"),
        Type::Text(Text::Timestamp | Text::Secret | Text::Raw) => format!("{value}.text"),
        Type::Enum(_) => format!("{value}.word"),
        _ => value.to_owned(),
    };
    let plain = lowered(name);
    match (ty.is_optional(), plain == name, ty.inner()) {
        (false, ..) | (true, true, _) => plain,
        (true, false, Type::F64) => format!("secondsOrNull({name})"),
        (true, ..) => plain.replacen('.', "?.", 1),
    }
}

/// The function that reads a value.
fn read(ty: &Type) -> String {
    match ty {
        Type::Optional(inner) => format!("reader.optional<{}>({})", dart(inner), read(inner)),
        Type::List(inner) => format!("reader.list<{}>({})", dart(inner), read(inner)),
        Type::Bool => "readBool".to_owned(),
        Type::U16 | Type::U32 | Type::U64 => "readInt".to_owned(),
        Type::F64 => "readDuration".to_owned(),
        Type::Text(Text::Amount) => "readAmount".to_owned(),
        Type::Text(Text::Timestamp) => "readTimestamp".to_owned(),
        Type::Text(Text::Metadata) => "readMetadata".to_owned(),
        Type::Text(Text::Personal) => "readPersonal".to_owned(),
        Type::Text(Text::Secret) => "readSecret".to_owned(),
        Type::Text(Text::Raw) => "readRaw".to_owned(),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => format!("read{name}"),
        Type::String | Type::Bytes | Type::Text(Text::Currency) => "readString".to_owned(),
    }
}

/// The same in Python: the name of a function, or a call of it.
fn twin_read(ty: &Type) -> String {
    match ty {
        Type::Optional(inner) => format!("reader.optional({})", twin_read(inner)),
        Type::List(inner) => format!("reader.list({})", twin_read(inner)),
        Type::Record(name) | Type::Enum(name) => format!("read_{}", snake_case(name)),
        plain => snake_case(&read(plain)),
    }
}

/// The type of an argument. Personal data is a text there, which is not kept.
fn given(ty: &Type) -> String {
    match ty {
        Type::Optional(inner) => format!("{}?", given(inner)),
        Type::Text(Text::Personal) => "String".to_owned(),
        own => dart(own),
    }
}

/// The default of an argument, as a constant. None: it is required, or absent if it can be null.
fn default(field: &Field) -> Option<String> {
    match field.default.as_ref()? {
        Default::Null => None,
        Default::Bool(value) => Some(value.to_string()),
        Default::Int(value) => Some(value.to_string()),
        Default::Float(value) => Some(format!("const Duration(milliseconds: {})", milliseconds(value))),
        Default::String(value) => Some(quoted(value)),
        Default::Variant(name) => {
            let Type::Enum(own) = field.ty.inner() else { return None };
            Some(format!("{own}.{}", uncapitalized(name)))
        }
        Default::EmptyList => Some(format!("const {}[]", dart(&field.ty).trim_start_matches("List"))),
    }
}

/// The class of an error. `dart:async` has a `TimeoutException` of its own, which is retried by programs.
fn exception(kind: &str) -> String {
    match kind {
        "Timeout" => "CallTimeoutException".to_owned(),
        _ => format!("{kind}Exception"),
    }
}

/// A literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('$', "\\$"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{described, exception, generate, quoted};
    use crate::r#gen::read::read;

    #[test]
    fn a_union_for_apps_is_refused_until_the_generator_knows_one() {
        let all = read(include_str!("../../../udl/kopokopo.udl")).unwrap();
        assert!(generate(&all).err().unwrap().contains("knows no unions"));
    }

    #[test]
    fn an_error_is_not_the_exception_of_dart_that_programs_retry() {
        assert_eq!(exception("Timeout"), "CallTimeoutException");
        assert_eq!(exception("OutcomeUnknown"), "OutcomeUnknownException");
    }

    #[test]
    fn a_text_is_a_literal_without_interpolation() {
        assert_eq!(quoted("it's $5 \\ more"), "'it\\'s \\$5 \\\\ more'");
    }

    #[test]
    fn fields_of_an_error_have_the_documentation_of_the_list() {
        let docs = "About.\n- `detail`: what happened.\n- `id`, `location`: the resource.";
        assert_eq!(described(docs, "detail"), "What happened.");
        assert_eq!(described(docs, "location"), "The resource.");
        assert_eq!(described(docs, "other"), "See the documentation of the class.");
    }
}
