import Foundation

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
