//! The package's TypeScript declarations. They need no types of Node and none of browsers.

use super::{
    super::model::{Callable, Contract, Default, Enum, Field, Object, Record, Shape, Text, Type, Variant, camel_case},
    HEAD, Takes, classes,
    docs::{self, Docs},
    error_class,
    examples::example,
    functions, in_milliseconds, is_deprecated, is_duration, is_field, is_payment, objects, script, takes, watched,
};

/// Whether a value goes in or comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

const COMMON: &str = "
/** An exact decimal: text such as `'10.50'`, a BigInt, a whole number, or what libraries for decimals have. */
export type AmountLike = string | number | bigint | { toJSON(): string };

/** A moment: a Date, or ISO 8601 text with an offset such as `'2026-05-01T10:43:20+03:00'`. */
export type TimestampLike = Date | string;

/** Names and primitive values of the program's own. */
export type MetadataLike = { readonly [name: string]: string | number | boolean | null };

/** What came back with an result. */
export type Metadata = { readonly [name: string]: unknown };

/** A body exactly as it was received. Text is taken as its UTF-8. */
export type RawBody = Uint8Array | ArrayBuffer | string;

/** An AbortSignal, as far as it is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: any;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A signal that ends a call. */
export interface Abortable {
  /**
   * Ends the call: it rejects at once.
   *
   * - A create that was sent already: `OutcomeUnknownError`, whose `cause` is the signal's reason. The request is not
   *   aborted, and the money may move.
   * - A wait: `NotFinalError`, with the resource's `id` and the reason as its `cause`.
   * - Anything else: the signal's reason. A create was not sent, and is never sent afterwards.
   */
  readonly signal?: AbortSignalLike | null | undefined;
}

/** What concerns one call: its signal, and limits that differ from the client's. */
export interface Call extends CallOptions, Abortable {}

/** A payment that is expected. */
export interface ExpectedPayment {
  /** The least amount. */
  readonly amount: AmountLike;
  /** The currency. Default KES. */
  readonly currency?: string | null | undefined;
  /** The till that must get the money. Default: any. */
  readonly tillNumber?: string | null | undefined;
}

/**
 * Compares two amounts exactly, without floating point: a negative number if `a` is less, 0 if they are equal, a positive
 * number if it is more. Amounts come back in their shortest form (`'100.00'` as `'100'`), so `===` does not compare them.
 *
 * @throws `InvalidRequestError` for what is no exact amount.
 */
export function compareAmounts(a: AmountLike, b: AmountLike): number;

/**
 * Whether two amounts are equal: `amountsEqual('100.00', '100')` is true.
 *
 * @throws `InvalidRequestError` for what is no exact amount.
 */
export function amountsEqual(a: AmountLike, b: AmountLike): boolean;

/**
 * A copy for a log. The records in it, at any depth, are without personal data, secrets and the values of metadata;
 * everything else stays as it is. For pino: `pino({ formatters: { log: redact } })`.
 */
export function redact<T>(value: T): T;
";

pub(super) fn declarations(contract: &Contract) -> String {
    let docs = Docs::new(contract);
    let mut out = HEAD.to_owned() + COMMON;
    for object in objects(contract) {
        class(&mut out, contract, &docs, object);
    }
    for function in functions(contract) {
        put!(&mut out, "\n{}export function ", docs.comment(&function.docs, 0));
        put!(
            &mut out,
            "{}({}): {};\n",
            camel_case(&function.name),
            positional(&function.arguments),
            returns(contract, function)
        );
    }
    for callback in &contract.callbacks {
        if let [Callable { returns: Some(Type::Record(result)), docs: said, .. }] = callback.methods.as_slice() {
            let said = format!("{}\n\n{said}", callback.docs);
            let result = format!("{result} | string");
            put!(
                &mut out,
                "\n{}export type {} = () => {result} | Promise<{result}>;\n",
                docs.comment(&said, 0),
                callback.name
            );
        }
    }
    let of_callbacks = contract.callbacks.iter().flat_map(|callback| &callback.methods);
    let returned: Vec<_> = of_callbacks.filter_map(|method| method.returns.as_ref()).collect();
    for record in contract.records.iter().filter(|record| !record.usage.output && !contract.is_flattened(&record.name))
    {
        if record.usage.input || returned.contains(&&Type::Record(record.name.clone())) {
            put!(&mut out, "\n{}export interface {} {{\n", docs.comment(&record.docs, 0), record.name);
            fields_in(&mut out, &docs, &record.fields, 1);
            out += "}\n";
        }
    }
    for record in classes(contract) {
        self::record(&mut out, contract, &docs, record);
    }
    for found in &contract.enums {
        enumeration(&mut out, contract, &docs, found);
    }
    errors(&mut out, contract, &docs);
    if classes(contract).any(|record| record.name == "Event") {
        out += "\n/** `Event` under a name that browsers' own types do not have: without an import, `Event` is the DOM's. */\n\
                export { Event as WebhookEvent };\n";
    }
    out
}

fn ty(found: &Type, way: Way) -> String {
    match (found, way) {
        (Type::Bool, _) => "boolean".to_owned(),
        (Type::U16 | Type::U32 | Type::U64 | Type::F64, _) => "number".to_owned(),
        (Type::Bytes, _) => "RawBody".to_owned(),
        (Type::Text(Text::Amount), Way::In) => "AmountLike".to_owned(),
        (Type::Text(Text::Timestamp), Way::In) => "TimestampLike".to_owned(),
        (Type::Text(Text::Timestamp), Way::Out) => "Date".to_owned(),
        (Type::Text(Text::Metadata), Way::In) => "MetadataLike".to_owned(),
        (Type::Text(Text::Metadata), Way::Out) => "Metadata".to_owned(),
        (Type::Text(_) | Type::String, _) => "string".to_owned(),
        (Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name), _) => name.clone(),
        (Type::Optional(inner), _) => format!("{} | null", ty(inner, way)),
        (Type::List(inner), _) => format!("readonly {}[]", ty(inner, way)),
    }
}

fn fields_in(out: &mut String, docs: &Docs<'_>, fields: &[Field], depth: usize) {
    let indent = "  ".repeat(depth);
    for field in fields {
        let default = match &field.default {
            Some(Default::Bool(value)) => Some(value.to_string()),
            Some(Default::Int(value)) => Some(value.to_string()),
            Some(Default::Float(digits)) if is_duration(field) => Some(milliseconds(digits)),
            Some(Default::Float(digits)) => Some(digits.clone()),
            Some(Default::String(text)) => Some(format!("'{text}'")),
            Some(Default::Variant(name)) => Some(format!("'{}'", super::super::model::snake_case(name))),
            Some(Default::Null | Default::EmptyList) | None => None,
        };
        let said = default.map_or_else(
            || in_milliseconds(field),
            |value| format!("{}\n\n@defaultValue `{value}`", in_milliseconds(field)),
        );
        let (mark, absent) = if field.default.is_some() { ("?", " | null | undefined") } else { ("", "") };
        let ty = ty(field.ty.inner(), Way::In);
        *out += &docs.comment(&said, depth);
        put!(out, "{indent}readonly {}{mark}: {ty}{absent};\n", camel_case(&field.name));
    }
}

/// `3.1` seconds.
fn milliseconds(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{fraction:0<3}").trim_start_matches('0').to_owned()
}

fn record(out: &mut String, contract: &Contract, docs: &Docs<'_>, record: &Record) {
    let Record { name, docs: said, fields, .. } = record;
    put!(out, "\n{}export class {name} {{\n  private constructor();\n", docs.comment(said, 0));
    for field in fields {
        *out += &docs.comment(&field.docs, 1);
        put!(out, "  readonly {}: {};\n", camel_case(&field.name), ty(&field.ty, Way::Out));
    }
    if is_payment(contract, record) {
        *out += &docs.comment(script::PAID_AT_LEAST, 1);
        *out += "  isPaidAtLeast(expected: ExpectedPayment): boolean;\n";
    }
    *out += "}\n";
}

fn enumeration(out: &mut String, contract: &Contract, docs: &Docs<'_>, found: &Enum) {
    let Enum { name, docs: said, shape, variants, .. } = found;
    match shape {
        Shape::Open | Shape::Closed => {
            let items: Vec<_> = variants.iter().map(|variant| listed(*shape, variant)).collect();
            let open = *shape == Shape::Open;
            let rest = if open { "\n- Any other: a word that this version does not know." } else { "" };
            put!(out, "\n{}", docs.comment(&format!("{said}\n\n{}{rest}", items.join("\n")), 0));
            let mut words: Vec<_> = variants.iter().map(|variant| script::quoted(&variant.word)).collect();
            // Editors offer the words, and any other fits too.
            words.extend(open.then(|| "(string & {})".to_owned()));
            alternatives(out, name, &words);
        }
        Shape::Union => {
            put!(out, "\n{}export type {name} =\n", docs.comment(said, 0));
            let last = variants.len().saturating_sub(1);
            // As the API calls it, where it goes there.
            let tag = if found.usage.output { "kind" } else { "type" };
            for (at, variant) in variants.iter().enumerate() {
                *out += &docs.comment(&variant.docs, 1);
                put!(out, "  | {{\n      readonly {tag}: '{}';\n", variant.word);
                match &variant.content {
                    Some(Field { ty: Type::Record(record), .. }) if contract.is_flattened(record) => {
                        let fields = contract.record(record).map(|record| record.fields.as_slice());
                        fields_in(out, docs, fields.unwrap_or_default(), 3);
                    }
                    Some(field) => {
                        put!(out, "      readonly {}: {};\n", camel_case(&field.name), ty(&field.ty, Way::Out));
                    }
                    None => {}
                }
                *out += if at == last { "    };\n" } else { "    }\n" };
            }
        }
    }
}

/// A word in a list. The documentation of an open enumeration's variants begins with the word.
fn listed(shape: Shape, variant: &Variant) -> String {
    let said = variant.docs.replace('\n', " ");
    match shape {
        Shape::Open => format!("- {said}"),
        _ => format!("- `{}`: {said}", variant.word),
    }
}

fn alternatives(out: &mut String, name: &str, words: &[String]) {
    let one = format!("export type {name} = {};\n", words.join(" | "));
    if one.len() <= 121 {
        *out += &one;
    } else {
        put!(
            out,
            "export type {name} =\n{};\n",
            words.iter().map(|word| format!("  | {word}")).collect::<Vec<_>>().join("\n")
        );
    }
}

const DEPRECATED: &str = "\n\n@deprecated Version 1 of the API. `incomingPayments` takes payments, and `sendMoney` sends \
    money.";

fn class(out: &mut String, contract: &Contract, docs: &Docs<'_>, object: &Object) {
    let deprecated = if is_deprecated(contract, &object.name) { DEPRECATED } else { "" };
    let said = format!("{}{deprecated}", object.docs);
    put!(out, "\n{}export class {} {{\n", docs.comment(&said, 0), object.name);
    if object.constructors.iter().all(|constructor| constructor.name != "new") {
        *out += "  private constructor();\n";
    }
    for constructor in &object.constructors {
        *out += &docs.comment(&with_example(object, constructor), 1);
        let taken = parameters(docs, object, constructor, true);
        if constructor.name == "new" {
            put!(out, "  constructor({taken});\n");
        } else {
            put!(out, "  static {}({taken}): {};\n", camel_case(&constructor.name), object.name);
        }
    }
    for method in &object.methods {
        let deprecated = match &method.returns {
            Some(Type::Object(name)) if method.is_accessor() && is_deprecated(contract, name) => DEPRECATED,
            _ => "",
        };
        *out += &docs.comment(&(with_example(object, method) + deprecated), 1);
        let name = camel_case(&method.name);
        if is_field(method) || method.is_accessor() {
            put!(out, "  readonly {name}: {};\n", returns(contract, method));
        } else {
            put!(out, "  {name}({}): {};\n", parameters(docs, object, method, false), returns(contract, method));
        }
    }
    *out += "}\n";
}

fn with_example(object: &Object, callable: &Callable) -> String {
    let example = example(&object.name, &callable.name);
    let example = example.map(|code| format!("\n\n@example\n{code}")).unwrap_or_default();
    format!("{}{example}", callable.docs)
}

fn parameters(docs: &Docs<'_>, object: &Object, callable: &Callable, is_constructor: bool) -> String {
    // A handle's calls have the limits of the client that made it.
    let call = match (callable.is_async, object.is_handle()) {
        (true, true) => ", options?: Abortable",
        (true, false) => ", options?: Call",
        (false, _) => "",
    };
    let asks = callable.is_async || callable.name == "watch";
    match takes(callable, is_constructor) {
        Takes::Nothing => call.trim_start_matches(", ").to_owned(),
        Takes::Record(name) if !callable.is_async => format!("options: {name}"),
        Takes::Record(name) => format!("request: {name}{call}"),
        Takes::Options(name) if asks => format!("options?: {name} & Abortable"),
        Takes::Options(name) => format!("options?: {name}"),
        Takes::Each(fields) => positional(fields) + call,
        Takes::EachAndOptions(fields, name) => {
            format!("{}, options?: {name}{}", positional(fields), if asks { " & Abortable" } else { "" })
        }
        Takes::Named(fields) => {
            let mut inside = String::new();
            fields_in(&mut inside, docs, fields, 2);
            format!("options: {{\n{inside}  }}")
        }
        Takes::Callback(callback, name) => {
            format!("{}: {}, options?: {name}", camel_case(&callback.name), ty(&callback.ty, Way::In))
        }
    }
}

fn positional(arguments: &[Field]) -> String {
    let arguments = arguments.iter().map(|argument| {
        let absent = if argument.ty.is_optional() { " | undefined" } else { "" };
        format!("{}: {}{absent}", camel_case(&argument.name), ty(&argument.ty, Way::In))
    });
    arguments.collect::<Vec<_>>().join(", ")
}

fn returns(contract: &Contract, callable: &Callable) -> String {
    if let Some(state) = watched(contract, callable) {
        return format!("AsyncIterableIterator<{}>", ty(state.inner(), Way::Out));
    }
    let result = callable.returns.as_ref().map_or_else(|| "void".to_owned(), |found| ty(found, Way::Out));
    if callable.is_async { format!("Promise<{result}>") } else { result }
}

fn errors(out: &mut String, contract: &Contract, docs: &Docs<'_>) {
    let error = &contract.error;
    let said = format!(
        "{}\n\nEach kind has a class of its own, and `kind` is its stable name, the same in every language. `JSON.stringify` writes \
         the message and everything that is known, without the body.",
        docs::of_error(&error.docs)
    );
    let kinds: Vec<_> = error.kinds.iter().map(|kind| format!("'{}'", kind.word)).collect();
    *out += "\n/** The stable names of the kinds of errors. */\n";
    alternatives(out, "ErrorKind", &kinds);
    *out +=
        "\n/** What is known of an error, for those that a program makes itself. */\nexport interface ErrorFields {\n";
    let fields = error.fields.iter().filter(|field| field.name != "detail");
    let known: Vec<_> = fields.map(|field| (camel_case(&field.name), field)).collect();
    for (name, field) in &known {
        put!(out, "  readonly {name}?: {} | null | undefined;\n", ty(field.ty.inner(), Way::Out));
    }
    put!(
        out,
        "  readonly cause?: unknown;\n}}\n\n{}export class {} extends Error {{\n",
        docs.comment(&said, 0),
        error.name
    );
    *out += "  constructor(detail: string, fields?: ErrorFields);\n";
    *out += "  /** The kind's stable name: `outcome_unknown`. The server's own code is `serverCode`. */\n  readonly kind: ErrorKind;\n";
    *out += &docs.comment(&docs::of_error_field(&error.docs, "detail"), 1);
    *out += "  readonly detail: string;\n";
    *out += "  /** What is behind it: the signal's reason, or the system's error, whose `code` is `'ECONNREFUSED'`. */\n  readonly cause?: unknown;\n";
    for (name, field) in &known {
        let said = docs::of_error_field(&error.docs, &field.name);
        *out += &docs.comment(&in_milliseconds(&Field { docs: said, ..(*field).clone() }), 1);
        put!(out, "  readonly {name}: {};\n", ty(&field.ty, Way::Out));
    }
    *out += "}\n";
    for kind in &error.kinds {
        put!(
            out,
            "\n{}export class {} extends {} {{\n",
            docs.comment(&kind.docs, 0),
            error_class(&kind.name),
            error.name
        );
        put!(out, "  readonly kind: '{}';\n}}\n", kind.word);
    }
}
