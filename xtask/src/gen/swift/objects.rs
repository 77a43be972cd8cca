//! Objects with methods: the client, its sections, the handles of what was created; and functions of no object.

use super::{
    super::model::{Callable, Contract, Field, Object, Type, camel_case},
    Contracts, Part, is_client, types,
    writer::Writer,
};

const IMPORTS: &[&str] = &["public import Foundation", "internal import KopoKopoRaw"];

pub(super) fn sections(contracts: &Contracts<'_>, part: Part) -> String {
    let mut out = Writer::new(contracts, part, IMPORTS);
    let is_section = |object: &&Object| !is_client(object) && !object.is_handle() && !object.is_watch();
    let sections = contracts.all.objects.iter().filter(is_section);
    sections.filter(|object| contracts.is_in(part, &object.name)).for_each(|object| structure(&mut out, object));
    for callback in contracts.all.callbacks.iter().filter(|found| contracts.is_in(part, &found.name)) {
        self::callback(&mut out, callback);
    }
    out.finish()
}

pub(super) fn handles(contracts: &Contracts<'_>, part: Part) -> String {
    let mut out = Writer::new(contracts, part, &["internal import KopoKopoRaw"]);
    let handles = contracts.all.objects.iter().filter(|object| object.is_handle());
    handles.filter(|object| contracts.is_in(part, &object.name)).for_each(|object| structure(&mut out, object));
    out.finish()
}

pub(super) fn client(contracts: &Contracts<'_>, part: Part) -> String {
    let mut out = Writer::new(contracts, part, &["internal import KopoKopoRaw"]);
    let contract = if part == Part::Servers { contracts.all } else { contracts.apps };
    let for_apps = |text: &str| if part == Part::Servers { text.to_owned() } else { format!("{text}OfApps") };
    out.line("\n/// The contract that this code was written from: the library must be of the same.");
    out.line(&format!("let {} = {:?}", for_apps("contractHash"), contract.hash));
    for object in contracts.all.objects.iter().filter(|object| is_client(object)) {
        out.gap();
        if part == Part::Everywhere {
            out.docs(&object.docs);
            out.block(&format!("public final class {}: Sendable", object.name), |out| {
                let raw = types::raw(&object.name);
                out.line(&format!("let raw: {raw}\n\ninit(raw: {raw}) {{ self.raw = raw }}"));
            });
            out.gap();
        }
        out.block(&format!("extension {}", object.name), |out| {
            for callable in object.constructors.iter().filter(|callable| contracts.has(part, object, callable)) {
                constructor(out, object, callable);
            }
            for callable in object.methods.iter().filter(|callable| contracts.has(part, object, callable)) {
                method(out, callable);
            }
        });
    }
    out.finish()
}

/// They belong to the client's type: a global `version()` would collide with others.
pub(super) fn functions(contracts: &Contracts<'_>, part: Part) -> String {
    let contract = contracts.all;
    let mut out = Writer::new(contracts, part, IMPORTS);
    let client = contract.objects.iter().find(|object| is_client(object)).map_or("KopoKopo", |client| &client.name);
    out.gap();
    out.block(&format!("extension {client}"), |out| {
        for callable in &contract.functions {
            let everywhere = contracts.apps.functions.iter().any(|found| found.name == callable.name);
            if everywhere == (part == Part::Everywhere) {
                function(out, callable);
            }
        }
    });
    out.finish()
}

/// A library of another contract has no functions to call, so each of these may throw.
fn function(out: &mut Writer<'_>, Callable { name, docs, arguments, returns, throws, .. }: &Callable) {
    let contract = out.contract;
    let name = camel_case(name);
    let call = format!("{}({})", types::raw(&name), lowered(contract, arguments).join(", "));
    let (ty, result) = returned(contract, returns.as_ref(), &call);
    let result = if *throws { format!("try {}", result.trim_start_matches("try ")) } else { result };
    out.gap();
    out.docs(docs);
    out.call(&format!("public static func {name}"), &declared(arguments), &format!(" throws{ty} {{"));
    out.inside(|out| out.short_block("try enter", &result));
    out.line("}");
}

fn structure(out: &mut Writer<'_>, object: &Object) {
    let (name, raw) = (&object.name, types::raw(&object.name));
    out.gap();
    out.docs(&object.docs);
    let kinds = if object.is_handle() { "Sendable, Identifiable" } else { "Sendable" };
    out.block(&format!("public struct {name}: {kinds}"), |out| {
        out.line(&format!("let raw: {raw}\n\ninit(raw: {raw}) {{ self.raw = raw }}"));
        for callable in &object.constructors {
            constructor(out, object, callable);
        }
        for callable in &object.methods {
            method(out, callable);
        }
    });
    if object.is_handle() {
        out.gap();
        out.block(&format!("extension {name}: CustomStringConvertible"), |out| {
            out.line(&format!("public var description: String {{ \"{name}(id: \\(id))\" }}"));
        });
    }
}

/// What a callable is given, for the raw layer, which has labels everywhere. It is used after `try`.
fn lowered(contract: &Contract, arguments: &[Field]) -> Vec<String> {
    let lower = |field: &Field| {
        let name = camel_case(&field.name);
        let value = types::lower(contract, &name, &field.ty, &name);
        format!("{name}: {}", value.trim_start_matches("try "))
    };
    arguments.iter().map(lower).collect()
}

/// A single argument needs no label.
fn declared(arguments: &[Field]) -> Vec<String> {
    match arguments {
        [only] => vec![format!("_ {}", types::declared(only))],
        _ => arguments.iter().map(types::declared).collect(),
    }
}

/// The type that is returned, and how it is made of the raw layer's.
fn returned(contract: &Contract, returns: Option<&Type>, call: &str) -> (String, String) {
    returns.map_or_else(
        || (String::new(), call.to_owned()),
        |ty| (format!(" -> {}", types::swift(ty)), types::lift(contract, call, ty)),
    )
}

/// The record that is flattened: the only argument, or options that come last.
fn flattened_record(callable: &Callable) -> Option<&str> {
    callable.flattened().map(|(_, record)| record)
}

fn method(out: &mut Writer<'_>, callable: &Callable) {
    let contract = out.contract;
    let name = camel_case(&callable.name);
    let given = given(callable);
    out.gap();
    if !callable.is_async && !callable.throws && callable.arguments.is_empty() {
        let (ty, result) = returned(contract, callable.returns.as_ref(), &format!("raw.{name}()"));
        out.docs(&callable.docs);
        return out.line(&format!("public var {name}: {} {{ {result} }}", ty.trim_start_matches(" -> ")));
    }
    if callable.is_accessor() {
        let (ty, result) = returned(contract, callable.returns.as_ref(), &format!("raw.{name}()"));
        let result = format!("try call {{ try {} }}", result.trim_start_matches("try "));
        out.docs(&callable.docs);
        let ty = ty.trim_start_matches(" -> ");
        return out.line(&format!("public var {name}: {ty} {{\n    get throws {{ {result} }}\n}}"));
    }
    let (asynchronous, waiting) = if callable.is_async { (" async", "await ") } else { ("", "") };
    let call = format!("raw.{name}({})", lowered(contract, &given).join(", "));
    let (ty, result) = returned(contract, callable.returns.as_ref(), &call);
    let result = result.trim_start_matches("try ");
    // A create that has begun runs to its end.
    let creates = matches!(&callable.returns, Some(Type::Object(_))) && callable.is_async;
    let around = if creates { "uncancelled" } else { "call" };
    // What is wrong with a watch's arguments is thrown by its loop.
    let watches = matches!(&callable.returns, Some(Type::Object(name)) if name.ends_with("Watch"));
    let throws = if watches { "" } else { " throws" };
    out.docs(&callable.docs);
    out.call(&format!("public func {name}"), &declared(&given), &format!("{asynchronous}{throws}{ty} {{"));
    if let Some(Type::Object(watch)) = callable.returns.as_ref().filter(|_| !callable.is_async)
        && let Some(resource) = watch.strip_suffix("Watch")
    {
        out.inside(|out| states(out, resource, &call));
    } else {
        out.inside(|out| out.short_block(&format!("try {waiting}{around}"), &format!("try {waiting}{result}")));
    }
    out.line("}");
    if let (Some(record), Some((_, first))) = (flattened_record(callable), callable.arguments.split_last()) {
        let opening = format!("public func {name}");
        let after = format!("{asynchronous}{throws}{ty} {{");
        let tried = if watches { String::new() } else { format!("try {waiting}") };
        let first: String = first
            .iter()
            .map(|field| camel_case(&field.name))
            .fold(String::new(), |text, name| text + &format!("{name}: {name}, "));
        let label = if first.is_empty() { String::new() } else { "options: ".to_owned() };
        flattened(out, callable, &opening, &after, &format!("{tried}{name}({first}{label}{record}"));
    }
}

/// A sequence over the library's watch, which each loop opens for itself.
fn states(out: &mut Writer<'_>, resource: &str, call: &str) {
    let contract = out.contract;
    let lifted = types::lift(contract, "$0", &Type::Record(resource.to_owned()));
    out.line("States {");
    out.inside(|out| {
        out.line(&format!("let watch = try call {{ try {call} }}"));
        out.line("return Watching(");
        out.inside(|out| {
            out.line("pause: { watch.pause() },");
            out.line(&format!("poll: {{ try await call {{ try await watch.poll().map {{ {lifted} }} }} }}"));
        });
        out.line(")");
    });
    out.line("}");
}

/// What a callable is given as a whole: the record that is flattened too is never absent here.
fn given(callable: &Callable) -> Vec<Field> {
    let mut given = callable.arguments.clone();
    if flattened_record(callable).is_some()
        && let Some(last) = given.last_mut()
    {
        *last = Field { ty: last.ty.inner().clone(), default: None, ..last.clone() };
    }
    given
}

/// The same with named arguments.
fn flattened(out: &mut Writer<'_>, callable: &Callable, opening: &str, after: &str, before: &str) {
    let fields = &out.contract.parameters(callable);
    let declared: Vec<_> = fields.iter().map(types::declared).collect();
    out.line("");
    out.docs_with(&callable.docs, fields);
    out.call(opening, &declared, after);
    let record = flattened_record(callable).and_then(|name| out.contract.record(name));
    let given = record.map_or_else(|| fields.clone(), |record| record.fields.clone());
    out.inside(|out| out.call(before, &named(&given), ")"));
    out.line("}");
}

fn named(fields: &[Field]) -> Vec<String> {
    fields.iter().map(|field| camel_case(&field.name)).map(|name| format!("{name}: {name}")).collect()
}

/// `with_token_source(token_source, options)` is `init(tokenSource:...)`; what has another name is a static function.
fn constructor(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    let contract = out.contract;
    let (name, own, raw) = (camel_case(&callable.name), &object.name, types::raw(&object.name));
    let arguments = &callable.arguments;
    let given = lowered(contract, arguments);
    let call = |name: &str| format!("try {raw}{name}");
    out.gap();
    let keyword = if is_client(object) { "public convenience init" } else { "public init" };
    if callable.name == "new" {
        out.docs(&callable.docs);
        out.call(keyword, &declared(arguments), " throws {");
        out.inside(|out| entering(out, "self.init", &call(""), &given));
        out.line("}");
        if let Some(record) = flattened_record(callable) {
            flattened(out, callable, keyword, " throws {", &format!("try self.init({record}"));
        }
        return;
    }
    if let [first, Field { ty: Type::Record(record), name: options, .. }] = arguments.as_slice()
        && callable.name == format!("with_{}", first.name)
    {
        let fields = contract.record(record).map(|record| record.fields.as_slice()).unwrap_or_default();
        let all: Vec<_> = std::iter::once(first.clone()).chain(fields.iter().cloned()).collect();
        let label = camel_case(&first.name);
        out.docs(&callable.docs);
        out.call(keyword, &[types::declared(first), format!("_ {options}: {record}")], " throws {");
        out.inside(|out| entering(out, "self.init", &call(&format!(".{name}")), &given));
        out.line("}\n");
        out.docs_with(&callable.docs, &all);
        out.call(keyword, &all.iter().map(types::declared).collect::<Vec<_>>(), " throws {");
        out.inside(|out| {
            let init = format!("try self.init({label}: {label}, {record}");
            out.call(&init, &named(fields), ")");
        });
        return out.line("}");
    }
    out.docs(&callable.docs);
    out.call(&format!("public static func {name}"), &declared(arguments), &format!(" throws -> {own} {{"));
    out.inside(|out| entering(out, own, &call(&format!(".{name}")), &given));
    out.line("}");
}

fn entering(out: &mut Writer<'_>, made: &str, call: &str, given: &[String]) {
    out.line(&format!("try {made}("));
    out.inside(|out| out.block("raw: enter", |out| out.call(call, given, "")));
    out.line(")");
}

/// What a program gives.
fn callback(out: &mut Writer<'_>, Object { name, docs, methods, .. }: &Object) {
    out.gap();
    out.docs(docs);
    out.block(&format!("public protocol {name}: Sendable"), |out| {
        for method in methods {
            out.docs(&method.docs);
            let asynchronous = if method.is_async { "async " } else { "" };
            let ty = method.returns.as_ref().map_or_else(String::new, |ty| format!(" -> {}", types::swift(ty)));
            let declared = declared(&method.arguments).join(", ");
            out.line(&format!("func {}({declared}) {asynchronous}throws{ty}", camel_case(&method.name)));
        }
    });
}
