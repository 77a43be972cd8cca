import Foundation
import TestSupport
import XCTest

@testable import KopoKopo

/// Keeps records in memory, with the journal's own operations.
private actor MemoryStore: JournalStore {
    private var records: [String: [String: Any]] = [:]

    func execute(_ request: String) async throws -> String {
        let asked = try JSONSerialization.jsonObject(with: Data(request.utf8)) as? [String: Any] ?? [:]
        let record = asked["record"] as? [String: Any] ?? [:]
        let key = record["idempotency_key"] as? String ?? ""
        switch asked["operation"] as? String {
        case "insert" where records[key] == nil,
            "update" where records[key]?["version"] as? Int == asked["version"] as? Int:
            records[key] = record
            return "true"
        case "insert", "update": return "false"
        case "get":
            guard let found = records[asked["key"] as? String ?? ""] else { return "null" }
            return String(decoding: try JSONSerialization.data(withJSONObject: found), as: UTF8.self)
        default: return "[]"
        }
    }
}

/// Fails to write that a request was accepted.
private struct FullStore: JournalStore {
    let store = MemoryStore()

    func execute(_ request: String) async throws -> String {
        if request.contains(#""state":"accepted""#) { throw Failure("the disk is full, password=canary") }
        return try await store.execute(request)
    }
}

private struct BrokenStore: JournalStore {
    func execute(_ request: String) async throws -> String {
        throw Failure("the database is down, password=canary, postgresql://shop:canary@db/shop")
    }
}

final class JournalTests: XCTestCase {
    private var sandbox: Sandbox!
    private var k2: KopoKopo!

    override func setUpWithError() throws {
        sandbox = try Sandbox()
        k2 = try KopoKopo(
            clientId: sandbox.clientId, clientSecret: Secret(sandbox.clientSecret), baseUrl: sandbox.baseUrl)
    }

    override func tearDown() { sandbox.close() }

    private func pay(_ client: KopoKopo) async throws -> String {
        try await client.withOptions(idempotencyKey: "wage-1").sendMoney.create(
            destinations: [.mobileWallet(phoneNumber: "0712345678", amount: 500, description: "Wages")],
            callbackUrl: "https://shop.example/k2/results"
        ).id
    }

    func testSameKeySendsOneRequestAlsoFromAnotherClient() async throws {
        let store = MemoryStore()
        let first = try await pay(k2.withJournal(store: store))
        let again = try await pay(k2.withJournal(store: store))
        XCTAssertEqual(first, again)
        let requests = try await sandbox.operations().filter { $0 == "send_money.create" }
        XCTAssertEqual(requests.count, 1)
        let record = try await k2.withJournal(store: store).journal.get("wage-1")
        XCTAssertEqual(record?.state, "accepted")
        XCTAssertEqual(record?.id, first)
    }

    #if os(Linux)
        func testOutcomeThatIsNotWrittenIsAWarningOnStandardError() async throws {
            let pipe = Pipe()
            let before = dup(STDERR_FILENO)
            dup2(pipe.fileHandleForWriting.fileDescriptor, STDERR_FILENO)
            let result: Result<String, any Error>
            do {
                result = .success(try await pay(k2.withJournal(store: FullStore())))
            } catch {
                result = .failure(error)
            }
            dup2(before, STDERR_FILENO)
            close(before)
            try pipe.fileHandleForWriting.close()
            XCTAssertFalse(try result.get().isEmpty)
            let written = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            let lines = written.split(separator: "\n").filter { $0.hasPrefix("kopokopo: the journal could not write") }
            XCTAssertEqual(lines.count, 1, written)
            let expected = "(accepted) of send_money.create with the idempotency key wage-1"
            XCTAssertTrue(lines.first?.contains(expected) == true, written)
            XCTAssertFalse(written.contains("canary"), "it has a password")
        }
    #endif

    func testStoreThatFailsIsJournalErrorWithItsTextAndSendsNothing() async throws {
        do {
            _ = try await pay(k2.withJournal(store: BrokenStore()))
            XCTFail("the create must fail")
        } catch let error as KopoKopoError {
            XCTAssertEqual(error.kind, .journal)
            XCTAssertTrue(error.detail.contains("the database is down"), error.detail)
            XCTAssertFalse(error.detail.contains("canary"), error.detail)
        }
        let requests = try await sandbox.operations().filter { $0 == "send_money.create" }
        XCTAssertEqual(requests.count, 0)
    }
}
