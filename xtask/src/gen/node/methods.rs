//! How methods, constructors and functions are called from JavaScript.

use minijinja::{Value, context};

use super::{
    super::model::{Callable, Field, Object, Type},
    super::names::camel_case,
    Package,
    types::output,
    views,
};

impl Package<'_> {
    /// A method or a constructor of an object, or a function.
    pub(super) fn method(&self, object: Option<&Object>, callable: &Callable) -> Value {
        let style = object.map_or("function", |object| self.style(object, callable));
        let state = callable.returns.as_ref().and_then(Type::watched);
        // A poll has no state if nothing changed.
        let polled = state.clone().map(|state| Type::Optional(Box::new(state)));
        let result = polled.as_ref().or(callable.returns.as_ref());
        let ty = state.as_ref().or(result).map_or("void".to_owned(), output);
        let options = options(callable).filter(|_| object.is_some());
        let arguments = &callable.arguments[..callable.arguments.len() - usize::from(options.is_some())];
        let class = if let Some(Type::Object(name)) = result { Some(name) } else { None };
        // A handle's calls have the limits of the client that made it.
        let call = if object.is_some_and(Object::is_handle) { "Abortable" } else { "Call" };
        context! {
            name => camel_case(&callable.name),
            word => &callable.name,
            docs => self.docs.text(&callable.docs),
            style,
            arguments => views(arguments, |argument| self.field(argument)),
            record => callable.flattened().map(|(_, record)| record),
            options => match options {
                Some(record) if callable.is_async || state.is_some() => Some(format!("{record} & Abortable")),
                Some(record) => Some(record.to_owned()),
                None => callable.is_async.then(|| call.to_owned()),
            },
            returns => match style {
                "watch" => format!("AsyncIterableIterator<{ty}>"),
                _ if callable.is_async => format!("Promise<{ty}>"),
                _ => ty,
            },
            class,
            reader => result.filter(|_| class.is_none()).map(|ty| self.reader(ty, "decoder")),
            is_record => matches!(result, Some(Type::Record(_))),
            is_deprecated => class.is_some_and(|name| callable.is_accessor() && self.is_deprecated(name)),
        }
    }

    /// Which part of the template writes a member of a class.
    fn style(&self, object: &Object, callable: &Callable) -> &'static str {
        let is_section = |name: &str| self.contract.object(name).is_some_and(|found| self.section(found).is_some());
        let is_constructor = object.constructors.contains(callable);
        match (callable.arguments.as_slice(), &callable.returns) {
            ([], _) if is_constructor => "nothing",
            ([Field { ty: Type::Callback(_), .. }, ..], _) if is_constructor => "callback",
            ([Field { ty: Type::Callback(_), .. }, ..], _) => "journal",
            _ if is_constructor && callable.flattened().is_none() => "named",
            (_, Some(Type::Object(name))) if callable.is_accessor() && is_section(name) => "section",
            _ if callable.is_accessor() => "object",
            ([], _) if !callable.is_async && !callable.throws => "field",
            (_, Some(returns)) if returns.watched().is_some() => "watch",
            _ if callable.is_async && options(callable).is_some() => "wait",
            _ if callable.is_async => "call",
            _ if callable.flattened().is_some() => "configure",
            _ => "ask",
        }
    }

    /// The client's name for an object that is a section of it, whose calls can have limits of their own.
    pub(super) fn section(&self, object: &Object) -> Option<&str> {
        self.contract.section(&object.name).filter(|_| object.constructors.is_empty())
    }

    /// Whether a section of the client belongs to the first version of the API.
    pub(super) fn is_deprecated(&self, object: &str) -> bool {
        let ty = Some(Type::Object(object.to_owned()));
        let mut methods = self.contract.objects.iter().flat_map(|found| &found.methods);
        methods.any(|method| method.is_accessor() && method.returns == ty && method.docs.contains("version 1"))
    }
}

/// The record of the options that may be left out: the last argument.
pub(super) fn options(callable: &Callable) -> Option<&str> {
    let (field, record) = callable.flattened()?;
    (field.ty.is_optional() || callable.arguments.len() > 1).then_some(record)
}
