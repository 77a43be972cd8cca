import Foundation

#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
    import Musl
    private let stream = SOCK_STREAM
#else
    import Darwin
    private let stream = SOCK_STREAM
#endif

/// An HTTP server on loopback that sends the responses of a function, one request for each connection.
public final class Server: @unchecked Sendable {
    public struct Request: Sendable {
        public let method: String
        public let path: String
        /// Their names in lower case.
        public let headers: [String: String]
        public let body: Data
    }

    public struct Response: Sendable {
        let status: Int
        let headers: [String: String]
        let body: String

        public init(_ status: Int, headers: [String: String] = [:], body: String = "") {
            (self.status, self.headers, self.body) = (status, headers, body)
        }
    }

    public let baseUrl: String
    private let socket: Int32

    public init(_ respond: @escaping @Sendable (Request) -> Response) throws {
        #if canImport(Glibc)
            let socket = Glibc.socket(AF_INET, stream, 0)
        #elseif canImport(Musl)
            let socket = Musl.socket(AF_INET, stream, 0)
        #else
            let socket = Darwin.socket(AF_INET, stream, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 128) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard isBound else { throw Failure("no port on loopback") }
        self.socket = socket
        baseUrl = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread.detachNewThread {
            while true {
                let connection = accept(socket, nil, nil)
                if connection < 0 { return }
                Thread.detachNewThread {
                    Self.serve(connection, respond)
                    _ = shutdown(connection, Int32(SHUT_RDWR))
                    _ = close(connection)
                }
            }
        }
    }

    public func stop() {
        _ = shutdown(socket, Int32(SHUT_RDWR))
        _ = close(socket)
    }

    private static func serve(_ connection: Int32, _ respond: (Request) -> Response) {
        guard let request = read(connection) else { return }
        let response = respond(request)
        let headers = response.headers.map { "\($0): \($1)\r\n" }.joined()
        let head =
            "HTTP/1.1 \(response.status) X\r\nconnection: close\r\ncontent-length: \(response.body.utf8.count)\r\n\(headers)\r\n"
        let bytes = Array((head + response.body).utf8)
        var sent = 0
        while sent < bytes.count {
            let more = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
            if more <= 0 { return }
            sent += more
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 65536)
        func more() -> Bool {
            let count = recv(connection, &chunk, chunk.count, 0)
            if count > 0 { data += chunk[..<count] }
            return count > 0
        }
        while data.range(of: Data("\r\n\r\n".utf8)) == nil { if !more() { return nil } }
        guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while data.count - end.upperBound < length { if !more() { return nil } }
        let first = lines[0].split(separator: " ")
        guard first.count == 3 else { return nil }
        return Request(
            method: String(first[0]), path: String(first[1]), headers: headers, body: data[end.upperBound...])
    }
}

/// A value that several threads change.
public final class Shared<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    public init(_ value: Value) { self.value = value }

    public func change<Output>(_ how: (inout Value) -> Output) -> Output {
        lock.lock()
        defer { lock.unlock() }
        return how(&value)
    }

    public var now: Value { change { $0 } }
}
