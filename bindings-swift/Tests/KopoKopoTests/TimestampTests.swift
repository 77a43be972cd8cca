import Foundation
import KopoKopo
import TestSupport
import XCTest

/// `tests/vectors/timestamps.json`: the conformance runner compares only the texts of the times that the package returns.
final class TimestampTests: XCTestCase {
    private struct Vectors: Decodable {
        struct Accepted: Decodable { let text: String, unix: Double, shown: String }
        let accepted: [Accepted]
        let refused: [String]
    }

    func testTextsAreReadAsPointsInTime() throws {
        let file = Sandbox.root.appendingPathComponent("tests/vectors/timestamps.json")
        let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
        XCTAssertGreaterThan(vectors.accepted.count, 10)
        for vector in vectors.accepted {
            let timestamp = try XCTUnwrap(Timestamp(vector.shown), vector.shown)
            XCTAssertEqual(timestamp.date.timeIntervalSince1970.rounded(.down), vector.unix, vector.shown)
            XCTAssertEqual(timestamp.text, vector.shown)
        }
        XCTAssertGreaterThan(vectors.refused.count, 10)
        for text in vectors.refused { XCTAssertNil(Timestamp(text), text) }
    }
}
