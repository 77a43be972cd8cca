internal import KopoKopoRaw

/// Converts errors of the raw layer to errors of this layer.
func call<Output>(_ work: () throws -> Output) throws -> Output {
    do { return try work() } catch { throw lifted(error) }
}

func call<Output>(_ work: () async throws -> Output) async throws -> Output {
    do { return try await work() } catch { throw lifted(error) }
}

/// Runs a create to its end, at most for its timeout, even if its task is cancelled. The caller gets the result, so a
/// cancellation does not leave the payment's outcome unknown. If the task is cancelled before the create begins, nothing
/// is sent.
func uncancelled<Output: Sendable>(_ work: @escaping @Sendable () async throws -> Output) async throws -> Output {
    try Task.checkCancellation()
    return try await Task { try await call(work) }.value
}

/// As `call`, for a function that a program may call first: it checks the native library before.
func enter<Output>(_ work: () throws -> Output) throws -> Output {
    try Library.ready()
    return try call(work)
}

private func lifted(_ error: any Error) -> any Error {
    switch error {
    case let error as KopoKopoRaw.KopoKopoError: KopoKopoError(raw: error)
    case is KopoKopoError, is CancellationError: error
    default: KopoKopoError(.internal, detail: "internal error in kopokopo, please report it")
    }
}

/// Converts what the program's token source throws to an error of the raw layer. The text of another type of error may
/// contain a secret, so only the type is named.
func foreign<Output>(_ work: () async throws -> Output) async throws -> Output {
    do {
        return try await work()
    } catch {
        throw foreignError((error as? KopoKopoError)?.detail ?? "it failed with \(type(of: error))")
    }
}

/// Converts what a journal's store throws to an error of the raw layer. The text of any error is passed on, because a person
/// must see why the database fails. The core redacts it.
///
/// A warning of the core is no request: it goes to the log, because the call that it is about has its result.
func storing(_ request: String, _ work: () async throws -> String) async throws -> String {
    if let warning = Warning(request) {
        warn(warning.text)
        return "null"
    }
    do {
        return try await work()
    } catch {
        throw foreignError((error as? KopoKopoError)?.detail ?? "\(type(of: error)): \(error)")
    }
}

private func foreignError(_ detail: String) -> KopoKopoRaw.KopoKopoError {
    .Authentication(fields: KopoKopoRaw.ErrorFields(detail: detail))
}
