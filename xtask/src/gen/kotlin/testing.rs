//! The package `dev.kopokopo.testing`: what only the library makes, made by a program's tests.

use std::collections::HashSet;

use super::{
    super::model::{Callable, Contract, Object, Shape, Type, Variant, camel_case, snake_case},
    exception, types,
    writer::Writer,
};

const PACKAGE: &str = "dev.kopokopo.testing";

/// Handles of what a fake client created.
pub(super) fn created(contract: &Contract) -> String {
    let handles: Vec<_> = contract.objects.iter().filter(|object| object.is_handle()).collect();
    let mut imports: Vec<String> = ["Call", "WaitOptions", "Watch", "ffi.NoHandle"].map(own).into();
    for handle in &handles {
        imports.extend([own(&handle.name), own(&resource(handle))]);
    }
    imports.sort_unstable();
    imports.dedup();
    let imports: Vec<_> = imports.iter().map(String::as_str).collect();
    let mut out = Writer::within(contract, PACKAGE, "", &imports);
    out.line(
        "\n/**\n * Handles of created resources, for the fakes of a program's tests. `get` returns the states one after the other, and\n \
         * the last one again and again. `wait` returns the last state if it is final, else it fails with `not_final`. `watch`\n \
         * has all states. Nothing waits, and nothing is sent.\n */",
    );
    out.block("public object Created", |out| {
        for (at, handle) in handles.iter().enumerate() {
            if at > 0 {
                out.line("");
            }
            factory(out, handle);
        }
    });
    out.text
}

fn own(name: &str) -> String {
    format!("dev.kopokopo.{name}")
}

/// Functions that make the records of results.
pub(super) fn records(contract: &Contract) -> String {
    let made: Vec<_> = contract.records.iter().filter(|record| record.usage.output).collect();
    let enums = contract.enums.iter().map(|found| &found.name);
    let names = made.iter().map(|record| &record.name).chain(enums);
    let body = |out: &mut Writer<'_>| {
        for (at, record) in made.iter().enumerate() {
            if at > 0 {
                out.line("");
            }
            let article = if record.name.starts_with(['A', 'E', 'I', 'O', 'U']) { "An" } else { "A" };
            let arguments = record.fields.iter().map(|field| {
                format!("{}: {} = {}", camel_case(&field.name), types::kotlin(&field.ty), empty(contract, &field.ty))
            });
            let given: Vec<_> = record.fields.iter().map(|field| camel_case(&field.name)).collect();
            out.line(&format!("/** {article} [{}]. */", record.name));
            let head = format!("public fun {}", camel_case(&snake_case(&record.name)));
            out.call(&head, &arguments.collect::<Vec<_>>(), &format!(": {} =", record.name));
            out.inside(|out| out.call(&record.name, &given, ""));
        }
    };
    let mut text = Writer::within(contract, PACKAGE, "", &[]);
    text.block("public object Records", body);
    let words: HashSet<&str> = text.text.split(|c: char| !c.is_alphanumeric()).collect();
    let mut imports: Vec<_> = names.map(|name| own(name)).collect();
    imports.extend(["java.math.BigDecimal", "java.time.OffsetDateTime"].map(str::to_owned));
    imports.retain(|import| import.rsplit('.').next().is_some_and(|name| words.contains(name)));
    imports.sort_unstable();
    let imports: Vec<_> = imports.iter().map(String::as_str).collect();
    let mut out = Writer::within(contract, PACKAGE, "", &imports);
    out.line(
        "\n/**\n * Records of results, for the fakes of a program's tests. Pass the fields that the test needs, by name:\n \
         * `Records.incomingPayment(id = \"42\", isPaid = true, isFinal = true)`. All others are empty, false, zero or null.\n */",
    );
    out.block("public object Records", body);
    out.text
}

/// The value of a field that a test leaves out.
fn empty(contract: &Contract, ty: &Type) -> String {
    match ty {
        Type::Optional(_) => "null".into(),
        Type::List(_) => "emptyList()".into(),
        Type::Record(name) => format!("{}()", camel_case(&snake_case(name))),
        Type::Enum(name) => match contract.enums.iter().find(|found| found.name == *name) {
            Some(found) if found.shape == Shape::Union => format!("{name}.Unknown"),
            _ => format!("{name}.of(\"\")"),
        },
        _ => match types::kotlin(ty).as_str() {
            "Boolean" => "false".into(),
            "Int" => "0".into(),
            "Long" => "0L".into(),
            "BigDecimal" => "BigDecimal.ZERO".into(),
            "OffsetDateTime" => "OffsetDateTime.parse(\"2026-01-01T00:00:00+03:00\")".into(),
            map if map.starts_with("Map") => "emptyMap()".into(),
            _ => "\"\"".into(),
        },
    }
}

/// What a handle is of.
fn resource(handle: &Object) -> String {
    let get = handle.methods.iter().find(|method: &&Callable| method.name == "get");
    get.and_then(|get| get.returns.as_ref()).map(types::kotlin).unwrap_or_default()
}

/// The word of a resource's state.
fn state(contract: &Contract, resource: &str) -> String {
    let record = contract.record(resource);
    let status = record.and_then(|record| record.fields.iter().find(|field| field.name == "status"));
    match status.map(|field| (&field.ty, field.ty.is_optional())) {
        None => "null".into(),
        Some((ty, is_optional)) => match (ty.inner(), is_optional) {
            (Type::Enum(_), true) => "it.status?.word".into(),
            (Type::Enum(_), false) => "it.status.word".into(),
            _ => "it.status".into(),
        },
    }
}

fn factory(out: &mut Writer<'_>, handle: &Object) {
    let (name, resource) = (&handle.name, resource(handle));
    let short = camel_case(&snake_case(name.trim_start_matches("Created")));
    let section = out.contract.section_of(&resource);
    let state = state(out.contract, &resource);
    out.line(&format!("/** A created [{resource}] with this id, and its states one after the other. */"));
    out.line("@JvmStatic");
    let location = format!("\"https://sandbox.kopokopo.com/api/v2/{section}/$id\"");
    let raw = types::raw(name);
    out.line(&format!("public fun {short}(id: String, vararg states: {resource}): {name} ="));
    out.inside(|out| {
        out.block(&format!("object : {name}({raw}(NoHandle), id, {location})"), |out| {
            out.line(&format!(
                "private val fake = Fake(id, location, \"{section}.get\", states.asList(), {resource}::isFinal) {{ {state} }}"
            ));
            for method in &handle.methods {
                let own = camel_case(&method.name);
                match (method.name.as_str(), &method.returns) {
                    ("get", _) => out.line(&format!("\noverride fun getCall(): Call<{resource}> = fake.get()")),
                    ("wait", _) => {
                        out.line(&format!("\noverride fun waitCall(options: WaitOptions): Call<{resource}> = fake.wait()"));
                    }
                    (_, Some(Type::Object(_))) => {
                        out.line(&format!("\noverride fun openWatch(options: WaitOptions): Watch<{resource}> = fake.{own}()"));
                    }
                    _ => {}
                }
            }
        });
    });
}

/// Errors as the library throws them.
pub(super) fn errors(contract: &Contract) -> String {
    let name = exception(contract);
    let imports = [own(&name), "java.time.Duration".into(), "java.time.OffsetDateTime".into()];
    let imports: Vec<_> = imports.iter().map(String::as_str).collect();
    let mut out = Writer::within(contract, PACKAGE, "", &imports);
    let fields = contract.error.fields.iter().filter(|field| field.name != "detail");
    out.line(
        "\n/**\n * Builds the errors that the library throws, for the fakes of a program's tests:\n \
         * `ErrorBuilder(\"the response was lost\").operation(\"send_money.create\").outcomeUnknown()`.\n */",
    );
    out.block("public class ErrorBuilder(private val detail: String)", |out| {
        for field in fields.clone() {
            let (property, ty) = (camel_case(&field.name), types::kotlin(&field.ty));
            let empty = match ty.as_str() {
                "Int" => "0",
                _ if ty.starts_with("List") => "emptyList()",
                _ => "null",
            };
            out.line(&format!("private var {property}: {ty} = {empty}"));
        }
        for field in fields.clone() {
            let (property, ty) = (camel_case(&field.name), types::kotlin(&field.ty));
            out.line(&format!(
                "\n/** Sets the error's `{property}`. */\n\
                 public fun {property}({property}: {ty}): ErrorBuilder = apply {{ this.{property} = {property} }}"
            ));
        }
        for Variant { name: kind, word, .. } in &contract.error.kinds {
            let function = camel_case(&snake_case(kind));
            out.line(&format!(
                "\n/** An error of kind `{word}`. */\npublic fun {function}(): {name}.{kind} = {name}.{kind}(fields())"
            ));
        }
        let given = contract.error.fields.iter().map(|field| camel_case(&field.name)).collect::<Vec<_>>().join(", ");
        out.line(&format!("\nprivate fun fields(): {name}.Fields = {name}.Fields({given})"));
    });
    out.text
}
