import Foundation
import KopoKopo
import TestSupport
import XCTest

/// Every vector of tests/vectors, through the package.
final class VectorTests: XCTestCase {
    private static let folder = Sandbox.root.appendingPathComponent("tests/vectors")

    private func file(_ name: String) throws -> [String: JSON] {
        let file = Self.folder.appendingPathComponent("\(name).json")
        return try XCTUnwrap(JSON.read(Data(contentsOf: file)).object)
    }

    private func cases(_ file: [String: JSON], _ name: String) throws -> [[String: JSON]] {
        let cases = try XCTUnwrap(file[name]?.list?.compactMap(\.object))
        XCTAssertFalse(cases.isEmpty, name)
        return cases
    }

    private func texts(_ file: [String: JSON], _ name: String) throws -> [String] {
        let texts = try XCTUnwrap(file[name]?.list?.compactMap(\.asText))
        XCTAssertFalse(texts.isEmpty, name)
        return texts
    }

    private func body(_ written: JSON?) throws -> Data {
        switch written {
        case .text(let text): return Data(text.utf8)
        case .list(let parts): return try parts.reduce(into: Data()) { $0 += try body($1) }
        case .object(let part):
            if let base64 = part["base64"]?.asText { return try XCTUnwrap(Data(base64Encoded: base64)) }
            let (text, times) = (try XCTUnwrap(part["repeat"]?.asText), try XCTUnwrap(part["times"]?.int))
            return Data(String(repeating: text, count: times).utf8)
        default: throw ScenarioError("no body")
        }
    }

    /// The signature's header of a hostile webhook.
    private func header(_ written: JSON?, _ body: Data) throws -> String? {
        guard let made = written?.object else { return written?.asText }
        let key = try XCTUnwrap(made["sign_with"]?.asText)
        let signature = try KopoKopo.signWebhook(apiKey: Secret(key), body: body)
        switch made["then"]?.asText {
        case nil: return signature
        case "upper_case": return signature.uppercased()
        case "drop_last": return String(signature.dropLast())
        case "append_0": return signature + "0"
        case "change_last": return signature.dropLast() + (signature.hasSuffix("0") ? "1" : "0")
        case "surround_with_space": return " \(signature)\t"
        case let other?: throw ScenarioError("nothing is made by \(other)")
        }
    }

    private func event(_ body: Data) throws -> Event { try WebhookVerifier(apiKeys: ["api-key"]).parseUnverified(body) }

    /// An error of this library's; any other fails.
    private func refused(_ what: String, _ work: () async throws -> Void) async throws -> KopoKopoError {
        do {
            try await work()
        } catch let error as KopoKopoError {
            return error
        }
        throw Failure("\(what) was not refused")
    }

    func testSignaturesEqualIndependentHMAC() throws {
        for given in try cases(file("webhook_signatures"), "cases") {
            let (key, signature) = (Secret(given["api_key"]?.asText ?? ""), given["signature"]?.asText)
            let body = try body(given["body"])
            XCTAssertEqual(try KopoKopo.signWebhook(apiKey: key, body: body), signature)
            try WebhookVerifier(apiKeys: [key]).verifySignature(body: body, signature: signature)
        }
    }

    func testHostileWebhooks() throws {
        let file = try file("hostile_webhooks")
        for given in try cases(file, "cases") {
            let name = given["name"]?.asPlainText ?? "?"
            let keys = (given["api_keys"] ?? file["api_keys"])?.list?.compactMap(\.asText) ?? []
            let expected = try XCTUnwrap(given["expect"]?.object)
            let body = try body(given["body"])
            do {
                let verifier = try WebhookVerifier(
                    apiKeys: keys.map { Secret($0) }, clientSecret: given["client_secret"]?.asText.map { Secret($0) },
                    maxBody: given["max_body"]?.int ?? 10_485_760)
                let found = try verifier.verify(body: body, signature: header(given["signature"], body))
                XCTAssertEqual(found.topic, expected["topic"]?.asText, name)
                XCTAssertEqual(kind(found.payload), expected["payload"]?.asText, name)
            } catch let error as KopoKopoError {
                XCTAssertEqual(error.kind.rawValue, expected["error"]?.asText, "\(name): \(error)")
                let detail = Matching.find(toJSON(error), "detail").asPlainText
                for words in try texts(expected, "detail") {
                    XCTAssertTrue(detail.contains(words), "\(name): \(error)")
                }
                let printed = "\(error) \(error.localizedDescription) \(String(reflecting: error)) \(dumped(error))"
                for words in expected["never"]?.list ?? [] {
                    XCTAssertFalse("\(printed) \(error.body ?? "")".contains(words.asPlainText), name)
                }
                for words in expected["never_in_detail"]?.list ?? [] {
                    XCTAssertFalse(printed.contains(words.asPlainText), name)
                }
            }
        }
    }

    func testSamplePayloadsAreParsed() throws {
        let files = try FileManager.default
            .contentsOfDirectory(at: Self.folder.appendingPathComponent("payloads"), includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("webhook-") || $0.lastPathComponent.hasPrefix("result-") }
        XCTAssertGreaterThan(files.count, 20)
        for file in files {
            let body = try Data(contentsOf: file)
            let found = try event(body)
            XCTAssertNotEqual(found.payload, .unknown, file.lastPathComponent)
            XCTAssertEqual(found.raw.text, String(decoding: body, as: UTF8.self))
            XCTAssertEqual(found, try event(body))
            XCTAssertNotNil(toJSON(found).object?["data"]?.object, file.lastPathComponent)
        }
    }

    private func push(_ client: KopoKopo, phoneNumber: Personal = "0712345678", amount: Decimal = 100) async throws
        -> CreatedIncomingPayment
    {
        try await client.incomingPayments.create(
            tillNumber: "K000000", phoneNumber: phoneNumber, amount: amount, callbackUrl: "https://shop.example")
    }

    func testPhoneNumbersAreSentAsTwelveDigits() async throws {
        let file = try file("phones")
        let sandbox = try Sandbox()
        defer { sandbox.close() }
        let client = try sandbox.client()
        for given in try cases(file, "accepted") {
            _ = try await push(client, phoneNumber: Personal(given["typed"]?.asText ?? ""))
        }
        for typed in try texts(file, "refused") {
            let error = try await refused("a number") { _ = try await push(client, phoneNumber: Personal(typed)) }
            XCTAssertEqual(error.kind, .invalidRequest)
            XCTAssertEqual(error.field, "phoneNumber")
            XCTAssertTrue(
                typed.trimmingCharacters(in: .whitespacesAndNewlines).count < 6 || !"\(error)".contains(typed))
        }
        let seen = try await JSON.read(sandbox.control("GET /_sandbox/requests")).list ?? []
        let sent = seen.filter { Matching.find($0, "operation") == "incoming_payments.create" }
            .map { Matching.find($0, "body.subscriber.phone_number").asPlainText.replacing("+", with: "") }
        XCTAssertEqual(sent, try cases(file, "accepted").map { $0["normalised"]?.asText })
        for given in try cases(file, "hashes") {
            let hash = try KopoKopo.hashPhone(Personal(given["phone_number"]?.asText ?? ""))
            XCTAssertEqual(hash.text, given["sha256"]?.asText)
        }
    }

    func testAmountsAreReadExactly() async throws {
        let file = try file("amounts")
        func amount(_ wire: String) throws -> Decimal? {
            let webhook =
                #"{"topic":"buygoods_transaction_received","id":"1","event":{"resource":{"amount":\#(wire)}}}"#
            guard case .buygoodsTransactionReceived(let transaction) = try event(Data(webhook.utf8)).payload
            else { throw Failure("another payload") }
            return transaction.amount
        }
        for given in try cases(file, "texts") {
            XCTAssertEqual(try amount(given["text"]?.written ?? "")?.description, given["shown"]?.asText)
        }
        for given in try cases(file, "wire") {
            XCTAssertEqual(try amount(given["json"]?.asText ?? "")?.description, given["shown"]?.asText)
        }
        for wire in try texts(file, "wire_refused") {
            if wire == "null" || wire == "\"\"" {
                XCTAssertNil(try amount(wire), "absent, where it may be")
            } else {
                let error = try await refused(wire) { _ = try amount(wire) }
                XCTAssertEqual(error.kind, .decode, wire)
            }
        }
        let client = try KopoKopo(clientId: "a", clientSecret: "b", baseUrl: "http://127.0.0.1:9")
        for amount in [Decimal.nan, 0, -5, Decimal(sign: .plus, exponent: 100, significand: 1)] {
            let error = try await refused("\(amount)") { _ = try await push(client, amount: amount) }
            XCTAssertEqual(error.kind, .invalidRequest, "\(amount)")
            XCTAssertEqual(error.field, "amount")
        }
    }

    func testTimestampsKeepTimeAndOffset() throws {
        let file = try file("timestamps")
        func created(_ text: String) throws -> Timestamp? {
            let webhook = JSON.object([
                "topic": "customer_created", "created_at": .text(text), "event": .object(["resource": .object([:])]),
            ])
            return try event(Data(webhook.written.utf8)).createdAt
        }
        for given in try cases(file, "accepted") {
            let found = try XCTUnwrap(created(given["text"]?.asText ?? ""))
            XCTAssertEqual(Int(found.date.timeIntervalSince1970.rounded(.down)), given["unix"]?.int, found.text)
            XCTAssertEqual(found.text, given["shown"]?.asText)
            XCTAssertEqual(Timestamp(found.text), found)
        }
        // A timestamp that cannot be read counts as absent; the raw text still has it.
        for text in try texts(file, "refused") {
            XCTAssertNil(Timestamp(text), text)
            XCTAssertNil(try created(text), text)
        }
        for given in try cases(file, "daraja") {
            let webhook = JSON.object([
                "TransactionType": "Buygoods", "TransID": "1", "TransTime": given["text"] ?? .null,
            ])
            guard case .darajaBuygoods(let transaction) = try event(Data(webhook.written.utf8)).payload
            else { throw Failure("another payload") }
            XCTAssertEqual(transaction.transTime?.text, given["shown"]?.asText)
        }
    }

    func testIdIsTakenFromLocationOnly() async throws {
        let file = try file("locations")
        let (location, paths) = (Shared(""), Shared<[String]>([]))
        let server = try Server { request in
            if request.path == "/oauth/token" {
                return .init(200, body: #"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#)
            }
            if request.method == "POST" { return .init(201, headers: ["location": location.now]) }
            paths.change { $0.append(request.path) }
            let id = request.path.split(separator: "/").last ?? ""
            let attributes = #""type":"incoming_payment","attributes":{"status":"Success"}"#
            return .init(200, body: "{\"data\":{\"id\":\"\(id)\",\(attributes)}}")
        }
        defer { server.stop() }
        let client = try KopoKopo(clientId: "a", clientSecret: "b", baseUrl: server.baseUrl, privateToken: true)
        // The Locations of the collection that this test posts to.
        func posted(_ kind: String) throws -> [[String: JSON]] {
            try cases(file, kind).filter { $0["collection"]?.asText == "/api/v2/incoming_payments" }
        }
        for given in try posted("accepted") {
            location.change { $0 = given["location"]?.asText ?? "" }
            let id = try await push(client).id
            XCTAssertEqual(id, given["id"]?.asText)
        }
        // What is not of printable ASCII cannot stand in a header as it is.
        let locations = try posted("refused").map { $0["location"]?.asText ?? "" }
        for text in locations where text.unicodeScalars.allSatisfy({ (" "..."~").contains($0) }) {
            location.change { $0 = text }
            let error = try await refused(text) { _ = try await push(client) }
            XCTAssertEqual(error.kind, .outcomeUnknown, text)
        }
        for given in try cases(file, "typed") {
            _ = try await client.incomingPayments.get(given["text"]?.asText ?? "")
            XCTAssertEqual(
                paths.change { $0.popLast() }?.split(separator: "/").last.map(String.init), given["id"]?.asText)
        }
        for text in try texts(file, "typed_refused") {
            let error = try await refused(text) { _ = try await client.incomingPayments.get(text) }
            XCTAssertEqual(error.kind, .invalidRequest)
            XCTAssertEqual(error.field, "id")
        }
        XCTAssertEqual(paths.now, [])
    }
}

extension Sandbox {
    func client() throws -> KopoKopo {
        try KopoKopo(
            clientId: clientId, clientSecret: Secret(clientSecret), apiKey: Secret(apiKey), baseUrl: baseUrl,
            retryBase: .milliseconds(10))
    }
}

func dumped(_ value: Any) -> String {
    var out = ""
    dump(value, to: &out)
    return out
}
