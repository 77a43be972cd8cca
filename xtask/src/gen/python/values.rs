//! Enumerations, records, unions and errors.

use super::{
    super::model::{Contract, Enum, Field, Record, Shape, Text, Type, Variant, snake_case},
    Mode, PAYMENTS, any_of, builtin, error_class, is_class, redacted, types, unions as unions_of,
    writer::Writer,
};

pub(super) fn enums(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "Enumerations. Each is a `str`.");
    out.line("from kopokopo._word import OpenEnum, Word");
    for found in contract.enums.iter().filter(|found| found.shape != Shape::Union) {
        let is_open = found.shape == Shape::Open;
        let base = if is_open { "OpenEnum" } else { "Word" };
        let constant = |variant: &Variant| snake_case(&variant.name).to_uppercase();
        out.line(&format!("\n\nclass {}({base}):", found.name));
        out.inside(|out| {
            out.docs(&found.docs, &[]);
            out.line("");
            if is_open {
                let names = found.variants.iter().map(|variant| format!("{:?}: {:?}", constant(variant), variant.word));
                out.line("__slots__ = ()");
                out.list("_names = {", &names.collect::<Vec<_>>(), "}");
                out.line("");
            }
            for variant in &found.variants {
                // The base class makes an open enumeration's constants: their type is the enumeration itself.
                let value = if is_open { format!(": {}", found.name) } else { format!(" = {:?}", variant.word) };
                out.line(&format!("{}{value}", constant(variant)));
                out.docs(&variant.docs, &[]);
            }
        });
    }
    out.text
}

pub(super) fn records(contract: &Contract) -> String {
    let mut body = Writer::body(contract);
    for record in contract.records.iter().filter(|record| is_class(contract, record)) {
        let base = if PAYMENTS.contains(&record.name.as_str()) { "PaymentRecord" } else { "Record" };
        body.line(&format!("\n\nclass {}({base}):", record.name));
        body.inside(|out| {
            out.docs(&record.docs, &[]);
            if base == "PaymentRecord" {
                out.line(&format!("\n_payment = {:?}", snake_case(&record.name)));
            }
            fields(out, &record.fields, &|field| made(contract, field), &|field| given(contract, &field.ty));
        });
    }
    let bases = vec!["PaymentRecord".to_owned(), "Record".to_owned()];
    let own = vec![("kopokopo", vec!["_unions".to_owned()]), ("kopokopo._record", bases)];
    Writer::new(contract, "Records: the API's resources and events.").without_records().finish(own, &body)
}

/// A type in the module of records. That of unions imports it, so it names them by their module.
fn given(contract: &Contract, ty: &Type) -> String {
    let written = types::given(contract, ty, Mode::Sync);
    match ty.element() {
        Type::Enum(name) if contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union) => {
            written.replace(&any_of(name), &format!("_unions.{}", any_of(name)))
        }
        _ => written,
    }
}

pub(super) fn unions(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "Unions: one of several kinds, to tell apart by class or by `kind`.");
    out.line("from decimal import Decimal\nfrom typing import ClassVar, Literal\n");
    out.line("from kopokopo import _enums, _records\nfrom kopokopo._record import Alternative");
    for union in unions_of(contract) {
        out.line(&format!("\n\nclass {}:", union.name));
        out.inside(|out| {
            let any = any_of(&union.name);
            out.docs(&format!("{}\n\nFor annotations, any of them is `{any}`.", union.docs), &[]);
            out.line("\n__slots__ = ()");
            for variant in &union.variants {
                alternative(out, contract, union, variant);
            }
        });
    }
    for union in unions_of(contract) {
        out.line("\n");
        out.either(&format!("{} = ", any_of(&union.name)), &alternatives(union));
    }
    out.text
}

fn alternatives(union: &Enum) -> Vec<String> {
    union.variants.iter().map(|variant| format!("{}.{}", union.name, variant.name)).collect()
}

/// In what goes in, the record's fields are the alternative's own.
fn alternative(out: &mut Writer<'_>, contract: &Contract, union: &Enum, variant: &Variant) {
    out.line(&format!("\nclass {}(Alternative):", variant.name));
    out.inside(|out| {
        out.docs(&variant.docs, &[]);
        out.line(&format!("\nkind: ClassVar[Literal[{0:?}]] = {0:?}", variant.word));
        let held: &[Field] = match &variant.content {
            Some(Field { ty: Type::Record(name), .. }) if contract.is_flattened(name) => {
                contract.record(name).map_or(&[], |record| &record.fields)
            }
            Some(content) => std::slice::from_ref(content),
            None => &[],
        };
        let shown = |field: &Field| {
            let ty = if union.usage.output {
                types::given(contract, &field.ty, Mode::Sync)
            } else {
                types::taken(contract, &field.ty)
            };
            qualified(contract, &field.ty, &ty)
        };
        let taken = |field: &Field| {
            let parameter = if union.usage.output {
                format!("{}: {}", field.name, shown(field))
            } else {
                qualified(contract, &field.ty, &types::parameter(contract, field))
            };
            (parameter, field.name.clone())
        };
        fields(out, held, &taken, &shown);
    });
}

/// An alternative can have the name of a record or an enumeration.
fn qualified(contract: &Contract, ty: &Type, written: &str) -> String {
    match ty.element() {
        Type::Record(name) => written.replace(name, &format!("_records.{name}")),
        Type::Enum(name) if contract.enumeration(name).is_some() => written.replace(name, &format!("_enums.{name}")),
        _ => written.to_owned(),
    }
}

/// Slots, names, a constructor and a property for each field. `made` returns a parameter of the constructor and what
/// is made of it.
fn fields(
    out: &mut Writer<'_>,
    fields: &[Field],
    made: &dyn Fn(&Field) -> (String, String),
    shown: &dyn Fn(&Field) -> String,
) {
    out.line("\n__slots__ = ()");
    let quoted: Vec<_> = fields.iter().map(|field| format!("{:?}", field.name)).collect();
    out.list("__match_args__ = (", &quoted, ")");
    let redacted: Vec<_> = redacted(fields).iter().map(|(name, kind)| format!("{name:?}: {kind:?}")).collect();
    if !redacted.is_empty() {
        out.list("_redacted = {", &redacted, "}");
    }
    let (mut parameters, values): (Vec<_>, Vec<_>) = fields.iter().map(made).unzip();
    // Those that must be given and those that need not be may stand in any order behind the star.
    parameters.insert(0, "*".to_owned());
    parameters.insert(0, "self".to_owned());
    if fields.is_empty() {
        parameters.pop();
    }
    out.line("");
    out.def("def __init__", &parameters, "None");
    out.inside(|out| out.list("self._values = (", &values, ")"));
    for (at, field) in fields.iter().enumerate() {
        out.line("\n@property");
        out.def(&format!("def {}", field.name), &["self".to_owned()], &shown(field));
        out.inside(|out| {
            if !field.docs.is_empty() {
                out.docs(&field.docs, &[]);
            }
            out.line(&format!("value: {} = self._values[{at}]\nreturn value", shown(field)));
        });
    }
}

/// The constructor's parameter for a field, and the value that is kept: whatever has an empty value may be left out.
fn made(contract: &Contract, field: &Field) -> (String, String) {
    let Field { name, ty, .. } = field;
    let shown = given(contract, ty);
    match ty {
        Type::Optional(_) => (format!("{name}: {shown} = None"), name.clone()),
        Type::Text(Text::Metadata) => {
            (format!("{name}: {shown} | None = None"), format!("{{}} if {name} is None else {name}"))
        }
        Type::Text(Text::Raw) => (format!("{name}: {shown} = \"\""), name.clone()),
        Type::List(item) => {
            let item = given(contract, item);
            (format!("{name}: Iterable[{item}] = ()"), format!("tuple({name})"))
        }
        Type::Record(inner) if contract.record(inner).is_some_and(can_be_empty) => {
            (format!("{name}: {shown} | None = None"), format!("{inner}() if {name} is None else {name}"))
        }
        _ => (format!("{name}: {shown}"), name.clone()),
    }
}

fn can_be_empty(record: &Record) -> bool {
    record.fields.iter().all(|field| field.ty.is_optional())
}

pub(super) fn errors(contract: &Contract) -> String {
    let error = &contract.error;
    let mut out = Writer::new(contract, "Errors: one class for each kind.");
    out.line("from collections.abc import Iterable\nfrom datetime import datetime\n");
    out.line("from kopokopo._failure import Failure");
    out.line(&format!("\n\nclass {}(Failure):", error.name));
    out.inside(|out| {
        let classes = error.docs.replace(
            "The kinds have the same stable names in every language: those of the variants, in snake case. Each has the same\nfields:",
            "Each kind has a class of its own, and the same fields:\n- `kind`: the kind's stable name, the same in every language: `outcome_unknown`.",
        );
        out.docs(&classes, &[]);
        let (first, rest) = error.fields.split_first().map_or((None, error.fields.as_slice()), |(f, r)| (Some(f), r));
        let mut parameters = vec!["self".to_owned()];
        parameters.extend(first.map(|field| format!("{}: str", field.name)));
        parameters.push("*".to_owned());
        parameters.extend(rest.iter().map(|field| match &field.ty {
            Type::List(item) => format!("{}: Iterable[{}] = ()", field.name, types::given(contract, item, Mode::Sync)),
            Type::Optional(_) => format!("{}: {} = None", field.name, types::given(contract, &field.ty, Mode::Sync)),
            ty => format!("{}: {} = 0", field.name, types::given(contract, ty, Mode::Sync)),
        }));
        out.line("");
        out.def("def __init__", &parameters, "None");
        out.inside(|out| {
            out.line("super().__init__(detail)");
            for field in &error.fields {
                let ty = types::given(contract, &field.ty, Mode::Sync);
                match field.ty {
                    Type::List(_) => out.line(&format!("self.{0}: {ty} = tuple({0})", field.name)),
                    _ => out.line(&format!("self.{0} = {0}", field.name)),
                }
            }
        });
    });
    for kind in &error.kinds {
        let bases = [Some(error.name.as_str()), builtin(&kind.name)];
        let bases: Vec<_> = bases.into_iter().flatten().collect();
        out.line(&format!("\n\nclass {}({}):", error_class(&kind.name), bases.join(", ")));
        out.inside(|out| {
            out.docs(&kind.docs, &[]);
            out.line(&format!("\nkind = {:?}", kind.word));
        });
    }
    out.text
}
