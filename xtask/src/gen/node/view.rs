//! What the templates are given.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    super::model::{
        Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type, Variant, camel_case, snake_case,
    },
    docs::{self, Docs},
    methods::{self, Method},
    types::{self, FieldView, PAYMENT_METHOD, callables, error_class, is_duration},
};

#[derive(Serialize)]
pub(super) struct Package<'a> {
    hash: &'a str,
    /// The names of several words that programs write, as the contract has them.
    names: BTreeSet<&'a str>,
    as_is: BTreeSet<String>,
    durations: BTreeSet<String>,
    times: BTreeSet<String>,
    /// The records of options that methods take.
    options: Vec<RecordView<'a>>,
    objects: Vec<ObjectView<'a>>,
    functions: Vec<Method<'a>>,
    callbacks: Vec<CallbackView<'a>>,
    /// The records that programs make.
    inputs: Vec<RecordView<'a>>,
    /// The records that the library makes.
    records: Vec<RecordView<'a>>,
    enums: Vec<EnumView<'a>>,
    error: ErrorView<'a>,
}

#[derive(Serialize)]
struct ObjectView<'a> {
    name: &'a str,
    docs: String,
    section: Option<&'a str>,
    is_deprecated: bool,
    new: Option<Method<'a>>,
    /// Those but `new`.
    constructors: Vec<Method<'a>>,
    methods: Vec<Method<'a>>,
}

#[derive(Serialize)]
struct CallbackView<'a> {
    name: &'a str,
    docs: String,
    returns: &'a str,
}

#[derive(Serialize)]
struct RecordView<'a> {
    name: &'a str,
    docs: String,
    fields: Vec<FieldView>,
    /// Whether a call returns it, or a list of it.
    is_result: bool,
    /// Whether it has the method that checks a payment: its whole text says what was paid.
    is_payment: bool,
}

#[derive(Serialize)]
struct EnumView<'a> {
    name: &'a str,
    docs: String,
    shape: &'static str,
    /// The function that reads a union.
    reader: String,
    is_read: bool,
    /// What names the alternative of a union: as the API calls it, where it goes there.
    tag: &'static str,
    literals: Vec<String>,
    variants: Vec<VariantView>,
}

#[derive(Serialize)]
struct VariantView {
    name: String,
    word: String,
    docs: String,
    content: Option<FieldView>,
    /// The fields of an alternative that goes in.
    fields: Vec<FieldView>,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    name: &'a str,
    docs: String,
    /// What the field says that is in every error.
    detail: String,
    fields: Vec<FieldView>,
    literals: Vec<String>,
    kinds: Vec<VariantView>,
}

pub(super) fn package(contract: &Contract) -> Package<'_> {
    Views { contract, docs: Docs::new(contract) }.package()
}

struct Views<'a> {
    contract: &'a Contract,
    docs: Docs<'a>,
}

impl<'a> Views<'a> {
    fn package(&self) -> Package<'a> {
        let contract = self.contract;
        let inputs = || contract.records.iter().filter(|record| record.usage.input).flat_map(|record| &record.fields);
        let named = |expected: &dyn Fn(&Field) -> bool| {
            inputs().filter(|field| expected(field)).map(|field| camel_case(&field.name)).collect()
        };
        let of_text = |text| move |field: &Field| *field.ty.element() == Type::Text(text);
        // A watch is an async iterator, which is written by hand.
        let objects = || contract.objects.iter().filter(|object| !object.is_watch());
        let taken: BTreeSet<_> = objects().flat_map(|object| &object.methods).filter_map(options).collect();
        let functions = contract.functions.iter().filter(|function| function.name != PAYMENT_METHOD);
        Package {
            hash: &contract.hash,
            names: names_in(contract).into_iter().filter(|name| name.contains('_')).collect(),
            as_is: named(&of_text(Text::Metadata)),
            durations: named(&is_duration),
            times: named(&of_text(Text::Timestamp)),
            options: taken
                .into_iter()
                .filter_map(|name| contract.record(name))
                .map(|found| self.record(found))
                .collect(),
            objects: objects().map(|object| self.object(object)).collect(),
            functions: functions.map(|function| methods::method(contract, &self.docs, function, None)).collect(),
            callbacks: contract.callbacks.iter().filter_map(|callback| self.callback(callback)).collect(),
            inputs: contract
                .records
                .iter()
                .filter(|found| self.is_input(found))
                .map(|found| self.record(found))
                .collect(),
            records: contract
                .records
                .iter()
                .filter(|found| found.usage.output)
                .map(|found| self.record(found))
                .collect(),
            enums: contract.enums.iter().map(|found| self.enumeration(found)).collect(),
            error: self.error(),
        }
    }

    fn is_input(&self, record: &Record) -> bool {
        let ty = Some(Type::Record(record.name.clone()));
        let mut of_callbacks = self.contract.callbacks.iter().flat_map(|callback| &callback.methods);
        let is_taken = record.usage.input || of_callbacks.any(|method| method.returns == ty);
        is_taken && !record.usage.output && !self.contract.is_flattened(&record.name)
    }

    fn object(&self, object: &'a Object) -> ObjectView<'a> {
        let view = |callable| methods::method(self.contract, &self.docs, callable, Some(object));
        ObjectView {
            name: &object.name,
            docs: self.docs.text(&object.docs),
            section: methods::section(self.contract, object),
            is_deprecated: methods::is_deprecated(self.contract, &object.name),
            new: object.constructors.iter().find(|constructor| constructor.name == "new").map(view),
            constructors: object
                .constructors
                .iter()
                .filter(|constructor| constructor.name != "new")
                .map(view)
                .collect(),
            methods: object.methods.iter().map(view).collect(),
        }
    }

    fn callback(&self, callback: &'a Object) -> Option<CallbackView<'a>> {
        let [Callable { returns: Some(Type::Record(returns)), docs, .. }] = callback.methods.as_slice() else {
            return None;
        };
        let docs = self.docs.text(&format!("{}\n\n{docs}", callback.docs));
        Some(CallbackView { name: &callback.name, docs, returns })
    }

    fn fields<'b>(&self, fields: impl IntoIterator<Item = &'b Field>) -> Vec<FieldView> {
        fields.into_iter().map(|field| types::field(self.contract, &self.docs, field)).collect()
    }

    fn record(&self, record: &'a Record) -> RecordView<'a> {
        let mut returned = callables(self.contract).filter_map(|callable| callable.returns.as_ref());
        let has = |name: &str| record.fields.iter().any(|field| field.name == name);
        let mut functions = self.contract.functions.iter();
        RecordView {
            name: &record.name,
            docs: self.docs.text(&record.docs),
            fields: self.fields(&record.fields),
            is_result: returned.any(|ty| matches!(ty.element(), Type::Record(name) if *name == record.name)),
            is_payment: has("payment_key") && has("raw") && functions.any(|function| function.name == PAYMENT_METHOD),
        }
    }

    fn enumeration(&self, found: &'a Enum) -> EnumView<'a> {
        let shape = match found.shape {
            Shape::Closed => "closed",
            Shape::Open => "open",
            Shape::Union => "union",
        };
        // Editors offer the words, and any other fits too.
        let other = (found.shape == Shape::Open).then(|| "(string & {})".to_owned());
        EnumView {
            name: &found.name,
            docs: self.docs.text(&found.docs),
            shape,
            reader: camel_case(&snake_case(&found.name)),
            is_read: found.shape == Shape::Union && found.usage.output,
            tag: if found.usage.output { "kind" } else { "type" },
            literals: literals(&found.variants).chain(other).collect(),
            variants: found.variants.iter().map(|variant| self.variant(variant, variant.name.clone())).collect(),
        }
    }

    fn variant(&self, variant: &Variant, name: String) -> VariantView {
        let flattened = variant.content.as_ref().and_then(|content| match &content.ty {
            Type::Record(record) if self.contract.is_flattened(record) => self.contract.record(record),
            _ => None,
        });
        VariantView {
            name,
            word: variant.word.clone(),
            docs: self.docs.text(&variant.docs),
            content: self.fields(&variant.content).pop(),
            fields: self.fields(flattened.into_iter().flat_map(|record| &record.fields)),
        }
    }

    fn error(&self) -> ErrorView<'a> {
        let error = &self.contract.error;
        let said = |name: &str| docs::of_error_field(&error.docs, name);
        let fields = error.fields.iter().filter(|field| field.name != "detail");
        let fields: Vec<_> = fields.map(|field| Field { docs: said(&field.name), ..field.clone() }).collect();
        ErrorView {
            name: &error.name,
            docs: self.docs.text(error.docs.split("\n\n").next().unwrap_or_default()),
            detail: self.docs.text(&said("detail")),
            fields: self.fields(&fields),
            literals: literals(&error.kinds).collect(),
            kinds: error.kinds.iter().map(|kind| self.variant(kind, error_class(&kind.name))).collect(),
        }
    }
}

/// The options of a method that has some, or that waits.
fn options(method: &Callable) -> Option<&str> {
    let (field, record) = method.flattened()?;
    (field.ty.is_optional() || !method.is_async).then_some(record)
}

fn literals(variants: &[Variant]) -> impl Iterator<Item = String> {
    variants.iter().map(|variant| format!("'{}'", variant.word))
}

/// Every name that programs write, as the contract has it.
pub(super) fn names_in(contract: &Contract) -> BTreeSet<&str> {
    let records = contract.records.iter().filter(|record| record.usage.input).flat_map(|record| &record.fields);
    let arguments = callables(contract).flat_map(|callable| &callable.arguments);
    let functions = callables(contract).map(|callable| callable.name.as_str());
    records.chain(arguments).map(|field| field.name.as_str()).chain(functions).collect()
}
