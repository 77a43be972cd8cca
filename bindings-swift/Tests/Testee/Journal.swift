import Foundation
import KopoKopo

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A client with a journal, whose store is the runner's.
func journaled(_ client: KopoKopo, _ journal: JSON) throws -> KopoKopo {
    guard let url = journal["url"]?.asText.flatMap({ URL(string: $0) }) else {
        throw Unsupported("the journal has no URL")
    }
    var options = JournalOptions()
    for (name, value) in journal["options"]?.asObject ?? [] {
        switch name {
        case "dialect": options.dialect = try String.fromJSON(value)
        case "placeholder": options.placeholder = try String.fromJSON(value)
        case "create_tables": options.createTables = try Bool.fromJSON(value)
        case "key_in_metadata": options.keyInMetadata = try Bool.fromJSON(value)
        default: throw Unsupported("unknown option \(name)")
        }
    }
    return try client.withJournal(store: RunnersStore(url: url), options: options)
}

private struct RunnersStore: JournalStore {
    let url: URL

    func execute(_ request: String) async throws -> String {
        var asked = URLRequest(url: url)
        asked.httpMethod = "POST"
        asked.httpBody = Data(request.utf8)
        let (status, body): (Int, Data) = try await withCheckedThrowingContinuation { continuation in
            let task = URLSession.shared.dataTask(with: asked) { data, response, error in
                if let response = response as? HTTPURLResponse {
                    continuation.resume(returning: (response.statusCode, data ?? Data()))
                } else {
                    continuation.resume(throwing: error ?? URLError(.unknown))
                }
            }
            task.resume()
        }
        let text = String(decoding: body, as: UTF8.self)
        guard status == 200 else { throw Unsupported(text) }
        return text
    }
}
