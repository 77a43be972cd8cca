/// A token source that is a function:
///
///     let k2 = try KopoKopo(tokenSource: TokenFunction { try await backend.kopoKopoToken() })
public struct TokenFunction: TokenSource {
    private let function: @Sendable () async throws -> AccessToken

    /// - Parameter function: Returns a valid token. If it throws, the call that needed the token throws
    ///   `.authentication`.
    public init(_ function: @escaping @Sendable () async throws -> AccessToken) { self.function = function }

    public func token() async throws -> AccessToken { try await function() }
}
