import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// `k2 sandbox`, in a process that ends with this one.
public final class Sandbox: @unchecked Sendable {
    /// The repository.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// How long a control of the sandbox is retried.
    private static let patience = Duration.seconds(3)

    public let baseUrl: String
    public let clientId: String
    public let clientSecret: String
    public let apiKey: String
    private let process = Process()
    private let input = Pipe()

    public init() throws {
        let environment = ProcessInfo.processInfo.environment
        let target =
            environment["CARGO_TARGET_DIR"].map { URL(fileURLWithPath: $0) }
            ?? Self.root.appendingPathComponent("target")
        let k2 =
            environment["K2_SANDBOX_BIN"].map { URL(fileURLWithPath: $0) }
            ?? target.appendingPathComponent("debug/k2")
        let output = Pipe()
        process.executableURL = k2
        process.arguments = ["sandbox", "--json", "--exit-with-stdin"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Failure("the sandbox did not start") }
            line += more
        }
        // The output is read to its end, otherwise the sandbox blocks when the pipe is full.
        output.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
        let said = try JSONDecoder().decode([String: String].self, from: line)
        guard let baseUrl = said["base_url"], let clientId = said["client_id"],
            let clientSecret = said["client_secret"],
            let apiKey = said["api_key"]
        else { throw Failure("the first line of the sandbox lacks a field") }
        (self.baseUrl, self.clientId, self.clientSecret, self.apiKey) = (baseUrl, clientId, clientSecret, apiKey)
    }

    public func close() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    deinit { close() }

    /// Sends `PUT /_sandbox/faults` with a body in JSON. A fault may have closed the port for a while.
    @discardableResult
    public func control(_ asked: String, _ body: String? = nil, expected: Int = 200) async throws -> Data {
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                let (status, response) = try await ask(asked, body)
                if status == expected { return response }
                throw Failure(
                    "\(asked): expected \(expected), found \(status): \(String(decoding: response, as: UTF8.self))")
            } catch let error as URLError {
                if ContinuousClock.now > end { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func ask(_ asked: String, _ body: String?) async throws -> (Int, Data) {
        let parts = asked.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let url = URL(string: baseUrl + parts[1]) else {
            throw Failure("\(asked) is no request")
        }
        var request = URLRequest(url: url, timeoutInterval: 10)
        request.httpMethod = String(parts[0])
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        // No connection is kept: a fault may end it.
        let session = URLSession(configuration: .ephemeral)
        defer { session.finishTasksAndInvalidate() }
        return try await withCheckedThrowingContinuation { continuation in
            let task = session.dataTask(with: request) { data, response, error in
                if let response = response as? HTTPURLResponse {
                    continuation.resume(returning: (response.statusCode, data ?? Data()))
                } else {
                    continuation.resume(throwing: error ?? URLError(.unknown))
                }
            }
            task.resume()
        }
    }

    /// The operations of the requests that arrived, oldest first.
    public func operations() async throws -> [String?] {
        struct Request: Decodable { let operation: String? }
        let requests = try await control("GET /_sandbox/requests")
        return try JSONDecoder().decode([Request].self, from: requests).map(\.operation)
    }

    /// Makes the next calls of an operation fail. `rest` has further fields of the fault, such as `"times": 4`.
    public func fault(_ operation: String, _ kind: String, _ rest: String = "") async throws {
        let rest = rest.isEmpty ? "" : ", \(rest)"
        try await control("PUT /_sandbox/faults", #"{"operation": "\#(operation)", "kind": "\#(kind)"\#(rest)}"#)
    }
}

/// The reason why a test fails.
public struct Failure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
