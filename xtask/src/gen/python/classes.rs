//! Clients, sections, handles, and functions of no object.

use serde::Serialize;

use super::{
    super::model::{Callable, Contract, Field, Object, Text, Type},
    docs::Docs,
    is_local,
    types::Types,
};

#[derive(Serialize)]
pub(super) struct Class<'a> {
    name: String,
    docs: Docs,
    /// What its calls are logged as, if it belongs to a client.
    section: Option<&'a str>,
    has_watch: bool,
    is_handle: bool,
    constructors: Vec<Constructor<'a>>,
    methods: Vec<Method<'a>>,
}

#[derive(Serialize)]
struct Constructor<'a> {
    /// None: the usual one.
    name: Option<&'a str>,
    object: &'a str,
    docs: Docs,
    signature: Vec<String>,
    arguments: Vec<&'a str>,
    hidden: Vec<&'a str>,
    /// The function that supplies tokens.
    source: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Method<'a> {
    name: &'a str,
    docs: Docs,
    signature: Vec<String>,
    returns: String,
    arguments: Vec<&'a str>,
    hidden: Vec<&'a str>,
    way: Way,
    /// Whether it is one of an object.
    is_method: bool,
    is_awaited: bool,
    returns_object: bool,
}

/// How a method is called.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Property,
    Plain,
    /// It sends requests.
    Call,
    Wait,
    Watch,
    /// The native module takes bodies as they are.
    Body,
}

impl<'a> Class<'a> {
    pub(super) fn new(types: Types<'a>, object: &'a Object) -> Self {
        let methods = object.methods.iter();
        Self {
            name: types.class(object),
            docs: Docs::new(types.contract, &object.docs, &[]),
            section: (!is_local(object) && object.constructors.is_empty()).then(|| section(types.contract, object)),
            has_watch: object.methods.iter().any(|method| watched(types.contract, method).is_some()),
            is_handle: object.is_handle(),
            constructors: object.constructors.iter().map(|found| Constructor::new(types, object, found)).collect(),
            methods: methods.map(|method| Method::new(types, Some(object), method)).collect(),
        }
    }
}

impl<'a> Constructor<'a> {
    fn new(types: Types<'a>, object: &'a Object, constructor: &'a Callable) -> Self {
        let (plain, named) = types.parameters(constructor);
        // The program's function is first; all others need their names.
        let is_function = |field: &&Field| matches!(field.ty, Type::Callback(_));
        let (functions, others): (Vec<_>, Vec<_>) = plain.into_iter().partition(is_function);
        let named = [others, named].concat();
        let name = Some(constructor.name.as_str()).filter(|name| *name != "new");
        let first = if name.is_some() { "cls" } else { "self" };
        Self {
            name,
            object: &object.name,
            docs: Docs::new(types.contract, &constructor.docs, &[functions.as_slice(), &named].concat()),
            signature: signature(types, Some(first), &functions, &named),
            arguments: names(&named),
            hidden: hidden(&named),
            source: names(&functions).first().copied(),
        }
    }
}

impl<'a> Method<'a> {
    pub(super) fn new(types: Types<'a>, object: Option<&Object>, method: &'a Callable) -> Self {
        let (plain, named) = types.parameters(method);
        let all = [plain.as_slice(), &named].concat();
        let watched = watched(types.contract, method);
        let way = match object {
            _ if method.arguments.iter().any(|argument| argument.ty == Type::Bytes) => Way::Body,
            _ if watched.is_some() => Way::Watch,
            _ if method.is_async && method.name == "wait" => Way::Wait,
            _ if method.is_async => Way::Call,
            Some(_) if method.arguments.is_empty() && (!method.throws || method.is_accessor()) => Way::Property,
            _ => Way::Plain,
        };
        Self {
            name: &method.name,
            docs: Docs::new(types.contract, &method.docs, &all),
            signature: signature(types, object.map(|_| "self"), &plain, &named),
            returns: match (watched, &method.returns) {
                (Some(record), _) => format!("{}Iterator[{record}]", types.prefix),
                (None, returns) => returns.as_ref().map_or_else(|| "None".to_owned(), |ty| types.given(ty)),
            },
            arguments: names(&all),
            hidden: hidden(&all),
            way,
            is_method: object.is_some(),
            is_awaited: method.is_async && types.prefix == "Async",
            returns_object: matches!(method.returns, Some(Type::Object(_))),
        }
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

/// The record whose states a method returns, if it returns a watch.
fn watched<'a>(contract: &'a Contract, callable: &Callable) -> Option<&'a str> {
    let Some(Type::Object(name)) = &callable.returns else { return None };
    let watch = contract.object(name).filter(|object| object.is_watch())?;
    let polled = watch.methods.iter().find(|method| method.name == "poll")?.returns.as_ref()?;
    match polled.inner() {
        Type::Record(record) => Some(record),
        _ => None,
    }
}

fn signature(types: Types<'_>, first: Option<&str>, plain: &[&Field], named: &[&Field]) -> Vec<String> {
    let star = Some("*").filter(|_| !named.is_empty());
    let plain = plain.iter().map(|field| types.parameter(field));
    let named = named.iter().map(|field| types.parameter(field));
    first.map(str::to_owned).into_iter().chain(plain).chain(star.map(str::to_owned)).chain(named).collect()
}

fn names<'a>(fields: &[&'a Field]) -> Vec<&'a str> {
    fields.iter().map(|field| field.name.as_str()).collect()
}

/// The arguments that a traceback with variables must not show: secrets and phone numbers.
fn hidden<'a>(given: &[&'a Field]) -> Vec<&'a str> {
    let is_hidden = |field: &&&Field| match field.ty.element() {
        Type::Bytes | Type::Text(Text::Secret | Text::Personal | Text::Metadata) => true,
        // A URL can have a password in it.
        Type::String => field.name.ends_with("url"),
        _ => false,
    };
    given.iter().filter(is_hidden).map(|field| field.name.as_str()).collect()
}
