//! How Go spells the contract's names and types.

use super::super::model::{Contract, Default, Field, Record, Text, Type};
use super::super::names::{capitalized, class_name, uncapitalized};

/// Words that Go writes in capitals.
const INITIALISMS: [&str; 6] = ["api", "ca", "id", "sms", "url", "http"];

/// `callback_url` to `CallbackURL`.
pub(super) fn exported(name: &str) -> String {
    if name == "oauth" {
        return "OAuth".into();
    }
    let capital = |word: &str| {
        if INITIALISMS.contains(&word) {
            return word.to_uppercase();
        }
        capitalized(word)
    };
    name.split('_').map(capital).collect()
}

/// The type of what the library returns.
pub(super) fn output(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::U16 => "uint16".into(),
        Type::U32 => "uint32".into(),
        Type::U64 => "uint64".into(),
        Type::F64 => "time.Duration".into(),
        Type::String => "string".into(),
        Type::Bytes => "[]byte".into(),
        Type::Text(Text::Timestamp) => "time.Time".into(),
        Type::Text(text) => text.name().into(),
        Type::Record(name) | Type::Enum(name) | Type::Callback(name) => name.clone(),
        Type::Object(name) => format!("*{}", class_name(name)),
        Type::List(inner) => format!("[]{}", output(inner)),
        Type::Optional(inner) => match **inner {
            // They have an absent value of their own.
            Type::Text(Text::Metadata) | Type::List(_) | Type::Object(_) => output(inner),
            _ => format!("*{}", output(inner)),
        },
    }
}

/// The type of what programs pass in. The zero value of a length of time and of options is the default.
pub(super) fn input(contract: &Contract, field: &Field) -> String {
    match (&field.ty, &field.default) {
        (Type::Optional(inner), _) if **inner == Type::F64 => "time.Duration".into(),
        (Type::Optional(inner), _) if is_options(contract, inner) => output(inner),
        (Type::Bool, Some(Default::Bool(true))) | (Type::U16 | Type::U32 | Type::U64, Some(_)) => {
            format!("*{}", output(&field.ty))
        }
        (ty, _) => output(ty),
    }
}

fn is_options(contract: &Contract, ty: &Type) -> bool {
    let has_defaults = |record: &Record| record.fields.iter().all(|field| field.default.is_some());
    matches!(ty, Type::Record(name) if contract.record(name).is_some_and(has_defaults))
}

/// The expression that reads a value of this type with the reader `r`.
pub(super) fn read(ty: &Type) -> String {
    match ty {
        Type::Optional(inner) if **inner == Type::Text(Text::Metadata) => "readOptionalMetadata(r)".into(),
        Type::Optional(inner) => format!("readOptional(r, {})", reader(inner)),
        Type::List(inner) => format!("readList(r, {})", reader(inner)),
        own => format!("{}(r)", reader(own)),
    }
}

fn reader(ty: &Type) -> String {
    match ty {
        Type::Bool => "readBool".into(),
        Type::U16 => "readNumber[uint16]".into(),
        Type::U32 => "readNumber[uint32]".into(),
        Type::U64 => "readNumber[uint64]".into(),
        Type::F64 => "readDuration".into(),
        Type::Text(Text::Timestamp) => "readTime".into(),
        Type::Text(Text::Metadata) => "readMetadata".into(),
        Type::Text(Text::Raw) => "readRaw".into(),
        Type::Text(text) => format!("readText[{}]", text.name()),
        Type::Record(name) | Type::Enum(name) => format!("read{name}"),
        _ => "readText[string]".into(),
    }
}

/// The documentation of a declaration, which Go begins with its name.
pub(super) fn docs(name: &str, docs: &str) -> String {
    let first = docs.split_whitespace().next().unwrap_or_default();
    let text = match first {
        "" => format!("{name} is described in the API reference."),
        "A" | "An" | "The" => format!("{name} is {}", uncapitalized(docs)),
        verb if verb.ends_with('s') && verb.chars().skip(1).all(|c| c.is_ascii_lowercase()) => {
            format!("{name} {}", uncapitalized(docs))
        }
        _ => format!("{name}: {docs}"),
    };
    comment(&text)
}

/// Lines of a comment.
pub(super) fn comment(text: &str) -> String {
    let text = text.trim().replace(", in seconds", "");
    // A list in Go's documentation has a blank line before it, and an indentation.
    let mut lines = Vec::new();
    let mut was_item = false;
    for line in text.lines().map(str::trim_end) {
        let is_item = line.starts_with("- ");
        if is_item && !was_item && lines.last().is_some_and(|last| last != "//") {
            lines.push("//".to_owned());
        }
        let is_continued = was_item && line.starts_with("  ");
        lines.push(match line {
            "" => "//".to_owned(),
            item if is_item => format!("//   {item}"),
            rest if is_continued => format!("//     {}", rest.trim()),
            rest => format!("// {rest}"),
        });
        was_item = is_item || is_continued;
    }
    lines.join("\n")
}
