#![allow(clippy::unwrap_used)]

use super::{super::read::read, *};

const UDL: &str = r"
[Custom]
typedef string Amount;

[Custom]
typedef string Secret;

namespace shop {
    string version();
    /// Hands `max_items` out.
    [Throws=ShopError]
    sequence<Receipt> receipts(string name, Secret key);
};

/// The client.
interface Shop {
    /// With the shop's key.
    [Throws=ShopError]
    constructor(Options options);
    [Throws=ShopError, Name=with_token_source]
    constructor(TokenSource token_source, Options options);
    Tills tills();
};

dictionary Options {
    /// The key.
    Secret key;
    u32 max_items = 2;
    double timeout = 3.1;
};

[Trait, WithForeign]
interface TokenSource {
    [Async, Throws=ShopError]
    Options token();
};

interface Tills {
    /// Errors: `not_found`.
    [Async, Throws=ShopError]
    CreatedSale sell(Sale sale);
    [Async, Throws=ShopError]
    Receipt get(string id);
};

interface CreatedSale {
    string id();
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

dictionary Sale {
    Amount amount;
    Colour? colour = null;
    sequence<Part> parts;
};

[Enum]
interface Part { Bolt(Bolt bolt); };

dictionary Bolt { string size; };

dictionary Receipt { string id; Amount? amount; Transaction transaction; boolean is_final; };

dictionary Transaction { string reference; };

/// A colour.
[Enum]
interface Colour {
    /// `RED-1`: like fire.
    Red();
    Other(string word);
};

[Error]
interface ShopError { NotFound(string detail, string? field); Internal(string detail, string? field); };
";

/// What an app has of it: the client, made from a token source.
fn generated() -> Vec<Output> {
    let all = read(UDL).unwrap();
    let mut apps = all.clone();
    apps.functions.retain(|function| function.name == "version");
    apps.objects[0].constructors.retain(|constructor| constructor.name != "new");
    apps.objects[0].methods.clear();
    apps.objects.truncate(1);
    apps.records.retain(|record| record.name == "Options");
    apps.enums.clear();
    generate(&all, &apps).unwrap()
}

fn file(name: &str) -> String {
    generated().into_iter().find(|output| output.path.ends_with(&format!("/{name}.swift"))).unwrap().text
}

fn has(text: &str, expected: &str) {
    assert!(text.contains(expected), "{expected}\nis not in\n{text}");
}

#[test]
fn arguments_have_names_and_defaults() {
    let sections = file("ServerSections");
    has(
        &sections,
        "    public func sell(amount: Decimal, colour: Colour? = nil, parts: [Part]) async throws -> CreatedSale {",
    );
    has(&sections, "        try await sell(Sale(amount: amount, colour: colour, parts: parts))");
    has(&sections, "    public func get(_ id: String) async throws -> Receipt {");
    has(&sections, "    /// Errors: `.notFound`.\n");
}

#[test]
fn code_that_apps_lack_is_behind_a_condition() {
    for output in generated() {
        let for_servers = output.path.contains("/Server") || output.path.contains("/Tests/");
        assert_eq!(output.text.contains("#if !(os(iOS)"), for_servers, "{}", output.path);
        assert_eq!(output.text.ends_with("#endif\n"), for_servers, "{}", output.path);
    }
    let (client, servers) = (file("Client"), file("ServerClient"));
    has(&client, "        tokenSource: any TokenSource,\n        key: Secret,\n        maxItems: Int = 2,\n");
    assert!(!client.contains("init(_ options"));
    has(&servers, "    public convenience init(_ options: Options) throws {");
    has(&servers, "    public var tills: Tills { Tills(raw: raw.tills()) }");
    has(&file("Functions"), "version()");
    assert!(!file("Functions").contains("receipts"));
    has(&file("ServerFunctions"), "    public static func receipts(name: String, key: Secret) throws -> [Receipt] {");
}

#[test]
fn what_holds_a_secret_is_not_compared() {
    has(&file("Records"), "public struct Options: Sendable {");
    has(&file("ServerRecords"), "public struct Sale: Sendable, Hashable {");
    has(&file("ServerRecords"), "public struct Receipt: Sendable, Hashable, Identifiable {");
}

#[test]
fn names_that_apples_frameworks_have_too_are_nested() {
    has(&file("ServerRecords"), "extension KopoKopo {\n    public struct Transaction: Sendable, Hashable {");
    has(&file("ServerRecords"), "public let transaction: KopoKopo.Transaction");
}

#[test]
fn words_that_are_not_known_survive() {
    let words = file("ServerWords");
    has(&words, "        case \"RED-1\": .red\n        default: .other(rawValue)");
    has(&file("ServerConvert"), "        case .other(let word): .other(word: word)");
}

#[test]
fn alternatives_that_programs_make_hold_the_fields_themselves() {
    has(&file("ServerUnions"), "    case bolt(size: String)");
    has(&file("ServerConvert"), "        case let .bolt(size):\n            .bolt(bolt: KopoKopoRaw.Bolt(size: size))");
}

#[test]
fn whatever_is_waited_for_can_be_watched() {
    let handles = file("ServerHandles");
    has(&handles, "public func watch(timeout: Duration = .seconds(120)) -> States<Receipt> {");
    has(&handles, "        watch(Patience(timeout: timeout))");
    has(&handles, "            let watch = try call { try raw.watch(options: options.lower()) }");
    has(&handles, "try await watch.poll().map { try Receipt(raw: $0) }");
    assert!(!file("ServerSections").contains("ReceiptWatch"), "a watch is a sequence");
}

#[test]
fn errors_are_one_type_with_a_kind() {
    has(&file("KopoKopoError"), "        case `internal` = \"internal\"");
    has(&file("Convert"), "self.init(.notFound, detail: spelled(detail, field), field: field.map(camelCase))");
}

#[test]
fn generating_twice_is_the_same() {
    let texts = || generated().into_iter().map(|output| output.text).collect::<Vec<_>>();
    assert_eq!(texts(), texts());
}
