import Foundation
import KopoKopo
import TestSupport
import XCTest

/// The client for apps: it gets tokens from its backend, and takes no secret. test.sh checks that the rest of the client
/// does not compile.
final class AppTests: XCTestCase {
    private var sandbox: Sandbox!

    override func setUpWithError() throws { sandbox = try Sandbox() }

    override func tearDown() { sandbox.close() }

    /// The backend's part: it has the secret, and supplies a token.
    private func token() async throws -> AccessToken {
        let credentials = [
            "client_id": sandbox.clientId, "client_secret": sandbox.clientSecret, "grant_type": "client_credentials",
        ]
        let body = String(decoding: try JSONEncoder().encode(credentials), as: UTF8.self)
        let response = try await sandbox.control("POST /oauth/token", body)
        struct Token: Decodable { let accessToken: String }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let token = try decoder.decode(Token.self, from: response).accessToken
        return AccessToken(token: Secret(token), expiresIn: .seconds(3600))
    }

    private func app() async throws -> KopoKopo {
        let token = try await token()
        return try KopoKopo(tokenSource: TokenFunction { token }, baseUrl: sandbox.baseUrl)
    }

    func testAppTakesPaymentWithTokenFromBackend() async throws {
        let push = try await app().incomingPayments.create(
            tillNumber: "K000000", phoneNumber: "0712345678", amount: 100, callbackUrl: "https://shop.example/k2")
        var payments: [IncomingPayment] = []
        for try await payment in push.watch(timeout: .seconds(10), interval: .milliseconds(20)) {
            payments.append(payment)
        }
        XCTAssertEqual(payments.last?.isPaid, true)
        XCTAssertFalse("\(payments)".contains("712345678"), "\(payments)")
    }

    func testAppCreatesAndCancelsPaymentLink() async throws {
        let links = try await app().paymentLinks
        let link = try await links.create(tillNumber: "112233", amount: 2500, callbackUrl: "https://shop.example/k2")
        try await links.cancel(link.id)
        let read = try await link.get()
        XCTAssertEqual(read.linkStatus, .cancelled)
        XCTAssertTrue(read.isCancelled)
    }

    func testCallFailsAndSendsNothingIfBackendHasNoToken() async throws {
        let failing = TokenFunction { throw KopoKopoError(.connection, detail: "no backend") }
        let app = try KopoKopo(tokenSource: failing, baseUrl: sandbox.baseUrl)
        do {
            _ = try await app.incomingPayments.get("1")
            XCTFail("expected an error without a token")
        } catch let error as KopoKopoError {
            XCTAssertEqual(error.kind, .authentication)
            XCTAssertTrue(error.detail.contains("no backend"), error.detail)
        }
        let seen = try await sandbox.control("GET /_sandbox/requests")
        XCTAssertEqual(String(decoding: seen, as: UTF8.self), "[]")
    }

    func testCancelledWaitEndsAtOnce() async throws {
        let push = try await app().incomingPayments.create(
            tillNumber: "K000000", phoneNumber: "254700000006", amount: 100, callbackUrl: "https://shop.example/k2")
        let waiting = Task { try await push.wait() }
        try await Task.sleep(for: .milliseconds(200))
        let start = ContinuousClock.now
        waiting.cancel()
        let outcome = await waiting.result
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(1))
        XCTAssertThrowsError(try outcome.get()) { XCTAssertTrue($0 is CancellationError, "\($0)") }
    }
}
