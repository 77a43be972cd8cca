/// A token source that is a function:
///
///     let k2 = try KopoKopo(tokenSource: TokenFunction { try await backend.kopoKopoToken() })
public struct TokenFunction: TokenSource {
    private let function: @Sendable () async throws -> AccessToken

    /// The function answers a token that works. What it throws makes the call fail that needed the token, as
    /// `.authentication`.
    public init(_ function: @escaping @Sendable () async throws -> AccessToken) { self.function = function }

    public func token() async throws -> AccessToken { try await function() }
}
