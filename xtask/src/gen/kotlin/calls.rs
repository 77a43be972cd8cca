//! What is awaited: a suspend function with named arguments for Kotlin, and for Java one that waits and one that returns a
//! `CompletableFuture`, both of which take records. All three start the same call, past JNA (`NativeCalls`).

use super::{
    super::{
        jni,
        model::{Callable, Contract, Field, Object, Type, camel_case, snake_case},
    },
    objects::{declared, flattened, given, lowered, names},
    types,
    writer::Writer,
};

/// The call that a method starts: its number, what it is given, and how its result is read.
fn native(contract: &Contract, object: &Object, callable: &Callable) -> String {
    let mut all = jni::calls(contract);
    let number = all.position(|(own, method)| own.name == object.name && method.name == callable.name);
    let given = given(callable);
    let bytes = callable.arguments.iter().zip(&given).map(|(argument, field)| {
        format!("bytes({}, {})", types::converter(&argument.ty), lowered(std::slice::from_ref(field)))
    });
    let bytes = bytes.collect::<Vec<_>>().join(" + ");
    let bytes = if bytes.is_empty() { "NOTHING" } else { &bytes };
    let read = match &callable.returns {
        None => "null".to_owned(),
        Some(ty @ Type::Object(name)) => {
            let (own, text) = (types::converter(ty), types::converter(&Type::String));
            format!("{name}({own}.read(it), {text}.read(it), {text}.read(it))")
        }
        Some(ty) => types::lift(&format!("{}.read(it)", types::converter(ty)), ty),
    };
    let number = number.unwrap_or_default();
    let creates = jni::creates(callable);
    format!("NativeCall({number}, {bytes}, raw.callWithHandle {{ it }}, {creates}) {{ {read} }}")
}

/// What a call returns. Java has no `Unit`.
fn returned(callable: &Callable) -> String {
    callable.returns.as_ref().map_or_else(|| "Void?".to_owned(), types::kotlin)
}

pub(super) fn method(out: &mut Writer<'_>, object: &Object, callable: &Callable) {
    let name = camel_case(&callable.name);
    let declared = declared(out.contract, callable).join(", ");
    let call = format!("{name}Call({})", names(&given(callable)));
    let ty = callable.returns.as_ref().map_or_else(String::new, |ty| format!(": {}", types::kotlin(ty)));
    out.line("");
    out.docs(&callable.docs);
    let opening = format!("@JvmSynthetic\npublic suspend fun {name}({declared}){ty}");
    if callable.returns.is_some() {
        out.line(&format!("{opening} = awaiting {{ {call} }}"));
    } else {
        out.block(&opening, |out| out.line(&format!("awaiting {{ {call} }}")));
    }
    flattened(out, callable, "@JvmSynthetic", &format!("public suspend fun {name}"), &format!("{ty} ="), &name);
    for_java(out, callable, &name, &call);
    let raw = native(out.contract, object, callable);
    let returned = returned(callable);
    out.line("");
    // Fakes for tests result in their own way.
    let visibility = if object.is_handle() { "internal open" } else { "private" };
    out.line(&format!("{visibility} fun {name}Call({declared}): Call<{returned}> ="));
    out.inside(|out| out.line(&raw));
}

/// Java may leave out a last record whose every field may be left out.
fn declared_in_java(contract: &Contract, callable: &Callable) -> (String, &'static str) {
    let declared = declared(contract, callable).join(", ");
    match callable.flattened() {
        Some((last, record)) if last.default.is_some() => (format!("{declared} = {record}()"), "@JvmOverloads\n"),
        _ => (declared, ""),
    }
}

fn for_java(out: &mut Writer<'_>, callable: &Callable, name: &str, call: &str) {
    let (declared, overloads) = declared_in_java(out.contract, callable);
    let ty = returned(callable);
    let unknown = if jni::creates(callable) {
        " If its request was sent by then, it ends with [KopoKopoException.OutcomeUnknown] instead."
    } else {
        ""
    };
    out.line(&format!("\n/** [{name}] for Java: waits on this thread. An interrupt cancels the call.{unknown} */"));
    let blocking = format!("{overloads}public fun {name}Blocking({declared})");
    if callable.returns.is_some() {
        out.line(&format!("{blocking}: {ty} = blocking {{ {call} }}"));
    } else {
        out.block(&blocking, |out| out.line(&format!("blocking {{ {call} }}")));
    }
    let docs = format!("[{name}] for Java. Cancelling the future, or its timeout, cancels the call.{unknown}");
    out.line(&format!("\n/** {docs} */"));
    out.line(&format!("{overloads}public fun {name}Async({declared}): CompletableFuture<{ty}> = future {{ {call} }}"));
}

/// What a watch is of, if a method returns one.
pub(super) fn watched<'a>(contract: &'a Contract, callable: &Callable) -> Option<&'a Type> {
    let Some(Type::Object(name)) = &callable.returns else { return None };
    let watch = contract.object(name).filter(|object| object.is_watch())?;
    watch.methods.iter().find(|method| method.is_async)?.returns.as_ref().map(Type::inner)
}

/// The states of a resource: a flow for Kotlin, a stream for Java.
pub(super) fn watch(out: &mut Writer<'_>, object: &Object, callable: &Callable, watched: &Type) {
    let contract = out.contract;
    let (name, ty) = (camel_case(&callable.name), types::kotlin(watched));
    let open = format!("openWatch({})", names(&given(callable)));
    let declared = declared(contract, callable).join(", ");
    let docs = format!("{}\n\nErrors while it is collected: those of [wait].", callable.docs.trim());
    let callable = &Callable { docs, ..callable.clone() };
    out.line("");
    out.docs(&callable.docs);
    out.line(&format!("@JvmSynthetic\npublic fun {name}({declared}): Flow<{ty}> = states {{ {open} }}"));
    let after = format!(": Flow<{ty}> =");
    flattened(out, callable, "@JvmSynthetic", &format!("public fun {name}"), &after, &name);
    let (in_java, overloads) = declared_in_java(contract, callable);
    out.line(&format!(
        "\n/** [{name}] for Java: a stream that waits on this thread for each state. Close it if it is not read to its end. */"
    ));
    out.line(&format!("{overloads}public fun {name}Blocking({in_java}): Stream<{ty}> = stream({open})"));
    let own = callable.returns.as_ref().map(types::kotlin).unwrap_or_default();
    let visibility = if object.is_handle() { "internal open" } else { "private" };
    out.line(&format!("\n{visibility} fun openWatch({declared}): Watch<{ty}> ="));
    let given = lowered(&given(callable));
    out.inside(|out| out.line(&format!("call {{ {own}(raw.{}({given})) }}", camel_case(&callable.name))));
}

pub(super) fn watch_class(out: &mut Writer<'_>, object: &Object) {
    let contract = out.contract;
    let is_poll = |method: &&Callable| method.is_async;
    let Some(poll) = object.methods.iter().find(is_poll) else { return };
    let ty = poll.returns.as_ref().map(|ty| types::kotlin(ty.inner())).unwrap_or_default();
    let (name, raw) = (&object.name, types::raw(&object.name));
    out.line("");
    out.block(&format!("internal class {name}(private val raw: {raw}) : Watch<{ty}>"), |out| {
        for method in &object.methods {
            let own = camel_case(&method.name);
            if method.is_async {
                out.line(&format!("override fun {own}(): Call<{ty}?> ="));
                out.inside(|out| out.line(&native(contract, object, method)));
            } else {
                let value = method.returns.as_ref().map(|ty| types::lift(&format!("raw.{own}()"), ty));
                out.line(&format!("override fun {own}(): Duration? = {}", value.unwrap_or_default()));
            }
            out.line("");
        }
        out.line("override fun close(): Unit = raw.close()");
    });
}

/// A function of the contract as a method of a record that has its first argument.
pub(super) fn method_of_record(out: &mut Writer<'_>, record: &str, function: &Callable) {
    let contract = out.contract;
    let name = camel_case(&function.name);
    let [first, second, own @ ..] = function.arguments.as_slice() else { return };
    let docs = function.docs.replace(
        " It is a method of events, incoming payments and payment\nlinks: `payment` is their `raw` text, and `record` is `event`, \
         `incoming_payment` or `payment_link`.",
        "",
    );
    out.line("");
    out.docs(&docs);
    let declared: Vec<_> = own.iter().map(|field| types::declared(contract, field)).collect();
    let record_field = Field { name: "raw".into(), ..first.clone() };
    let mut given = vec![lowered(&[record_field]), format!("{:?}", snake_case(record))];
    given.extend(own.iter().map(|field| lowered(std::slice::from_ref(field))));
    debug_assert_eq!(second.name, "record");
    let call = format!("{}({})", types::raw(&name), given.join(", "));
    let (ty, result) = super::objects::returned(function.returns.as_ref(), &call);
    let overloads = if declared.iter().any(|field| field.contains(" = ")) { "@JvmOverloads\n" } else { "" };
    out.line(&format!("{overloads}public fun {name}({}){ty} = enter {{ {result} }}", declared.join(", ")));
}
