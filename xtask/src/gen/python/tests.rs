#![allow(clippy::unwrap_used)]

use super::{super::read::read, generate, layout};

const UDL: &str = r#"
[Custom]
typedef string Amount;
[Custom]
typedef string Secret;
[Custom]
typedef string Metadata;
[Custom]
typedef string Raw;

namespace shop {
    /// Signs.
    string sign(Secret key, bytes body);
    /// Looks again.
    [Throws=ShopError]
    sequence<Receipt> again(Receipt receipt, string till);
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
    string name();
    Tills tills();
};

dictionary Options {
    /// Proves who asks.
    Secret key;
    Size size = "Large";
    sequence<Secret> others = [];
};
dictionary SourceOptions { double patience = 3.10; };

[Trait, WithForeign]
interface Source {
    /// Returns one.
    [Async, Throws=ShopError]
    Sold result();
};
dictionary Sold { Secret token; };

interface Tills {
    /// Sells.
    [Async, Throws=ShopError]
    CreatedSale sell(Order order);
    [Async, Throws=ShopError]
    Receipt get(string id);
    [Async, Throws=ShopError]
    void close(Secret key);
};

interface CreatedSale {
    string id();
    [Async, Throws=ShopError]
    Receipt get();
    [Async, Throws=ShopError]
    Receipt wait(optional Patience? options = null);
    [Throws=ShopError]
    ReceiptWatch watch(optional Patience? options = null);
};

interface ReceiptWatch {
    [Async, Throws=ShopError]
    Receipt? poll();
    double? pause();
};

dictionary Patience { double timeout = 120.0; };

dictionary Order {
    Colour colour;
    /// How much.
    Amount? price = null;
    sequence<Way> ways;
    Metadata? metadata = null;
};

/// What was sold.
dictionary Receipt {
    /// Its id.
    string id;
    Outcome outcome;
    Colour? colour;
    Links links;
    sequence<string> errors;
    Metadata metadata;
    Raw raw;
};
dictionary Links { string? self_url; };

[Enum]
interface Colour {
    /// `RED-1`: like fire.
    Red();
    Other(string word);
};

enum Size { "Small", "Large" };

[Enum]
interface Outcome { Receipt(Paid paid); Unknown(); };
dictionary Paid { Amount amount; };

[Enum]
interface Way { Foot(FootWay way); };
dictionary FootWay { Amount steps; Colour? shoes = null; };

dictionary ErrorFields { string detail; string? field; sequence<string> messages; u32 attempts; };

[Error]
interface ShopError {
    /// No money.
    OutOfMoney(ErrorFields fields);
    Timeout(ErrorFields fields);
};
"#;

/// Without line breaks between the items of a list, which depend on lengths.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(", )", ")").replace("( ", "(").replace(", }", "}")
}

fn file(name: &str) -> String {
    let outputs = generate(&read(UDL).unwrap()).unwrap();
    outputs.into_iter().find(|output| output.path.ends_with(name)).unwrap().text
}

#[track_caller]
fn holds(text: &str, expected: &[&str]) {
    let text = flat(text);
    for expected in expected {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
}

#[test]
fn a_record_that_only_goes_in_is_keyword_arguments_with_the_contracts_defaults() {
    let sync = file("_sync.py");
    holds(
        &sync,
        &[
            "def __init__(self, *, key: str, size: Size | Literal[\"small\", \"large\"] = \"large\", others: Sequence[str] = ()) -> None:",
            "def sell(self, *, colour: Colour | str, price: Decimal | str | int | None = None, ways: Sequence[AnyWay], metadata:",
            "def wait(self, *, timeout: float = 120.0) -> Receipt:",
            "def get(self, id: str) -> Receipt:",
        ],
    );
    assert!(!file("_records.py").contains("class Order"));
}

#[test]
fn both_clients_have_the_same_methods_and_only_one_awaits() {
    let (sync, asynchronous) = (file("_sync.py"), file("_async.py"));
    holds(
        &sync,
        &[
            "class Tills(NativeObject): __slots__ = () _section = \"tills\"",
            "return CreatedSale._of(self._call(\"sell\", arguments), self._source) finally: del arguments, metadata",
        ],
    );
    holds(
        &asynchronous,
        &[
            "class AsyncTills(AsyncNativeObject)",
            "@property def tills(self) -> AsyncTills: return AsyncTills._of(self._native.ask(\"tills\", {}), self._source)",
            "return AsyncCreatedSale._of(await self._ask(\"sell\", arguments), self._source)",
            "@property def name(self) -> str:",
        ],
    );
    let methods = |text: &str| text.lines().filter(|line| line.contains("def ")).count();
    assert_eq!(methods(&sync), methods(&asynchronous));
}

#[test]
fn a_watch_is_an_iterator_and_a_wait_returns_its_last_state() {
    let (sync, asynchronous) = (file("_sync.py"), file("_async.py"));
    holds(
        &sync,
        &[
            "class CreatedSale(Watching): __slots__ = () _section = \"tills\"",
            "def watch(self, *, timeout: float = 120.0) -> Iterator[Receipt]: return self._watch({\"timeout\": timeout})",
            "result: Receipt = self._wait({\"timeout\": timeout})",
        ],
    );
    holds(
        &asynchronous,
        &[
            "class AsyncCreatedSale(AsyncWatching):",
            "def watch(self, *, timeout: float = 120.0) -> AsyncIterator[Receipt]: return self._watch(",
            "result: Receipt = await self._wait({\"timeout\": timeout})",
        ],
    );
    assert!(!format!("{sync}{asynchronous}").contains("ReceiptWatch"));
}

#[test]
fn a_program_s_own_function_comes_first_and_may_be_asynchronous_for_asyncio() {
    holds(
        &file("_sync.py"),
        &["def with_source(cls, source: Callable[[], AccessToken | str], *, patience: float = 3.10) -> Self:"],
    );
    holds(
        &file("_async.py"),
        &["source: Callable[[], Awaitable[AccessToken | str] | AccessToken | str], *,", "source: Returns one."],
    );
    holds(&file("_records.py"), &["class Sold(Record)", "_redacted = {\"token\": \"secret\"}"]);
}

#[test]
fn what_is_hidden_is_gone_before_a_traceback_is_made() {
    holds(
        &file("_sync.py"),
        &["finally: del arguments, key, others", "try: self._call(\"close\", {\"key\": key}) finally: del key"],
    );
    holds(&file("_local.py"), &["try: result: str = _native.sign(key, body) return result finally: del key, body"]);
}

#[test]
fn a_record_is_made_by_name_and_what_can_be_empty_may_be_left_out() {
    let records = file("_records.py");
    holds(
        &records,
        &[
            "def __init__(self, *, id: str, outcome: _unions.AnyOutcome, colour: Colour | None = None, links: Links | None = None, \
             errors: Iterable[str] = (), metadata: dict[str, Any] | None = None, raw: str = \"\") -> None:",
            "Links() if links is None else links, tuple(errors), {} if metadata is None else metadata, raw",
            "@property def id(self) -> str: \"\"\"Its id.\"\"\" value: str = self._values[0]",
            "_redacted = {\"errors\": \"personal\", \"metadata\": \"metadata\", \"raw\": \"raw\"}",
            "from kopokopo import _unions from kopokopo._enums import Colour",
        ],
    );
    assert!(!records.contains("import Sequence") && !records.contains("TYPE_CHECKING"));
}

#[test]
fn an_alternative_has_the_name_of_a_record_and_does_not_hide_it() {
    let unions = file("_unions.py");
    holds(
        &unions,
        &[
            "class Receipt(Alternative): ",
            "kind: ClassVar[Literal[\"receipt\"]] = \"receipt\"",
            "def paid(self) -> _records.Paid:",
            "class Unknown(Alternative):",
            "AnyOutcome = Outcome.Receipt | Outcome.Unknown",
        ],
    );
}

#[test]
fn an_alternative_that_goes_in_has_the_fields_of_its_record() {
    let unions = file("_unions.py");
    holds(
        &unions,
        &[
            "class Foot(Alternative):",
            "def __init__(self, *, steps: Decimal | str | int, shoes: _enums.Colour | str | None = None)",
        ],
    );
}

#[test]
fn errors_have_python_s_names_in_classes_and_in_documentation() {
    holds(
        &file("_errors.py"),
        &[
            "class KopoKopoTimeoutError(ShopError, TimeoutError):",
            "class OutOfMoneyError(ShopError): \"\"\"No money.\"\"\" kind = \"out_of_money\"",
            "def __init__(self, detail: str, *, field: str | None = None, messages: Iterable[str] = (), attempts: int = 0) -> None:",
        ],
    );
    holds(&file("_sync.py"), &["Raises: `OutOfMoneyError`, or `KopoKopoTimeoutError`."]);
}

#[test]
fn words_keep_the_api_s_spelling() {
    let enums = file("_enums.py");
    holds(
        &enums,
        &[
            "class Colour(OpenEnum):",
            "_names = {\"RED\": \"RED-1\"} RED: Colour",
            "class Size(Word):",
            "SMALL = \"small\"",
        ],
    );
}

#[test]
fn a_docstring_is_wrapped_and_its_quotation_marks_do_no_harm() {
    let docs = format!("A \"\"\" and a \\. {}\n    ///\n    /// - one\n    /// - two", "word ".repeat(40));
    let udl = UDL.replace("/// Opens it.", &format!("/// {docs}"));
    let outputs = generate(&read(&udl).unwrap()).unwrap();
    let sync = &outputs.iter().find(|output| output.path.ends_with("_sync.py")).unwrap().text;
    assert!(sync.lines().all(|line| line.len() <= 120), "{sync}");
    assert!(
        sync.contains("        - one\n        - two\n") && sync.contains("A \\\"\\\"\\\" and a \\\\. word"),
        "{sync}"
    );
}

#[test]
fn long_lines_are_broken_and_unused_imports_dropped() {
    let names: Vec<_> = (0..20).map(|at| format!("name_{at:02}")).collect();
    let text = format!("from a import B\n\nfrom c import D, {0}\n\n\nd(D, {0})\n", names.join(", "));
    let (imported, called) = (names.join(",\n    "), names.join(",\n    "));
    let expected = format!("\nfrom c import (\n    D,\n    {imported},\n)\n\n\nd(\n    D,\n    {called},\n)\n");
    assert_eq!(layout::format(&text), expected);
    let either = names.join(" | ");
    assert_eq!(layout::format(&format!("Any = {either}\n")), format!("Any = (\n    {}\n)\n", names.join("\n    | ")));
}

#[test]
fn the_same_contract_is_written_the_same_twice() {
    let texts =
        |udl: &str| generate(&read(udl).unwrap()).unwrap().into_iter().map(|output| output.text).collect::<Vec<_>>();
    assert_eq!(texts(UDL), texts(UDL));
    assert!(texts(UDL).iter().all(|text| text.starts_with("# @generated")));
}
