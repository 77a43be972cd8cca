//! How values cross between the public layer and UniFFI's.

use super::{
    super::model::{Contract, Enum, Field, Object, Record, Shape, Type, Variant, camel_case},
    Contracts, Part, types,
    writer::Writer,
};

pub(super) fn generate(contracts: &Contracts<'_>, part: Part) -> String {
    let contract = contracts.all;
    let mut out = Writer::new(contracts, part, &["import Foundation", "internal import KopoKopoRaw"]);
    for found in contract.enums.iter().filter(|found| contracts.is_in(part, &found.name)) {
        if found.usage.output {
            lift_enum(&mut out, found);
        }
        if found.usage.input {
            lower_enum(&mut out, found);
        }
    }
    let records = contract.records.iter().filter(|record| !contract.is_flattened(&record.name));
    for Record { name, fields, usage, .. } in records.filter(|record| contracts.is_in(part, &record.name)) {
        let (own, raw) = (types::public(name), types::raw(name));
        if usage.output {
            out.gap();
            out.block(&format!("extension {own}"), |out| {
                out.block(&format!("init(raw: {raw}) throws"), |out| {
                    out.call("self.init", &lifted(contract, fields), "");
                });
            });
        }
        if usage.input {
            out.gap();
            out.block(&format!("extension {own}"), |out| {
                out.block(&format!("func lower() throws -> {raw}"), |out| {
                    out.call(&raw, &lowered(contract, fields), "");
                });
            });
        }
    }
    if part == Part::Everywhere {
        error(&mut out);
    }
    for callback in contract.callbacks.iter().filter(|found| contracts.is_in(part, &found.name)) {
        self::callback(&mut out, callback);
    }
    out.finish()
}

/// The raw layer's names for fields are Swift's too.
fn lifted(contract: &Contract, fields: &[Field]) -> Vec<String> {
    let lift = |field: &Field| {
        let name = camel_case(&field.name);
        format!("{name}: {}", types::lift(contract, &format!("raw.{name}"), &field.ty))
    };
    fields.iter().map(lift).collect()
}

fn lowered(contract: &Contract, fields: &[Field]) -> Vec<String> {
    let lower = |field: &Field| {
        let name = camel_case(&field.name);
        format!("{name}: {}", types::lower(contract, &name, &field.ty, &name))
    };
    fields.iter().map(lower).collect()
}

fn lift_enum(out: &mut Writer<'_>, found: &Enum) {
    let contract = out.contract;
    let throws = if found.shape == Shape::Union { " throws" } else { "" };
    out.gap();
    out.block(&format!("extension {}", types::public(&found.name)), |out| {
        out.block(&format!("init(raw: {}){throws}", types::raw(&found.name)), |out| {
            out.switch("self = switch raw", |out| {
                for Variant { name, content, .. } in &found.variants {
                    let case = types::case(name);
                    match content {
                        None => out.line(&format!("case .{case}: .{case}")),
                        Some(content) => {
                            let inner = types::lift(contract, "content", &content.ty);
                            out.line(&format!("case .{case}(let content): .{case}({inner})"));
                        }
                    }
                }
                if found.shape == Shape::Open {
                    out.line("case .other(let word): .other(word)");
                }
            });
        });
    });
}

fn lower_enum(out: &mut Writer<'_>, found: &Enum) {
    let contract = out.contract;
    let throws = if found.shape == Shape::Union { " throws" } else { "" };
    let raw = types::raw(&found.name);
    out.gap();
    out.block(&format!("extension {}", types::public(&found.name)), |out| {
        out.block(&format!("func lower(){throws} -> {raw}"), |out| {
            out.switch("switch self", |out| {
                for Variant { name, content, .. } in &found.variants {
                    let case = types::case(name);
                    match content {
                        None => out.line(&format!("case .{case}: .{case}")),
                        Some(content) => alternative(out, contract, &case, content),
                    }
                }
                if found.shape == Shape::Open {
                    out.line("case .other(let word): .other(word: word)");
                }
            });
        });
    });
}

/// A union's alternative: what programs make is flattened.
fn alternative(out: &mut Writer<'_>, contract: &Contract, case: &str, content: &Field) {
    let fields = types::contents(contract, content);
    let names: Vec<_> = fields.iter().map(|field| camel_case(&field.name)).collect();
    out.call(&format!("case let .{case}"), &names, ":");
    out.inside(|out| match &content.ty {
        Type::Record(record) if contract.is_flattened(record) => {
            out.call(&format!(".{case}({}: {}", content.name, types::raw(record)), &lowered(contract, fields), ")");
        }
        _ => out.call(&format!(".{case}"), &lowered(contract, fields), ""),
    });
}

fn error(out: &mut Writer<'_>) {
    let error = &out.contract.error;
    let raw = types::raw(&error.name);
    let contract = out.contract;
    let names: Vec<_> = error.fields.iter().map(|field| camel_case(&field.name)).collect();
    out.gap();
    out.block(&format!("extension {}", error.name), |out| {
        out.block(&format!("init(raw: {raw})"), |out| {
            out.switch("switch raw", |out| {
                for Variant { name, .. } in &error.kinds {
                    out.call(&format!("case let .{name}"), &names, ":");
                    let given = error.fields.iter().map(|field| {
                        let name = camel_case(&field.name);
                        let value = match name.as_str() {
                            "detail" => "spelled(detail, field)".to_owned(),
                            "field" => "field.map(camelCase)".to_owned(),
                            // What cannot be read of an error is left out: it is no reason for another error.
                            "sentAt" => "sentAt.flatMap { try? Timestamp(raw: $0) }".to_owned(),
                            _ => types::lift(contract, &name, &field.ty),
                        };
                        format!("{name}: {value}")
                    });
                    let given: Vec<_> = std::iter::once(format!(".{}", types::case(name))).chain(given).collect();
                    out.inside(|out| out.call("self.init", &given, ""));
                }
            });
        });
    });
}

/// What a program gives and the library calls.
fn callback(out: &mut Writer<'_>, Object { name, methods, .. }: &Object) {
    let contract = out.contract;
    out.gap();
    out.block(&format!("final class Foreign{name}: {}", types::raw(name)), |out| {
        out.line(&format!("private let own: any {name}\n"));
        out.line(&format!("init(_ own: any {name}) {{ self.own = own }}"));
        for method in methods {
            let (asynchronous, waiting) = if method.is_async { ("async ", "await ") } else { ("", "") };
            let name = camel_case(&method.name);
            let declared: Vec<_> = method.arguments.iter().map(types::declared).collect();
            let given: Vec<_> = method.arguments.iter().map(|field| camel_case(&field.name)).collect();
            let call = format!("own.{name}({})", given.join(", "));
            let ty =
                method.returns.as_ref().map_or_else(String::new, |ty| format!(" -> {}", types::raw(&types::swift(ty))));
            let result = method.returns.as_ref().map_or_else(
                || call.clone(),
                |ty| types::lower(contract, &call, ty, &name).trim_start_matches("try ").to_owned(),
            );
            out.line("");
            out.block(&format!("func {name}({}) {asynchronous}throws{ty}", declared.join(", ")), |out| {
                out.line(&format!("try {waiting}foreign {{ try {waiting}{result} }}"));
            });
        }
    });
}
