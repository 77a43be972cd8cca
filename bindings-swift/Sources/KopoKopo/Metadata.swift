public import Foundation

/// What a request attaches and an answer carries: names and primitive values, at most 5 in a request. It is never
/// printed: read its values.
///
///     let metadata: Metadata = ["order_id": "42", "items": 3, "gift": true]
public struct Metadata: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The names and their values.
    public var values: [String: Value]

    public init(_ values: [String: Value] = [:]) { self.values = values }

    public init(dictionaryLiteral elements: (String, Value)...) {
        values = Dictionary(elements, uniquingKeysWith: { $1 })
    }

    public subscript(name: String) -> Value? {
        get { values[name] }
        set { values[name] = newValue }
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
    /// It is the library's own writing that is read, so a mistake in it is a defect.
    init(raw: String) throws {
        do {
            values = try JSONDecoder().decode([String: Value].self, from: Data(raw.utf8))
        } catch {
            throw KopoKopoError(.internal, detail: "the library's JSON cannot be read")
        }
    }

    /// `field` is for what is wrong with a value.
    func json(_ field: String) throws -> String {
        for case (let name, .number(let number)) in values where !number.isFinite {
            let place = "\(field).\(name)"
            throw KopoKopoError(.invalidRequest, detail: "\(place): must be a finite number", field: place)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(values), as: UTF8.self)
    }
}

extension Metadata.Value {
    /// The text, where it is one.
    public var asText: String? { if case .text(let text) = self { text } else { nil } }

    /// The number, where it is one.
    public var asNumber: Decimal? { if case .number(let number) = self { number } else { nil } }

    /// True or false, where it is that.
    public var asBool: Bool? { if case .bool(let answer) = self { answer } else { nil } }
}

extension Metadata.Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }

    public init(integerLiteral number: Int) { self = .number(Decimal(number)) }

    public init(booleanLiteral answer: Bool) { self = .bool(answer) }

    public init(nilLiteral: ()) { self = .null }
}

extension Metadata.Value: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let answer = try? value.decode(Bool.self) {
            self = .bool(answer)
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
        case .bool(let answer): try container.encode(answer)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let items): try container.encode(items)
        case .object(let values): try container.encode(values)
        }
    }
}
