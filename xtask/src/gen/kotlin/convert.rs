//! How values cross between the public layer and UniFFI's.

use super::{
    super::model::{Contract, Enum, Field, Object, Record, Shape, Type, Variant, camel_case},
    RAW, exception, types,
    writer::Writer,
};

pub(super) fn generate(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", &["java.math.BigDecimal"]);
    for found in &contract.enums {
        if found.usage.output {
            cross_enum(&mut out, found, true);
        }
        if found.usage.input {
            cross_enum(&mut out, found, false);
        }
    }
    for record in contract.records.iter().filter(|record| !contract.is_flattened(&record.name)) {
        let Record { name, fields, usage, .. } = record;
        if usage.output {
            out.line(&format!("\ninternal fun {}.lift(): {name} =", types::raw(name)));
            out.inside(|out| out.call(name, &lifted(fields, "this."), ""));
        }
        if usage.input {
            out.line(&format!("\ninternal fun {name}.lower(): {} =", types::raw(name)));
            out.inside(|out| out.call(&types::raw(name), &lowered(fields, "this."), ""));
        }
    }
    error(&mut out);
    for callback in &contract.callbacks {
        self::callback(&mut out, callback);
    }
    out.text
}

/// The raw layer's names for fields are Kotlin's too.
fn lifted(fields: &[Field], of: &str) -> Vec<String> {
    let lift = |field: &Field| types::lift(&format!("{of}{}", camel_case(&field.name)), &field.ty);
    fields.iter().map(lift).collect()
}

fn lowered(fields: &[Field], of: &str) -> Vec<String> {
    let lower = |field: &Field| {
        let name = camel_case(&field.name);
        types::lower(&format!("{of}{name}"), &field.ty, &name)
    };
    fields.iter().map(lower).collect()
}

fn cross_enum(out: &mut Writer<'_>, found: &Enum, up: bool) {
    let (own, raw) = (&found.name, types::raw(&found.name));
    let (from, to, name) = if up { (&raw, own, "lift") } else { (own, &raw, "lower") };
    let contract = out.contract;
    out.line("");
    out.block(&format!("internal fun {from}.{name}(): {to} = when (this)"), |out| {
        for Variant { name: variant, content, .. } in &found.variants {
            match (content, found.shape) {
                (_, Shape::Closed) => {
                    let constant = types::constant(variant);
                    out.line(&format!("{from}.{constant} -> {to}.{constant}"));
                }
                (None, _) => out.line(&format!("is {from}.{variant} -> {to}.{variant}")),
                (Some(content), _) => {
                    let inner = cross_content(contract, content, up);
                    out.call(&format!("is {from}.{variant} -> {to}.{variant}"), &inner, "");
                }
            }
        }
        if found.shape == Shape::Open {
            out.line(&format!("is {from}.Other -> {to}.Other(this.word)"));
        }
    });
}

/// A union's alternative: only what programs make is flattened.
fn cross_content(contract: &Contract, content: &Field, up: bool) -> Vec<String> {
    match &content.ty {
        _ if up => lifted(std::slice::from_ref(content), "this."),
        Type::Record(name) if contract.is_flattened(name) => {
            let inner = lowered(types::contents(contract, content), "this.");
            vec![format!("{}({})", types::raw(name), inner.join(", "))]
        }
        _ => lowered(std::slice::from_ref(content), "this."),
    }
}

fn error(out: &mut Writer<'_>) {
    let contract = out.contract;
    let own = exception(contract);
    let raw = types::raw(&own);
    out.line("");
    out.block(&format!("internal fun {raw}.lift(): {own} = when (this)"), |out| {
        let fields = &contract.error.fields;
        let given = fields.iter().map(|field| match field.name.as_str() {
            "detail" => "spelled(this.detail, this.field)".to_owned(),
            "field" => "this.field?.let { camelCase(it) }".to_owned(),
            name => types::lift(&format!("this.{}", camel_case(name)), &field.ty),
        });
        let given: Vec<_> = given.collect();
        for Variant { name, .. } in &contract.error.kinds {
            out.line(&format!("is {raw}.{name} -> {own}.{name}("));
            out.inside(|out| out.call(&format!("{own}.Fields"), &given, ","));
            out.line(")");
        }
    });
}

/// What a program gives and the library calls.
fn callback(out: &mut Writer<'_>, Object { name, methods, .. }: &Object) {
    let raw = types::raw(name);
    out.line("");
    out.block(&format!("internal class Foreign{name}(private val own: {name}) : {raw}"), |out| {
        for method in methods {
            let keyword = if method.is_async { "suspend fun" } else { "fun" };
            let parameters = method.arguments.iter().map(|field| field.name.clone()).collect::<Vec<_>>().join(", ");
            let name = camel_case(&method.name);
            let result = method
                .returns
                .as_ref()
                .map_or_else(String::new, |ty| types::lower(&format!("own.{name}({parameters})"), ty, &name));
            let ty = method.returns.as_ref().map_or_else(String::new, |ty| format!(": {RAW}.{}", types::kotlin(ty)));
            out.line(&format!("override {keyword} {name}(){ty} = foreign {{ {result} }}"));
        }
    });
}
