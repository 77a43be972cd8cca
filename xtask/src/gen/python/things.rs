//! Clients, sections, handles, and functions of no object.

use super::{
    super::model::{Callable, Contract, Field, Object, Text, Type},
    Mode, is_local, types,
    writer::Writer,
};

/// The blocking or the asyncio client, and whatever it leads to.
pub(super) fn clients(contract: &Contract, mode: Mode) -> String {
    let docs = match mode {
        Mode::Sync => "The blocking client. Calls release the interpreter's lock.",
        Mode::Async => "The asyncio client. Cancelling a task leaves a request that is on its way to finish.",
    };
    let objects: Vec<_> = contract.objects.iter().filter(|object| !is_local(object)).collect();
    let local: Vec<_> = contract.objects.iter().filter(|object| is_local(object)).map(|o| o.name.as_str()).collect();
    let base = if mode == Mode::Sync { "Thing" } else { "AsyncThing" };
    let mut body = Writer::new(contract, "");
    body.text.clear();
    for object in &objects {
        class(&mut body, object, mode, base);
    }
    let mut out = Writer::new(contract, docs);
    out.line("from kopokopo import _native");
    out.line(&format!("from kopokopo._local import {}", local.join(", ")));
    out.line(&format!("from kopokopo._thing import {base}\nfrom kopokopo._token_source import Source\n"));
    imports(&mut out, &body.text, &["Self"]);
    out.text + &body.text
}

/// What needs no connection.
pub(super) fn local(contract: &Contract) -> String {
    let mut body = Writer::new(contract, "");
    body.text.clear();
    for object in contract.objects.iter().filter(|object| is_local(object)) {
        class(&mut body, object, Mode::Sync, "Thing");
    }
    for function in &contract.functions {
        body.line("\n");
        callable(&mut body, None, function, Mode::Sync);
    }
    let mut out = Writer::new(contract, "What needs no connection.");
    out.line("from kopokopo import _native\nfrom kopokopo._thing import Thing\n");
    imports(&mut out, &body.text, &[]);
    out.text + &body.text
}

/// What the annotations use.
fn imports(out: &mut Writer<'_>, body: &str, extra: &[&str]) {
    let contract = out.contract;
    let is_used = |name: &str| {
        let mut found = body.match_indices(name);
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        found.any(|(at, _)| {
            let line = body[..at].rfind('\n').map_or(0, |start| start + 1);
            !body[..at].ends_with(is_name)
                && !body[at + name.len()..].starts_with(is_name)
                && body[line..at].contains([':', '>'])
                && body[..at].matches("\"\"\"").count() % 2 == 0
        })
    };
    let used = |names: Vec<String>| -> Vec<String> {
        let mut names: Vec<_> = names.into_iter().filter(|name| is_used(name)).collect();
        names.sort();
        names
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let from = |out: &mut Writer<'_>, module: &str, found: Vec<String>| match found.as_slice() {
        [] => {}
        found => {
            let one = format!("from {module} import {}", found.join(", "));
            if one.len() + 4 <= 120 {
                out.line(&one);
            } else {
                out.list(&format!("from {module} import ("), found, ")");
            }
        }
    };
    out.line("TYPE_CHECKING = False\nif TYPE_CHECKING:");
    out.inside(|out| {
        from(out, "collections.abc", used(names(&["Mapping", "Sequence"])));
        from(out, "datetime", used(names(&["datetime"])));
        from(out, "decimal", used(names(&["Decimal"])));
        from(out, "typing", used(names(&["Any", "Literal"])));
        if !extra.is_empty() {
            out.line("");
            from(out, "typing_extensions", used(names(extra)));
        }
        out.line("");
        from(out, "kopokopo._enums", used(contract.enums.iter().map(|found| found.name.clone()).collect()));
        from(out, "kopokopo._records", used(contract.records.iter().map(|found| found.name.clone()).collect()));
        let callbacks = contract.callbacks.iter().map(|found| &found.name);
        from(
            out,
            "kopokopo._token_source",
            used(callbacks.flat_map(|name| [name.clone(), format!("Async{name}")]).collect()),
        );
        from(out, "kopokopo._unions", used(contract.enums.iter().map(|found| super::any_of(&found.name)).collect()));
    });
}

fn class(out: &mut Writer<'_>, object: &Object, mode: Mode, base: &str) {
    out.line(&format!("\n\nclass {}({base}):", mode.class(object)));
    out.inside(|out| {
        out.docs(&object.docs, &[]);
        out.line("\n__slots__ = ()");
        for constructor in &object.constructors {
            out.line("");
            self::constructor(out, object, constructor, mode);
        }
        if object.constructors.len() > 1 {
            context_manager(out, object, mode);
        }
        for method in &object.methods {
            out.line("");
            callable(out, Some(object), method, mode);
        }
        if object.is_handle() {
            out.line("\ndef __repr__(self) -> str:");
            out.inside(|out| out.line("return f\"{type(self).__name__}(id={self.id!r})\""));
        }
    });
}

/// There is nothing to close: connections belong to the process. So a client can be used after its `with` as well.
fn context_manager(out: &mut Writer<'_>, object: &Object, mode: Mode) {
    let (def, prefix) = if mode == Mode::Sync { ("def", "") } else { ("async def", "a") };
    out.line(&format!("\n{def} __{prefix}enter__(self) -> Self:"));
    out.inside(|out| out.line("return self"));
    out.line(&format!("\n{def} __{prefix}exit__(self, *exc_info: object) -> None:"));
    out.inside(|out| out.line("\"\"\"There is nothing to close: connections belong to the process.\"\"\""));
    out.line("\ndef __repr__(self) -> str:");
    out.inside(|out| out.line(&format!("return f\"{}(base_url={{self.base_url!r}})\"", mode.class(object))));
}

fn constructor(out: &mut Writer<'_>, object: &Object, constructor: &Callable, mode: Mode) {
    let (plain, named) = types::parameters(out.contract, constructor);
    // A function of the program's stands first; everything else needs its name.
    let (functions, others): (Vec<_>, Vec<_>) =
        plain.into_iter().partition(|field| matches!(field.ty, Type::Callback(_)));
    let named: Vec<_> = others.into_iter().chain(named).collect();
    let is_new = constructor.name == "new";
    let mut parameters = vec![if is_new { "self" } else { "cls" }.to_owned()];
    parameters.extend(functions.iter().map(|field| types::parameter(out.contract, field)));
    if mode == Mode::Async {
        parameters.iter_mut().skip(1).for_each(|parameter| *parameter = parameter.replace(": ", ": Async"));
    }
    if !named.is_empty() {
        parameters.push("*".to_owned());
        parameters.extend(named.iter().map(|field| types::parameter(out.contract, field)));
    }
    if !is_new {
        out.line("@classmethod");
    }
    let (def, returns) = if is_new { ("def __init__".to_owned(), "None") } else { (format!("def {}", constructor.name), "Self") };
    out.def(&def, &parameters, returns);
    let kept = |out: &mut Writer<'_>, source: &str, native: &str| {
        if is_new {
            out.line(&format!("self._native = {native}\nself._source = {source}"));
        } else {
            out.line(&format!("return cls._of({native}, {source})"));
        }
    };
    out.inside(|out| {
        out.docs(&constructor.docs, &named);
        guarded(out, &named, |out| match functions.first() {
            Some(function) => {
                out.line(&format!("source = Source({})", function.name));
                call(out, "native = ", "_native.Object.with_token_source", &["source".to_owned()], &named, "");
                kept(out, "source", "native");
            }
            None => {
                let first = [format!("{:?}", object.name), format!("{:?}", constructor.name)];
                call(out, "native = ", "_native.Object.make", &first, &named, "");
                kept(out, "None", "native");
            }
        });
    });
}

fn callable(out: &mut Writer<'_>, object: Option<&Object>, callable: &Callable, mode: Mode) {
    let contract = out.contract;
    let (plain, named) = types::parameters(contract, callable);
    let returns = callable.returns.as_ref().map_or("None".to_owned(), |ty| types::given(contract, ty, mode));
    let is_property = object.is_some() && !callable.is_async && !callable.throws && callable.arguments.is_empty();
    let is_awaited = callable.is_async && mode == Mode::Async;
    let mut parameters: Vec<String> = object.map(|_| "self".to_owned()).into_iter().collect();
    parameters.extend(plain.iter().map(|field| types::parameter(contract, field)));
    if !named.is_empty() {
        parameters.push("*".to_owned());
        parameters.extend(named.iter().map(|field| types::parameter(contract, field)));
    }
    if is_property {
        out.line("@property");
    }
    out.def(&format!("{}def {}", if is_awaited { "async " } else { "" }, callable.name), &parameters, &returns);
    let all: Vec<_> = plain.iter().chain(&named).copied().collect();
    out.inside(|out| {
        out.docs(&callable.docs, &all);
        let method = format!("{:?}", callable.name);
        let has_bytes = callable.arguments.iter().any(|argument| argument.ty == Type::Bytes);
        let (function, first) = match (object, callable.is_async) {
            (Some(_), true) if mode == Mode::Async => ("await self._call", vec![method]),
            (Some(_), true) => ("self._native.call", vec![method]),
            (Some(_), false) => ("self._native.ask", vec![method]),
            (None, _) => ("_native.function", vec![method]),
        };
        guarded(out, &all, |out| {
            if has_bytes {
                let owner = if object.is_some() { "self._native" } else { "_native" };
                let given: Vec<_> = plain.iter().map(|field| field.name.clone()).collect();
                let result = format!("{owner}.{}({})", callable.name, given.join(", "));
                return match returns.as_str() {
                    "None" => out.line(&result),
                    _ => out.line(&format!("answer: {returns} = {result}\nreturn answer")),
                };
            }
            match &callable.returns {
                None => call(out, "", function, &first, &all, ""),
                Some(Type::Object(_)) => {
                    call(out, &format!("return {returns}._of("), function, &first, &all, ", self._source)");
                }
                Some(_) => {
                    call(out, &format!("answer: {returns} = "), function, &first, &all, "");
                    out.line("return answer");
                }
            }
        });
    });
}

/// `before function(first, {"name": name, ...}) after`
fn call(out: &mut Writer<'_>, before: &str, function: &str, first: &[String], given: &[&Field], after: &str) {
    let pairs: Vec<_> = given.iter().map(|field| format!("{0:?}: {0}", field.name)).collect();
    let one = format!("{before}{function}({}, {{{}}}){after}", first.join(", "), pairs.join(", "));
    if one.len() <= 104 {
        return out.line(&one);
    }
    let (dict, rest) = ("arguments", if after.is_empty() { ")".to_owned() } else { format!("){after}") });
    out.list(&format!("{dict} = {{"), &pairs, "}");
    out.line(&format!("{before}{function}({}, {dict}{rest}", first.join(", ")));
}

/// A traceback that shows variables shows no secret.
fn guarded(out: &mut Writer<'_>, given: &[&Field], write: impl FnOnce(&mut Writer<'_>)) {
    let is_secret = |field: &&&Field| matches!(field.ty.element(), Type::Text(Text::Secret));
    let secrets: Vec<_> = given.iter().filter(is_secret).map(|field| field.name.clone()).collect();
    if secrets.is_empty() {
        return write(out);
    }
    out.line("try:");
    let start = out.text.len();
    out.inside(write);
    let has_dict = out.text[start..].contains("arguments = {");
    out.line("finally:");
    let dict = has_dict.then(|| "arguments".to_owned());
    let names: Vec<_> = dict.into_iter().chain(secrets).collect();
    out.inside(|out| out.line(&format!("del {}", names.join(", "))));
}
