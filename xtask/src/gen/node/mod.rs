//! Generates the Node package from the contract: the classes of the public API, their errors and their declarations.
//! The text is in `xtask/templates/node`. This module passes in names, types, and how values and calls cross to the
//! native addon. Code that does not depend on the contract is in `bindings-node/lib`, and is written by hand.

mod docs;
mod methods;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeSet;

use minijinja::{Value, context};

use self::docs::Docs;
use super::{
    Output,
    model::{Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type, Variant},
    names::{camel_case, snake_case},
    template::Templates,
};

const FILES: [(&str, &str); 6] = [
    ("bindings-node/lib/contract.js", "contract.js.j2"),
    ("bindings-node/lib/errors.js", "errors.js.j2"),
    ("bindings-node/lib/records.js", "records.js.j2"),
    ("bindings-node/lib/client.js", "client.js.j2"),
    ("bindings-node/index.mjs", "index.mjs.j2"),
    ("bindings-node/index.d.ts", "index.d.ts.j2"),
];

pub(super) fn generate(contract: &Contract) -> Result<Vec<Output>, String> {
    let mut templates = Templates::load("node")?;
    templates.add_filter("comment", docs::comment);
    let view = Package { contract, docs: Docs::new(contract) }.view();
    let render = |(path, template)| Ok(Output { path, text: templates.render(template, &view)? });
    FILES.into_iter().map(render).collect()
}

/// Makes the values that the templates render.
struct Package<'a> {
    contract: &'a Contract,
    docs: Docs<'a>,
}

impl Package<'_> {
    fn view(&self) -> Value {
        let Contract { hash, objects, callbacks, records, enums, .. } = self.contract;
        let inputs = || {
            let fields = records.iter().filter(|record| record.usage.input).flat_map(|record| &record.fields);
            fields.chain(self.contract.callables().flat_map(|callable| &callable.arguments))
        };
        let names = |expected: &dyn Fn(&Field) -> bool| {
            let names = inputs().filter(|field| expected(field)).map(|field| camel_case(&field.name));
            names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        let of_text = |text| move |field: &Field| *field.ty.element() == Type::Text(text);
        // A watch is an async iterator, which is written by hand.
        let objects: Vec<_> = objects.iter().filter(|object| !object.is_watch()).collect();
        let taken = objects.iter().flat_map(|object| &object.methods).filter_map(Callable::flattened);
        let options: BTreeSet<_> = taken.map(|(_, record)| record).filter(|name| name.ends_with("Options")).collect();
        context! {
            hash,
            names => views(self.contract.written_names().into_iter().filter(|name| name.contains('_')), Value::from),
            as_is => names(&of_text(Text::Metadata)),
            durations => names(&types::is_duration),
            times => names(&of_text(Text::Timestamp)),
            options => views(options, |name| self.contract.record(name).map(|record| self.record(record)).into()),
            objects => views(objects, |object| self.object(object)),
            functions => views(self.contract.functions_of_no_record(), |function| self.method(None, function)),
            callbacks => views(callbacks, |callback| self.callback(callback)),
            inputs => views(records.iter().filter(|record| self.is_input(record)), |record| self.record(record)),
            records => views(records.iter().filter(|record| record.usage.output), |record| self.record(record)),
            enums => views(enums, |found| self.enumeration(found)),
            error => self.error(),
        }
    }

    /// Whether programs make such records, and a type says what is in one.
    fn is_input(&self, record: &Record) -> bool {
        let ty = Some(Type::Record(record.name.clone()));
        let mut callbacks = self.contract.callbacks.iter().flat_map(|callback| &callback.methods);
        let is_made = record.usage.input || callbacks.any(|method| method.returns == ty);
        is_made && !record.usage.output && !self.contract.is_flattened(&record.name)
    }

    fn object(&self, object: &Object) -> Value {
        let (new, constructors): (Vec<_>, Vec<_>) =
            object.constructors.iter().partition(|constructor| constructor.name == "new");
        context! {
            name => &object.name,
            docs => self.docs.text(&object.docs),
            section => self.section(object),
            is_deprecated => self.is_deprecated(&object.name),
            new => new.first().map(|new| self.method(Some(object), new)),
            constructors => views(constructors, |constructor| self.method(Some(object), constructor)),
            methods => views(&object.methods, |method| self.method(Some(object), method)),
        }
    }

    fn callback(&self, callback: &Object) -> Value {
        let docs = |method: &Callable| self.docs.text(&format!("{}\n\n{}", callback.docs, method.docs));
        let method = callback.methods.first();
        context! {
            name => &callback.name,
            docs => method.map(docs),
            returns => method.and_then(|method| method.returns.as_ref()).map(types::output),
        }
    }

    fn record(&self, record: &Record) -> Value {
        let is_own = |ty: &Type| matches!(ty.element(), Type::Record(name) if *name == record.name);
        let mut results = self.contract.callables().filter_map(|callable| callable.returns.as_ref());
        context! {
            name => &record.name,
            docs => self.docs.text(&record.docs),
            fields => views(&record.fields, |field| self.field(field)),
            is_result => results.any(is_own),
            is_payment => record.is_payment(),
        }
    }

    fn enumeration(&self, found: &Enum) -> Value {
        let is_read = found.shape == Shape::Union && found.usage.output;
        context! {
            name => &found.name,
            docs => self.docs.text(&found.docs),
            is_union => found.shape == Shape::Union,
            // A word of the API that this version does not know fits too.
            is_open => found.shape == Shape::Open,
            variants => views(&found.variants, |variant| self.variant(variant, &variant.name)),
            // What names the alternative of a union: as the API calls it, where it goes there.
            tag => if found.usage.output { "kind" } else { "type" },
            reader => is_read.then(|| camel_case(&snake_case(&found.name))),
        }
    }

    fn variant(&self, variant: &Variant, name: &str) -> Value {
        let (record, fields) = self.contract.contents(variant);
        context! {
            name,
            word => &variant.word,
            docs => self.docs.text(&variant.docs),
            content => variant.content.as_ref().map(|field| self.field(field)),
            fields => record.map(|_| views(fields, |field| self.field(field))),
        }
    }

    fn error(&self) -> Value {
        let error = &self.contract.error;
        let docs = |name: &str| docs::error_field(&error.docs, name);
        let fields: Vec<_> =
            error.fields.iter().map(|field| Field { docs: docs(&field.name), ..field.clone() }).collect();
        context! {
            name => &error.name,
            docs => self.docs.text(error.docs.split("\n\n").next().unwrap_or_default()),
            fields => views(&fields, |field| self.field(field)),
            kinds => views(&error.kinds, |kind| self.variant(kind, &types::error_class(&kind.name))),
        }
    }
}

fn views<T>(items: impl IntoIterator<Item = T>, view: impl Fn(T) -> Value) -> Vec<Value> {
    items.into_iter().map(view).collect()
}
