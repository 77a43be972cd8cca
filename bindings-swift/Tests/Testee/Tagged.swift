import Foundation
import KopoKopo

/// Converts `phoneNumber` to `phone_number`.
func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { out, letter in out += letter.isUppercase ? "_" + letter.lowercased() : String(letter) }
}

/// Converts a result to a tagged value.
func tagged(_ value: Any) -> JSON {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional { return mirror.children.first.map { tagged($0.value) } ?? .null }
    let type = "\(type(of: value))"
    switch value {
    case is Nothing: return .null
    case let flag as Bool: return .bool(flag)
    case let number as Int: return .number("\(number)")
    case let text as String: return .text(text)
    case let amount as Decimal: return tag("$amount", amount.description)
    case let length as Duration: return .number("\(Int(length / .milliseconds(1)))")
    case let timestamp as Timestamp: return tag("$timestamp", timestamp.text)
    case let raw as Raw: return tag("$raw", raw.text)
    case let redacted as any Redacted: return .text(redacted.text)
    case let metadata as Metadata:
        let members = metadata.names.map { (name: $0, value: plain(metadata.values[$0] ?? .null)) }
        return .object([("$metadata", .object(members))])
    case let handle as any Handle:
        return .object([("$handle", .text(type)), ("id", .text(handle.id)), ("location", .text(handle.location))])
    case let word as any RawRepresentable:
        return .object([("$word", .text("\(word.rawValue)")), ("of", .text(type))])
    default: break
    }
    switch mirror.displayStyle {
    case .collection: return .list(mirror.children.map { tagged($0.value) })
    case .enum:
        let kind = snakeCase(mirror.children.first?.label ?? "\(value)")
        let content = mirror.children.first.map {
            (name: contentsOfEventPayload[kind] ?? "content", value: tagged($0.value))
        }
        return .object([("$union", .text(type)), ("kind", .text(kind))] + [content].compactMap { $0 })
    default:
        let fields = mirror.children.map { (name: snakeCase($0.label ?? ""), value: tagged($0.value)) }
        return .object([("$record", .text(type))] + fields)
    }
}

private func tag(_ tag: String, _ text: String) -> JSON { .object([(tag, .text(text))]) }

private func plain(_ value: Metadata.Value) -> JSON {
    switch value {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .number(let number): .number(number.description)
    case .text(let text): .text(text)
    case .list(let items): .list(items.map(plain))
    case .object(let members): .object(members.map { (name: $0.key, value: plain($0.value)) })
    }
}

func tagged(_ error: KopoKopoError) -> JSON {
    let own: [JSON.Member] = [
        ("class", .text("KopoKopoError")), ("retried", .bool(false)), ("camel", .bool(true)),
    ]
    return .object(fields(error).map { (name: $0.0, value: tagged($0.1)) } + own)
}

/// Every text form of a value.
func texts(_ value: Any, _ prefix: String = "") -> [JSON.Member] {
    var (printed, dumped) = ("", "")
    print(value, to: &printed)
    dump(value, to: &dumped)
    let forms = [
        "print": printed, "describing": String(describing: value), "reflecting": String(reflecting: value),
        "dump": dumped, "localizedDescription": (value as? any Error)?.localizedDescription,
    ]
    return forms.compactMap { form, text in text.map { (name: prefix + form, value: .text($0)) } }
}
