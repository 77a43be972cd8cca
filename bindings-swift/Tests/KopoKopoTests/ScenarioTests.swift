import Foundation
import TestSupport
import XCTest

final class ScenarioTests: XCTestCase {
    /// A few at once: most of what they do is wait.
    private static let atOnce = 4

    func testScenariosPass() async throws {
        let folder = Sandbox.root.appendingPathComponent("tests/scenarios")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
        let only = ProcessInfo.processInfo.environment["SCENARIO"]
        let pattern = files.filter { file in only.map { file.lastPathComponent.contains($0) } ?? true }
        XCTAssertFalse(pattern.isEmpty, "there are no scenarios")
        let failures = await withTaskGroup(of: String?.self) { group in
            var failures: [String] = []
            for (at, file) in pattern.enumerated() {
                if at >= Self.atOnce, let outcome = await group.next() ?? nil { failures.append(outcome) }
                group.addTask {
                    do {
                        try await ScenarioRunner(JSON.read(Data(contentsOf: file))).run()
                        return nil
                    } catch {
                        return "\(error)"
                    }
                }
            }
            for await case let outcome? in group { failures.append(outcome) }
            return failures
        }
        print("\(pattern.count) scenarios, \(failures.count) failed")
        for failure in failures { XCTFail(failure) }
    }

    func testUnmetExpectationFails() async throws {
        for step in [
            #"{"call": "oauth.token", "expect": {"token_type": "Basic"}}"#,
            #"{"call": "oauth.token", "expect_error": {"kind": "api"}}"#,
            #"{"call": "incoming_payments.get", "with": {"id": "1"}}"#,
            #"{"state": {"transactions": 7}}"#,
            #"{"receive": "incoming_payment", "within_ms": 50}"#,
            #"{"call": "oauth.token", "expects": {}}"#,
        ] {
            let scenario = try JSON.read(Data(#"{"name": "wrong", "steps": [\#(step)]}"#.utf8))
            do {
                try await ScenarioRunner(scenario).run()
                XCTFail(step)
            } catch let failure as Failure {
                XCTAssertTrue(failure.description.hasPrefix("wrong: step 1: "), failure.description)
            }
        }
    }
}
