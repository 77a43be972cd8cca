public import Foundation

/// The metadata of a request and of its result: names and primitive values, at most 5 in a request. The order of the
/// names is kept in requests and results, and does not matter for equality. Metadata prints as `[redacted]`: read `values`.
///
///     let metadata: Metadata = ["order_id": "42", "items": 3, "gift": true]
public struct Metadata: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The names in their order. Metadata made from a dictionary is in alphabetical order.
    public private(set) var names: [String]

    /// The names and their values. A new name comes last.
    public var values: [String: Value] {
        didSet { keepOrder(of: names) }
    }

    public init(_ values: [String: Value] = [:]) {
        names = values.keys.sorted()
        self.values = values
    }

    public init(dictionaryLiteral elements: (String, Value)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
        keepOrder(of: elements.map { $0.0 })
    }

    public subscript(name: String) -> Value? {
        get { values[name] }
        set { values[name] = newValue }
    }

    public static func == (one: Metadata, other: Metadata) -> Bool { one.values == other.values }

    public func hash(into hasher: inout Hasher) { hasher.combine(values) }

    /// The names of `order` come first, then all others in alphabetical order.
    private mutating func keepOrder(of order: [String]) {
        var left = Set(values.keys)
        names = order.filter { left.remove($0) != nil }
        names += left.sorted()
    }

    /// A value in JSON. The core says which of them a request may have.
    public enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        case number(Decimal)
        case text(String)
        case list([Value])
        case object([String: Value])
    }
}

extension Metadata: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[redacted]" }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension Metadata {
    /// Reads JSON that the native library wrote. If it cannot be read, the error is internal.
    init(raw: String) throws {
        do {
            self.init(try JSONDecoder().decode([String: Value].self, from: Data(raw.utf8)))
            keepOrder(of: try Metadata.topNames(Array(raw.utf8)))
        } catch {
            throw KopoKopoError(.internal, detail: "the library's JSON cannot be read")
        }
    }

    /// The names of a JSON object in their order, which `JSONDecoder` does not keep.
    private static func topNames(_ json: [UInt8]) throws -> [String] {
        var literals: [[UInt8]] = []
        var depth = 0
        var at = 0
        while at < json.count {
            switch json[at] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let start = at
                at += 1
                while at < json.count, json[at] != UInt8(ascii: "\"") { at += json[at] == UInt8(ascii: "\\") ? 2 : 1 }
                let rest = json.dropFirst(at + 1).first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
                if depth == 1, rest == UInt8(ascii: ":") {
                    literals.append(Array(json[start...min(at, json.count - 1)]))
                }
            default: break
            }
            at += 1
        }
        let names = Array("[".utf8) + literals.joined(separator: Array(",".utf8)) + Array("]".utf8)
        return try JSONDecoder().decode([String].self, from: Data(names))
    }

    /// The JSON text. `field` is the path that an error names.
    func json(_ field: String) throws -> String {
        for case (let name, .number(let number)) in values where !number.isFinite {
            let path = "\(field).\(name)"
            throw KopoKopoError(.invalidRequest, detail: "\(path): must be a finite number", field: path)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let pairs = try names.map { name in
            // In a list, because older systems cannot encode a top-level string.
            let pair = [try encoder.encode([name]), try encoder.encode([values[name] ?? .null])]
            return pair.map { String(decoding: $0.dropFirst().dropLast(), as: UTF8.self) }.joined(separator: ":")
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}

extension Metadata.Value {
    /// The text, or nil if the value is not a text.
    public var asText: String? { if case .text(let text) = self { text } else { nil } }

    /// The number, or nil if the value is not a number.
    public var asNumber: Decimal? { if case .number(let number) = self { number } else { nil } }

    /// The Boolean, or nil if the value is not a Boolean.
    public var asBool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
}

extension Metadata.Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }

    public init(integerLiteral number: Int) { self = .number(Decimal(number)) }

    public init(booleanLiteral flag: Bool) { self = .bool(flag) }

    public init(nilLiteral: ()) { self = .null }
}

extension Metadata.Value: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let number = try? value.decode(Decimal.self) {
            self = .number(number)
        } else if let items = try? value.decode([Self].self) {
            self = .list(items)
        } else {
            self = .object(try value.decode([String: Self].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let items): try container.encode(items)
        case .object(let values): try container.encode(values)
        }
    }
}
