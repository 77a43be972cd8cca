//! How methods, constructors and functions are called from JavaScript.

use serde::Serialize;

use super::{
    super::model::{Callable, Contract, Field, Object, Text, Type, camel_case},
    docs::Docs,
    types::{FieldView, field, reader, type_out},
};

#[derive(Serialize)]
pub(super) struct Method<'a> {
    name: String,
    /// The name in the contract.
    word: &'a str,
    docs: String,
    style: Style,
    /// What is given one after the other.
    arguments: Vec<FieldView>,
    /// Whether that is one object with all fields.
    is_request: bool,
    /// The type of the options behind the arguments.
    options: Option<String>,
    /// The names of the arguments and the options.
    parameters: Vec<String>,
    /// The record of the options of a wait or a watch.
    record: Option<&'a str>,
    /// The argument that is bytes, which cross unchanged.
    bytes: Option<String>,
    returns: String,
    /// The class of the object that is returned.
    object: Option<&'a str>,
    /// How the value that is returned is read.
    reader: Option<String>,
    /// Whether the value holds the bytes' text, which the native part does not hand back.
    has_raw: bool,
    /// Whether it leads to a section of the first version of the API.
    is_deprecated: bool,
}

#[derive(Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Style {
    /// It only says what an object is.
    Field,
    /// It leads to a section of the client, whose calls can have limits of their own.
    Section,
    /// It leads to another object.
    Object,
    /// It sends requests.
    Call,
    Wait,
    /// An async iterator, which is written by hand.
    Watch,
    /// Its one argument is options.
    Configure,
    /// It takes each argument, and sends nothing.
    Ask,
    /// A constructor whose options are its arguments.
    Named,
    /// A constructor from the program's own function.
    Callback,
    /// A constructor that takes nothing.
    Nothing,
}

/// The view of a method or a constructor of an object, or of a function.
pub(super) fn method<'a>(
    contract: &'a Contract,
    docs: &Docs<'_>,
    callable: &'a Callable,
    object: Option<&Object>,
) -> Method<'a> {
    let watched = watched(contract, callable);
    let (flattened, style) = match object {
        Some(object) => (callable.flattened(), style(contract, object, callable)),
        None => (None, Style::Ask),
    };
    let view = |found: &Field| field(contract, docs, found);
    let mut arguments: Vec<_> = callable.arguments.iter().map(view).collect();
    // A handle's calls have the limits of the client that made it.
    let call = if object.is_some_and(Object::is_handle) { "Abortable" } else { "Call" };
    let mut options = callable.is_async.then(|| call.to_owned());
    let mut is_request = false;
    match flattened {
        Some((last, record)) if last.ty.is_optional() || arguments.len() > 1 => {
            arguments.pop();
            let signal = if callable.is_async || watched.is_some() { " & Abortable" } else { "" };
            options = Some(format!("{record}{signal}"));
        }
        Some(_) => {
            is_request = true;
            let name = if callable.is_async { "request" } else { "options" };
            arguments.iter_mut().for_each(|argument| name.clone_into(&mut argument.name));
        }
        None => {}
    }
    let names = arguments.iter().map(|argument| argument.name.clone());
    let result = watched.or(callable.returns.as_ref());
    let class = if let Some(Type::Object(name)) = result { Some(name.as_str()) } else { None };
    let bytes = callable.arguments.iter().find(|argument| argument.ty == Type::Bytes);
    Method {
        name: camel_case(&callable.name),
        word: &callable.name,
        docs: docs.text(&callable.docs),
        parameters: names.chain(options.is_some().then(|| "options".to_owned())).collect(),
        record: flattened.map(|(_, record)| record),
        returns: match (watched, callable.is_async) {
            (Some(state), _) => format!("AsyncIterableIterator<{}>", type_out(state.inner())),
            (None, true) => format!("Promise<{}>", result.map_or("void".to_owned(), type_out)),
            (None, false) => result.map_or("void".to_owned(), type_out),
        },
        object: class,
        reader: result.filter(|_| class.is_none()).map(|ty| reader(contract, ty, "row")),
        has_raw: bytes.is_some() && result.is_some_and(|ty| has_raw(contract, ty)),
        bytes: bytes.map(|argument| camel_case(&argument.name)),
        is_deprecated: callable.is_accessor() && class.is_some_and(|name| is_deprecated(contract, name)),
        arguments,
        is_request,
        options,
        style,
    }
}

fn style(contract: &Contract, object: &Object, callable: &Callable) -> Style {
    let is_constructor = object.constructors.contains(callable);
    match callable.arguments.as_slice() {
        [] if is_constructor => Style::Nothing,
        [Field { ty: Type::Callback(_), .. }, ..] if is_constructor => Style::Callback,
        _ if is_constructor && callable.flattened().is_none() => Style::Named,
        _ if callable.is_accessor() => match &callable.returns {
            Some(Type::Object(name))
                if contract.object(name).is_some_and(|found| section(contract, found).is_some()) =>
            {
                Style::Section
            }
            _ => Style::Object,
        },
        [] if !callable.is_async && !callable.throws => Style::Field,
        _ if watched(contract, callable).is_some() => Style::Watch,
        [.., last] if callable.is_async && last.ty.is_optional() && callable.flattened().is_some() => Style::Wait,
        _ if callable.is_async => Style::Call,
        _ if callable.flattened().is_some() => Style::Configure,
        _ => Style::Ask,
    }
}

/// The client's name for an object that is a section of it, whose calls can have limits of their own.
pub(super) fn section<'a>(contract: &'a Contract, object: &Object) -> Option<&'a str> {
    contract.section(&object.name).filter(|_| object.constructors.is_empty())
}

/// Whether a section of the client belongs to the first version of the API.
pub(super) fn is_deprecated(contract: &Contract, object: &str) -> bool {
    let ty = Some(Type::Object(object.to_owned()));
    let mut accessors = contract.objects.iter().flat_map(|found| &found.methods).filter(|found| found.is_accessor());
    accessors.any(|accessor| accessor.returns == ty && accessor.docs.contains("version 1"))
}

/// What a method's watch polls for, if it returns a watch: absent, or the state.
fn watched<'a>(contract: &'a Contract, method: &Callable) -> Option<&'a Type> {
    let Some(Type::Object(name)) = &method.returns else { return None };
    let watch = contract.object(name).filter(|object| object.is_watch())?;
    watch.methods.iter().find(|method| method.name == "poll")?.returns.as_ref()
}

/// Whether a value has raw text, which is next to the JSON.
fn has_raw(contract: &Contract, ty: &Type) -> bool {
    let within = |field: &Field| has_raw(contract, &field.ty);
    match ty.element() {
        Type::Text(Text::Raw) => true,
        Type::Record(name) => contract.record(name).is_some_and(|record| record.fields.iter().any(within)),
        Type::Enum(name) => contract
            .enumeration(name)
            .is_some_and(|found| found.variants.iter().filter_map(|variant| variant.content.as_ref()).any(within)),
        _ => false,
    }
}
