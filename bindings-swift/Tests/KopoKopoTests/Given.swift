import Foundation

@testable import KopoKopo

/// Values in JSON are those that metadata has.
typealias JSON = Metadata.Value

/// A scenario that this runner does not understand.
struct Misuse: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What a call that answers nothing answers.
struct Nothing: Sendable {}

/// What was created, to be waited for.
protocol Handle: Sendable {
    var id: String { get }
    var location: String { get }
    func finished(_ options: WaitOptions) async throws -> any Sendable
}

/// What people's programs give, made of JSON.
protocol Given: Sendable {
    static func given(_ json: JSON) throws -> Self
    /// What stands for a value that is required and left out: Swift's compiler would not let that happen.
    static var absent: Self? { get }
}

/// The words of an open enumeration.
protocol Word: Given, RawRepresentable where RawValue == String {}

extension Word {
    static func given(_ json: JSON) throws -> Self {
        try Self(rawValue: String.given(json)) ?? { throw Misuse("no word") }()
    }
    static var absent: Self? { Self(rawValue: "") }
}

struct Arguments: Sendable {
    let values: [String: JSON]

    init(_ json: JSON) { values = json.object ?? [:] }

    func required<Value: Given>(_ name: String) throws -> Value {
        if let value: Value = try optional(name) { return value }
        guard let absent = Value.absent else { throw Misuse("\(name) must be given") }
        return absent
    }

    func optional<Value: Given>(_ name: String) throws -> Value? {
        switch values[name] {
        case nil, .null: nil
        case let value?: try Value.given(value)
        }
    }

    func word(_ name: String) throws -> String { try required(name) }
}

extension String: Given {
    static func given(_ json: JSON) throws -> String { try json.asText ?? { throw Misuse("\(json) is no text") }() }
    static var absent: String? { "" }
}

extension Bool: Given {
    static func given(_ json: JSON) throws -> Bool { try json.asBool ?? { throw Misuse("\(json) is no answer") }() }
    static var absent: Bool? { nil }
}

extension Decimal: Given {
    static func given(_ json: JSON) throws -> Decimal {
        try Decimal(string: String.given(json), locale: Locale(identifier: "en_US_POSIX"))
            ?? { throw Misuse("no amount") }()
    }
    static var absent: Decimal? { nil }
}

extension Personal: Given {
    static func given(_ json: JSON) throws -> Personal { Personal(try String.given(json)) }
    static var absent: Personal? { "" }
}

extension Secret: Given {
    static func given(_ json: JSON) throws -> Secret { Secret(try String.given(json)) }
    static var absent: Secret? { "" }
}

extension Timestamp: Given {
    static func given(_ json: JSON) throws -> Timestamp {
        try Timestamp(String.given(json)) ?? { throw Misuse("no moment") }()
    }
    static var absent: Timestamp? { nil }
}

extension Metadata: Given {
    static func given(_ json: JSON) throws -> Metadata {
        Metadata(try json.object ?? { throw Misuse("no metadata") }())
    }
    static var absent: Metadata? { [:] }
}

extension Array: Given where Element: Given {
    static func given(_ json: JSON) throws -> [Element] {
        try (json.list ?? { throw Misuse("no list") }()).map(Element.given)
    }
    static var absent: [Element]? { [] }
}

extension JSON {
    var list: [JSON]? { if case .list(let items) = self { items } else { nil } }

    var object: [String: JSON]? { if case .object(let values) = self { values } else { nil } }

    var int: Int? { asNumber.map { NSDecimalNumber(decimal: $0).intValue } }

    static func read(_ data: Data) throws -> JSON {
        data.isEmpty ? .null : try JSONDecoder().decode(JSON.self, from: data)
    }

    /// As it is written.
    var written: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }

    /// A text as it is, anything else as in JSON.
    var shown: String { asText ?? written }
}
