import Foundation
import KopoKopo

/// A request that this testee cannot perform.
struct Unsupported: Error, CustomStringConvertible {
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

/// An argument that can be read from a tagged value.
protocol FromJSON: Sendable {
    static func fromJSON(_ json: JSON) throws -> Self
    /// The value of a required argument that is absent. Swift's compiler does not allow that.
    static var absent: Self? { get }
}

/// The words of an open enumeration.
protocol Word: FromJSON, RawRepresentable where RawValue == String {}

extension Word {
    static func fromJSON(_ json: JSON) throws -> Self {
        try Self(rawValue: String.fromJSON(json)) ?? { throw Unsupported("\(json) is not a word") }()
    }
    static var absent: Self? { Self(rawValue: "") }
}

struct Arguments: Sendable {
    let values: JSON

    init(_ values: JSON?) { self.values = values ?? .object([]) }

    func required<Value: FromJSON>(_ name: String) throws -> Value {
        if let value: Value = try optional(name) { return value }
        guard let absent = Value.absent else { throw Unsupported("\(name) is required") }
        return absent
    }

    func optional<Value: FromJSON>(_ name: String) throws -> Value? {
        try values[name].map(Value.fromJSON)
    }

    func word(_ name: String) throws -> String { try required(name) }

    /// A length of time that the runner writes in seconds.
    func seconds(_ name: String) throws -> Duration? {
        guard let value = values[name] else { return nil }
        guard case .number(let digits) = value, let seconds = Double(digits) else {
            throw Unsupported("\(value) is not a number")
        }
        return .seconds(seconds)
    }
}

extension String: FromJSON {
    static func fromJSON(_ json: JSON) throws -> String {
        try json.asText ?? { throw Unsupported("\(json) is not a text") }()
    }
    static var absent: String? { "" }
}

extension Bool: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Bool {
        try json.asBool ?? { throw Unsupported("\(json) is not a Boolean") }()
    }
    static var absent: Bool? { nil }
}

extension Int: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Int {
        try json.asInt ?? { throw Unsupported("\(json) is not a whole number") }()
    }
    static var absent: Int? { nil }
}

/// A text that is not a plain decimal is not a number. Swift's compiler does not allow a text.
extension Decimal: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Decimal {
        let text = try String.fromJSON(json)
        guard text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?/) != nil else { return .nan }
        return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) ?? .nan
    }
    static var absent: Decimal? { nil }
}

/// Milliseconds.
extension Duration: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Duration { .milliseconds(try Int.fromJSON(json)) }
    static var absent: Duration? { nil }
}

extension Data: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Data {
        let base64 = json.asText ?? json["$bytes"]?.asText
        return try base64.flatMap { Data(base64Encoded: $0) } ?? { throw Unsupported("\(json) is not bytes") }()
    }
    static var absent: Data? { nil }
}

extension Personal: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Personal { Personal(try String.fromJSON(json)) }
    static var absent: Personal? { "" }
}

extension Secret: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Secret { Secret(try String.fromJSON(json)) }
    static var absent: Secret? { "" }
}

/// The text of an event. Programs have it from an event only.
extension Raw: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Raw {
        let text = try String.fromJSON(json["$raw"] ?? json)
        return try WebhookVerifier(apiKeys: ["-"]).parseUnverified(Data(text.utf8)).raw
    }
    static var absent: Raw? { nil }
}

extension Timestamp: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Timestamp {
        try json["$timestamp"]?.asText.flatMap { Timestamp($0) } ?? { throw Unsupported("\(json) is not a time") }()
    }
    static var absent: Timestamp? { nil }
}

extension Metadata: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Metadata {
        guard let members = json["$metadata"]?.asObject else { throw Unsupported("\(json) is not metadata") }
        return try members.reduce(into: [:]) { $0[$1.name] = try Value.fromJSON($1.value) }
    }
    static var absent: Metadata? { [:] }
}

extension Metadata.Value: FromJSON {
    static func fromJSON(_ json: JSON) throws -> Metadata.Value {
        switch json {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .number(let digits): .number(Decimal(string: digits, locale: Locale(identifier: "en_US_POSIX")) ?? .nan)
        case .text(let text): .text(text)
        case .list(let items): .list(try items.map(fromJSON))
        case .object(let members):
            .object(try members.reduce(into: [:]) { $0[$1.name] = try fromJSON($1.value) })
        }
    }
    static var absent: Metadata.Value? { .null }
}

extension Array: FromJSON where Element: FromJSON {
    static func fromJSON(_ json: JSON) throws -> [Element] {
        try (json.asList ?? { throw Unsupported("\(json) is not a list") }()).map(Element.fromJSON)
    }
    static var absent: [Element]? { [] }
}

extension ClientOptions {
    /// Only the options that the runner uses.
    init(_ given: Arguments) throws {
        self.init(
            clientId: try given.required("client_id"), clientSecret: try given.required("client_secret"),
            apiKey: try given.optional("api_key"), proxy: try given.optional("proxy"))
        for (name, value) in given.values.asObject ?? [] {
            switch name {
            case "client_id", "client_secret", "api_key", "proxy": break
            case "environment": environment = try KopoKopo.Environment.fromJSON(value)
            case "base_url": baseUrl = try String.fromJSON(value)
            case "private_token": privateToken = try Bool.fromJSON(value)
            case "timeout_ms": timeout = try Duration.fromJSON(value)
            case "connect_timeout_ms": connectTimeout = try Duration.fromJSON(value)
            case "stalled_timeout_ms": stalledTimeout = try Duration.fromJSON(value)
            case "retry_base_ms": retryBase = try Duration.fromJSON(value)
            case "max_retries": maxRetries = try Int.fromJSON(value)
            default: throw Unsupported("unknown option \(name)")
            }
        }
    }
}

/// Swift's compiler rejects another word. The runner expects the error that other languages have for it.
extension KopoKopo.Environment: FromJSON {
    static func fromJSON(_ json: JSON) throws -> KopoKopo.Environment {
        let word = try String.fromJSON(json)
        return try allCases.first { "\($0)" == word }
            ?? { throw KopoKopoError(.configuration, detail: "environment: unknown", field: "environment") }()
    }
    static var absent: KopoKopo.Environment? { nil }
}

extension WaitOptions {
    init(_ given: Arguments) throws {
        self.init()
        timeout = try given.optional("timeout_ms") ?? timeout
        interval = try given.optional("interval_ms") ?? interval
        maxInterval = try given.optional("max_interval_ms") ?? maxInterval
    }
}

extension CallOptions {
    init(_ given: Arguments) throws {
        self.init(
            connectTimeout: try given.optional("connect_timeout_ms"),
            stalledTimeout: try given.optional("stalled_timeout_ms"), timeout: try given.optional("timeout_ms"),
            maxRetries: try given.optional("max_retries"), idempotencyKey: try given.optional("idempotency_key"),
            inProgressWait: try given.optional("in_progress_wait_ms"))
    }
}
