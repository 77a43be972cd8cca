//! The package's JavaScript.

use super::{
    super::model::{Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type, camel_case},
    HEAD, Takes, classes,
    docs::Docs,
    error_class, goes_in_again, has_raw, is_field, names_in, redacted, takes, unions_out,
};

const WIDTH: usize = 120;

fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

/// `before a, b after`, on one line where it fits, else an item to a line.
fn block(before: &str, items: &[String], after: &str) -> String {
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
    out + "\nmodule.exports = { AS_IS, HASH, NAMES };\n"
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
        put!(&mut out, "  static code = '{}';\n}}\n", kind.word);
    }
    let names: Vec<_> =
        std::iter::once(base.clone()).chain(contract.error.kinds.iter().map(|kind| error_class(&kind.name))).collect();
    out + "\n" + &block("module.exports = {", &names, "};")
}

/// How a value of a type is taken off a row.
fn reader(contract: &Contract, ty: &Type, row: &str) -> String {
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
    let head = if body.contains("\nhide(") { "const { hide } = require('./record');\n" } else { "" };
    let names: Vec<_> = classes(contract).map(|record| record.name.clone()).collect();
    format!("'use strict';\n{HEAD}\n{head}{body}\n") + &block("module.exports = {", &names, "};")
}

fn record(out: &mut String, contract: &Contract, docs: &Docs<'_>, Record { name, docs: said, fields, .. }: &Record) {
    put!(out, "\n{}class {name} {{\n  constructor(row) {{\n    row.open();\n", docs.comment(said, 0));
    for field in fields {
        let value = reader(contract, &field.ty, "row");
        put!(out, "    this.{} = {value};\n", camel_case(&field.name));
    }
    *out += "    Object.freeze(this);\n  }\n}\n";
    let hidden: Vec<_> = redacted(fields).into_iter().map(|(field, why)| format!("{field}: '{why}'")).collect();
    if !hidden.is_empty() {
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

pub(super) fn client(contract: &Contract) -> String {
    let docs = Docs::new(contract);
    let mut body = String::new();
    for object in &contract.objects {
        class(&mut body, contract, &docs, object);
    }
    for function in &contract.functions {
        put!(
            &mut body,
            "\n{}function {}({}) {{\n",
            docs.comment(&function.docs, 0),
            camel_case(&function.name),
            positional(function)
        );
        if function.arguments.iter().any(|argument| argument.ty == Type::Bytes) {
            put!(&mut body, "  const raw = bytes({});\n", bytes_in(function));
        }
        put!(&mut body, "  const answer = {};\n", function_call(contract, function));
        body += &(answered(contract, function.returns.as_ref(), "", "  ") + "}\n");
    }
    let has = |name: &str| {
        body.match_indices(name).any(|(at, _)| {
            let before = body[..at].chars().next_back().unwrap_or(' ');
            let after = body[at + name.len()..].chars().next().unwrap_or(' ');
            !before.is_alphanumeric()
                && !matches!(before, '.' | '#' | '_' | '\'' | '`' | '*')
                && matches!(after, '(' | '.')
        })
    };
    let mut head = format!("'use strict';\n{HEAD}\n");
    for (module, names) in [
        ("arguments", vec!["again", "write"]),
        ("bytes", vec!["bytes", "header", "text"]),
        ("call", vec!["apart", "call", "made", "native", "object", "read", "signalOf"]),
        ("errors", vec!["ConfigurationError"]),
        ("token_source", vec!["source"]),
    ] {
        let used: Vec<_> = names.into_iter().filter(|name| has(name) || *name == "ConfigurationError").collect();
        if !used.is_empty() {
            put!(&mut head, "const {{ {} }} = require('./{module}');\n", used.join(", "));
        }
    }
    let used: Vec<_> = classes(contract)
        .map(|record| record.name.clone())
        .filter(|name| body.contains(&format!("new {name}(")))
        .collect();
    head += &block("const {", &used, "} = require('./records');");
    let objects = contract.objects.iter().map(|object| object.name.clone());
    let names: Vec<_> = objects.chain(contract.functions.iter().map(|function| camel_case(&function.name))).collect();
    head + &body + "\n" + &block("module.exports = {", &names, "};")
}

fn class(out: &mut String, contract: &Contract, docs: &Docs<'_>, object: &Object) {
    put!(out, "\n{}class {} {{\n  #native;\n", docs.comment(&object.docs, 0), object.name);
    for method in object.methods.iter().filter(|method| method.is_accessor()) {
        put!(out, "  #{};\n", camel_case(&method.name));
    }
    let new = object.constructors.iter().find(|constructor| constructor.name == "new");
    match new {
        Some(new) => {
            put!(out, "\n{}  constructor(options) {{\n    this.#native =\n", docs.comment(&new.docs, 1));
            *out += "      options instanceof native.Native\n        ? options\n";
            put!(out, "        : object(native.make('{}', 'new', write(options, ConfigurationError)));\n", object.name);
        }
        None => *out += "\n  constructor(native) {\n    this.#native = made(native);\n",
    }
    for method in object.methods.iter().filter(|method| is_field(method)) {
        let Some(ty) = &method.returns else { continue };
        let value = reader(contract, ty, "row");
        let field = camel_case(&method.name);
        put!(out, "    this.{field} = read(this.#native.ask('{}', '{{}}'), (row) => {value});\n", method.name);
    }
    *out += "  }\n";
    for constructor in object.constructors.iter().filter(|constructor| constructor.name != "new") {
        let name = camel_case(&constructor.name);
        let (taken, made) = match takes(constructor, true) {
            Takes::Callback(callback, _) => {
                let callback = camel_case(&callback.name);
                let made = format!("native.{name}(source({callback}), write(options, ConfigurationError))");
                (format!("{callback}, options"), made)
            }
            Takes::Nothing => {
                (String::new(), format!("native.make('{}', '{}', '{{}}')", object.name, constructor.name))
            }
            _ => {
                let made = format!(
                    "native.make('{}', '{}', write(options, ConfigurationError))",
                    object.name, constructor.name
                );
                ("options".to_owned(), made)
            }
        };
        put!(out, "\n{}  static {name}({taken}) {{\n", docs.comment(&constructor.docs, 1));
        put!(out, "    return new this(object({made}));\n  }}\n");
    }
    for method in object.methods.iter().filter(|method| !is_field(method)) {
        put!(out, "\n{}", docs.comment(&method.docs, 1));
        self::method(out, contract, method);
    }
    *out += "}\n";
}

fn method(out: &mut String, contract: &Contract, method: &Callable) {
    let name = camel_case(&method.name);
    if method.is_accessor() {
        let Some(Type::Object(class)) = &method.returns else { return };
        put!(
            out,
            "  get {name}() {{\n    this.#{name} ??= new {class}(object(this.#native.ask('{}', '{{}}')));\n",
            method.name
        );
        put!(out, "    return this.#{name};\n  }}\n");
        return;
    }
    if !method.is_async {
        let is_bytes = method.arguments.iter().any(|argument| argument.ty == Type::Bytes);
        let (taken, asked) = match takes(method, false) {
            Takes::Record(_) | Takes::Options(_) => {
                ("options".to_owned(), format!("ask('{}', write(options, ConfigurationError))", method.name))
            }
            _ if is_bytes => (positional(method), format!("{name}({})", crossing(method))),
            _ => (positional(method), format!("ask('{}', {})", method.name, written(contract, method))),
        };
        put!(out, "  {name}({taken}) {{\n");
        if is_bytes {
            put!(out, "    const raw = bytes({});\n", bytes_in(method));
        }
        put!(out, "    const answer = this.#native.{asked};\n");
    } else {
        let (taken, given, signal) = match takes(method, false) {
            Takes::Nothing => ("options".to_owned(), "'{}'".to_owned(), "signalOf(options)"),
            Takes::Options(_) => ("options".to_owned(), "write(given)".to_owned(), "signal"),
            Takes::Record(_) => ("request, options".to_owned(), "write(request)".to_owned(), "signalOf(options)"),
            _ => (format!("{}, options", positional(method)), written(contract, method), "signalOf(options)"),
        };
        put!(out, "  async {name}({taken}) {{\n");
        if signal == "signal" {
            *out += "    const [given, signal] = apart(options);\n";
        }
        put!(out, "    const answer = await call(this.#native, '{}', {given}, {signal});\n", method.name);
    }
    // The native part does not hand back the text that was handed in.
    let has_raw = method.returns.as_ref().is_some_and(|ty| has_raw(contract, ty));
    let raw = if !method.is_async && has_raw { ", raw" } else { "" };
    let answered = answered(contract, method.returns.as_ref(), raw, "    ");
    *out += &(answered + "  }\n");
}

/// The statement that returns an answer. `raw` is the text that was handed in, where the answer holds it.
fn answered(contract: &Contract, ty: Option<&Type>, raw: &str, indent: &str) -> String {
    let value = match ty {
        None => return format!("{indent}read(answer);\n"),
        Some(Type::Object(name)) => format!("new {name}(object(answer))"),
        Some(ty) => format!("read(answer, (row) => {}{raw})", reader(contract, ty, "row")),
    };
    format!("{indent}return {value};\n")
}

fn positional(callable: &Callable) -> String {
    list(callable.arguments.iter().map(|argument| camel_case(&argument.name)))
}

/// Arguments that are given one after the other, as one text.
fn written(contract: &Contract, callable: &Callable) -> String {
    if callable.arguments.is_empty() {
        return "'{}'".to_owned();
    }
    let argument = |field: &Field| {
        let name = camel_case(&field.name);
        let record = if let Type::Record(record) = field.ty.inner() { contract.record(record) } else { None };
        match record.filter(|record| goes_in_again(record)) {
            Some(_) => format!("{name}: again({name}, '{name}')"),
            None => name,
        }
    };
    format!("write({{ {} }})", list(callable.arguments.iter().map(argument)))
}

fn bytes_in(callable: &Callable) -> String {
    let bytes = callable.arguments.iter().find(|argument| argument.ty == Type::Bytes);
    bytes.map(|argument| camel_case(&argument.name)).unwrap_or_default()
}

/// Arguments beside bytes, which cross as they are.
fn crossing(callable: &Callable) -> String {
    list(callable.arguments.iter().map(|argument| {
        let name = camel_case(&argument.name);
        match &argument.ty {
            Type::Bytes => "raw".to_owned(),
            Type::Optional(_) => format!("header({name})"),
            _ => format!("text({name}, '{name}')"),
        }
    }))
}

fn function_call(contract: &Contract, function: &Callable) -> String {
    match function.arguments.iter().any(|argument| argument.ty == Type::Bytes) {
        true => format!("native.{}({})", camel_case(&function.name), crossing(function)),
        false => format!("native.callFunction('{}', {})", function.name, written(contract, function)),
    }
}

/// The same names for ES modules.
pub(super) fn exports(contract: &Contract) -> String {
    let objects = contract.objects.iter().map(|object| object.name.clone());
    let functions = contract.functions.iter().map(|function| camel_case(&function.name));
    let records = classes(contract).map(|record| record.name.clone());
    let kinds = contract.error.kinds.iter().map(|kind| error_class(&kind.name));
    let errors = std::iter::once(contract.error.name.clone()).chain(kinds);
    let names: Vec<_> = objects.chain(functions).chain(records).chain(errors).collect();
    format!("{HEAD}\nimport kopokopo from './index.js';\n\n") + &block("export const {", &names, "} = kopokopo;")
}
