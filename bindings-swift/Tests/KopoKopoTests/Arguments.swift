import Foundation

@testable import KopoKopo

/// Values in JSON are those that metadata has.
typealias JSON = Metadata.Value

/// A scenario that this runner cannot run.
struct ScenarioError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The result of a call without a result.
struct Nothing: Sendable {}

/// The handle of a create.
protocol Handle: Sendable {
    var id: String { get }
    var location: String { get }
    func finished(_ options: WaitOptions) async throws -> any Sendable
}

/// An argument that can be read from JSON.
protocol FromJSON: Sendable {
    static func fromJSON(_ json: JSON) throws -> Self
    /// The value of a required argument that a scenario leaves out. Swift's compiler does not allow that.
    static var absent: Self? { get }
}

/// The words of an open enumeration.
protocol Word: FromJSON, RawRepresentable where RawValue == String {}

extension Word {
    static func fromJSON(_ json: JSON) throws -> Self {
        try Self(rawValue: String.fromJSON(json)) ?? { throw ScenarioError("no word") }()
    }
    static var absent: Self? { Self(rawValue: "") }
}

struct Arguments: Sendable {
    let values: [String: JSON]

    init(_ json: JSON) { values = json.object ?? [:] }

    func required<Value: FromJSON>(_ name: String) throws -> Value {
        if let value: Value = try optional(name) { return value }
        guard let absent = Value.absent else { throw ScenarioError("\(name) must be given") }
        return absent
    }

    func optional<Value: FromJSON>(_ name: String) throws -> Value? {
        switch values[name] {
        case nil, .null: nil
        case let value?: try Value.fromJSON(value)
        }
    }

    func word(_ name: String) throws -> String { try required(name) }
}

extension String: FromJSON {
    static func fromJSON(_ json: JSON) throws -> String {
        try json.asText ?? { throw ScenarioError("\(json) is no text") }()
    }
    static var absent: String? { "" }
}

extension Bool: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Bool {
        try json.asBool ?? { throw ScenarioError("\(json) is not a Boolean") }()
    }
    static var absent: Bool? { nil }
}

extension Decimal: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Decimal {
        try Decimal(string: String.fromJSON(json), locale: Locale(identifier: "en_US_POSIX"))
            ?? { throw ScenarioError("no amount") }()
    }
    static var absent: Decimal? { nil }
}

extension Personal: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Personal { Personal(try String.fromJSON(json)) }
    static var absent: Personal? { "" }
}

extension Secret: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Secret { Secret(try String.fromJSON(json)) }
    static var absent: Secret? { "" }
}

extension Timestamp: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Timestamp {
        try Timestamp(String.fromJSON(json)) ?? { throw ScenarioError("no moment") }()
    }
    static var absent: Timestamp? { nil }
}

extension Metadata: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Metadata {
        Metadata(try json.object ?? { throw ScenarioError("no metadata") }())
    }
    static var absent: Metadata? { [:] }
}

extension Array: FromJSON where Element: FromJSON {
    static func fromJSON(_ json: JSON) throws -> [Element] {
        try (json.list ?? { throw ScenarioError("no list") }()).map(Element.fromJSON)
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
    var asPlainText: String { asText ?? written }
}
