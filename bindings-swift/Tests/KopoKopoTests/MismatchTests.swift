import Foundation
import KopoKopo
import XCTest

/// test.sh runs this with a library of another contract: the one for apps.
final class MismatchTests: XCTestCase {
    func testMismatchedLibraryIsConfigurationError() throws {
        guard ProcessInfo.processInfo.environment["KOPOKOPO_MISMATCH"] != nil else {
            throw XCTSkip("the library is the right one")
        }
        for call in [
            { _ = try KopoKopo(clientId: "id", clientSecret: "secret") },
            { _ = try WebhookVerifier(apiKeys: ["key"]) },
            { _ = try KopoKopo.signWebhook(apiKey: "key", body: Data()) },
        ] {
            XCTAssertThrowsError(try call()) { error in
                XCTAssertEqual((error as? KopoKopoError)?.kind, .configuration)
                XCTAssertTrue("\(error)".contains("install both of the same version"), "\(error)")
            }
        }
    }
}
