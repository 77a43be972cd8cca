//! What the templates get of the contract.

use std::collections::BTreeSet;

use minijinja::{Value, context};

use super::{
    super::{
        jni,
        model::{Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type, Variant},
        names::camel_case,
    },
    types,
};

/// What the contract says of seconds, and what of a `Duration`.
const UNITS: [(&str, &str); 5] = [
    (", in seconds", ""),
    ("this number of seconds", "this time"),
    ("the number of seconds to wait", "the time to wait"),
    ("The number of seconds for which it is valid from now", "The time for which it is valid from now"),
    ("before so many seconds", "longer ago than this time"),
];

/// Makes views of the contract's items.
pub(super) struct Views<'a> {
    contract: &'a Contract,
    /// The contract's names, which Kotlin may spell in another way.
    names: BTreeSet<&'a str>,
    /// What UniFFI's own functions return, with everything that it consists of. Results of calls are read from bytes.
    lifted: BTreeSet<String>,
}

impl<'a> Views<'a> {
    pub(super) fn new(contract: &'a Contract) -> Self {
        Self { contract, names: contract.names(), lifted: lifted(contract) }
    }

    pub(super) fn contract(&self) -> Value {
        let Contract { enums, records, objects, callbacks, functions, error, hash, .. } = self.contract;
        let records = records.iter().filter(|record| !self.contract.is_flattened(&record.name));
        context! {
            hash,
            names => self.contract.written_names().into_iter().filter(|name| name.contains('_')).collect::<Value>(),
            enums => enums.iter().map(|found| self.enumeration(found)).collect::<Value>(),
            records => records.map(|record| self.record(record)).collect::<Value>(),
            objects => objects.iter().map(|object| self.object(object)).collect::<Value>(),
            callbacks => callbacks.iter().map(|object| self.object(object)).collect::<Value>(),
            functions => functions.iter().map(|function| self.function(function)).collect::<Value>(),
            error => context! {
                // UniFFI's error is an exception in its name too.
                name => error.name.replace("Error", "Exception"),
                docs => self.docs(&error.docs),
                fields => error.fields.iter().map(|field| self.error_field(field)).collect::<Value>(),
                kinds => error.kinds.iter().map(|kind| self.variant(kind)).collect::<Value>(),
            },
        }
    }

    /// Names of the contract in backticks are as Kotlin spells them. A `Duration` includes its unit.
    fn docs(&self, docs: &str) -> String {
        let docs = UNITS.iter().fold(docs.trim().to_owned(), |docs, (seconds, time)| docs.replace(seconds, time));
        let parts = docs.split('`').enumerate().map(|(at, part)| match at % 2 {
            1 if self.names.contains(part) => camel_case(part),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("`")
    }

    fn field(&self, field: &Field) -> Value {
        let name = camel_case(&field.name);
        context! {
            docs => self.docs(&field.docs),
            ty => types::kotlin(&field.ty),
            present => types::kotlin(field.ty.inner()),
            default => types::default(self.contract, field),
            is_required => field.default.is_none(),
            empty => types::empty(self.contract, &field.ty),
            hidden => types::hidden(field),
            converter => types::converter(&field.ty),
            lift => types::lift(&field.ty),
            read => types::read(&field.ty),
            lower => types::lower(&field.ty, &name),
            name,
        }
    }

    fn fields(&self, fields: &[Field]) -> Vec<Value> {
        fields.iter().map(|field| self.field(field)).collect()
    }

    /// Errors are in the words of the contract.
    fn error_field(&self, field: &Field) -> Value {
        let lift = match field.name.as_str() {
            "detail" => "spelled(%, this.field)".to_owned(),
            "field" => "%?.let { camelCase(it) }".to_owned(),
            _ => types::lift(&field.ty),
        };
        context! { lift, ..self.field(field) }
    }

    fn record(&self, record: &Record) -> Value {
        let Record { name, docs, fields, usage } = record;
        context! {
            name,
            docs => self.docs(docs),
            fields => self.fields(fields),
            // It says of which money it is.
            is_payment => record.is_payment(),
            input => usage.input,
            output => usage.output,
            lifted => self.lifted.contains(name),
        }
    }

    fn enumeration(&self, Enum { name, docs, shape, variants, usage }: &Enum) -> Value {
        context! {
            name,
            docs => self.docs(docs),
            is_closed => *shape == Shape::Closed,
            is_union => *shape == Shape::Union,
            variants => variants.iter().map(|variant| self.variant(variant)).collect::<Value>(),
            other => variants.len() + 1,
            input => usage.input,
            output => usage.output,
            lifted => self.lifted.contains(name),
        }
    }

    fn variant(&self, variant: &Variant) -> Value {
        let Variant { name, docs, word, .. } = variant;
        let (record, fields) = self.contract.contents(variant);
        let field = |field: &Field| {
            let ty = types::within_union(self.contract, &field.ty);
            context! { ty, ..self.field(field) }
        };
        context! { name, docs => self.docs(docs), word, record, fields => fields.iter().map(field).collect::<Value>() }
    }

    fn object(&self, object: &Object) -> Value {
        let get = object.methods.iter().find(|method| method.name == "get").and_then(|get| get.returns.as_ref());
        let resource = get.filter(|_| object.is_handle()).map(types::kotlin);
        let callables = |own: &[Callable]| own.iter().map(|own| self.method(object, own)).collect::<Value>();
        context! {
            name => object.name.as_str(),
            docs => self.docs(&object.docs),
            kind => kind(object),
            section => resource.as_ref().map(|resource| self.contract.section_of(resource)),
            state => resource.as_ref().map(|resource| self.state(resource)),
            resource,
            constructors => callables(&object.constructors),
            methods => callables(&object.methods),
        }
    }

    /// The word of a resource's state, as an expression.
    fn state(&self, resource: &str) -> &'static str {
        let mut fields = self.contract.record(resource).into_iter().flat_map(|record| &record.fields);
        match fields.find(|field| field.name == "status").map(|field| (field.ty.inner(), field.ty.is_optional())) {
            None => "null",
            Some((Type::Enum(_), true)) => "it.status?.word",
            Some((Type::Enum(_), false)) => "it.status.word",
            Some(_) => "it.status",
        }
    }

    fn method(&self, object: &Object, callable: &Callable) -> Value {
        let mut calls = jni::calls(self.contract);
        let number = calls.position(|(own, method)| own.name == object.name && method.name == callable.name);
        // What leads to a section, and what neither fails nor takes anything.
        let is_property =
            !callable.is_async && (!callable.throws || callable.is_accessor()) && callable.arguments.is_empty();
        context! { number, is_property, ..self.callable(callable) }
    }

    /// A function may be a method of the records whose text it takes.
    fn function(&self, function: &Callable) -> Value {
        let is_method = function.arguments.first().is_some_and(|argument| argument.ty == Type::Text(Text::Raw));
        let docs = function.docs.replace(
            " It is a method of events, incoming payments and payment\nlinks: `payment` is their `raw` text, and `record` is \
             `event`, `incoming_payment` or `payment_link`.",
            "",
        );
        context! { is_method, docs => self.docs(&docs), ..self.callable(function) }
    }

    fn callable(&self, callable: &Callable) -> Value {
        let flattened = callable.flattened();
        // A record that is flattened is never absent, because then it is flattened.
        let arguments = callable.arguments.iter().map(|argument| match flattened {
            Some((last, _)) if last == argument => {
                let own = self.field(&Field { ty: last.ty.inner().clone(), ..last.clone() });
                context! { default => (), converter => types::converter(&last.ty), ..own }
            }
            _ => self.field(argument),
        });
        let returns = callable.returns.as_ref();
        let name = camel_case(&callable.name);
        context! {
            docs => self.docs(&callable.docs),
            is_async => callable.is_async,
            throws => callable.throws,
            is_accessor => callable.is_accessor(),
            is_create => jni::creates(callable),
            watched => returns.and_then(Type::watched).map(|record| types::kotlin(&record)),
            arguments => arguments.collect::<Value>(),
            options => flattened.map(|(_, record)| record),
            // Java may leave out a record whose every field may be left out.
            is_optional => flattened.is_some_and(|(last, _)| last.default.is_some()),
            parameters => self.fields(&self.contract.parameters(callable)),
            returns => returns.map(|ty| context! {
                ty => types::kotlin(ty),
                converter => types::converter(ty),
                lift => types::lift(ty),
                read => types::read(ty),
                lower => types::lower(ty, &name),
            }),
            name,
        }
    }
}

/// The kind of an object that no template makes.
const BY_HAND: &str = "written by hand";

/// The records and enumerations in the results of functions that are no calls.
fn lifted(contract: &Contract) -> BTreeSet<String> {
    let objects = contract.objects.iter().filter(|object| kind(object) != BY_HAND);
    let methods = objects.flat_map(|object| &object.methods).filter(|method| !method.is_async);
    let returned = contract.functions.iter().chain(methods).filter_map(|callable| callable.returns.as_ref());
    let mut found = BTreeSet::new();
    let mut open: Vec<&Type> = returned.collect();
    while let Some(ty) = open.pop() {
        match ty.inner() {
            Type::List(inner) => open.push(inner),
            Type::Record(name) if found.insert(name.clone()) => {
                open.extend(contract.record(name).into_iter().flat_map(|record| &record.fields).map(|field| &field.ty));
            }
            Type::Enum(name) if found.insert(name.clone()) => {
                let variants = contract.enumeration(name).into_iter().flat_map(|found| &found.variants);
                open.extend(variants.filter_map(|variant| variant.content.as_ref()).map(|content| &content.ty));
            }
            _ => {}
        }
    }
    found
}

fn kind(object: &Object) -> &'static str {
    match object {
        object if object.is_handle() => "handle",
        object if object.is_watch() => "watch",
        object if object.is_client() => "client",
        // It goes past JNA, which UniFFI's objects cannot, and needs no connection.
        object if object.name == "WebhookVerifier" => BY_HAND,
        _ => "section",
    }
}
