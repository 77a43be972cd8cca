import Foundation
import KopoKopo

/// What the package exports, as the compiler says (`swift package dump-symbol-graph`), with the contract's names. Only the
/// generated files count: the others have what the contract does not define.
struct Surface {
    private let symbols: [Symbol]
    /// The names of the fields of the records that programs make, by their names.
    private let inputs: [String: [String]]

    init(file: String) throws {
        let graph = try JSON(reading: String(contentsOfFile: file, encoding: .utf8))
        let symbols = (graph["symbols"]?.asList ?? []).compactMap(Symbol.init).sorted { $0.place < $1.place }
        let structs = Set(symbols.filter { $0.kind == "swift.struct" }.map(\.name))
        let made = symbols.filter { $0.kind == "swift.init" && structs.contains($0.type) }
        inputs = Dictionary(made.map { ($0.type, $0.labels) }, uniquingKeysWith: { one, _ in one })
        self.symbols = symbols
    }

    func tagged() throws -> JSON {
        let types = symbols.filter { ["swift.struct", "swift.class"].contains($0.kind) }.map(\.name)
        let objects = Set(symbols.filter { $0.kind == "swift.method" }.map(\.type)).intersection(types)
        let records = Set(symbols.filter { $0.kind == "swift.struct" }.map(\.name)).subtracting(objects)
        let functions = members(of: ["KopoKopo"], "swift.type.method") { !$0.isConstructor }
        return .object([
            ("objects", group(members(of: objects, "swift.method", "swift.init") + constructors + accessors(objects))),
            ("records", lists(symbols.filter { isField($0) && records.contains($0.type) && inputs[$0.type] == nil })),
            ("unions", group(cases.filter { isUnion($0.type) }.map { ($0, variant($0)) })),
            ("enums", lists(cases.filter { !isUnion($0.type) && $0.type != "Kind" && $0.name != "other" })),
            ("errors", .list(cases.filter { $0.type == "Kind" }.map { .text(snakeCase($0.name)) })),
            ("functions", .object(functions.map { (snakeCase($0.symbol.name), names($0.parameters)) })),
            ("contract_hash", .text(try KopoKopo.contractHash())),
        ])
    }

    private typealias Callable = (symbol: Symbol, parameters: [String])

    /// Methods with their parameters, those of a request or of options instead of the record.
    private func members(of types: Set<String>, _ kinds: String..., where isWanted: (Symbol) -> Bool = { _ in true })
        -> [Callable]
    {
        symbols.filter { types.contains($0.type) && kinds.contains($0.kind) && isWanted($0) }
            .map { symbol in (symbol, symbol.parameters.flatMap { inputs[$0.type] ?? [$0.name] }) }
    }

    /// Functions of the client's type that return a client.
    private var constructors: [Callable] { members(of: ["KopoKopo"], "swift.type.method") { $0.isConstructor } }

    private func accessors(_ objects: Set<String>) -> [Callable] {
        symbols.filter { $0.kind == "swift.property" && objects.contains($0.type) && $0.name != "description" }
            .map { ($0, []) }
    }

    private var cases: [Symbol] { symbols.filter { $0.kind == "swift.enum.case" } }

    /// Whether cases of an enumeration have contents. An open enumeration has them for other words only.
    private func isUnion(_ type: String) -> Bool {
        cases.contains { $0.type == type && $0.name != "other" && $0.title.contains("(") }
    }

    private func variant(_ symbol: Symbol) -> [String] {
        guard symbol.labels == ["_"] else { return symbol.labels }
        return [contentsOfEventPayload[snakeCase(symbol.name)] ?? "unknown"]
    }

    /// The stored properties of a record.
    private func isField(_ symbol: Symbol) -> Bool { symbol.kind == "swift.property" && !symbol.isComputed }

    /// Members by their types. Overloads with the same parameters are one member.
    private func group(_ members: [Callable]) -> JSON {
        var types: [String: [String: [String]]] = [:]
        for (symbol, parameters) in members {
            var name = snakeCase(symbol.kind == "swift.init" ? symbol.constructor : symbol.name)
            if let other = types[symbol.type]?[name], other != parameters { name = symbol.title }
            types[symbol.type, default: [:]][name] = parameters
        }
        return .object(
            types.map { type, members in (type, .object(members.map { ($0.key, names($0.value)) })) })
    }

    /// Names by their types, in the order of the source.
    private func lists(_ symbols: [Symbol]) -> JSON {
        .object(
            Dictionary(grouping: symbols, by: \.type).map { type, members in
                (type, .list(members.map { .text(words[type]?[$0.name] ?? snakeCase($0.name)) }))
            })
    }

    private func names(_ names: [String]) -> JSON { .list(names.map { .text(snakeCase($0)) }) }
}

/// A symbol of a generated file.
private struct Symbol {
    let kind: String
    /// The innermost type that it is in, or an empty text.
    let type: String
    /// With its labels: `get(_:)`.
    let title: String
    /// The file and the position in it.
    let place: String
    let parameters: [(name: String, type: String)]
    let isComputed: Bool
    private let returned: String?

    init?(_ json: JSON) {
        guard let kind = json["kind"]?["identifier"]?.asText, let uri = json["location"]?["uri"]?.asText,
            uri.contains("/Generated/"), let line = json["location"]?["position"]?["line"]?.asInt,
            let path = json["pathComponents"]?.asList?.compactMap(\.asText), let title = path.last
        else { return nil }
        let signature = json["functionSignature"]
        self.kind = kind
        self.title = title
        type = path.dropLast().last ?? ""
        place = "\(uri) \(1_000_000 + line)"
        parameters = (signature?["parameters"]?.asList ?? []).map {
            (name: $0["name"]?.asText ?? "", type: Symbol.type($0["declarationFragments"]) ?? "")
        }
        returned = Symbol.type(signature?["returns"])
        isComputed = json["declarationFragments"]?.asList?.contains { $0["spelling"]?.asText == "get" } ?? false
    }

    /// Without its labels.
    var name: String { String(title.prefix { $0 != "(" }) }

    var labels: [String] {
        title.drop { $0 != "(" }.dropFirst().split(separator: ":").map(String.init).filter { $0 != ")" }
    }

    var isConstructor: Bool { returned == "KopoKopo" }

    /// The contract's name of a constructor.
    var constructor: String { parameters.first?.name == "tokenSource" ? "withTokenSource" : "new" }

    /// The name of the type in fragments of a declaration, or nil.
    private static func type(_ fragments: JSON?) -> String? {
        fragments?.asList?.first { $0["kind"]?.asText == "typeIdentifier" }?["spelling"]?.asText
    }
}
