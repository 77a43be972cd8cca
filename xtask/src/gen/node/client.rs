//! The package's clients: the classes with methods, and the functions.

use super::{
    super::model::{Callable, Contract, Field, Object, Type, camel_case},
    HEAD, OWN, Takes, classes,
    docs::Docs,
    error_class, functions, goes_in_again, has_raw, is_field, objects,
    script::{block, list, reader},
    takes, watched,
};

pub(super) fn client(contract: &Contract) -> String {
    let docs = Docs::new(contract);
    let mut body = String::new();
    for object in objects(contract) {
        class(&mut body, contract, &docs, object);
    }
    for function in functions(contract) {
        put!(
            &mut body,
            "\n{}function {}({}) {{\n",
            docs.comment(&function.docs, 0),
            camel_case(&function.name),
            positional(&function.arguments)
        );
        if function.arguments.iter().any(|argument| argument.ty == Type::Bytes) {
            put!(&mut body, "  const raw = bytes({});\n", bytes_in(function));
        }
        put!(&mut body, "  const result = {};\n", function_call(contract, function));
        body += &(returned(contract, function.returns.as_ref(), "", "  ") + "}\n");
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
        ("arguments", vec!["again", "configure", "nothing", "write"]),
        ("bytes", vec!["bytes", "header", "text"]),
        ("call", vec!["call", "limited", "made", "native", "object", "read", "section", "signalOf", "split"]),
        ("contract", vec!["OPTIONS"]),
        ("token_source", vec!["source"]),
        ("watch", vec!["Watch"]),
    ] {
        let used: Vec<_> = names.into_iter().filter(|name| has(name)).collect();
        if !used.is_empty() {
            put!(&mut head, "const {{ {} }} = require('./{module}');\n", used.join(", "));
        }
    }
    let used: Vec<_> = classes(contract)
        .map(|record| record.name.clone())
        .filter(|name| body.contains(&format!("new {name}(")))
        .collect();
    head += &block("const {", &used, "} = require('./records');");
    let names = objects(contract).map(|object| object.name.clone());
    let names: Vec<_> = names.chain(functions(contract).map(|function| camel_case(&function.name))).collect();
    head + &body + "\n" + &block("module.exports = {", &names, "};")
}

/// Whether an object is a section of the client, whose calls can have limits of their own.
fn is_section(contract: &Contract, object: &Object) -> bool {
    object.constructors.is_empty() && contract.section(&object.name).is_some()
}

fn class(out: &mut String, contract: &Contract, docs: &Docs<'_>, object: &Object) {
    put!(out, "\n{}class {} {{\n  #native;\n", docs.comment(&object.docs, 0), object.name);
    if is_section(contract, object) {
        *out += "  #withLimits;\n";
    }
    for method in object.methods.iter().filter(|method| method.is_accessor()) {
        put!(out, "  #{};\n", camel_case(&method.name));
    }
    let new = object.constructors.iter().find(|constructor| constructor.name == "new");
    match new {
        Some(new) => {
            put!(out, "\n{}  constructor(options) {{\n    this.#native =\n", docs.comment(&new.docs, 1));
            *out += "      options instanceof native.Native\n        ? options\n";
            put!(out, "        : object(native.make('{}', 'new', configure(options)));\n", object.name);
        }
        None if is_section(contract, object) => {
            *out += "\n  constructor(section) {\n    [this.#native, this.#withLimits] = made(section);\n";
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
        self::constructor(out, docs, object, constructor);
    }
    for method in object.methods.iter().filter(|method| !is_field(method)) {
        put!(out, "\n{}", docs.comment(&method.docs, 1));
        self::method(out, contract, object, method);
    }
    *out += "}\n";
}

fn constructor(out: &mut String, docs: &Docs<'_>, object: &Object, constructor: &Callable) {
    let name = camel_case(&constructor.name);
    let (taken, made) = match takes(constructor, true) {
        Takes::Callback(callback, _) => {
            let callback = camel_case(&callback.name);
            (format!("{callback}, options"), format!("native.{name}(source({callback}), configure(options))"))
        }
        Takes::Nothing => {
            ("...given".to_owned(), format!("native.make('{}', '{}', '{{}}')", object.name, constructor.name))
        }
        _ => (
            "options".to_owned(),
            format!("native.make('{}', '{}', configure(options))", object.name, constructor.name),
        ),
    };
    put!(out, "\n{}  static {name}({taken}) {{\n", docs.comment(&constructor.docs, 1));
    if taken == "...given" {
        let remedy = format!("`{name}` takes none: use `{}.{name}().withOptions(options)`", object.name);
        put!(out, "    nothing(given, '{remedy}');\n");
    }
    put!(out, "    return new this(object({made}));\n  }}\n");
}

fn method(out: &mut String, contract: &Contract, object: &Object, method: &Callable) {
    let name = camel_case(&method.name);
    if method.is_accessor() {
        let Some(Type::Object(class)) = &method.returns else { return };
        let is_section = contract.object(class).is_some_and(|found| self::is_section(contract, found));
        let made = if is_section {
            format!("section(this.#native, '{}')", method.name)
        } else {
            format!("object(this.#native.ask('{}', '{{}}'))", method.name)
        };
        put!(out, "  get {name}() {{\n    this.#{name} ??= new {class}({made});\n    return this.#{name};\n  }}\n");
        return;
    }
    let operation = is_section(contract, object)
        .then(|| contract.section(&object.name).map(|section| format!("'{section}.{}'", method.name)))
        .flatten();
    if watched(contract, method).is_some() || method.is_async {
        asking(out, contract, method, operation.as_deref());
        return;
    }
    let is_bytes = method.arguments.iter().any(|argument| argument.ty == Type::Bytes);
    let (taken, asked) = match takes(method, false) {
        Takes::Record(_) | Takes::Options(_) => {
            ("options".to_owned(), format!("ask('{}', configure(options))", method.name))
        }
        _ if is_bytes => (positional(&method.arguments), format!("{name}({})", crossing(method))),
        _ => {
            let written = written(contract, &method.arguments, None);
            (positional(&method.arguments), format!("ask('{}', {written})", method.name))
        }
    };
    put!(out, "  {name}({taken}) {{\n");
    if is_bytes {
        put!(out, "    const raw = bytes({});\n", bytes_in(method));
    }
    put!(out, "    const result = this.#native.{asked};\n");
    // The native part does not hand back the text that was handed in.
    let has_raw = method.returns.as_ref().is_some_and(|ty| has_raw(contract, ty));
    *out += &(returned(contract, method.returns.as_ref(), if has_raw { ", raw" } else { "" }, "    ") + "  }\n");
}

/// A method that sends requests, or the watch that does. Handles have no operation, and no limits of their own.
fn asking(out: &mut String, contract: &Contract, method: &Callable, operation: Option<&str>) {
    let name = camel_case(&method.name);
    let with_operation = |before: &str| operation.map(|operation| format!("{before}{operation}")).unwrap_or_default();
    let fields: &[Field] = match takes(method, false) {
        Takes::Each(fields) | Takes::EachAndOptions(fields, _) => fields,
        _ => &[],
    };
    let (mut taken, given) = match takes(method, false) {
        Takes::Nothing => (String::new(), "'{}'".to_owned()),
        Takes::Record(_) => ("request".to_owned(), format!("write(request{})", with_operation(", "))),
        Takes::Options(_) => (String::new(), "write(given)".to_owned()),
        Takes::EachAndOptions(fields, _) => {
            let names = positional(fields);
            let operation = if operation.is_some() { ", operation" } else { "" };
            (names.clone(), format!("write({{ ...given, {names} }}{operation})"))
        }
        _ => (positional(fields), written(contract, fields, operation)),
    };
    taken += if taken.is_empty() { "options" } else { ", options" };
    put!(out, "  {}{name}({taken}) {{\n", if method.is_async { "async " } else { "" });
    // A wait or a watch: what it waits for is known, whatever ends it.
    let (Takes::Options(record) | Takes::EachAndOptions(_, record)) = takes(method, false) else {
        let to = if operation.is_some() { "to" } else { "this.#native" };
        if let Some(operation) = operation {
            put!(out, "    const [to, signal] = limited(this.#native, this.#withLimits, {operation}, options);\n");
        }
        let signal = if operation.is_some() { "signal" } else { "signalOf(options)" };
        put!(out, "    const result = await call({to}, '{}', {given}, {signal});\n", method.name);
        *out += &(returned(contract, method.returns.as_ref(), "", "    ") + "  }\n");
        return;
    };
    if let Some(operation) = operation {
        put!(out, "    const operation = {operation};\n");
    }
    let (resource, named) = match operation {
        Some(_) => (format!("{{ {}, operation }}", positional(fields)), ", operation"),
        None => ("this".to_owned(), ""),
    };
    put!(out, "    const [given, signal] = split(options, OPTIONS.{record}{named});\n");
    if let Some(state) = watched(contract, method) {
        put!(out, "    const watch = object(this.#native.ask('{}', {given}));\n", method.name);
        let reader = reader(contract, state, "row");
        put!(out, "    return new Watch(watch, (row) => ({reader}), signal, {resource});\n  }}\n");
        return;
    }
    put!(out, "    const result = await call(this.#native, '{}', {given}, signal, {resource});\n", method.name);
    *out += &(returned(contract, method.returns.as_ref(), "", "    ") + "  }\n");
}

/// The statement that returns an result. `raw` is the text that was handed in, where the result holds it.
fn returned(contract: &Contract, ty: Option<&Type>, raw: &str, indent: &str) -> String {
    let value = match ty {
        None => return format!("{indent}read(result);\n"),
        Some(Type::Object(name)) => format!("new {name}(object(result))"),
        Some(ty) => format!("read(result, (row) => {}{raw})", reader(contract, ty, "row")),
    };
    format!("{indent}return {value};\n")
}

fn positional(arguments: &[Field]) -> String {
    list(arguments.iter().map(|argument| camel_case(&argument.name)))
}

/// Arguments that are given one after the other, as one text.
fn written(contract: &Contract, arguments: &[Field], operation: Option<&str>) -> String {
    if arguments.is_empty() {
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
    let operation = operation.map(|operation| format!(", {operation}")).unwrap_or_default();
    format!("write({{ {} }}{operation})", list(arguments.iter().map(argument)))
}

fn bytes_in(callable: &Callable) -> String {
    let bytes = callable.arguments.iter().find(|argument| argument.ty == Type::Bytes);
    bytes.map(|argument| camel_case(&argument.name)).unwrap_or_default()
}

/// Arguments in addition to bytes, which cross unchanged.
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
        false => {
            format!("native.callFunction('{}', {})", function.name, written(contract, &function.arguments, None))
        }
    }
}

/// The same names for ES modules.
pub(super) fn exports(contract: &Contract) -> String {
    let objects = objects(contract).map(|object| object.name.clone());
    let functions = functions(contract).map(|function| camel_case(&function.name));
    let records = classes(contract).map(|record| record.name.clone());
    let kinds = contract.error.kinds.iter().map(|kind| error_class(&kind.name));
    let errors = std::iter::once(contract.error.name.clone()).chain(kinds);
    let names: Vec<_> = objects.chain(functions).chain(records).chain(errors).chain(OWN.map(str::to_owned)).collect();
    format!("{HEAD}\nimport kopokopo from './index.js';\n\n") + &block("export const {", &names, "} = kopokopo;")
}
