//! What the templates get of the contract.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Value, context};

use super::{
    super::{
        jni,
        model::{Callable, Contract, Default, Enum, Field, Object, Record, Shape, Text, Type, Variant},
        names::camel_case,
    },
    types::{self, Crossing},
};

/// Makes views of the contract's items. In each, `key` is the contract's name and `name` is Swift's.
pub(super) struct Views<'a> {
    contract: &'a Contract,
    /// The contract's names, which Swift may spell in another way.
    names: BTreeSet<&'a str>,
    kinds: BTreeMap<&'a str, String>,
}

impl<'a> Views<'a> {
    pub(super) fn new(contract: &'a Contract) -> Self {
        let kinds = contract.error.kinds.iter();
        let kinds = kinds.map(|kind| (kind.word.as_str(), format!(".{}", types::case(&kind.name)))).collect();
        Self { contract, names: contract.names(), kinds }
    }

    /// What a set of files is made of: everything that `is_here` says. The client is in each, with some of its methods.
    pub(super) fn package(&self, condition: Option<&str>, hash: &str, is_here: impl Fn(&str) -> bool) -> Value {
        let Contract { enums, records, objects, callbacks, functions, error, .. } = self.contract;
        let client = objects.iter().find(|object| object.is_client());
        let has_own = |name: &str, own: &Callable| is_here(&format!("{name}.{}", own.name));
        let others = |objects: &[Object]| {
            let here = objects.iter().filter(|object| is_here(&object.name) && !object.is_client());
            here.map(|object| self.object(object, |_| true)).collect::<Value>()
        };
        let enums = enums.iter().filter(|found| is_here(&found.name));
        let records = records.iter().filter(|record| is_here(&record.name));
        let records = records.filter(|record| !self.contract.is_flattened(&record.name));
        context! {
            condition, hash,
            client => client.map(|client| self.object(client, |own| has_own(&client.name, own))),
            enums => enums.map(|found| self.enumeration(found)).collect::<Value>(),
            records => records.map(|record| self.record(record)).collect::<Value>(),
            objects => others(objects),
            callbacks => others(callbacks),
            functions => self.callables(functions, |function| is_here(&function.name)),
            error => context! {
                name => error.name.as_str(),
                docs => self.docs(&error.docs),
                fields => error.fields.iter().map(|field| self.error_field(field)).collect::<Value>(),
                kinds => error.kinds.iter().map(|kind| self.variant(kind)).collect::<Value>(),
            },
        }
    }

    /// Names of the contract in backticks are as Swift spells them. A `Duration` includes its unit.
    fn docs(&self, docs: &str) -> String {
        let docs = docs.trim().replace(", in seconds", "");
        let parts = docs.split('`').enumerate().map(|(at, part)| match (at % 2, self.kinds.get(part)) {
            (1, Some(kind)) => kind.clone(),
            (1, None) if self.names.contains(part) => camel_case(part),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("`").replace('\n', "\n/// ")
    }

    fn field(&self, field: &Field, has_label: bool) -> Value {
        let name = camel_case(&field.name);
        context! {
            key => field.name.as_str(),
            has_label,
            docs => self.docs(&field.docs),
            ty => types::swift(&field.ty),
            default => types::default(field),
            is_free_text => field.is_free_text(),
            is_duration => matches!(field.ty.inner(), Type::F64),
            lift => types::lift(self.contract, &field.ty),
            lower => types::lower(self.contract, &field.ty, &name),
            name,
        }
    }

    fn fields(&self, fields: &[Field]) -> Vec<Value> {
        fields.iter().map(|field| self.field(field, true)).collect()
    }

    /// Programs make errors in their tests, with what these need. A field that cannot be read is left out: it is no reason
    /// for another error.
    fn error_field(&self, field: &Field) -> Value {
        let absent = match &field.ty {
            Type::Optional(_) => Some(Default::Null),
            Type::List(_) => Some(Default::EmptyList),
            Type::U16 | Type::U32 | Type::U64 => Some(Default::Int(0)),
            _ => None,
        };
        let view = self.field(&Field { default: absent, ..field.clone() }, true);
        let own = match field.name.as_str() {
            "detail" => "spelled(%, raw.field)",
            "field" => "%.map(camelCase)",
            "sent_at" => "%.flatMap { try? Timestamp(raw: $0) }",
            _ => return view,
        };
        context! { lift => Crossing { fails: false, expression: own.into() }, ..view }
    }

    fn record(&self, Record { name, docs, fields, usage }: &Record) -> Value {
        let has = |wanted: fn(&Field) -> bool| fields.iter().any(wanted);
        let has_free_text = has(Field::is_free_text);
        // Secrets are not compared.
        let is_compared = !has(|field| *field.ty.element() == Type::Text(Text::Secret));
        let has_id = has(|field| field.name == "id" && field.ty == Type::String);
        let kinds = [
            ("Sendable", true),
            ("Hashable", is_compared),
            ("Identifiable", has_id),
            // A field may be named `description`. Printing takes `debugDescription` if a type has no other text.
            ("CustomDebugStringConvertible", has_free_text),
        ];
        context! {
            name,
            public => types::public(name),
            docs => self.docs(docs),
            kinds => kinds.iter().filter(|(_, fits)| *fits).map(|(kind, _)| *kind).collect::<Value>(),
            has_free_text,
            fields => self.fields(fields),
            input => usage.input,
            output => usage.output,
        }
    }

    fn enumeration(&self, Enum { name, docs, shape, variants, usage }: &Enum) -> Value {
        let fields = |variant: &Variant| self.contract.contents(variant).1.iter().any(Field::is_free_text);
        context! {
            name,
            public => types::public(name),
            docs => self.docs(docs),
            is_open => *shape == Shape::Open,
            is_union => *shape == Shape::Union,
            has_free_text => variants.iter().any(fields),
            variants => variants.iter().map(|variant| self.variant(variant)).collect::<Value>(),
            input => usage.input,
            output => usage.output,
        }
    }

    fn variant(&self, variant: &Variant) -> Value {
        let (record, fields) = self.contract.contents(variant);
        context! {
            key => variant.name.as_str(),
            name => types::case(&variant.name),
            word => variant.word.as_str(),
            docs => self.docs(&variant.docs),
            content => variant.content.as_ref().map(|content| camel_case(&content.name)),
            record,
            fields => self.fields(fields),
        }
    }

    fn object(&self, object: &Object, has: impl Fn(&Callable) -> bool) -> Value {
        context! {
            name => object.name.as_str(),
            docs => self.docs(&object.docs),
            is_client => object.is_client(),
            is_handle => object.is_handle(),
            is_watch => object.is_watch(),
            constructors => self.callables(&object.constructors, &has),
            methods => self.callables(&object.methods, &has),
        }
    }

    fn callables(&self, callables: &[Callable], has: impl Fn(&Callable) -> bool) -> Vec<Value> {
        callables.iter().filter(|callable| has(callable)).map(|callable| self.callable(callable)).collect()
    }

    fn callable(&self, callable: &Callable) -> Value {
        let returns = callable.returns.as_ref();
        let options = callable.flattened().and_then(|(_, name)| self.contract.record(name));
        // `with_token_source(token_source, options)` is `init(tokenSource:...)`.
        let is_named_by_first =
            matches!(callable.arguments.as_slice(), [first, _] if callable.name == format!("with_{}", first.name));
        let arguments = callable.arguments.iter().enumerate().map(|(at, argument)| {
            let has_label = callable.arguments.len() > 1 && !(is_named_by_first && at == 1);
            if at + 1 < callable.arguments.len() || options.is_none() {
                return self.field(argument, has_label);
            }
            // Without options there are the named arguments.
            self.field(&Field { ty: argument.ty.inner().clone(), default: None, ..argument.clone() }, has_label)
        });
        let name = camel_case(&callable.name);
        context! {
            key => callable.name.as_str(),
            docs => self.docs(&callable.docs),
            is_async => callable.is_async,
            throws => callable.throws,
            is_accessor => callable.is_accessor(),
            is_init => callable.name == "new" || is_named_by_first,
            is_create => callable.is_async && jni::creates(callable),
            watched => returns.and_then(Type::watched).map(|ty| types::lift(self.contract, &ty)),
            arguments => arguments.collect::<Value>(),
            options => options.map(|record| self.record(record)),
            parameters => self.fields(&self.contract.parameters(callable)),
            returns => returns.map(types::swift),
            lift => returns.map(|ty| types::lift(self.contract, ty)),
            lower => returns.map(|ty| types::lower(self.contract, ty, &name)),
            name,
        }
    }
}
