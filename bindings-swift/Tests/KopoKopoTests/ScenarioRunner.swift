import Foundation
import KopoKopo
import TestSupport

/// A receiver of webhooks that keeps the raw body and the signature of each request.
private final class Receiver: Sendable {
    typealias Arrival = (body: Data, signature: String?)

    private let arrivals: Shared<[Arrival]>
    private let server: Server
    let url: String

    init(_ statuses: [Int]) throws {
        let (arrivals, statuses) = (Shared<[Arrival]>([]), Shared(statuses))
        self.arrivals = arrivals
        server = try Server { request in
            arrivals.change { $0.append((request.body, request.headers["x-kopokopo-signature"])) }
            return .init(statuses.change { $0.isEmpty ? 200 : $0.removeFirst() })
        }
        url = server.baseUrl + "/k2/results"
    }

    /// Removes and returns the first arrival that matches.
    func take(within limit: Duration, _ matches: (Arrival) -> Bool) async throws -> Arrival? {
        let end = ContinuousClock.now + limit
        while true {
            let found = arrivals.change { all in all.firstIndex(where: matches).map { all.remove(at: $0) } }
            if found != nil || ContinuousClock.now > end { return found }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func stop() { server.stop() }
}

/// One scenario of tests/README.md.
final class ScenarioRunner {
    private let scenario: [String: JSON]
    private let sandbox: Sandbox
    private let receiver: Receiver
    private var client: KopoKopo
    private var names: [String: JSON]

    init(_ scenario: JSON) throws {
        self.scenario = scenario.object ?? [:]
        sandbox = try Sandbox()
        receiver = try Receiver(self.scenario["receiver"]?.object?["statuses"]?.list?.compactMap(\.int) ?? [])
        names = [
            "callback": .text(receiver.url), "base_url": .text(sandbox.baseUrl), "client_id": .text(sandbox.clientId),
        ]
        client = try Self.client(sandbox, self.scenario["client"]?.object ?? [:])
    }

    func run() async throws {
        var at = "the file"
        defer {
            receiver.stop()
            sandbox.close()
        }
        do {
            try known(scenario, ["name", "about", "settings", "client", "receiver", "steps", "requests"])
            if let settings = scenario["settings"] { _ = try await control("PUT /_sandbox/settings", settings) }
            for (number, step) in (scenario["steps"]?.list ?? []).enumerated() {
                at = "step \(number + 1)"
                try await self.step(step.object ?? [:])
            }
            at = "requests"
            if let expected = scenario["requests"] {
                try await settle { try requests(await control("GET /_sandbox/requests").list ?? [], expected) }
            }
        } catch {
            throw Failure(Matching.redacted("\(scenario["name"]?.asPlainText ?? "?"): \(at): \(error)"))
        }
    }

    private static func client(_ sandbox: Sandbox, _ given: [String: JSON]) throws -> KopoKopo {
        var options = ClientOptions(
            clientId: sandbox.clientId, clientSecret: Secret(sandbox.clientSecret), apiKey: Secret(sandbox.apiKey),
            baseUrl: sandbox.baseUrl, retryBase: .milliseconds(10))
        for (name, value) in given {
            switch name {
            case "client_secret": options.clientSecret = Secret(value.asPlainText)
            case "api_key": options.apiKey = Secret(value.asPlainText)
            case "private_token": options.privateToken = value == true
            case "timeout_ms": options.timeout = try milliseconds(value)
            case "connect_timeout_ms": options.connectTimeout = try milliseconds(value)
            case "stalled_timeout_ms": options.stalledTimeout = try milliseconds(value)
            case "retry_base_ms": options.retryBase = try milliseconds(value)
            case "max_retries": options.maxRetries = value.int ?? -1
            default: throw ScenarioError("there is no option \(name)")
            }
        }
        return try KopoKopo(options)
    }

    private func step(_ step: [String: JSON]) async throws {
        if let operation = step["call"]?.asText {
            try await call(operation, step)
        } else if let asked = step["control"]?.asText {
            try known(step, ["control", "body", "status", "as", "expect"])
            let body = try step["body"].map { try Matching.fill($0, names) }
            let response = try await control(
                try Matching.fillText(asked, names), body, expected: step["status"]?.int ?? 200)
            try takeIn(step, "expect", response)
        } else if let topic = step["receive"]?.asText {
            try await receive(topic, step)
        } else if let state = step["state"]?.object {
            try known(step, ["state"])
            try await settle { try differences(await control("GET /_sandbox/state"), state) }
        } else if let options = step["client"]?.object {
            try known(step, ["client"])
            client = try Self.client(sandbox, options)
        } else {
            try known(step, ["sleep_ms"])
            try await Task.sleep(for: milliseconds(step["sleep_ms"] ?? .null))
        }
    }

    private func call(_ operation: String, _ step: [String: JSON]) async throws {
        try known(
            step, ["call", "with", "wait", "options", "parallel", "retry_chain", "as", "expect", "expect_error"])
        let filled = try Matching.fill(step["with"] ?? .object([:]), names)
        let client = try step["options"]?.object.map(differing) ?? self.client
        let waiting = try step["wait"]?.object.map(Self.patience)
        let retries = step["retry_chain"]?.int ?? 0
        let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for _ in 0..<(step["parallel"]?.int ?? 1) {
                group.addTask {
                    var outcome = try await Self.attempt(operation, client, filled, waiting)
                    for _ in 0..<retries {
                        guard case .failure(let error) = outcome, [.timeout, .connection].contains(error.kind) else {
                            break
                        }
                        outcome = try await Self.attempt(operation, client, filled, waiting)
                    }
                    return outcome
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for outcome in outcomes { try compare(operation, outcome, step) }
    }

    private typealias Outcome = Result<JSON, KopoKopoError>

    /// A call, and the wait for what it created. Waits by id take their options as arguments.
    private static func attempt(
        _ operation: String, _ client: KopoKopo, _ given: JSON, _ waiting: WaitOptions?
    ) async throws -> Outcome {
        do {
            if operation.hasSuffix(".wait") || operation.hasSuffix(".watch") {
                let id = given.object?["id"]?.asText ?? ""
                return .success(toJSON(try await follow(operation, client, id, waiting ?? WaitOptions())))
            }
            let result = try await perform(operation, client, Arguments(given))
            guard let waiting else { return .success(toJSON(result)) }
            guard let handle = result as? any Handle else { throw ScenarioError("nothing to wait for") }
            return .success(toJSON(try await handle.finished(waiting)))
        } catch let error as KopoKopoError {
            return .failure(error)
        }
    }

    private func differing(_ given: [String: JSON]) throws -> KopoKopo {
        try known(given, ["timeout_ms", "connect_timeout_ms", "stalled_timeout_ms", "max_retries"])
        return try client.withOptions(
            connectTimeout: given["connect_timeout_ms"].map(milliseconds),
            stalledTimeout: given["stalled_timeout_ms"].map(milliseconds),
            timeout: given["timeout_ms"].map(milliseconds),
            maxRetries: given["max_retries"]?.int)
    }

    private static func patience(_ given: [String: JSON]) throws -> WaitOptions {
        try known(given, ["timeout_ms", "interval_ms"])
        let interval = given["interval_ms"]?.int ?? 20
        return WaitOptions(
            timeout: .milliseconds(given["timeout_ms"]?.int ?? 10_000), interval: .milliseconds(interval),
            maxInterval: .milliseconds(max(500, interval)))
    }

    private func receive(_ topic: String, _ step: [String: JSON]) async throws {
        try known(step, ["receive", "count", "within_ms", "as", "expect", "expect_error"])
        let webhooks = try client.webhooks
        let count = step["count"]?.int ?? 1
        for nth in 1...max(count, 1) {
            let arrival = try await receiver.take(within: .milliseconds(step["within_ms"]?.int ?? 5000)) {
                body, signature in
                topic == "*" || (try? webhooks.verify(body: body, signature: signature))?.topic == topic
            }
            if count == 0 {
                if arrival != nil { throw Failure("\(topic): expected none, and one arrived") }
                return
            }
            guard let arrival else { throw Failure("\(topic): \(nth - 1) of \(count) arrived") }
            let outcome: Outcome
            do {
                outcome = .success(toJSON(try webhooks.verify(body: arrival.body, signature: arrival.signature)))
            } catch let error as KopoKopoError {
                outcome = .failure(error)
            }
            try compare(topic, outcome, step)
        }
    }

    private func compare(_ what: String, _ outcome: Outcome, _ step: [String: JSON]) throws {
        switch outcome {
        case .failure(let error) where step["expect_error"] != nil: try takeIn(step, "expect_error", toJSON(error))
        case .failure(let error): throw Failure("\(what): \(error)")
        case .success(let found) where step["expect_error"] != nil:
            throw Failure("\(what): expected an error, found \(found.written)")
        case .success(let found): try takeIn(step, "expect", found)
        }
    }

    private func takeIn(_ step: [String: JSON], _ expectation: String, _ found: JSON) throws {
        if let name = step["as"]?.asText { names[name] = found }
        try differences(found, step[expectation]?.object ?? [:])
    }

    private func differences(_ found: JSON, _ expected: [String: JSON]) throws {
        let wrong = try Matching.differences(found, expected, names)
        if !wrong.isEmpty { throw Failure(wrong.joined(separator: "; ")) }
    }

    private func requests(_ seen: [JSON], _ expected: JSON) throws {
        if let counts = expected.object {
            let found = Dictionary(grouping: seen) { $0.object?["operation"]?.asPlainText ?? "?" }.mapValues(\.count)
            for operation in Set(found.keys).union(counts.keys) {
                let (own, pattern) = (JSON.number(Decimal(found[operation] ?? 0)), counts[operation] ?? 0)
                if try !Matching.matches(own, pattern) {
                    throw Failure("\(operation): expected \(pattern.written), found \(own.written)")
                }
            }
            return
        }
        var rest = seen[...]
        for template in expected.list ?? [] {
            var entry = template.object ?? [:]
            let repeats = entry.removeValue(forKey: "$repeat") == true
            guard let first = rest.popFirst() else {
                throw Failure("\(seen.count) arrived, expected \(entry["operation"]?.asPlainText ?? "?") more")
            }
            try differences(first, entry)
            while repeats, let next = rest.first, try Matching.differences(next, entry, names).isEmpty {
                rest.removeFirst()
            }
        }
        if let more = rest.first { throw Failure("not expected: \(more.object?["operation"]?.asPlainText ?? "?")") }
    }

    private func control(_ asked: String, _ body: JSON? = nil, expected: Int = 200) async throws -> JSON {
        try JSON.read(await sandbox.control(asked, body?.written, expected: expected))
    }
}

private func milliseconds(_ value: JSON) throws -> Duration {
    guard let number = value.int else { throw ScenarioError("\(value) is no length of time") }
    return .milliseconds(number)
}

private func known(_ given: [String: JSON], _ keys: Set<String>) throws {
    let unknown = Set(given.keys).subtracting(keys)
    if !unknown.isEmpty { throw ScenarioError("unknown: \(unknown.sorted())") }
}
