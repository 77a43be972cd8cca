import Foundation

#if canImport(os)
    import os
#endif

/// A warning of the core, as it comes to a journal's store. No request begins like this.
struct Warning: Decodable {
    let text: String

    private enum CodingKeys: String, CodingKey {
        case text = "warning"
    }

    init?(_ request: String) {
        guard request.hasPrefix(#"{"warning":"#),
            let read = try? JSONDecoder().decode(Self.self, from: Data(request.utf8))
        else { return nil }
        self = read
    }
}

/// Writes a warning to the unified log of Apple's systems, and to standard error on others. The core has redacted it.
func warn(_ text: String) {
    #if canImport(os)
        Logger(subsystem: "dev.kopokopo", category: "journal").warning("\(text, privacy: .public)")
    #else
        FileHandle.standardError.write(Data("kopokopo: \(text)\n".utf8))
    #endif
}
