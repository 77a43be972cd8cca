import Foundation
import KopoKopo

/// Performs the requests of the runner.
final class Responder: Sendable {
    private let clients = Clients()
    private let output = NSLock()
    /// The file with the symbol graph of the package.
    private let symbols: String?

    init(symbols: String?) { self.symbols = symbols }

    func respond(_ line: String) async {
        var members: [JSON.Member] = []
        do {
            let request = try JSON(reading: line)
            members = [("id", request["id"] ?? .null)]
            members += try await answer(request)
        } catch {
            members.append(("exception", .text("\(type(of: error)): \(error)")))
        }
        let response = Data((JSON.object(members).written + "\n").utf8)
        output.withLock { FileHandle.standardOutput.write(response) }
    }

    /// The members of the response, without its id.
    private func answer(_ request: JSON) async throws -> [JSON.Member] {
        let name = request["client"]?.asText ?? ""
        let given = Arguments(request["with"])
        switch request["do"]?.asText {
        case "hello":
            return [("value", hello)]
        case "surface":
            guard let symbols else { throw Unsupported("the argument with the symbol graph is missing") }
            return [("value", try Surface(file: symbols).tagged())]
        case "client":
            return try await outcome(request) {
                let options = try ClientOptions(Arguments(request["options"]))
                let plain = try KopoKopo(options)
                let client = try request["journal"].map { try journaled(plain, $0) } ?? plain
                clients.set(name, client)
                return (Nothing(), texts(client) + texts(options, "options."))
            }
        case "close":
            clients.set(name, nil)
            return [("value", .null)]
        case "call":
            return try await outcome(request) {
                let result = try await call(try clients.get(name), request)
                return (result, texts(result))
            }
        case "verify":
            return try await outcome(request) {
                let event = try clients.get(name).webhooks.verify(
                    body: Data.fromJSON(request["body"] ?? .null), signature: request["signature"]?.asText)
                return (event, texts(event))
            }
        case "verifier":
            return try await outcome(request) {
                let result = try verify(request)
                return (result, texts(result))
            }
        case "function":
            return try await outcome(request) {
                let result: any Sendable =
                    switch request["name"]?.asText {
                    case "sign_webhook":
                        try KopoKopo.signWebhook(apiKey: given.required("api_key"), body: given.required("body"))
                    case "hash_phone": try KopoKopo.hashPhone(given.required("phone_number"))
                    case let other: throw Unsupported("unknown function \(other ?? "")")
                    }
                return (result, [])
            }
        case let other: throw Unsupported("unknown request \(other ?? "")")
        }
    }

    private let hello = JSON.object([
        ("language", .text("swift")), ("engines", .list([.text("async")])), ("timestamp_digits", .number("9")),
        ("keeps_offsets", .bool(true)), ("journal", .bool(true)),
    ])

    private typealias Outcome = (value: any Sendable, texts: [JSON.Member])

    /// A result or the package's error, with its text forms if the request asks for them.
    private func outcome(_ request: JSON, _ work: () async throws -> Outcome) async throws
        -> [JSON.Member]
    {
        let outcome: JSON.Member
        let forms: [JSON.Member]
        do {
            let result = try await work()
            (outcome, forms) = (("value", tagged(result.value)), result.texts)
        } catch let error as KopoKopoError {
            (outcome, forms) = (("error", tagged(error)), texts(error))
        }
        return [outcome] + (request["texts"]?.asBool == true ? [("texts", .object(forms))] : [])
    }

    private func call(_ shared: KopoKopo, _ request: JSON) async throws -> any Sendable {
        let operation = request["operation"]?.asText ?? ""
        let given = Arguments(request["with"])
        let client = try request["options"].map { try shared.withOptions(CallOptions(Arguments($0))) } ?? shared
        let wait = try request["wait"].map { try WaitOptions(Arguments($0)) }
        if operation.hasSuffix(".wait") || operation.hasSuffix(".watch") {
            return try await follow(operation, client, given.required("id"), wait ?? WaitOptions())
        }
        let result = try await perform(operation, client, given)
        guard let wait else { return result }
        guard let handle = result as? any Handle else { throw Unsupported("\(operation) returns nothing to wait for") }
        return try await handle.finished(wait)
    }

    private func verify(_ request: JSON) throws -> any Sendable {
        let options = Arguments(request["options"])
        let verifier = try WebhookVerifier(
            apiKeys: options.required("api_keys"), clientSecret: options.optional("client_secret"),
            maxBody: options.optional("max_body") ?? 10_485_760)
        let (body, signature) = (try Data.fromJSON(request["body"] ?? .null), request["signature"]?.asText)
        switch request["method"]?.asText {
        case "verify": return try verifier.verify(body: body, signature: signature)
        case "verify_signature":
            try verifier.verifySignature(body: body, signature: signature)
            return Nothing()
        case "parse_unverified": return try verifier.parseUnverified(body)
        case let other: throw Unsupported("unknown method \(other ?? "")")
        }
    }
}

/// The clients by their names.
private final class Clients: @unchecked Sendable {
    private let lock = NSLock()
    private var byName: [String: KopoKopo] = [:]

    func get(_ name: String) throws -> KopoKopo {
        try lock.withLock { byName[name] } ?? { throw Unsupported("there is no client \(name)") }()
    }

    func set(_ name: String, _ client: KopoKopo?) { lock.withLock { byName[name] = client } }
}
