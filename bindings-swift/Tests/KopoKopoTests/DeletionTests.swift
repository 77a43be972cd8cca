import Foundation
import TestSupport
import XCTest

@testable import KopoKopo

/// Deletion vectors (tests/vectors/README.md): every documented webhook and result with each of its parts removed or
/// changed. Swift returns what Rust returns, field by field.
final class DeletionTests: XCTestCase {
    func testDeletionVectorsGiveSameResultAsRust() throws {
        let target =
            ProcessInfo.processInfo.environment["CARGO_TARGET_DIR"].map { URL(fileURLWithPath: $0) }
            ?? Sandbox.root.appendingPathComponent("target")
        let file = try Data(contentsOf: target.appendingPathComponent("deletion-vectors.jsonl"))
        let lines = file.split(separator: UInt8(ascii: "\n"))
        let head = try XCTUnwrap(JSON.read(Data(lines[0])).object)
        XCTAssertGreaterThan(lines.count, 5000)
        XCTAssertEqual(head["documents"]?.int, lines.count - 1)
        let verifier = try WebhookVerifier(apiKeys: [Secret(XCTUnwrap(head["api_key"]?.asText))])
        for line in lines.dropFirst() {
            let given = try XCTUnwrap(JSON.read(Data(line)).object)
            let document = try XCTUnwrap(given["document"]?.asText)
            let expected = given["error"].map { .object(["error": $0]) } ?? normal(given["event"] ?? .null)
            let found: JSON
            do {
                let event = try verifier.verify(body: Data(document.utf8), signature: given["signature"]?.asText)
                found = neutral(event, document)
            } catch let error as KopoKopoError {
                found = .object(["error": .text(error.kind.rawValue)])
            }
            if found != expected {
                return XCTFail(
                    "\(given["name"]?.asPlainText ?? "?"): expected \(expected.written), found \(found.written)")
            }
        }
    }

    /// What the vectors expect: amounts without trailing zeros, and the content of a union without a name.
    private func normal(_ value: JSON) -> JSON {
        switch value {
        case .list(let items): return .list(items.map(normal))
        case .object(var fields):
            if fields["$metadata"] != nil { return value }
            if let amount = fields["$amount"]?.asText { return .object(["$amount": .text(decimal(amount))]) }
            if fields["$union"] != nil, let name = fields.keys.first(where: { $0 != "$union" && $0 != "kind" }) {
                fields["content"] = fields.removeValue(forKey: name)
            }
            return .object(fields.mapValues(normal))
        default: return value
        }
    }

    private func decimal(_ text: String) -> String {
        Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))?.description ?? text
    }

    /// A value of this package in the vectors' form.
    private func neutral(_ value: Any, _ document: String) -> JSON {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            return mirror.children.first.map { neutral($0.value, document) } ?? .null
        }
        switch value {
        case let flag as Bool: return .bool(flag)
        case let number as Int: return .number(Decimal(number))
        case let text as String: return .text(text)
        case let amount as Decimal: return .object(["$amount": .text(amount.description)])
        case let moment as Timestamp: return .object(["$timestamp": .text(moment.text)])
        case let raw as Raw: return .object(["$raw": .text(raw.text == document ? "document" : raw.text)])
        case let redacted as any Redacted: return .text(redacted.text)
        case let metadata as Metadata: return .object(["$metadata": .object(metadata.values)])
        case let payload as EventPayload:
            var fields: [String: JSON] = ["$union": "EventPayload", "kind": .text(kind(payload))]
            fields["content"] = mirror.children.first.map { neutral($0.value, document) }
            return .object(fields)
        case let word as any RawRepresentable:
            return .object(["$word": .text("\(word.rawValue)"), "of": .text("\(type(of: value))")])
        default: break
        }
        if mirror.displayStyle == .collection { return .list(mirror.children.map { neutral($0.value, document) }) }
        let fields = mirror.children.map { (snakeCase($0.label ?? ""), neutral($0.value, document)) }
        let record = Dictionary(fields, uniquingKeysWith: { $1 })
        return .object(record.merging(["$record": .text("\(type(of: value))")], uniquingKeysWith: { $1 }))
    }
}
