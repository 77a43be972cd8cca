#![allow(clippy::unwrap_used)]

use super::{
    super::{model::snake_case, read::read},
    client,
    declarations::declarations,
    docs::{Docs, of_error_field},
    generate, names_in, script,
};

const UDL: &str = r#"
[Custom]
typedef string Amount;
[Custom]
typedef string Timestamp;
[Custom]
typedef string Personal;
[Custom]
typedef string Secret;
[Custom]
typedef string Metadata;
[Custom]
typedef string Raw;

namespace shop {
    /// Signs.
    string sign_it(Secret api_key, bytes body);
    /// Looks again.
    [Throws=ShopError]
    sequence<Receipt> again(Receipt receipt, string till_number);
    /// Whether it was paid.
    [Throws=ShopError]
    boolean is_paid_at_least(Raw payment, string record, Amount amount);
};

/// A shop.
interface Shop {
    /// Opens it.
    ///
    /// Errors: `out_of_money`, or `timeout`.
    [Throws=ShopError]
    constructor(Options options);
    [Throws=ShopError, Name=with_source]
    constructor(Source source, SourceOptions options);
    [Throws=ShopError]
    Shop with_options(SourceOptions options);
    string first_name();
    Tills big_tills();
    /// Tills of version 1.
    Drawers drawers();
};

dictionary Options { Secret api_key; Size size = "VeryLarge"; sequence<Secret> others = []; };
dictionary SourceOptions { double patience = 3.10; };

[Trait, WithForeign]
interface Source {
    /// Returns one.
    [Async, Throws=ShopError]
    Sold result();
};
dictionary Sold { Secret token; };

interface Tills {
    /// Sells, as `callback_url` and `red_one` say. A `timeout` of none, or `out_of_money`. */
    [Async, Throws=ShopError]
    CreatedSale sell(Order order);
    [Async, Throws=ShopError]
    Receipt? get(string sale_id);
    [Async, Throws=ShopError]
    Receipt wait(string id, optional PatienceOptions? options = null);
    [Throws=ShopError]
    ReceiptWatch watch(string id, optional PatienceOptions? options = null);
    [Async, Throws=ShopError]
    void close();
};

/// Drawers.
interface Drawers {
    [Async, Throws=ShopError]
    void close();
};

interface CreatedSale {
    string id();
    [Async, Throws=ShopError]
    Receipt wait(optional PatienceOptions? options = null);
    [Throws=ShopError]
    ReceiptWatch watch(optional PatienceOptions? options = null);
};

interface Verifier {
    [Throws=ShopError]
    constructor(sequence<Secret> api_keys, optional u64 max_body = 10);
    [Throws=ShopError]
    Receipt verify(bytes body, string? signature);
};

interface ReceiptWatch {
    [Async, Throws=ShopError]
    Receipt? poll();
    double? pause();
};

dictionary PatienceOptions {
    /// In seconds.
    double timeout = 120.5;
};
dictionary Order {
    /// Where to.
    string callback_url;
    Amount? price = null;
    sequence<Way> ways;
    Metadata? metadata = null;
};

/// What was sold.
dictionary Receipt {
    /// Its id.
    string id;
    Timestamp? made_at;
    Personal? buyer;
    Outcome outcome;
    Colour? colour;
    Links links;
    Links? other_links;
    sequence<Links> more_links;
    sequence<string>? errors;
    Metadata metadata;
    string? payment_key;
    Raw raw;
};
dictionary Links { string? self_url; };

[Enum]
interface Colour {
    /// `red_one`: like fire.
    Red();
    Other(string word);
};
enum Size {
    /// Few.
    "Small",
    "VeryLarge",
};

[Enum]
interface Outcome { Sold(Links sold_links); Unknown(); };

[Enum]
interface Way {
    /// Slow.
    OnFoot(FootWay way);
};
dictionary FootWay { Amount steps; Colour? shoe_colour = null; };

/// Any failure.
///
/// Each has:
/// - `detail`: a sentence.
/// - `server_code`, `messages`: the server's
///   own.
[Error]
interface ShopError {
    /// No money.
    OutOfMoney(string detail, string? server_code, sequence<string> messages, u32 attempts);
    Timeout(string detail, string? server_code, sequence<string> messages, u32 attempts);
};
"#;

/// Without line breaks, which depend on lengths.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn holds(text: &str, expected: &[&str]) {
    let text = flat(text);
    for expected in expected {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
}

#[test]
fn a_record_takes_its_row_apart_by_the_contract_s_order() {
    holds(
        &script::records(&read(UDL).unwrap()),
        &[
            "class Receipt { #raw; constructor(row) { row.open(); this.id = row.text(); \
             this.madeAt = row.isAbsent() ? null : row.date(); this.buyer = row.isAbsent() ? null : row.text(); \
             this.outcome = outcome(row); this.colour = row.isAbsent() ? null : row.text(); this.links = new Links(row); \
             this.otherLinks = row.isAbsent() ? null : new Links(row); \
             this.moreLinks = row.list((item) => new Links(item)); \
             this.errors = row.isAbsent() ? null : row.list((item) => item.text()); this.metadata = row.metadata(); \
             this.paymentKey = row.isAbsent() ? null : row.text(); this.#raw = row.raw(); Object.freeze(this); } \
             get raw() { return this.#raw; }",
            "isPaidAtLeast(expected) { return isPaidAtLeast('receipt', this.#raw, expected); } }",
            "hide(Receipt, { buyer: 'personal', errors: 'personal', metadata: 'metadata' });",
            "hide(Links, {});",
            "class Links { constructor(row) { row.open(); this.selfUrl = row.isAbsent() ? null : row.text();",
            "function outcome(row) { row.open(); const kind = row.text(); switch (kind) { case 'sold': \
             return Object.freeze({ kind, soldLinks: new Links(row) }); default: return Object.freeze({ kind }); } }",
        ],
    );
}

#[test]
fn what_a_method_takes_follows_from_its_arguments() {
    holds(
        &client::client(&read(UDL).unwrap()),
        &[
            "constructor(section) { [this.#native, this.#withLimits] = made(section); }",
            "async sell(request, options) { const [to, signal] = limited(this.#native, this.#withLimits, 'big_tills.sell', options); \
             const result = await call(to, 'sell', write(request, 'big_tills.sell'), signal); \
             return new CreatedSale(object(result)); }",
            "const result = await call(to, 'get', write({ saleId }, 'big_tills.get'), signal); \
             return read(result, (row) => row.isAbsent() ? null : new Receipt(row)); }",
            "const result = await call(to, 'close', '{}', signal); read(result); }",
            "async wait(id, options) { const operation = 'big_tills.wait'; \
             const [given, signal] = split(options, OPTIONS.PatienceOptions, operation); \
             const result = await call(this.#native, 'wait', write({ ...given, id }, operation), signal, { id, operation });",
            "async wait(options) { const [given, signal] = split(options, OPTIONS.PatienceOptions); \
             const result = await call(this.#native, 'wait', write(given), signal, this); \
             return read(result, (row) => new Receipt(row)); }",
            "watch(options) { const [given, signal] = split(options, OPTIONS.PatienceOptions); \
             const watch = object(this.#native.ask('watch', write(given))); \
             return new Watch(watch, (row) => (row.isAbsent() ? null : new Receipt(row)), signal, this); }",
            "verify(body, signature) { const raw = bytes(body); const result = this.#native.verify(raw, header(signature)); \
             return read(result, (row) => new Receipt(row), raw); }",
            "function signIt(apiKey, body) { const raw = bytes(body); const result = native.signIt(text(apiKey, 'apiKey'), raw);",
            "write({ receipt: again(receipt, 'receipt'), tillNumber })",
            "static withSource(source, options) { return new this(object(native.withSource(source(source),",
            "this.firstName = read(this.#native.ask('first_name', '{}'), (row) => row.text());",
            "get bigTills() { this.#bigTills ??= new Tills(section(this.#native, 'big_tills')); return this.#bigTills; }",
            "withOptions(options) { const result = this.#native.ask('with_options', configure(options));",
        ],
    );
}

#[test]
fn declarations_say_what_may_be_left_out_and_what_may_be_absent() {
    holds(
        &declarations(&read(UDL).unwrap()),
        &[
            "export interface Order { /** Where to. */ readonly callbackUrl: string; readonly price?: AmountLike | null | undefined; \
             readonly ways: readonly Way[]; readonly metadata?: MetadataLike | null | undefined; }",
            "export class Receipt { private constructor(); /** Its id. */ readonly id: string; readonly madeAt: Date | null;",
            "readonly errors: readonly string[] | null; readonly metadata: Metadata; readonly paymentKey: string | null;",
            "/** @defaultValue `'very_large'` */ readonly size?: Size | null | undefined;",
            "/** @defaultValue `3100` */ readonly patience?: number | null | undefined;",
            "sell(request: Order, options?: Call): Promise<CreatedSale>;",
            "* In milliseconds. * * @defaultValue `120500` */ readonly timeout?",
            "wait(id: string, options?: PatienceOptions & Abortable): Promise<Receipt>;",
            "wait(options?: PatienceOptions & Abortable): Promise<Receipt>;",
            "watch(options?: PatienceOptions & Abortable): AsyncIterableIterator<Receipt>;",
            "readonly raw: string; /** * Whether the money was received,",
            "isPaidAtLeast(expected: ExpectedPayment): boolean; }",
            "* Drawers. * * @deprecated Version 1 of the API.",
            "* Tills of version 1. * * @deprecated Version 1 of the API.",
            "close(options?: Call): Promise<void>;",
            "get(saleId: string, options?: Call): Promise<Receipt | null>;",
            "constructor(options: { readonly apiKeys: readonly string[]; /** @defaultValue `10` */ readonly maxBody?: number | null | undefined; });",
            "verify(body: RawBody, signature: string | null | undefined): Receipt;",
            "export type Source = () => Sold | string | Promise<Sold | string>;",
            "static withSource(source: Source, options?: SourceOptions): Shop;",
            "readonly firstName: string; readonly bigTills: Tills;",
        ],
    );
}

#[test]
fn a_watch_is_an_iterator_and_a_length_of_time_is_converted() {
    let contract = read(UDL).unwrap();
    let all: String = generate(&contract).into_iter().map(|output| output.text).collect();
    assert!(!all.contains("ReceiptWatch") && !all.contains("function isPaidAtLeast"));
    holds(
        &all,
        &[
            "const DURATIONS = new Set(['patience', 'timeout']);",
            "PatienceOptions: ['timeout'],",
            "WebhookEvent, } = kopokopo;",
        ],
    );
}

#[test]
fn an_example_is_not_wrapped() {
    let contract = read(UDL).unwrap();
    let code = format!("const x = '{}';", "a ".repeat(80));
    let text = Docs::new(&contract).comment(&format!("Said.\n\n@example\n{code}"), 0);
    assert_eq!(text, format!("/**\n * Said.\n *\n * @example\n * ```ts\n * {code}\n * ```\n */\n"));
}

#[test]
fn enumerations_stay_open_and_variants_have_kinds() {
    let declarations = declarations(&read(UDL).unwrap());
    holds(
        &declarations,
        &[
            "export type Colour = 'red_one' | (string & {});",
            "export type Size = 'small' | 'very_large';",
            "| { readonly kind: 'sold'; readonly soldLinks: Links; } | { readonly kind: 'unknown'; };",
            "/** Slow. */ | { readonly type: 'on_foot'; readonly steps: AmountLike; readonly shoeColour?: Colour | null | undefined; };",
        ],
    );
    assert!(!declarations.contains("FootWay"), "an alternative that goes in has its record's fields");
}

#[test]
fn errors_have_a_class_for_each_kind() {
    let contract = read(UDL).unwrap();
    holds(
        &script::errors(&contract),
        &["/** No money. */ class OutOfMoneyError extends ShopError { static kind = 'out_of_money'; }"],
    );
    holds(
        &declarations(&contract),
        &[
            "/** A sentence. */ readonly detail: string;",
            "/** The server's own. */ readonly serverCode: string | null;",
            "export class TimeoutError extends ShopError { readonly kind: 'timeout'; }",
        ],
    );
    assert_eq!(of_error_field(&contract.error.docs, "attempts"), "");
}

#[test]
fn documentation_has_javascript_s_names_and_the_api_s_words() {
    let contract = read(UDL).unwrap();
    let docs = Docs::new(&contract);
    assert_eq!(docs.named("`callback_url`, `red_one`, `Unknown`", false), "`callbackUrl`, `red_one`, `unknown`");
    assert_eq!(docs.named("`timeout` or `out_of_money`", false), "`timeout` or `OutOfMoneyError`");
    assert_eq!(docs.named("`timeout`", true), "`TimeoutError`");
    assert_eq!(docs.comment("Errors: none.", 0), "/** @throws None. */\n");
    assert_eq!(docs.comment("", 1), "");
}

#[test]
fn a_comment_is_wrapped_and_cannot_be_ended_from_within() {
    let contract = read(UDL).unwrap();
    let docs = Docs::new(&contract);
    let text = docs.comment(&format!("{}\n\n- one\n- two */", "word ".repeat(60)), 2);
    assert!(text.lines().all(|line| line.len() <= 120 && line.trim_end() == line), "{text}");
    assert!(text.starts_with("    /**\n     * word") && text.ends_with(" *\\/\n     */\n"), "{text}");
    assert_eq!(text.matches("*/").count(), 1, "{text}");
}

#[test]
fn every_name_that_goes_in_comes_back_from_javascript_s() {
    let udl = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../udl/kopokopo.udl")).unwrap();
    for name in names_in(&read(&udl).unwrap()) {
        assert_eq!(snake_case(&super::camel_case(name)), name);
    }
}

#[test]
fn the_same_contract_is_written_the_same_twice() {
    let texts = |udl: &str| generate(&read(udl).unwrap()).into_iter().map(|output| output.text).collect::<Vec<_>>();
    assert_eq!(texts(UDL), texts(UDL));
    assert!(texts(UDL).iter().all(|text| text.contains("// @generated")));
}
