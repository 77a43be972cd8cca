import Foundation
import TestSupport
import XCTest

@testable import KopoKopo

private let callbackUrl = "https://shop.example/k2/results"

final class CallTests: XCTestCase {
    private var sandbox: Sandbox!
    private var k2: KopoKopo!

    override func setUpWithError() throws {
        sandbox = try Sandbox()
        k2 = try KopoKopo(
            clientId: sandbox.clientId, clientSecret: Secret(sandbox.clientSecret), apiKey: Secret(sandbox.apiKey),
            baseUrl: sandbox.baseUrl, retryBase: .milliseconds(10))
    }

    override func tearDown() { sandbox.close() }

    private func push(_ phoneNumber: Personal = "0712345678") async throws -> CreatedIncomingPayment {
        try await k2.incomingPayments.create(
            tillNumber: "K000000", phoneNumber: phoneNumber, amount: 100.5, callbackUrl: callbackUrl,
            metadata: ["order": "42", "items": 3, "gift": true])
    }

    func testPaymentIsCreatedAndWaitedFor() async throws {
        let push = try await push()
        let payment = try await push.wait(interval: .milliseconds(20))
        XCTAssertTrue(payment.isPaid && payment.isFinal)
        XCTAssertEqual(payment.status, .success)
        XCTAssertEqual(payment.transaction?.amount, Decimal(string: "100.5"))
        XCTAssertEqual(payment.transaction?.senderPhoneNumber, "+254712345678")
        XCTAssertEqual(payment.metadata, ["order": "42", "items": 3, "gift": true])
        XCTAssertLessThan(abs(try XCTUnwrap(payment.initiationTime).date.timeIntervalSinceNow), 3600)
        let read = try await k2.incomingPayments.get(push.id)
        XCTAssertEqual(read, payment)
        XCTAssertTrue(push.location.hasPrefix(sandbox.baseUrl), push.location)
    }

    func testWebhooksThrowIfClientHasNoApiKey() throws {
        let client = try KopoKopo(clientId: "a", clientSecret: "b")
        XCTAssertThrowsError(try client.webhooks) { error in
            XCTAssertEqual((error as? KopoKopoError)?.kind, .configuration)
            XCTAssertEqual((error as? KopoKopoError)?.field, "apiKey")
        }
    }

    func testWatchReturnsEachStateOnceUntilFinal() async throws {
        let push = try await push("254700000006")
        let states = Task {
            var seen: [IncomingPaymentStatus] = []
            for try await payment in push.watch(timeout: .seconds(10), interval: .milliseconds(20)) {
                seen.append(payment.status)
            }
            return seen
        }
        try await Task.sleep(for: .milliseconds(300))
        try await sandbox.control("POST /_sandbox/incoming_payments/\(push.id)/customer", #"{"action": "enter_pin"}"#)
        let seen = try await states.value
        XCTAssertEqual(seen, [.pending, .success])
    }

    func testMainActorCanWatch() async throws {
        @MainActor func screen(_ push: CreatedIncomingPayment) async throws -> [IncomingPaymentStatus] {
            var seen: [IncomingPaymentStatus] = []
            for try await payment in push.watch(interval: .milliseconds(20)) { seen.append(payment.status) }
            return seen
        }
        let seen = try await screen(push())
        XCTAssertEqual(seen.last, .success)
    }

    func testWatchEndsAtTimeoutAndAfterBreak() async throws {
        let push = try await push("254700000006")
        let late = try await failure {
            for try await _ in push.watch(timeout: .milliseconds(200), interval: .milliseconds(50)) {}
        }
        XCTAssertEqual(late.kind, .notFinal)
        XCTAssertEqual(late.operation, "incoming_payments.get")
        XCTAssertEqual(late.id, push.id)
        XCTAssertEqual(late.location, push.location)
        XCTAssertEqual(late.state, "Pending")
        for try await payment in push.watch() {
            XCTAssertEqual(payment.status, .pending)
            break
        }
        let refused = try await failure { for try await _ in push.watch(maxInterval: .zero) {} }
        XCTAssertEqual(refused.kind, .invalidRequest)
        XCTAssertEqual(refused.field, "maxInterval")
        let watching = Task { for try await _ in push.watch() {} }
        try await Task.sleep(for: .milliseconds(200))
        watching.cancel()
        let start = ContinuousClock.now
        await assertCancelled { try await watching.value }
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(1))
    }

    func testTransientErrorsDoNotEndWatchAndOthersDo() async throws {
        let push = try await push()
        try await sandbox.fault("incoming_payments.get", "status", #""status": 503, "times": 4"#)
        var paid: [Bool] = []
        for try await payment in push.watch(timeout: .seconds(10), interval: .milliseconds(20)) {
            paid.append(payment.isPaid)
        }
        XCTAssertEqual(paid.last, true)
        try await sandbox.fault("incoming_payments.get", "status", #""status": 403"#)
        let refused = try await failure { for try await _ in push.watch() {} }
        XCTAssertEqual(refused.kind, .permission)
    }

    func testCreateReturnsItsResultIfItsTaskIsCancelled() async throws {
        _ = try await push()  // has a token
        try await sandbox.fault("incoming_payments.create", "delay", #""delay_ms": 1500"#)
        let k2 = try XCTUnwrap(self.k2)
        let call = Task {
            try await k2.incomingPayments.create(
                tillNumber: "K000000", phoneNumber: "0712345678", amount: 7, callbackUrl: callbackUrl)
        }
        try await Task.sleep(for: .milliseconds(700))
        call.cancel()
        let created = try await call.value
        let payment = try await k2.incomingPayments.wait(id: created.id, interval: .milliseconds(20))
        XCTAssertTrue(try payment.isPaidAtLeast(7, tillNumber: "K000000"))
        XCTAssertFalse(try payment.isPaidAtLeast(8))
        let seen = try await sandbox.operations()
        XCTAssertEqual(seen.filter { $0 == "incoming_payments.create" }.count, 2)
    }

    func testCreateInCancelledTaskSendsNothing() async throws {
        let k2 = try XCTUnwrap(self.k2)
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await k2.incomingPayments.create(
                tillNumber: "K000000", phoneNumber: "0712345678", amount: 7, callbackUrl: callbackUrl)
        }
        call.cancel()
        await assertCancelled { try await call.value }
        let seen = try await sandbox.operations()
        XCTAssertEqual(seen, [])
    }

    func testCallInCancelledTaskSendsNothing() async throws {
        let k2 = try XCTUnwrap(self.k2)
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await k2.incomingPayments.get("1")
        }
        call.cancel()
        await assertCancelled { try await call.value }
    }

    func testCancelledWaitStopsPolling() async throws {
        let push = try await push("254700000006")
        let waiting = Task { try await push.wait(interval: .milliseconds(20), maxInterval: .milliseconds(20)) }
        try await Task.sleep(for: .milliseconds(300))
        waiting.cancel()
        await assertCancelled { try await waiting.value }
        try await Task.sleep(for: .milliseconds(100))
        let before = try await sandbox.operations()
        try await Task.sleep(for: .milliseconds(300))
        let after = try await sandbox.operations()
        XCTAssertEqual(before, after)
    }

    func testCallCanBeCancelledAtAnyTime() async throws {
        let push = try await push()
        let outcomes = await withTaskGroup(of: String.self) { group in
            for at in 0..<400 {
                group.addTask {
                    let call = Task { try await push.get().id }
                    if at % 4 > 0 { try? await Task.sleep(for: .microseconds(at * 10)) }
                    call.cancel()
                    switch await call.result {
                    case .success(let id): return id == push.id ? "returned" : "another"
                    case .failure(let error): return error is CancellationError ? "cancelled" : "\(error)"
                    }
                }
            }
            return await group.reduce(into: [:]) { counts, outcome in counts[outcome, default: 0] += 1 }
        }
        XCTAssertEqual((outcomes["returned"] ?? 0) + (outcomes["cancelled"] ?? 0), 400, "\(outcomes)")
        XCTAssertGreaterThan(outcomes["cancelled"] ?? 0, 0)
        let read = try await push.get()
        XCTAssertEqual(read.id, push.id)
    }

    func testLostResponseIsOutcomeUnknown() async throws {
        try await sandbox.fault("incoming_payments.create", "reset_after_effect")
        let error = try await failure { try await push() }
        XCTAssertEqual(error.kind, .outcomeUnknown)
        XCTAssertEqual(error.kind.rawValue, "outcome_unknown")
        XCTAssertEqual(error.operation, "incoming_payments.create")
        XCTAssertEqual(error.attempts, 1)
        XCTAssertTrue(error.localizedDescription.hasPrefix("outcome_unknown: incoming_payments.create: "), "\(error)")
    }

    func testErrorNamesFieldInCamelCase() async throws {
        let phone = try await failure { try await push("12") }
        XCTAssertEqual(phone.field, "phoneNumber")
        XCTAssertTrue(phone.detail.hasPrefix("phoneNumber: "), phone.detail)
        let amount = try await failure {
            try await k2.sendMoney.create(
                destinations: [.till(tillNumber: "112233", amount: 1.5, description: "Rent")], callbackUrl: callbackUrl)
        }
        XCTAssertEqual(amount.field, "destinations[0].amount")
        let missing = try await failure { try await k2.incomingPayments.get("99999999-9999-4999-8999-999999999999") }
        XCTAssertEqual(missing.kind, .notFound)
        XCTAssertEqual(missing.status, 404)
        let negative = try await failure { try k2.withOptions(maxRetries: -1) }
        XCTAssertEqual(negative.kind, .configuration)
        XCTAssertEqual(negative.field, "maxRetries")
        let nan = try await failure {
            try await k2.reversals.create(
                transactionReference: "QWE1234567", reason: "x", callbackUrl: callbackUrl,
                metadata: ["a": .number(.nan)])
        }
        XCTAssertEqual(nan.field, "metadata.a")
    }

    func testMetadataKeepsItsOrder() throws {
        var metadata: Metadata = ["z": "first", "a\"b": 2, "m": true, "z": "again"]
        XCTAssertEqual(metadata.names, ["z", "a\"b", "m"])
        XCTAssertEqual(try metadata.json("metadata"), #"{"z":"again","a\"b":2,"m":true}"#)
        metadata["c"] = "last"
        metadata["z"] = nil
        XCTAssertEqual(metadata.names, ["a\"b", "m", "c"])
        XCTAssertEqual(Metadata(["b": 1, "a": 2]).names, ["a", "b"])
        XCTAssertEqual(Metadata(["b": 1, "a": 2]), ["b": 1, "a": 2])

        let raw = #"{"z":{"y":"x:"},"a\"b":"\\","é":[{"q":1}],"m":null}"#
        XCTAssertEqual(try Metadata(raw: raw).names, ["z", "a\"b", "é", "m"])
        XCTAssertEqual(try Metadata(raw: raw).json("metadata"), raw)
        XCTAssertEqual(try Metadata(raw: "{}").names, [])
    }

    func testTimestampsKeepTheirOffsetOnTheWire() async throws {
        let from = try XCTUnwrap(Timestamp("2026-05-01T10:00:00+03:00"))
        let polling = try await k2.polling.create(
            scope: .company, fromTime: from, toTime: Timestamp(from.date + 86400), callbackUrl: callbackUrl
        ).wait(interval: .milliseconds(20))
        XCTAssertEqual(polling.fromTime?.date, from.date)
        XCTAssertEqual(polling.toTime?.date, from.date + 86400)
        XCTAssertEqual(Timestamp(from.date).text, "2026-05-01T07:00:00Z")
        XCTAssertEqual(Timestamp("2026-05-01T10:00:00-0330")?.date, from.date + 23400)
        for text in [
            "", "2026-05-01", "2026-05-01T10:00:00", "2026-13-01T10:00:00Z", "2026-05-01T10:00:00.Z5",
            "x".padding(toLength: 20, withPad: "x", startingAt: 0),
        ] {
            XCTAssertNil(Timestamp(text), text)
        }
    }

    func testTokenSourceIsCalledOnceForManyCalls() async throws {
        let (asked, backend) = (Shared(0), try XCTUnwrap(k2))
        let source = TokenFunction {
            asked.change { $0 += 1 }
            try await Task.sleep(for: .milliseconds(50))
            return AccessToken(token: try await backend.oauth.token().accessToken, expiresIn: .seconds(3600))
        }
        let app = try KopoKopo(tokenSource: source, baseUrl: sandbox.baseUrl, maxRetries: 0)
        let kinds = try await withThrowingTaskGroup(of: KopoKopoError.Kind.self) { group in
            for at in 0..<8 {
                group.addTask {
                    try await failure { try await app.incomingPayments.get("00000000-0000-4000-8000-00000000000\(at)") }
                        .kind
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(kinds, Array(repeating: .notFound, count: 8))
        XCTAssertEqual(asked.now, 1)
    }

    func testErrorOfTokenSourceFailsCallWithoutItsText() async throws {
        struct Canary: Error { let canary = "canary" }
        for (thrown, words) in [
            (Canary() as any Error, "Canary"), (KopoKopoError(.timeout, detail: "the backend is slow"), "slow"),
        ] {
            let app = try KopoKopo(tokenSource: TokenFunction { throw thrown }, baseUrl: sandbox.baseUrl)
            let error = try await failure { try await app.incomingPayments.get("1") }
            XCTAssertEqual(error.kind, .authentication)
            XCTAssertTrue(error.detail.contains(words), error.detail)
            XCTAssertFalse(error.detail.contains("canary"), error.detail)
        }
    }

    func testLibraryOfOtherContractIsConfigurationError() throws {
        XCTAssertNil(Library.mismatch(found: Library.expected, isOfThisUniffi: { true }))
        for (found, isOfThis) in [("0123456789abcdef", true), (nil, true), (Library.expected, false)] {
            let mismatch = try XCTUnwrap(Library.mismatch(found: found, isOfThisUniffi: { isOfThis }))
            XCTAssertEqual(mismatch.kind, .configuration)
            XCTAssertTrue(mismatch.detail.contains(found ?? "unknown"), mismatch.detail)
        }
        XCTAssertEqual(try KopoKopo.contractHash(), Library.expected)
        let package = Sandbox.root.appendingPathComponent("bindings-swift/Package.swift")
        let manifest = try String(contentsOf: package, encoding: .utf8)
        XCTAssertTrue(manifest.contains("let release = \"\(try KopoKopo.version())\""), "another version")
    }
}

/// The error of a call that must fail.
private func failure<Output>(_ work: () async throws -> Output) async throws -> KopoKopoError {
    do {
        _ = try await work()
    } catch let error as KopoKopoError {
        return error
    }
    throw Failure("it did not fail")
}

private func assertCancelled<Output>(
    _ work: () async throws -> Output, file: StaticString = #filePath, line: UInt = #line
) async {
    do {
        _ = try await work()
        XCTFail("it was not cancelled", file: file, line: line)
    } catch {
        XCTAssertTrue(error is CancellationError, "\(error)", file: file, line: line)
    }
}
