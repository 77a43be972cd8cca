/// What is created and not final yet, as it changes: `for try await payment in push.watch() { ... }`. A loop that is
/// left, or whose task is cancelled, stops looking at once.
public struct States<Value: Sendable>: AsyncSequence, Sendable {
    /// What was found.
    struct Look: Sendable {
        let value: Value
        let isFinal: Bool
        let text: String
    }

    let id: String
    let operation: String
    let options: WaitOptions
    let look: @Sendable () async throws -> Look

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(states: self) }

    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        private let states: States
        private let start = ContinuousClock.now
        private var pause: Duration
        private var hasLooked = false
        private var seen: String?
        private var isAtEnd = false

        init(states: States) {
            self.states = states
            pause = states.options.interval
        }

        public mutating func next() async throws -> Value? {
            let options = states.options
            for (name, length) in [
                ("timeout", options.timeout), ("interval", options.interval), ("maxInterval", options.maxInterval),
            ] where length <= .zero {
                let detail = "\(name): must be a length of time, more than 0"
                throw KopoKopoError(.invalidRequest, detail: detail, field: name)
            }
            let end = start + options.timeout
            while !isAtEnd {
                if hasLooked { try await rest(until: end) }
                hasLooked = true
                guard let found = try await passing(until: end) else { continue }
                isAtEnd = found.isFinal
                let isNew = found.text != seen
                seen = found.text
                if isNew { return found.value }
            }
            return nil
        }

        /// Waits for the next look, longer each time.
        private mutating func rest(until end: ContinuousClock.Instant) async throws {
            let left = ContinuousClock.now.duration(to: end)
            if left <= .zero {
                let detail =
                    "not final after \(states.options.timeout). Nothing is lost: read it later by its id \(states.id)"
                throw KopoKopoError(.timeout, detail: detail, operation: states.operation)
            }
            try await Task.sleep(for: Swift.min(pause, states.options.maxInterval, left))
            pause = pause * 3 / 2
        }

        /// Nil where there was no connection, no answer in time, 429 or 5xx: they pass. The last look may take a little
        /// longer than there is time.
        private func passing(until end: ContinuousClock.Instant) async throws -> Look? {
            let left = Swift.max(ContinuousClock.now.duration(to: end), .seconds(5))
            do {
                return try await within(left, states.look)
            } catch let error as KopoKopoError {
                switch error.kind {
                case .connection, .timeout, .rateLimited: return nil
                case .api where error.status ?? 0 >= 500: return nil
                default: throw error
                }
            }
        }
    }
}

/// Nil where it takes longer.
private func within<Answer: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Answer
) async throws -> Answer? {
    try await withThrowingTaskGroup(of: Answer?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
