internal import KopoKopoRaw

/// What the raw layer throws becomes this layer's.
func call<Answer>(_ work: () throws -> Answer) throws -> Answer {
    do { return try work() } catch { throw lifted(error) }
}

func call<Answer>(_ work: () async throws -> Answer) async throws -> Answer {
    do { return try await work() } catch { throw lifted(error) }
}

/// A create that has begun runs to its end, at most for its timeout, although its task is cancelled meanwhile: the caller
/// gets its result, so a cancellation never leaves the payment's outcome unknown. In a task that is cancelled already,
/// nothing is sent.
func uncancelled<Answer: Sendable>(_ work: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
    try Task.checkCancellation()
    return try await Task { try await call(work) }.value
}

/// The same, for what can be the first thing that a program does.
func enter<Answer>(_ work: () throws -> Answer) throws -> Answer {
    try Library.ready()
    return try call(work)
}

private func lifted(_ error: any Error) -> any Error {
    switch error {
    case let error as KopoKopoRaw.KopoKopoError: KopoKopoError(raw: error)
    case is KopoKopoError, is CancellationError: error
    default: KopoKopoError(.internal, detail: "a defect in this library: please report what was called")
    }
}

/// What a program's own function throws becomes the raw layer's. An error of another kind may say anything, so it is
/// only named.
func foreign<Answer>(_ work: () async throws -> Answer) async throws -> Answer {
    do {
        return try await work()
    } catch {
        let detail = (error as? KopoKopoError)?.detail ?? "the token source failed: \(type(of: error))"
        throw KopoKopoRaw.KopoKopoError.Authentication(
            detail: detail,
            operation: nil,
            field: nil,
            status: nil,
            serverCode: nil,
            messages: [],
            retryAfter: nil,
            attempts: 0,
            body: nil,
            id: nil,
            location: nil,
            state: nil,
            requestId: nil,
            sentAt: nil
        )
    }
}
