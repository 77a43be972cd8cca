//! Objects with methods: the client, its sections, the handles of what was created; and functions of no object.

use super::{
    super::model::{Callable, Contract, Field, Object, Type, camel_case},
    BY_HAND, calls, is_client, is_method, types,
    writer::Writer,
};

const TYPES: &[&str] = &[
    "java.math.BigDecimal",
    "java.time.Duration",
    "java.time.OffsetDateTime",
    "java.util.concurrent.CompletableFuture",
    "java.util.stream.Stream",
    "kotlinx.coroutines.flow.Flow",
];

pub(super) fn sections(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", TYPES);
    for object in &contract.objects {
        if !is_client(object) && !object.is_handle() && !object.is_watch() && object.name != BY_HAND {
            class(&mut out, object);
        }
    }
    for callback in &contract.callbacks {
        self::callback(&mut out, callback);
    }
    out.text
}

pub(super) fn handles(contract: &Contract) -> String {
    let imports = [
        "java.time.Duration",
        "java.util.concurrent.CompletableFuture",
        "java.util.stream.Stream",
        "kotlinx.coroutines.flow.Flow",
    ];
    let mut out = Writer::new(contract, "", &imports);
    contract.objects.iter().filter(|object| object.is_handle()).for_each(|object| class(&mut out, object));
    out.text
}

/// Not shown: `watch` of sections and handles returns a flow of its states.
pub(super) fn watches(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", &["java.time.Duration"]);
    contract.objects.iter().filter(|object| object.is_watch()).for_each(|object| calls::watch_class(&mut out, object));
    out.text
}

pub(super) fn client(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", &["java.time.Duration"]);
    out.line("\n/** The contract that this code was written from: the library must be of the same. */");
    out.line(&format!("internal const val CONTRACT_HASH: String = {:?}", contract.hash));
    for object in contract.objects.iter().filter(|object| is_client(object)) {
        out.line("");
        out.docs(&object.docs);
        let raw = types::raw(&object.name);
        let opening =
            format!("public class {} private constructor(private val raw: {raw}) : AutoCloseable", object.name);
        out.block(&opening, |out| {
            let (usual, named): (Vec<_>, Vec<_>) = object.constructors.iter().partition(|c| c.name == "new");
            for callable in usual {
                constructor(out, object, callable);
            }
            for callable in &object.methods {
                method(out, object, callable);
            }
            close(out, object);
            out.line("");
            out.block("public companion object", |out| {
                for (at, callable) in named.iter().enumerate() {
                    if at > 0 {
                        out.line("");
                    }
                    named_constructor(out, object, callable);
                }
            });
        });
    }
    out.text
}

pub(super) fn functions(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "@file:JvmName(\"KopoKopoFunctions\")", &[]);
    for Callable { name, docs, arguments, returns, .. } in
        contract.functions.iter().filter(|function| !is_method(function))
    {
        out.line("");
        out.docs(docs);
        let name = camel_case(name);
        let declared: Vec<_> = arguments.iter().map(|field| types::declared(contract, field)).collect();
        let call = format!("{}({})", types::raw(&name), lowered(arguments));
        let (ty, result) = returned(returns.as_ref(), &call);
        out.call(&format!("public fun {name}"), &declared, &format!("{ty} = enter {{ {result} }}"));
    }
    out.text
}

fn class(out: &mut Writer<'_>, object: &Object) {
    let (name, raw) = (&object.name, types::raw(&object.name));
    out.line("");
    out.docs(&object.docs);
    // What is known of it when it is made is not asked for.
    let known = object.methods.iter().filter(|method| object.is_handle() && is_property(method));
    let known = known.fold(String::new(), |known, method| {
        let name = camel_case(&method.name);
        known + &format!(", {name}: String = raw.{name}()")
    });
    // Fakes for tests extend the handles, inside of this module.
    let open = if object.is_handle() { "open " } else { "" };
    out.block(&format!("public {open}class {name} internal constructor(private val raw: {raw}{known})"), |out| {
        object.methods.iter().enumerate().for_each(|(at, callable)| {
            if at > 0 && is_property(callable) {
                out.line("");
            }
            method(out, object, callable);
        });
        if object.is_handle() {
            out.line(&format!("\noverride fun toString(): String = \"{name}(id=$id)\""));
        } else {
            out.line("\ninternal fun close(): Unit = raw.close()");
        }
    });
}

/// What a callable is given, for the raw layer.
pub(super) fn lowered(arguments: &[Field]) -> String {
    let lower = |field: &Field| types::lower(&camel_case(&field.name), &field.ty, &camel_case(&field.name));
    arguments.iter().map(lower).collect::<Vec<_>>().join(", ")
}

/// The type that is returned, and how it is made of the raw layer's.
pub(super) fn returned(returns: Option<&Type>, call: &str) -> (String, String) {
    returns.map_or_else(
        || (String::new(), call.to_owned()),
        |ty| (format!(": {}", types::kotlin(ty)), types::lift(call, ty)),
    )
}

/// What leads to a section, and what neither fails nor takes anything.
fn is_property(callable: &Callable) -> bool {
    !callable.is_async && (!callable.throws || callable.is_accessor()) && callable.arguments.is_empty()
}

fn method(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    if callable.is_async {
        return calls::method(out, object, callable);
    }
    if let Some(watched) = calls::watched(out.contract, callable) {
        return calls::watch(out, object, callable, watched);
    }
    let name = camel_case(&callable.name);
    let given = given(callable);
    let (ty, result) = returned(callable.returns.as_ref(), &format!("raw.{name}({})", lowered(&given)));
    if is_property(callable) {
        let result = if object.is_handle() { &name } else { &result };
        return property(out, callable, &name, &ty, result);
    }
    out.line("");
    out.docs(&callable.docs);
    out.line(&format!("public fun {name}({}){ty} =", declared(out.contract, callable).join(", ")));
    out.inside(|out| out.line(&format!("call {{ {result} }}")));
    flattened(out, callable, "@JvmSynthetic", &format!("public fun {name}"), &format!("{ty} ="), &name);
}

/// What a callable is given as a whole: a last record that is flattened is never absent, because then it is flattened.
pub(super) fn given(callable: &Callable) -> Vec<Field> {
    let mut given = callable.arguments.clone();
    if let (Some(_), Some(last)) = (callable.flattened(), given.last_mut()) {
        *last = Field { ty: last.ty.inner().clone(), default: None, ..last.clone() };
    }
    given
}

/// The same as parameters. A record whose every field may be left out must be given, or else it is flattened.
pub(super) fn declared(contract: &Contract, callable: &Callable) -> Vec<String> {
    let plain = |field: &Field| format!("{}: {}", camel_case(&field.name), types::kotlin(&field.ty));
    let given = given(callable);
    match (callable.flattened(), given.split_last()) {
        (Some(_), Some((last, first))) => {
            first.iter().map(|field| types::declared(contract, field)).chain([plain(last)]).collect()
        }
        _ => given.iter().map(|field| types::declared(contract, field)).collect(),
    }
}

pub(super) fn names(fields: &[Field]) -> String {
    fields.iter().map(|field| camel_case(&field.name)).collect::<Vec<_>>().join(", ")
}

/// The same with named arguments, which Java does not have. `before` is the function that takes the record.
pub(super) fn flattened(
    out: &mut Writer<'_>,
    callable: &Callable,
    annotation: &str,
    what: &str,
    after: &str,
    before: &str,
) {
    let contract = out.contract;
    let Some((last, record)) = callable.flattened() else { return };
    let fields = &contract.parameters(callable);
    let declared: Vec<_> = fields.iter().map(|field| types::declared(contract, field)).collect();
    out.line("");
    out.docs_with(&callable.docs, fields);
    if !annotation.is_empty() {
        out.line(annotation);
    }
    out.call(what, &declared, after);
    let (first, own): (Vec<_>, Vec<_>) =
        fields.iter().partition(|field| field.name != last.name && callable.arguments.contains(field));
    let first = first.iter().fold(String::new(), |first, field| first + &camel_case(&field.name) + ", ");
    let own: Vec<_> = own.iter().map(|field| camel_case(&field.name)).collect();
    out.inside(|out| out.call(&format!("{before}({first}{record}"), &own, ")"));
}

/// What leads to a section is made once.
fn property(out: &mut Writer<'_>, callable: &Callable, name: &str, ty: &str, result: &str) {
    if callable.is_accessor() {
        out.line("");
        out.docs(&callable.docs);
        out.line(&format!("public val {name}{ty} get() = {name}Lazy.value"));
        let result = if callable.throws { format!("enter {{ {result} }}") } else { result.to_owned() };
        return out.line(&format!("private val {name}Lazy = lazy {{ {result} }}"));
    }
    out.docs(&callable.docs);
    out.line(&format!("public val {name}{ty} = {result}"));
}

fn close(out: &mut Writer<'_>, object: &Object) {
    out.line("\n/**\n * Releases the connections. Running calls end normally; later calls are refused with an");
    out.line(" * [IllegalStateException]. A client that is never closed is let go of when nothing refers to it.\n */");
    out.block("override fun close()", |out| {
        // What needs no connection is not closed.
        let by_hand = Some(Type::Object(BY_HAND.to_owned()));
        for method in object.methods.iter().filter(|method| method.is_accessor() && method.returns != by_hand) {
            let name = camel_case(&method.name);
            out.line(&format!("if ({name}Lazy.isInitialized()) {name}.close()"));
        }
        out.line("raw.close()");
    });
}

fn constructor(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    let contract = out.contract;
    let given = lowered(&callable.arguments);
    let declared: Vec<_> = callable.arguments.iter().map(|field| types::declared(contract, field)).collect();
    out.docs(&callable.docs);
    let raw = types::raw(&object.name);
    out.line(&format!("public constructor({}) : this(enter {{ {raw}({given}) }})", declared.join(", ")));
    flattened(out, callable, "", "public constructor", " :", "this");
}

fn named_constructor(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    let (name, own) = (camel_case(&callable.name), &object.name);
    let declared = declared(out.contract, callable);
    out.docs(&callable.docs);
    out.line(&format!("@JvmStatic\npublic fun {name}({}): {own} =", declared.join(", ")));
    let call = format!("{}.{name}({})", types::raw(own), lowered(&given(callable)));
    out.inside(|out| out.line(&format!("{own}(enter {{ {call} }})")));
    flattened(out, callable, "@JvmSynthetic", &format!("public fun {name}"), &format!(": {own} ="), &name);
}

/// What a program gives.
fn callback(out: &mut Writer<'_>, Object { name, docs, methods, .. }: &Object) {
    let contract = out.contract;
    out.line("");
    out.docs(docs);
    out.block(&format!("public fun interface {name}"), |out| {
        for method in methods {
            out.docs(&method.docs);
            let keyword = if method.is_async { "suspend fun" } else { "fun" };
            let declared: Vec<_> = method.arguments.iter().map(|field| types::declared(contract, field)).collect();
            let ty = method.returns.as_ref().map_or_else(String::new, |ty| format!(": {}", types::kotlin(ty)));
            out.line(&format!("public {keyword} {}({}){ty}", camel_case(&method.name), declared.join(", ")));
        }
    });
}
