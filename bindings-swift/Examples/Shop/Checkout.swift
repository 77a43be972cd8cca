import Foundation
import KopoKopo

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Tokens from the shop's backend, which checks the app's session.
struct Backend: TokenSource {
    let url: URL
    let session: String

    func token() async throws -> AccessToken {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("Bearer \(session)", forHTTPHeaderField: "Authorization")
        let (body, response) = try await URLSession.shared.data(for: request)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            throw KopoKopoError(.authentication, detail: "the shop's backend gave no token")
        }
        struct Response: Decodable { let token: String, expiresIn: Double }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let token = try decoder.decode(Response.self, from: body)
        return AccessToken(token: Secret(token.token), expiresIn: .seconds(token.expiresIn))
    }
}

/// One payment, from the button to the last state.
struct Checkout: Sendable {
    let k2: KopoKopo

    init(session: String) throws {
        guard let url = URL(string: "https://shop.example/k2/token") else { throw URLError(.badURL) }
        k2 = try KopoKopo(tokenSource: Backend(url: url, session: session), product: "shop/1.0")
    }

    /// The states of the payment, up to the final one.
    func states(amount: Decimal, phoneNumber: Personal, order: String) async throws -> States<IncomingPayment> {
        try await k2.incomingPayments.create(
            tillNumber: "K000000",
            phoneNumber: phoneNumber,
            amount: amount,
            callbackUrl: "https://shop.example/k2/results",
            metadata: ["order_id": .text(order)]
        ).watch()
    }

    /// A message for the customer.
    static func sentence(_ error: any Error) -> String {
        switch (error as? KopoKopoError)?.kind {
        case .invalidRequest: "Please look at the phone number again."
        case .outcomeUnknown:
            "We do not know whether you were asked to pay. Please look at your phone before you try again."
        case .timeout: "We have heard nothing yet. We will tell you when the payment arrives."
        default: "Nothing was paid. Please try again."
        }
    }
}
