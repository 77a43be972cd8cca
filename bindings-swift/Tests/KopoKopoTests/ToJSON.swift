import Foundation

@testable import KopoKopo

private let helpers: Set = [
    "is_received", "is_paid", "failed_disbursements", "is_reversed", "is_failed", "is_cancelled", "has_failed_attempt",
    "failed_batches",
]

/// `phoneNumber` to `phone_number`.
func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { out, letter in out += letter.isUppercase ? "_" + letter.lowercased() : String(letter) }
}

/// A value as tests compare it: as in JSON, with the contract's names, amounts and times as texts.
func toJSON(_ value: Any) -> JSON {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional { return mirror.children.first.map { toJSON($0.value) } ?? .null }
    switch value {
    case let json as JSON: return json
    case let flag as Bool: return .bool(flag)
    case let number as Int: return .number(Decimal(number))
    case let text as String: return .text(text)
    case let amount as Decimal: return .text(amount.description)
    case let timestamp as Timestamp: return .text(timestamp.text)
    case let redacted as any Redacted: return .text(redacted.text)
    case let metadata as Metadata: return .object(metadata.values)
    case let word as any Word: return .text(word.rawValue)
    case let word as any RawRepresentable: return .text("\(word.rawValue)")
    case is Nothing: return .object([:])
    case let handle as any Handle: return .object(["id": .text(handle.id), "location": .text(handle.location)])
    default: break
    }
    switch mirror.displayStyle {
    case .collection: return .list(mirror.children.map { toJSON($0.value) })
    case .enum: return .text(snakeCase("\(value)"))
    default:
        let fields = mirror.children.map { (snakeCase($0.label ?? ""), toJSON($0.value)) }
        return .object(Dictionary(fields, uniquingKeysWith: { $1 }))
    }
}

func toJSON(_ error: KopoKopoError) -> JSON {
    let field = error.field.map(snakeCase)
    var detail = error.detail
    if let own = error.field, let field, detail.hasPrefix(own) { detail = field + detail.dropFirst(own.count) }
    return .object([
        "kind": .text(error.kind.rawValue), "detail": .text(detail), "operation": toJSON(error.operation as Any),
        "field": toJSON(field as Any), "status": toJSON(error.status as Any),
        "server_code": toJSON(error.serverCode as Any),
        "messages": toJSON(error.messages),
        "retry_after": toJSON(error.retryAfter.map { Int($0.components.seconds) } as Any),
        "attempts": toJSON(error.attempts), "body": toJSON(error.body as Any), "id": toJSON(error.id as Any),
        "location": toJSON(error.location as Any), "state": toJSON(error.state as Any),
    ])
}

func toJSON(_ event: Event) -> JSON {
    var found = toJSON(event as Any).object ?? [:]
    found["payload"] = nil
    let data = Mirror(reflecting: event.payload).children.first.map { toJSON($0.value) } ?? .null
    found["kind"] = .text(kind(event.payload))
    found["data"] = data
    found["helpers"] = .object((data.object ?? [:]).filter { helpers.contains($0.key) })
    return .object(found)
}

func kind(_ payload: EventPayload) -> String {
    snakeCase(Mirror(reflecting: payload).children.first?.label ?? "\(payload)")
}
