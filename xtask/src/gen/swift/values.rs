//! Plain values: words, records, unions, errors.

use super::{
    super::model::{Enum, Field, Record, Shape, Text, Type, Variant, camel_case},
    Contracts, Part, types,
    writer::Writer,
};

/// Closed enumerations are Swift's own, open ones keep words that this version does not know.
pub(super) fn words(contracts: &Contracts<'_>, part: Part) -> String {
    let mut out = Writer::new(contracts, part, &[]);
    let found = contracts.all.enums.iter().filter(|found| found.shape != Shape::Union);
    for found in found.filter(|found| contracts.is_in(part, &found.name)) {
        nested(&mut out, &found.name, |out| {
            out.docs(&found.docs);
            if found.shape == Shape::Closed { closed(out, found) } else { open(out, found) }
        });
    }
    out.finish()
}

/// Writes a declaration in its type.
fn nested(out: &mut Writer<'_>, name: &str, write: impl FnOnce(&mut Writer<'_>)) {
    out.gap();
    if types::is_nested(name) { out.block("extension KopoKopo", write) } else { write(out) }
}

fn closed(out: &mut Writer<'_>, Enum { name, variants, .. }: &Enum) {
    out.block(&format!("public enum {name}: Sendable, Hashable, CaseIterable"), |out| {
        for variant in variants {
            out.docs(&variant.docs);
            out.line(&format!("case {}", types::case(&variant.name)));
        }
    });
}

fn open(out: &mut Writer<'_>, Enum { name, variants, .. }: &Enum) {
    out.block(&format!("public enum {name}: RawRepresentable, Sendable, Hashable, CustomStringConvertible"), |out| {
        for Variant { name, docs, .. } in variants {
            out.docs(docs);
            out.line(&format!("case {}", types::case(name)));
        }
        out.line("/// A word that this version does not know.\ncase other(String)");
        out.line("\n/// The value for a word as the API writes it.");
        out.block("public init(rawValue: String)", |out| {
            out.switch("self = switch rawValue", |out| {
                for Variant { name, word, .. } in variants {
                    out.line(&format!("case {word:?}: .{}", types::case(name)));
                }
                out.line("default: .other(rawValue)");
            });
        });
        out.line("\n/// The word as the API writes it.");
        out.block("public var rawValue: String", |out| {
            out.switch("switch self", |out| {
                for Variant { name, word, .. } in variants {
                    out.line(&format!("case .{}: {word:?}", types::case(name)));
                }
                out.line("case .other(let word): word");
            });
        });
        out.line("\npublic var description: String { rawValue }");
    });
}

pub(super) fn records(contracts: &Contracts<'_>, part: Part) -> String {
    let contract = contracts.all;
    let mut out = Writer::new(contracts, part, &["public import Foundation"]);
    let records = contract.records.iter().filter(|record| !contract.is_flattened(&record.name));
    for record in records.filter(|record| contracts.is_in(part, &record.name)) {
        nested(&mut out, &record.name, |out| structure(out, record));
    }
    out.finish()
}

fn structure(out: &mut Writer<'_>, Record { name, docs, fields, usage }: &Record) {
    out.docs(docs);
    let mut kinds = vec!["Sendable"];
    // Secrets are not compared.
    if !fields.iter().any(|field| *field.ty.element() == Type::Text(Text::Secret)) {
        kinds.push("Hashable");
    }
    if fields.iter().any(|field| field.name == "id" && field.ty == Type::String) {
        kinds.push("Identifiable");
    }
    let given = usage.input && !usage.output;
    let keyword = if given { "var" } else { "let" };
    let has_free_text = fields.iter().any(Field::is_free_text);
    if has_free_text {
        // A field may be named `description`. Printing takes `debugDescription` if a type has no other text.
        kinds.push("CustomDebugStringConvertible");
    }
    out.block(&format!("public struct {name}: {}", kinds.join(", ")), |out| {
        for field in fields {
            out.docs(&field.docs);
            out.line(&format!("public {keyword} {}: {}", camel_case(&field.name), types::swift(&field.ty)));
        }
        if given {
            out.line("");
            let declared: Vec<_> = fields.iter().map(types::declared).collect();
            out.call("public init", &declared, " {");
            out.inside(|out| {
                for name in fields.iter().map(|field| camel_case(&field.name)) {
                    out.line(&format!("self.{name} = {name}"));
                }
            });
            out.line("}");
        }
        if has_free_text {
            out.line("\n/// Free text is redacted, because it may contain a name or a phone number.");
            out.block("public var debugDescription: String", |out| out.line(&printed(name, fields)));
        }
    });
}

/// A text with the fields of a value.
fn printed(name: &str, fields: &[Field]) -> String {
    let part = |field: &Field| {
        let name = camel_case(&field.name);
        if field.is_free_text() {
            format!("{name}: [redacted]")
        } else {
            format!("{name}: \\(String(describing: {name}))")
        }
    };
    let parts: Vec<_> = fields.iter().map(part).collect();
    format!("\"{name}({})\"", parts.join(", "))
}

/// What programs make holds the fields itself, what comes out holds one record.
pub(super) fn unions(contracts: &Contracts<'_>) -> String {
    let contract = contracts.all;
    let mut out = Writer::new(contracts, Part::Servers, &["public import Foundation"]);
    for Enum { name, docs, variants, .. } in contract.enums.iter().filter(|found| found.shape == Shape::Union) {
        out.gap();
        out.docs(docs);
        out.block(&format!("public enum {name}: Sendable, Hashable"), |out| {
            for Variant { name: variant, docs, content, .. } in variants {
                out.docs(docs);
                let opening = format!("case {}", types::case(variant));
                match content {
                    None => out.line(&opening),
                    Some(content) => {
                        let fields = types::contents(contract, content);
                        let whole = matches!(fields, [only] if only.name == content.name);
                        let held = |field: &Field| if whole { types::swift(&field.ty) } else { types::declared(field) };
                        out.call(&opening, &fields.iter().map(held).collect::<Vec<_>>(), "");
                    }
                }
            }
        });
        let contents = |variant: &Variant| {
            variant.content.as_ref().map(|content| types::contents(contract, content).to_vec()).unwrap_or_default()
        };
        if variants.iter().any(|variant| contents(variant).iter().any(Field::is_free_text)) {
            out.gap();
            out.block(&format!("extension {name}: CustomStringConvertible, CustomDebugStringConvertible"), |out| {
                out.line("/// Free text is redacted, because it may contain a name or a phone number.");
                out.block("public var description: String", |out| {
                    out.block("switch self", |out| {
                        for variant in variants {
                            let fields = contents(variant);
                            let shown = |field: &Field| {
                                if field.is_free_text() {
                                    "_".into()
                                } else {
                                    format!("let {}", camel_case(&field.name))
                                }
                            };
                            let names: Vec<_> = fields.iter().map(shown).collect();
                            let case = types::case(&variant.name);
                            out.line(&format!("case .{case}({}): {}", names.join(", "), printed(&case, &fields)));
                        }
                    });
                });
                out.line("\npublic var debugDescription: String { description }");
            });
        }
    }
    out.finish()
}

/// One type with a kind, because every kind has the same fields.
pub(super) fn errors(contracts: &Contracts<'_>) -> String {
    let mut out = Writer::new(contracts, Part::Everywhere, &[]);
    let error = &contracts.all.error;
    let name = &error.name;
    out.line("");
    out.docs(&error.docs);
    out.block(&format!("public struct {name}: Error, Hashable"), |out| {
        out.line("/// What went wrong. Its raw value is the same in every language.");
        out.block("public enum Kind: String, Sendable, CaseIterable", |out| {
            for Variant { name, docs, word, .. } in &error.kinds {
                out.docs(docs);
                out.line(&format!("case {} = {word:?}", types::case(name)));
            }
        });
        out.line("\n/// What went wrong.\npublic let kind: Kind");
        for field in &error.fields {
            out.docs(&field.docs);
            out.line(&format!("public let {}: {}", camel_case(&field.name), types::swift(&field.ty)));
        }
        out.line("");
        let declared = error.fields.iter().map(|field| {
            let (name, ty) = (camel_case(&field.name), types::swift(&field.ty));
            match ty.as_str() {
                _ if ty.ends_with('?') => format!("{name}: {ty} = nil"),
                "Int" => format!("{name}: {ty} = 0"),
                _ if ty.starts_with('[') => format!("{name}: {ty} = []"),
                _ => format!("{name}: {ty}"),
            }
        });
        let declared: Vec<_> = std::iter::once("_ kind: Kind".to_owned()).chain(declared).collect();
        out.line("/// For tests of programs, and for token sources that say why they have no token.");
        out.call("public init", &declared, " {");
        out.inside(|out| {
            out.line("self.kind = kind");
            for name in error.fields.iter().map(|field| camel_case(&field.name)) {
                out.line(&format!("self.{name} = {name}"));
            }
        });
        out.line("}");
    });
    out.finish()
}
