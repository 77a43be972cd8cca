//! Plain values: words, records, unions, errors.

use super::{
    super::model::{Callable, Contract, Enum, Field, Record, Shape, Variant, camel_case},
    calls, exception, has_methods, hidden, is_method, types,
    writer::Writer,
};

const TYPES: &[&str] = &["java.math.BigDecimal", "java.time.Duration", "java.time.OffsetDateTime"];

/// Closed enumerations are Kotlin's own, open ones keep words that this version does not know.
pub(super) fn words(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", &[]);
    for found in contract.enums.iter().filter(|found| found.shape != Shape::Union) {
        out.line("");
        out.docs(&found.docs);
        if found.shape == Shape::Closed { closed(&mut out, found) } else { open(&mut out, found) }
    }
    out.text
}

fn closed(out: &mut Writer<'_>, Enum { name, variants, .. }: &Enum) {
    out.block(&format!("public enum class {name}"), |out| {
        for variant in variants {
            out.docs(&variant.docs);
            out.line(&format!("{},", types::constant(&variant.name)));
        }
    });
}

fn open(out: &mut Writer<'_>, Enum { name, variants, .. }: &Enum) {
    out.block(&format!("public sealed interface {name}"), |out| {
        out.line("/** The word as the API writes it. */\npublic val word: String\n");
        for Variant { name: variant, docs, word, .. } in variants {
            out.docs(docs);
            out.block(&format!("public data object {variant} : {name}"), |out| {
                out.line(&format!("override val word: String get() = {word:?}"));
            });
            out.line("");
        }
        out.line("/** A word that this version does not know. */");
        out.line(&format!("public data class Other(override val word: String) : {name}\n"));
        out.block("public companion object", |out| {
            for Variant { name: variant, .. } in variants {
                let constant = types::constant(variant);
                out.line(&format!(
                    "/** [{variant}] for Java. */\n@JvmField\npublic val {constant}: {name} = {variant}\n"
                ));
            }
            out.line("/** The value for a word as the API writes it. */\n@JvmStatic");
            out.block(&format!("public fun of(word: String): {name} = when (word)"), |out| {
                for Variant { name: variant, word, .. } in variants {
                    out.line(&format!("{word:?} -> {variant}"));
                }
                out.line("else -> Other(word)");
            });
        });
    });
}

pub(super) fn records(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", TYPES);
    for record in &contract.records {
        let Record { name, docs, fields, usage } = record;
        if contract.is_flattened(name) {
            continue;
        }
        out.line("");
        out.docs(docs);
        let functions = contract.functions.iter().filter(|function| is_method(function) && has_methods(record));
        let methods: Vec<_> = functions.collect();
        let class = Class {
            name,
            parent: "",
            fields,
            input: !usage.output,
            builder: usage.input && !usage.output,
            methods: &methods,
        };
        class.write(&mut out, |field| types::kotlin(&field.ty));
    }
    out.text
}

/// A record. It is not a data class: `copy` and `componentN` break programs when a record gets a field. Only records that
/// programs make have a public constructor. They have a builder too, because Java has no named arguments.
struct Class<'a> {
    name: &'a str,
    parent: &'a str,
    fields: &'a [Field],
    input: bool,
    builder: bool,
    methods: &'a [&'a Callable],
}

impl Class<'_> {
    fn write(&self, out: &mut Writer<'_>, ty: impl Fn(&Field) -> String) {
        let Self { name, parent, fields, input, builder, methods } = self;
        let constructor = if *input { "" } else { " internal constructor" };
        out.line(&format!("public class {name}{constructor}("));
        out.inside(|out| {
            for field in *fields {
                out.docs(&field.docs);
                let default = types::default(out.contract, field).filter(|_| field.default.is_some());
                let default = default.map_or_else(String::new, |default| format!(" = {default}"));
                out.line(&format!("public val {}: {}{default},", camel_case(&field.name), ty(field)));
            }
        });
        out.block(&format!("){parent}"), |out| {
            equality(out, name, fields);
            to_string(out, name, fields);
            methods.iter().for_each(|method| calls::method_of_record(out, name, method));
            if *builder {
                out.line("");
                self::builder(out, name, fields);
            }
        });
    }
}

fn equality(out: &mut Writer<'_>, name: &str, fields: &[Field]) {
    let properties: Vec<_> = fields.iter().map(|field| camel_case(&field.name)).collect();
    out.call("private fun fields(): List<Any?> = listOf", &properties, "");
    out.line(&format!("\noverride fun equals(other: Any?): Boolean = other is {name} && fields() == other.fields()\n"));
    out.line("override fun hashCode(): Int = fields().hashCode()\n");
}

fn to_string(out: &mut Writer<'_>, name: &str, fields: &[Field]) {
    let parts = fields.iter().map(|field| {
        let property = camel_case(&field.name);
        match hidden(field) {
            Some(how) => format!("{property}=${{{how}({property})}}"),
            None => format!("{property}=${property}"),
        }
    });
    let parts: Vec<_> = parts.collect();
    out.line("/** Secrets and personal data are redacted. */\noverride fun toString(): String =");
    out.inside(|out| {
        let mut line = format!("\"{name}(");
        for (at, part) in parts.iter().enumerate() {
            let part = if at == 0 { part.clone() } else { format!(", {part}") };
            if line.len() + part.len() > 100 {
                out.line(&format!("{line}\" +"));
                line = String::from("\"");
            }
            line += &part;
        }
        out.line(&format!("{line})\""));
    });
}

fn builder(out: &mut Writer<'_>, name: &str, fields: &[Field]) {
    out.line(&format!("/** Makes a [{name}] in Java: every field has a method of its name. */"));
    out.block("public class Builder internal constructor()", |out| {
        for field in fields {
            let own = types::kotlin(&field.ty);
            let own = own.trim_end_matches('?');
            match types::default(out.contract, field).filter(|default| default != "null") {
                Some(default) => out.line(&format!("private var {}: {own} = {default}", camel_case(&field.name))),
                None => out.line(&format!("private var {}: {own}? = null", camel_case(&field.name))),
            }
        }
        for field in fields {
            let (property, ty) = (camel_case(&field.name), types::kotlin(&field.ty));
            out.line("");
            out.docs(&field.docs);
            out.line(&format!(
                "public fun {property}({property}: {ty}): Builder = apply {{ this.{property} = {property} }}"
            ));
        }
        let kind = if name.ends_with("Options") { "Configuration" } else { "InvalidRequest" };
        let given = fields.iter().map(|field| match field.default {
            Some(_) => camel_case(&field.name),
            None => format!("{0} ?: throw missing(\"{0}\", KopoKopoException::{kind})", camel_case(&field.name)),
        });
        let given: Vec<_> = given.collect();
        out.line("\n/** What was set. Everything without a default must have been. */");
        out.call(&format!("public fun build(): {name} = {name}"), &given, "");
    });
    out.line("");
    out.block("public companion object", |out| {
        out.line(&format!("/** Makes a [{name}] in Java. */\n@JvmStatic\npublic fun builder(): Builder = Builder()"));
    });
}

/// What programs make holds the fields itself, what comes out holds one record.
pub(super) fn unions(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "", &["java.math.BigDecimal"]);
    for Enum { name, docs, variants, usage, .. } in contract.enums.iter().filter(|found| found.shape == Shape::Union) {
        out.line("");
        out.docs(docs);
        out.block(&format!("public sealed interface {name}"), |out| {
            for (at, Variant { name: variant, docs, content, .. }) in variants.iter().enumerate() {
                if at > 0 {
                    out.line("");
                }
                out.docs(docs);
                let parent = format!(" : {name}");
                match content {
                    None => out.line(&format!("public data object {variant}{parent}")),
                    Some(content) => {
                        let fields = types::contents(contract, content);
                        let ty = |field: &Field| types::within_union(contract, &field.ty);
                        let builder = usage.input && !usage.output;
                        // A variant of a result has one record and gets no other field, so tests may make it.
                        Class { name: variant, parent: &parent, fields, input: true, builder, methods: &[] }
                            .write(out, ty);
                    }
                }
            }
        });
    }
    out.text
}

/// One class for each kind, all with the same fields.
pub(super) fn errors(contract: &Contract) -> String {
    let mut out =
        Writer::new(contract, "", &["java.io.Serializable", "java.time.Duration", "java.time.OffsetDateTime"]);
    let name = exception(contract);
    let fields = &contract.error.fields;
    out.line("");
    out.docs(&contract.error.docs);
    out.line(&format!("public sealed class {name} private constructor("));
    out.line("    /** The kind's stable name, the same in every language: `outcome_unknown`. */");
    out.line("    public val kind: String,\n    private val fields: Fields,");
    out.block(
        ") : RuntimeException(listOfNotNull(kind, fields.operation, fields.detail).joinToString(\": \"))",
        |out| {
            for field in fields {
                let (property, ty) = (camel_case(&field.name), types::kotlin(&field.ty));
                out.line(&format!("public val {property}: {ty} get() = fields.{property}"));
            }
            for Variant { name: kind, docs, word, .. } in &contract.error.kinds {
                out.line("");
                out.docs(docs);
                out.line(&format!(
                    "public class {kind} internal constructor(fields: Fields) : {name}({word:?}, fields)"
                ));
            }
            out.line("\ninternal class Fields(");
            out.inside(|out| {
                for field in fields {
                    let (property, ty) = (camel_case(&field.name), types::kotlin(&field.ty));
                    let default = match ty.as_str() {
                        _ if property == "detail" => "",
                        "Int" => " = 0",
                        _ if ty.starts_with("List") => " = emptyList()",
                        _ => " = null",
                    };
                    out.line(&format!("val {property}: {ty}{default},"));
                }
            });
            out.line(") : Serializable");
        },
    );
    out.text
}
