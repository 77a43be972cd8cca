//! Things with methods: the client, its sections, the handles of what was created; and functions of no object.
//!
//! Kotlin has suspend functions with named arguments. Java, which sees none of those, has two more of each: one that
//! waits and one that answers a `CompletableFuture`, and both take records.

use super::{
    super::{
        jni,
        model::{Callable, Contract, Field, Object, Type, camel_case},
    },
    BY_HAND, is_client, types,
    writer::Writer,
};

const TYPES: &[&str] = &[
    "java.math.BigDecimal",
    "java.time.Duration",
    "java.time.OffsetDateTime",
    "java.util.concurrent.CompletableFuture",
];

pub(super) fn sections(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", TYPES);
    for object in &contract.objects {
        if !is_client(object) && !object.is_handle() && object.name != BY_HAND {
            class(&mut out, object);
        }
    }
    for callback in &contract.callbacks {
        self::callback(&mut out, callback);
    }
    out.text
}

pub(super) fn handles(contract: &Contract) -> String {
    let imports = ["java.time.Duration", "java.util.concurrent.CompletableFuture", "kotlinx.coroutines.flow.Flow"];
    let mut out = Writer::new(contract, "", &imports);
    contract.objects.iter().filter(|object| object.is_handle()).for_each(|object| class(&mut out, object));
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
    for Callable { name, docs, arguments, returns, .. } in &contract.functions {
        out.line("");
        out.docs(docs);
        let name = camel_case(name);
        let declared: Vec<_> = arguments.iter().map(|field| types::declared(contract, field)).collect();
        let call = format!("{}({})", types::raw(&name), lowered(arguments));
        let (ty, answer) = answered(returns.as_ref(), &call);
        out.call(&format!("public fun {name}"), &declared, &format!("{ty} = enter {{ {answer} }}"));
    }
    out.text
}

fn class(out: &mut Writer<'_>, object: &Object) {
    let (name, raw) = (&object.name, types::raw(&object.name));
    out.line("");
    out.docs(&object.docs);
    // What is known of it when it is made is not asked for.
    let known = |method: &&Callable| !method.is_async && object.is_handle();
    let known = object.methods.iter().filter(known).fold(String::new(), |known, method| {
        let name = camel_case(&method.name);
        known + &format!(", {name}: String = raw.{name}()")
    });
    out.block(&format!("public class {name} internal constructor(private val raw: {raw}{known})"), |out| {
        object.methods.iter().enumerate().for_each(|(at, callable)| {
            if at > 0 && !callable.is_async {
                out.line("");
            }
            method(out, object, callable);
        });
        if object.is_handle() {
            watch(out, object);
            out.line(&format!("\noverride fun toString(): String = \"{name}(id=$id)\""));
        } else {
            out.line("\ninternal fun close(): Unit = raw.close()");
        }
    });
}

/// What a callable is given, for the raw layer.
fn lowered(arguments: &[Field]) -> String {
    let lower = |field: &Field| types::lower(&camel_case(&field.name), &field.ty, &camel_case(&field.name));
    arguments.iter().map(lower).collect::<Vec<_>>().join(", ")
}

/// The type that is answered, and how it is made of the raw layer's.
fn answered(returns: Option<&Type>, call: &str) -> (String, String) {
    returns.map_or_else(
        || (String::new(), call.to_owned()),
        |ty| (format!(": {}", types::kotlin(ty)), types::lift(call, ty)),
    )
}

/// The record that is flattened where a callable takes only that.
fn only_record(callable: &Callable) -> Option<(&Field, &str)> {
    match callable.arguments.as_slice() {
        [field] => match field.ty.inner() {
            Type::Record(name) => Some((field, name)),
            _ => None,
        },
        _ => None,
    }
}

/// What calls a method past JNA, and makes what it answers, but for records, which are lifted.
///
/// The library for apps has no such functions; it has no verifier either.
fn native(contract: &Contract, object: &Object, callable: &Callable) -> Option<String> {
    contract.objects.iter().find(|object| object.name == BY_HAND)?;
    let number =
        jni::calls(contract).position(|(own, method)| own.name == object.name && method.name == callable.name)?;
    let given = match callable.arguments.as_slice() {
        [field] => format!("bytes({}, {})", types::converter(&field.ty), lowered(&given(callable))),
        _ => "NOTHING".to_owned(),
    };
    let read = match &callable.returns {
        None => " }".to_owned(),
        Some(ty @ Type::Object(name)) => {
            let (own, text) = (types::converter(ty), types::converter(&Type::String));
            format!(" {name}({own}.read(it), {text}.read(it), {text}.read(it)) }}")
        }
        Some(ty) => format!(" {}.read(it) }}", types::converter(ty)),
    };
    Some(format!("NativeCalls.call({number}, {given}, raw.callWithHandle {{ it }}) {{{read}"))
}

fn method(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    let contract = out.contract;
    let name = camel_case(&callable.name);
    let given = given(callable);
    let native = native(contract, object, callable);
    let call = native.clone().unwrap_or_else(|| format!("raw.{name}({})", lowered(&given)));
    let (ty, answer) = answered(callable.returns.as_ref(), &call);
    if !callable.is_async && !callable.throws && callable.arguments.is_empty() {
        let answer = if object.is_handle() { &name } else { &answer };
        return property(out, callable, &name, &ty, answer);
    }
    // An object is made already.
    let answer = if let (Some(native), Some(Type::Object(_))) = (native, &callable.returns) { native } else { answer };
    let synthetic = if callable.is_async { "@JvmSynthetic\n" } else { "" };
    let keyword = if callable.is_async { "suspend fun" } else { "fun" };
    let record = only_record(callable).map(|(_, record)| record);
    // Where a record's every field may be left out, nothing given means the flattened one.
    let declared: Vec<_> = given
        .iter()
        .map(|field| match record {
            Some(record) => format!("{}: {record}", camel_case(&field.name)),
            None => types::declared(contract, field),
        })
        .collect();
    out.line("");
    out.docs(&callable.docs);
    out.line(&format!("{synthetic}public {keyword} {name}({}){ty} =", declared.join(", ")));
    let around = if callable.is_async { "awaiting" } else { "call" };
    out.inside(|out| out.line(&format!("{around} {{ {answer} }}")));
    if let Some(record) = record {
        let what = format!("public {keyword} {name}");
        flattened(out, callable, "@JvmSynthetic", &what, &format!("{ty} ="), (&format!("{name}({record}"), ")"));
    }
    if callable.is_async {
        for_java(out, callable, &declared, &names(&given));
    }
}

/// What a callable is given as a whole: a single record is never absent, because then it is flattened.
fn given(callable: &Callable) -> Vec<Field> {
    let whole = |field: &Field| Field { ty: field.ty.inner().clone(), default: None, ..field.clone() };
    match only_record(callable) {
        Some((field, _)) => vec![whole(field)],
        None => callable.arguments.clone(),
    }
}

fn names(fields: &[Field]) -> String {
    fields.iter().map(|field| camel_case(&field.name)).collect::<Vec<_>>().join(", ")
}

/// The same with named arguments, which Java does not have.
fn flattened(
    out: &mut Writer<'_>,
    callable: &Callable,
    annotation: &str,
    what: &str,
    after: &str,
    (before, end): (&str, &str),
) {
    let contract = out.contract;
    let fields = &contract.parameters(callable);
    let declared: Vec<_> = fields.iter().map(|field| types::declared(contract, field)).collect();
    out.line("");
    out.docs_with(&callable.docs, fields);
    if !annotation.is_empty() {
        out.line(annotation);
    }
    out.call(what, &declared, after);
    let given: Vec<_> = fields.iter().map(|field| camel_case(&field.name)).collect();
    out.inside(|out| out.call(before, &given, end));
}

/// What waits on its thread, and what answers a future.
fn for_java(out: &mut Writer<'_>, callable: &Callable, declared: &[String], names: &str) {
    let name = camel_case(&callable.name);
    let ty = callable.returns.as_ref().map_or_else(|| "Unit".to_owned(), types::kotlin);
    let (declared, overloads) = match only_record(callable) {
        Some((field, record)) if field.default.is_some() => {
            (format!("{}: {record} = {record}()", camel_case(&field.name)), "@JvmOverloads\n")
        }
        _ => (declared.join(", "), ""),
    };
    out.line(&format!("\n/** [{name}] for Java: waits on this thread. */"));
    out.line(&format!("{overloads}public fun {name}Blocking({declared}): {ty} = blocking {{ {name}({names}) }}"));
    out.line(&format!("\n/** [{name}] for Java: answers at once. Cancelling the future cancels the call. */"));
    out.line(&format!(
        "{overloads}public fun {name}Async({declared}): CompletableFuture<{ty}> = future {{ {name}({names}) }}"
    ));
}

/// What neither fails nor takes anything. What leads to a section is made once.
fn property(out: &mut Writer<'_>, callable: &Callable, name: &str, ty: &str, answer: &str) {
    if callable.is_accessor() {
        out.line("");
        out.docs(&callable.docs);
        out.line(&format!("public val {name}{ty} get() = {name}Lazy.value"));
        return out.line(&format!("private val {name}Lazy = lazy {{ {answer} }}"));
    }
    out.docs(&callable.docs);
    out.line(&format!("public val {name}{ty} = {answer}"));
}

fn close(out: &mut Writer<'_>, object: &Object) {
    out.line("\n/**\n * Lets go of the connections. What is under way ends by itself; whatever is called later is refused with an");
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
    if let Some((_, record)) = only_record(callable) {
        flattened(out, callable, "", "public constructor", " :", (&format!("this({record}"), ")"));
    }
}

fn named_constructor(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    let contract = out.contract;
    let (name, own) = (camel_case(&callable.name), &object.name);
    let declared: Vec<_> = callable.arguments.iter().map(|field| types::declared(contract, field)).collect();
    let overloads = if declared.iter().any(|field| field.contains(" = ")) { "@JvmOverloads\n" } else { "" };
    out.docs(&callable.docs);
    out.line(&format!("@JvmStatic\n{overloads}public fun {name}({}): {own} =", declared.join(", ")));
    let call = format!("{}.{name}({})", types::raw(own), lowered(&callable.arguments));
    out.inside(|out| out.line(&format!("{own}(enter {{ {call} }})")));
}

/// A stream of what a handle's thing looks like, with the options of `wait`.
fn watch(out: &mut Writer<'_>, handle: &Object) {
    let contract = out.contract;
    let Some(wait) = handle.methods.iter().find(|method| method.name == "wait") else { return };
    let (Some(Type::Record(answer)), Some((_, options))) = (&wait.returns, only_record(wait)) else { return };
    let docs =
        "How it stands now, and then every time that it looks otherwise, until its state is final: that is the last.\n\
        Passing failures do not end it; everything else does, as with [wait].\n\n\
        Errors: `timeout` when the state was not final in time, and those of [wait]."
            .to_owned();
    let operation = format!("\"{}.get\"", contract.section_of(answer));
    out.line("");
    out.docs(&docs);
    out.line(&format!("@JvmSynthetic\npublic fun watch(options: {options}): Flow<{answer}> ="));
    out.inside(|out| {
        out.line(&format!("watching(options, id, {operation}, {answer}::raw, {answer}::isFinal) {{ get() }}"));
    });
    let callable = Callable { docs, ..wait.clone() };
    let ty = format!(": Flow<{answer}>");
    let call = format!("watch({options}");
    flattened(out, &callable, "@JvmSynthetic", "public fun watch", &format!("{ty} ="), (&call, ")"));
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
