/// The states of a resource as they change, up to the final one: `for try await payment in push.watch() { ... }`. The
/// library decides when to poll. Polling stops at once if the loop ends or its task is cancelled.
///
/// Errors: `.notFinal` if the timeout ends before the state is final; the request itself is not cancelled. Every error has
/// the resource's id.
public struct States<Value: Sendable>: AsyncSequence, Sendable {
    let open: @Sendable () throws -> Watching<Value>

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(states: self) }

    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let states: States
        private var opened: Watching<Value>?

        init(states: States) { self.states = states }

        public mutating func next() async throws -> Value? {
            let watching = try opened ?? states.open()
            opened = watching
            while let seconds = watching.pause() {
                if seconds > 0 { try await Task.sleep(for: .seconds(seconds)) }
                if let state = try await watching.poll() { return state }
            }
            return nil
        }
    }
}

/// The library's watch.
struct Watching<Value: Sendable>: Sendable {
    /// How many seconds to pause before the next poll; nil once the watch is over.
    let pause: @Sendable () -> Double?
    /// Nil if the state did not change.
    let poll: @Sendable () async throws -> Value?
}
