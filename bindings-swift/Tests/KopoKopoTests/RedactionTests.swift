import Foundation
import KopoKopo
import XCTest

private let canary = "canary"

/// The conformance runner searches clients, results and errors for secrets and personal data, but not arguments.
final class RedactionTests: XCTestCase {
    /// However a value is printed.
    private func hides(_ value: Any, _ hidden: String..., line: UInt = #line) {
        var printed = ""
        print(value, to: &printed)
        for shown in [printed, "\(value)", String(describing: value), String(reflecting: value), dumped(value)] {
            for word in hidden { XCTAssertFalse(shown.contains(word), shown, line: line) }
        }
        XCTAssertTrue(printed.contains("[redacted]"), printed, line: line)
    }

    func testArgumentsPrintRedacted() {
        let secret = Secret(canary)
        hides(
            ClientOptions(clientId: "id", clientSecret: secret, apiKey: secret, otherApiKeys: [secret], proxy: secret),
            canary)
        hides(TokenSourceOptions(proxy: secret), canary)
        hides(AccessToken(token: secret), canary)
        let request = IncomingPaymentRequest(
            tillNumber: "K000000", phoneNumber: Personal(canary), amount: 10, callbackUrl: "https://shop.example",
            firstName: Personal(canary), metadata: [canary: .text(canary)])
        hides(request, canary)
        XCTAssertTrue("\(request)".contains("K000000"))
        let destination = Destination.paybill(
            paybillNumber: "888", paybillAccountNumber: Personal(canary), amount: 10, description: "Rent")
        hides(destination, canary)
        hides(SendMoneyRequest(destinations: [destination], callbackUrl: "https://shop.example"), canary)
        XCTAssertEqual(Personal(canary).text, canary)
        XCTAssertEqual(secret.text, canary)
    }

    func testResultsSayThatTextIsRedacted() throws {
        let body = #"{"topic":"customer_created","event":{"resource":{"first_name":"\#(canary)"}}}"#
        let event = try WebhookVerifier(apiKeys: ["key"]).parseUnverified(Data(body.utf8))
        hides(event, canary)
        XCTAssertTrue("\(event)".contains("[\(body.utf8.count) bytes]"), "\(event)")
        XCTAssertEqual(event.raw.text, body)
        XCTAssertEqual(event, try WebhookVerifier(apiKeys: ["key"]).parseUnverified(Data(body.utf8)))
    }

    func testErrorsDoNotShowServerResponse() {
        let error = KopoKopoError(.api, detail: "no", operation: "payments.get", messages: [canary], body: canary)
        for shown in ["\(error)", String(reflecting: error), dumped(error), error.localizedDescription] {
            XCTAssertFalse(shown.contains(canary), shown)
            XCTAssertTrue(shown.contains("payments.get"), shown)
        }
    }
}

private func dumped(_ value: Any) -> String {
    var out = ""
    dump(value, to: &out)
    return out
}
