//! For the testee (`tests/conformance.md`): every operation by its name, with arguments from JSON. It uses named arguments,
//! as programs do.

use super::{
    super::model::{Callable, Field, Shape, Type, Variant, camel_case},
    Contracts, Part, is_client, types,
    writer::Writer,
};

pub(super) fn generate(contracts: &Contracts<'_>) -> String {
    let contract = contracts.all;
    let mut out = Writer::new(contracts, Part::Servers, &["import Foundation", "import KopoKopo"]);
    out.line("\n/// Calls an operation such as `incoming_payments.create`.");
    out.line(
        "func perform(_ operation: String, _ client: KopoKopo, _ given: Arguments) async throws -> any Sendable {",
    );
    out.inside(|out| {
        out.switch("switch operation", |out| {
            let accessors =
                contract.objects.iter().filter(|object| is_client(object)).flat_map(|client| &client.methods);
            for accessor in accessors.filter(|method| method.is_accessor()) {
                let Some(Type::Object(section)) = &accessor.returns else { continue };
                let methods = contract.object(section).map(|section| section.methods.as_slice()).unwrap_or_default();
                for method in methods.iter().filter(|method| method.is_async && method.name != "wait") {
                    operation(out, accessor, method);
                }
            }
            out.line("default: throw Unsupported(\"unknown operation \\(operation)\")");
        });
    });
    out.line("}");
    follow(&mut out);
    for handle in contract.objects.iter().filter(|object| object.is_handle()) {
        out.line(&format!("\nextension {}: Handle {{", handle.name));
        out.inside(|out| {
            out.block("func finished(_ options: WaitOptions) async throws -> any Sendable", |out| {
                out.line("try await wait(options)");
            });
        });
        out.line("}");
    }
    for found in contract.enums.iter().filter(|found| found.shape == Shape::Open && found.usage.input) {
        out.line(&format!("\nextension {}: Word {{}}", types::public(&found.name)));
    }
    for union in contract.unions_in() {
        out.gap();
        out.block(&format!("extension {}: FromJSON", union.name), |out| {
            out.block("static func fromJSON(_ json: JSON) throws -> Self", |out| {
                out.line("let given = Arguments(json)");
                out.switch("switch try given.word(\"kind\")", |out| {
                    for Variant { name, word, content, .. } in &union.variants {
                        let fields =
                            content.as_ref().map(|content| types::contents(contract, content)).unwrap_or_default();
                        out.line(&format!("case {word:?}:"));
                        out.inside(|out| {
                            out.call(&format!("return try .{}", types::case(name)), &arguments(fields), "");
                        });
                    }
                    out.line("case let other: throw Unsupported(\"unknown variant \\(other)\")");
                });
            });
            out.line("\nstatic var absent: Self? { nil }");
        });
    }
    words(&mut out);
    contents(&mut out);
    error_fields(&mut out);
    out.finish()
}

/// What the package makes of the words of open enumerations.
fn words(out: &mut Writer<'_>) {
    out.line("\n/// The words of enumerations by their cases.");
    out.line("let words: [String: [String: String]] = [");
    out.inside(|out| {
        for found in out.contract.enums.iter().filter(|found| found.shape == Shape::Open) {
            out.line(&format!("{:?}: [", found.name));
            out.inside(|out| {
                for Variant { name, .. } in &found.variants {
                    let case = types::case(name);
                    out.line(&format!("{case:?}: {}.{case}.rawValue,", types::public(&found.name)));
                }
            });
            out.line("],");
        }
    });
    out.line("]");
}

/// The fields in which the contract has the contents of variants, which have no names in Swift.
fn contents(out: &mut Writer<'_>) {
    let unions = out.contract.enums.iter().filter(|found| found.shape == Shape::Union && found.usage.output);
    for union in unions {
        out.gap();
        out.line(&format!("/// The names of the contents of `{}` in the contract, by the kinds.", union.name));
        out.line(&format!("let contentsOf{}: [String: String] = [", union.name));
        out.inside(|out| {
            for Variant { word, content, .. } in &union.variants {
                if let Some(content) = content {
                    out.line(&format!("{word:?}: {:?},", content.name));
                }
            }
        });
        out.line("]");
    }
}

fn error_fields(out: &mut Writer<'_>) {
    let error = &out.contract.error;
    out.line("\n/// The fields of an error, by their names in the contract.");
    out.block(&format!("func fields(_ error: {}) -> [(String, Any)]", error.name), |out| {
        out.line("[");
        out.inside(|out| {
            out.line("(\"kind\", error.kind.rawValue),");
            for field in &error.fields {
                let unit = if matches!(field.ty.inner(), Type::F64) { "_ms" } else { "" };
                out.line(&format!("(\"{}{unit}\", error.{} as Any),", field.name, camel_case(&field.name)));
            }
        });
        out.line("]");
    });
}

/// Waits and watches by id: a watch returns all its states.
fn follow(out: &mut Writer<'_>) {
    let contract = out.contract;
    out.line("\n/// Calls `wait` or `watch` of a section, such as `incoming_payments.wait`.");
    out.line("func follow(_ operation: String, _ client: KopoKopo, _ id: String, _ options: WaitOptions) async throws");
    out.line("    -> any Sendable {");
    out.inside(|out| {
        out.switch("switch operation", |out| {
            let accessors =
                contract.objects.iter().filter(|object| is_client(object)).flat_map(|client| &client.methods);
            for accessor in accessors.filter(|method| method.is_accessor()) {
                let Some(Type::Object(section)) = &accessor.returns else { continue };
                let has_wait =
                    contract.object(section).is_some_and(|own| own.methods.iter().any(|method| method.name == "wait"));
                if !has_wait {
                    continue;
                }
                let property = camel_case(&accessor.name);
                out.line(&format!("case \"{}.wait\":", accessor.name));
                out.inside(|out| {
                    out.line(&format!("return try await client.{property}.wait(id: id, options: options)"));
                });
                out.line(&format!("case \"{}.watch\":", accessor.name));
                out.inside(|out| {
                    out.line(&format!("return try await all(client.{property}.watch(id: id, options: options))"));
                });
            }
            out.line("default: throw Unsupported(\"unknown operation \\(operation)\")");
        });
    });
    out.line("}");
    out.line("\nprivate func all<Value: Sendable>(_ states: States<Value>) async throws -> [Value] {");
    out.inside(|out| out.line("try await states.reduce(into: []) { $0.append($1) }"));
    out.line("}");
}

fn operation(out: &mut Writer<'_>, accessor: &Callable, method: &Callable) {
    let contract = out.contract;
    out.line(&format!("case \"{}.{}\":", accessor.name, method.name));
    let parameters = &contract.parameters(method);
    let given = match method.arguments.as_slice() {
        [only] if !matches!(only.ty.inner(), Type::Record(_)) => vec![format!("given.required({:?})", only.name)],
        _ => arguments(parameters),
    };
    let call = format!("try await client.{}.{}", camel_case(&accessor.name), camel_case(&method.name));
    out.inside(|out| {
        if method.returns.is_some() {
            return out.call(&format!("return {call}"), &given, "");
        }
        out.call(&call, &given, "");
        out.line("return Nothing()");
    });
}

fn arguments(fields: &[Field]) -> Vec<String> {
    let argument = |field: &Field| {
        let how = if field.default.is_some() { "optional" } else { "required" };
        format!("{}: given.{how}({:?})", camel_case(&field.name), field.name)
    };
    fields.iter().map(argument).collect()
}
