//! Clients, sections, handles, and functions of no object.

use super::{
    super::model::{Callable, Contract, Field, Object, Text, Type},
    Mode, classes, functions, is_local, types, watched,
    writer::{Writer, exceptions},
};

/// The blocking or the asyncio client, and whatever it leads to.
pub(super) fn clients(contract: &Contract, mode: Mode) -> String {
    let docs = match mode {
        Mode::Sync => {
            "The blocking client. Calls release the interpreter's lock.\n\nIf a signal handler raises during a call and \
             the request of a create was sent, `OutcomeUnknownError` tells so: it\nreplaces an `Exception`, and it is the \
             cause of a `KeyboardInterrupt` or `SystemExit`.\n"
        }
        Mode::Async => {
            "The asyncio client.\n\nA create that is cancelled before its request is sent raises `CancelledError`, and \
             nothing is sent. Afterwards it raises\n`OutcomeUnknownError` instead, under `asyncio.timeout` and \
             `asyncio.wait_for` too, and the request is not aborted.\n"
        }
    };
    let (local, objects): (Vec<_>, Vec<_>) = classes(contract).partition(|object| is_local(object));
    let local = local.iter().map(|object| object.name.clone()).collect();
    let mut body = Writer::body(contract);
    for object in &objects {
        class(&mut body, object, mode);
    }
    let (thing, watching) = bases(mode);
    let own = vec![
        ("kopokopo", vec!["_native".to_owned()]),
        ("kopokopo._local", local),
        ("kopokopo._native_object", vec![thing.to_owned()]),
        ("kopokopo._token_source", vec!["Source".to_owned()]),
        ("kopokopo._watch", vec![watching.to_owned()]),
    ];
    Writer::new(contract, docs).finish(own, &body)
}

/// What needs no connection.
pub(super) fn local(contract: &Contract) -> String {
    let mut body = Writer::body(contract);
    for object in classes(contract).filter(|object| is_local(object)) {
        class(&mut body, object, Mode::Sync);
    }
    for function in functions(contract) {
        body.line("\n");
        callable(&mut body, None, function, Mode::Sync);
    }
    let own =
        vec![("kopokopo", vec!["_native".to_owned()]), ("kopokopo._native_object", vec!["NativeObject".to_owned()])];
    Writer::new(contract, "What needs no connection.").finish(own, &body)
}

/// The base classes: of an object, and of one whose resource can be watched.
const fn bases(mode: Mode) -> (&'static str, &'static str) {
    match mode {
        Mode::Sync => ("NativeObject", "Watching"),
        Mode::Async => ("AsyncNativeObject", "AsyncWatching"),
    }
}

/// The section that an object's calls are logged as: a handle's is the one that reads the same record.
fn section<'a>(contract: &'a Contract, object: &Object) -> &'a str {
    let read = object.methods.iter().find(|method| method.name == "get").and_then(|method| method.returns.as_ref());
    match read {
        Some(Type::Record(record)) if object.is_handle() => contract.section_of(record),
        _ => contract.section(&object.name).unwrap_or_default(),
    }
}

fn class(out: &mut Writer<'_>, object: &Object, mode: Mode) {
    let (thing, watching) = bases(mode);
    let can_watch = object.methods.iter().any(|method| watched(out.contract, method).is_some());
    out.line(&format!("\n\nclass {}({}):", mode.class(object), if can_watch { watching } else { thing }));
    out.inside(|out| {
        out.docs(&object.docs, &[]);
        out.line("\n__slots__ = ()");
        if !is_local(object) && object.constructors.is_empty() {
            out.line(&format!("_section = {:?}", section(out.contract, object)));
        }
        for constructor in &object.constructors {
            out.line("");
            self::constructor(out, object, constructor, mode);
        }
        if object.constructors.len() > 1 {
            context_manager(out, mode);
        }
        for method in &object.methods {
            out.line("");
            callable(out, Some(object), method, mode);
        }
        if object.is_handle() {
            out.line("\ndef __repr__(self) -> str:");
            out.inside(|out| out.line("return self._shown(\"id\")"));
        }
    });
}

/// There is nothing to close: connections belong to the process. So a client can be used after its `with` as well.
fn context_manager(out: &mut Writer<'_>, mode: Mode) {
    let (def, prefix) = if mode == Mode::Sync { ("def", "") } else { ("async def", "a") };
    out.line("");
    out.def(&format!("{def} __{prefix}enter__"), &["self".to_owned()], "Self");
    out.inside(|out| out.line("return self"));
    out.line(&format!("\n{def} __{prefix}exit__(self, *exc_info: object) -> None:"));
    out.inside(|out| out.line("\"\"\"There is nothing to close: connections belong to the process.\"\"\""));
    out.line("\ndef __repr__(self) -> str:");
    out.inside(|out| out.line("return self._shown(\"base_url\")"));
}

fn constructor(out: &mut Writer<'_>, object: &Object, constructor: &Callable, mode: Mode) {
    let (plain, named) = types::parameters(out.contract, constructor);
    // The program's function is first; all others need their names.
    let (functions, others): (Vec<_>, Vec<_>) =
        plain.into_iter().partition(|field| matches!(field.ty, Type::Callback(_)));
    let named: Vec<_> = others.into_iter().chain(named).collect();
    let is_new = constructor.name == "new";
    let mut parameters = signature(out.contract, Some(if is_new { "self" } else { "cls" }), &functions, &named);
    if mode == Mode::Async {
        // It may be asynchronous, too.
        for parameter in &mut parameters {
            *parameter = parameter.replace("], ", "], Awaitable[AccessToken | str] | ");
        }
    }
    if !is_new {
        out.line("@classmethod");
    }
    let (def, returns) =
        if is_new { ("def __init__".to_owned(), "None") } else { (format!("def {}", constructor.name), "Self") };
    out.def(&def, &parameters, returns);
    out.inside(|out| {
        let functions_docs: Vec<_> = functions.iter().map(|field| documented(out.contract, field)).collect();
        out.docs(&constructor.docs, &functions_docs.iter().chain(named.iter().copied()).collect::<Vec<_>>());
        let dict = arguments(out, &named, 80);
        let (source, native) = match functions.first() {
            Some(function) => {
                out.line(&format!("source = Source({})", function.name));
                ("source", format!("_native.Object.with_token_source(source, {dict})"))
            }
            None => ("None", format!("_native.Object.make({:?}, {:?}, {dict})", object.name, constructor.name)),
        };
        guarded(out, &dict, &named, |out| {
            if is_new {
                out.line(&format!("self._native = {native}\nself._source = {source}"));
            } else {
                out.line(&format!("return cls._of({native}, {source})"));
            }
        });
    });
}

fn callable(out: &mut Writer<'_>, object: Option<&Object>, callable: &Callable, mode: Mode) {
    let contract = out.contract;
    let (plain, named) = types::parameters(contract, callable);
    let returns = match (&callable.returns, watched(contract, callable)) {
        (_, Some(record)) if mode == Mode::Async => format!("AsyncIterator[{record}]"),
        (_, Some(record)) => format!("Iterator[{record}]"),
        (Some(ty), None) => types::given(contract, ty, mode),
        (None, None) => "None".to_owned(),
    };
    let is_property = object.is_some()
        && !callable.is_async
        && (!callable.throws || callable.is_accessor())
        && callable.arguments.is_empty();
    let is_awaited = callable.is_async && mode == Mode::Async;
    let parameters = signature(contract, object.map(|_| "self"), &plain, &named);
    if is_property {
        out.line("@property");
    }
    out.def(&format!("{}def {}", if is_awaited { "async " } else { "" }, callable.name), &parameters, &returns);
    let all: Vec<_> = plain.iter().chain(&named).copied().collect();
    out.inside(|out| {
        out.docs(&callable.docs, &all);
        let function = match (object, callable.is_async) {
            (Some(_), true) if mode == Mode::Async => "await self._ask",
            (Some(_), true) => "self._call",
            (Some(_), false) => "self._native.ask",
            (None, _) => "_native.function",
        };
        // The native module takes bodies as they are.
        let (dict, result) = if callable.arguments.iter().any(|argument| argument.ty == Type::Bytes) {
            let owner = if object.is_some() { "self._native" } else { "_native" };
            let given: Vec<_> = plain.iter().map(|field| field.name.as_str()).collect();
            (String::new(), format!("{owner}.{}({})", callable.name, given.join(", ")))
        } else {
            let dict = arguments(out, &all, function.len() + callable.name.len() + returns.len() + 40);
            let waits = callable.is_async && callable.name == "wait";
            let result = match (watched(contract, callable), waits, mode) {
                (Some(_), ..) => format!("self._watch({dict})"),
                (None, true, Mode::Sync) => format!("self._wait({dict})"),
                (None, true, Mode::Async) => format!("await self._wait({dict})"),
                (None, false, _) => format!("{function}({:?}, {dict})", callable.name),
            };
            (dict, result)
        };
        guarded(out, &dict, &all, |out| match &callable.returns {
            None => out.line(&result),
            Some(Type::Object(_)) if watched(contract, callable).is_some() => out.line(&format!("return {result}")),
            Some(Type::Object(_)) => out.line(&format!("return {returns}._of({result}, self._source)")),
            Some(_) => out.line(&format!("result: {returns} = {result}\nreturn result")),
        });
    });
}

fn signature(contract: &Contract, first: Option<&str>, plain: &[&Field], named: &[&Field]) -> Vec<String> {
    let star = (!named.is_empty()).then(|| "*".to_owned());
    let written = |fields: &[&Field]| fields.iter().map(|field| types::parameter(contract, field)).collect::<Vec<_>>();
    first.map(str::to_owned).into_iter().chain(written(plain)).chain(star).chain(written(named)).collect()
}

/// A function of the program's, with what the contract says of it.
fn documented(contract: &Contract, field: &Field) -> Field {
    let found = contract.callbacks.iter().find(|callback| field.ty == Type::Callback(callback.name.clone()));
    let docs = found.map(|callback| {
        let methods = callback.methods.iter().map(|method| method.docs.as_str());
        methods.chain([callback.docs.as_str()]).collect::<Vec<_>>().join("\n\n")
    });
    let docs = docs.unwrap_or_default().replace("Errors: any. ", "It may raise anything. ");
    Field { docs: exceptions(contract, &docs), ..field.clone() }
}

/// The arguments as the native module takes them: in place, or before, where the line that uses them has no room.
fn arguments(out: &mut Writer<'_>, given: &[&Field], used: usize) -> String {
    let pairs: Vec<_> = given.iter().map(|field| format!("{0:?}: {0}", field.name)).collect();
    let dict = format!("{{{}}}", pairs.join(", "));
    if used + dict.len() <= 112 {
        return dict;
    }
    out.list("arguments = {", &pairs, "}");
    "arguments".to_owned()
}

/// A traceback with variables shows no secrets and no phone numbers.
fn guarded(out: &mut Writer<'_>, dict: &str, given: &[&Field], write: impl FnOnce(&mut Writer<'_>)) {
    let is_hidden = |field: &&&Field| match field.ty.element() {
        Type::Bytes | Type::Text(Text::Secret | Text::Personal | Text::Metadata) => true,
        // A URL can have a password in it.
        Type::String => field.name.ends_with("url"),
        _ => false,
    };
    let hidden: Vec<_> = given.iter().filter(is_hidden).map(|field| field.name.as_str()).collect();
    if hidden.is_empty() {
        return write(out);
    }
    out.line("try:");
    out.inside(write);
    out.line("finally:");
    let names = Some(dict).filter(|dict| *dict == "arguments").into_iter().chain(hidden);
    out.inside(|out| out.line(&format!("del {}", names.collect::<Vec<_>>().join(", "))));
}
