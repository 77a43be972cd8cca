//! The package's JavaScript, but for its clients: what comes out, and what both sides agree on.

use super::{
    super::model::{Contract, Enum, Field, Record, Shape, Text, Type, camel_case, snake_case},
    HEAD, classes,
    docs::Docs,
    error_class, is_duration, is_payment, names_in, objects, redacted, unions_out,
};

const WIDTH: usize = 120;

pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

/// `before a, b after`, on one line where it fits, else an item to a line.
pub(super) fn block(before: &str, items: &[String], after: &str) -> String {
    let one = format!("{before} {} {after}", items.join(", "));
    if one.len() <= WIDTH {
        return one + "\n";
    }
    format!("{before}\n{}{after}\n", items.iter().map(|item| format!("  {item},\n")).collect::<String>())
}

/// What the two sides must agree on.
pub(super) fn contract(contract: &Contract) -> String {
    let names: Vec<_> = names_in(contract).into_iter().filter(|name| name.contains('_')).map(quoted).collect();
    let inputs = contract.records.iter().filter(|record| record.usage.input).flat_map(|record| &record.fields);
    let mut as_is: Vec<_> = inputs.filter(|field| *field.ty.element() == Type::Text(Text::Metadata)).collect();
    as_is.sort_by_key(|field| &field.name);
    as_is.dedup_by_key(|field| &field.name);
    let mut out = format!("'use strict';\n{HEAD}\n/** The digest of the contract. */\n");
    put!(
        &mut out,
        "const HASH = {};\n\n/** The names of several words that programs write, as the contract has them. */\n",
        quoted(&contract.hash)
    );
    out += &block("const NAMES = new Set([", &names, "]);").replace("[ '", "['").replace("' ]", "']");
    out += "\n/** Fields whose own names are the program's. */\n";
    put!(&mut out, "const AS_IS = new Set([{}]);\n", list(as_is.iter().map(|field| quoted(&camel_case(&field.name)))));
    let inputs: Vec<&Field> =
        contract.records.iter().filter(|record| record.usage.input).flat_map(|record| &record.fields).collect();
    let names = |expected: &dyn Fn(&Field) -> bool| {
        let found = inputs.iter().filter(|field| expected(field)).map(|field| quoted(&camel_case(&field.name)));
        let found: Vec<_> = found.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        list(found)
    };
    put!(
        &mut out,
        "\n/** Lengths of time, in milliseconds. */\nconst DURATIONS = new Set([{}]);\n",
        names(&is_duration)
    );
    let is_time = |field: &Field| *field.ty.element() == Type::Text(Text::Timestamp);
    put!(&mut out, "\n/** Moments. */\nconst TIMES = new Set([{}]);\n", names(&is_time));
    out += "\n/** The fields of options, in addition to a call's signal. */\nconst OPTIONS = {\n";
    for record in call_options(contract) {
        let fields = list(record.fields.iter().map(|field| quoted(&camel_case(&field.name))));
        put!(&mut out, "  {}: [{fields}],\n", record.name);
    }
    out + "};\n\nmodule.exports = { AS_IS, DURATIONS, HASH, NAMES, OPTIONS, TIMES };\n"
}

/// The records of options that methods take.
fn call_options(contract: &Contract) -> Vec<&Record> {
    let methods = objects(contract).flat_map(|object| &object.methods);
    let taken = methods.filter_map(|method| {
        let (field, record) = method.flattened()?;
        (field.ty.is_optional() || !method.is_async).then_some(record)
    });
    let taken: std::collections::BTreeSet<_> = taken.collect();
    taken.into_iter().filter_map(|name| contract.record(name)).collect()
}

pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

pub(super) fn errors(contract: &Contract) -> String {
    let docs = Docs::new(contract);
    let base = &contract.error.name;
    let mut out = format!("'use strict';\n{HEAD}\nconst {{ {base} }} = require('./error');\n");
    for kind in &contract.error.kinds {
        put!(&mut out, "\n{}class {} extends {base} {{\n", docs.comment(&kind.docs, 0), error_class(&kind.name));
        put!(&mut out, "  static kind = '{}';\n}}\n", kind.word);
    }
    let names: Vec<_> =
        std::iter::once(base.clone()).chain(contract.error.kinds.iter().map(|kind| error_class(&kind.name))).collect();
    out + "\n" + &block("module.exports = {", &names, "};")
}

/// How a value of a type is taken off a row.
pub(super) fn reader(contract: &Contract, ty: &Type, row: &str) -> String {
    let is_union = |name: &str| contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union);
    match ty {
        Type::Optional(inner) => format!("{row}.isAbsent() ? null : {}", reader(contract, inner, row)),
        Type::Bool => format!("{row}.flag()"),
        Type::U16 | Type::U32 | Type::U64 | Type::F64 => format!("{row}.number()"),
        Type::Text(Text::Timestamp) => format!("{row}.date()"),
        Type::Text(Text::Raw) => format!("{row}.raw()"),
        Type::Text(Text::Metadata) => format!("{row}.metadata()"),
        Type::List(inner) => format!("{row}.list((item) => {})", reader(contract, inner, "item")),
        Type::Record(name) => format!("new {name}({row})"),
        Type::Enum(name) if is_union(name) => format!("{}({row})", union_reader(name)),
        _ => format!("{row}.text()"),
    }
}

fn union_reader(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

pub(super) fn records(contract: &Contract) -> String {
    let docs = Docs::new(contract);
    let mut body = String::new();
    for record in classes(contract) {
        self::record(&mut body, contract, &docs, record);
    }
    for union in unions_out(contract) {
        self::union(&mut body, contract, union);
    }
    let mut head = String::new();
    if body.contains("isPaidAtLeast(") {
        head += "const { isPaidAtLeast } = require('./payment');\n";
    }
    if body.contains("\nhide(") {
        head += "const { hide } = require('./record');\n";
    }
    let names: Vec<_> = classes(contract).map(|record| record.name.clone()).collect();
    format!("'use strict';\n{HEAD}\n{head}{body}\n") + &block("module.exports = {", &names, "};")
}

/// What the method is for that payments have.
pub(super) const PAID_AT_LEAST: &str = "Whether the money was received, is at least this amount, in this currency \
    (default KES), and went into this till (default: any). Check it before an order is credited.\n\n\
    Errors: `invalid_request` for an amount that is not greater than zero.";

fn record(out: &mut String, contract: &Contract, docs: &Docs<'_>, record: &Record) {
    let Record { name, docs: said, fields, .. } = record;
    put!(out, "\n{}class {name} {{\n", docs.comment(said, 0));
    let raws: Vec<_> = fields.iter().filter(|field| field.ty == Type::Text(Text::Raw)).collect();
    for raw in &raws {
        put!(out, "  #{};\n\n", camel_case(&raw.name));
    }
    *out += "  constructor(row) {\n    row.open();\n";
    for field in fields {
        let value = reader(contract, &field.ty, "row");
        // The whole text is there for programs that ask for it, and in no JSON and no log.
        let mark = if field.ty == Type::Text(Text::Raw) { "#" } else { "" };
        put!(out, "    this.{mark}{} = {value};\n", camel_case(&field.name));
    }
    *out += "    Object.freeze(this);\n  }\n";
    for raw in &raws {
        let name = camel_case(&raw.name);
        put!(out, "\n{}  get {name}() {{\n    return this.#{name};\n  }}\n", docs.comment(&raw.docs, 1));
    }
    if is_payment(contract, record) {
        put!(out, "\n{}", docs.comment(PAID_AT_LEAST, 1));
        let word = snake_case(name);
        put!(out, "  isPaidAtLeast(expected) {{\n    return isPaidAtLeast('{word}', this.#raw, expected);\n  }}\n");
    }
    *out += "}\n";
    let hidden: Vec<_> = redacted(fields).into_iter().map(|(field, why)| format!("{field}: '{why}'")).collect();
    if hidden.is_empty() {
        put!(out, "hide({name}, {{}});\n");
    } else {
        *out += &block(&format!("hide({name}, {{"), &hidden, "});");
    }
}

fn union(out: &mut String, contract: &Contract, Enum { name, variants, .. }: &Enum) {
    put!(
        out,
        "\nfunction {}(row) {{\n  row.open();\n  const kind = row.text();\n  switch (kind) {{\n",
        union_reader(name)
    );
    for variant in variants {
        if let Some(field) = &variant.content {
            let value = reader(contract, &field.ty, "row");
            put!(out, "    case '{}':\n", variant.word);
            put!(out, "      return Object.freeze({{ kind, {}: {value} }});\n", camel_case(&field.name));
        }
    }
    *out += "    default:\n      return Object.freeze({ kind });\n  }\n}\n";
}
