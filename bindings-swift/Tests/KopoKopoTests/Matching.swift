import Foundation
import TestSupport

/// Paths, matchers and references of tests/README.md. What is absent is null, as what is null fits what is absent.
enum Matching {
    /// The value at a dotted path, a list of several, or null.
    static func find(_ root: JSON, _ path: String) -> JSON {
        let found = path.split(separator: ".").reduce([root]) { found, part in found.flatMap { step($0, String(part)) }
        }
        return found.count > 1 ? .list(found) : found.first ?? .null
    }

    private static func step(_ value: JSON, _ part: String) -> [JSON] {
        let items = value.list
        if part == "#" { return items.map { [.number(Decimal($0.count))] } ?? [] }
        if part == "*" { return items ?? [] }
        if let equals = part.firstIndex(of: "=") {
            let (key, pattern) = (String(part[..<equals]), part[part.index(after: equals)...])
            return (items ?? []).filter { $0.object?[key]?.asPlainText == String(pattern) }
        }
        if let items { return Int(part).flatMap { items.indices.contains($0) ? [items[$0]] : nil } ?? [] }
        return value.object?[part].map { [$0] } ?? []
    }

    static func matches(_ found: JSON, _ pattern: JSON) throws -> Bool {
        guard let entry = pattern.object?.first, pattern.object?.count == 1, entry.key.hasPrefix("$") else {
            return found == pattern
        }
        switch (entry.key, found) {
        case ("$any", _): return (found != .null) == (entry.value == true)
        case ("$not", _): return try !matches(found, entry.value)
        case ("$contains", .text(let text)): return entry.value.asText.map { text.contains($0) } ?? false
        case ("$contains", .list(let items)): return items.contains(entry.value)
        case ("$contains", _): return false
        case ("$min", _): return (found.asNumber ?? .nan) >= (entry.value.asNumber ?? .nan) && found.asNumber != nil
        case ("$amount", _): return amount(found) != nil && amount(found) == amount(entry.value)
        default: throw ScenarioError("there is no matcher \(entry.key)")
        }
    }

    private static func amount(_ value: JSON) -> Decimal? {
        value == .null ? nil : Decimal(string: value.asPlainText, locale: Locale(identifier: "en_US_POSIX"))
    }

    /// The value with every reference in it resolved.
    static func fill(_ value: JSON, _ names: [String: JSON]) throws -> JSON {
        switch value {
        case .text(let text):
            if let whole = text.wholeMatch(of: reference) { return try lookUp(whole.1, names) }
            return .text(try fillText(text, names))
        case .list(let items): return .list(try items.map { try fill($0, names) })
        case .object(let values): return .object(try values.mapValues { try fill($0, names) })
        default: return value
        }
    }

    static func fillText(_ template: String, _ names: [String: JSON]) throws -> String {
        try template.replacing(reference) { try lookUp($0.1, names).asPlainText }
    }

    private static var reference: Regex<(Substring, Substring)> { /\$([a-z][A-Za-z0-9_.]*)/ }

    private static func lookUp(_ reference: Substring, _ names: [String: JSON]) throws -> JSON {
        let parts = reference.split(separator: ".", maxSplits: 1)
        guard let value = names[String(parts[0])] else { throw ScenarioError("no step was named \(parts[0])") }
        let found = find(value, parts.count > 1 ? String(parts[1]) : "")
        if found == .null { throw ScenarioError("there is no \(reference)") }
        return found
    }

    /// Everything that does not fit.
    static func differences(_ found: JSON, _ expected: [String: JSON], _ names: [String: JSON]) throws -> [String] {
        try expected.compactMap { template, value in
            let (path, pattern) = (try fillText(template, names), try fill(value, names))
            let own = find(found, path)
            return try matches(own, pattern) ? nil : "\(path): expected \(pattern.written), found \(own.written)"
        }
    }

    /// Without phone numbers and secrets.
    static func redacted(_ why: String) -> String {
        why.replacing(/[A-Za-z0-9_]+/) { run in
            let word = run.output
            if word.count >= 9 && word.allSatisfy(\.isNumber) { return "[number]" }
            return word.count >= 30 && word.contains(where: \.isNumber) ? "[secret]" : String(word)
        }
    }
}
