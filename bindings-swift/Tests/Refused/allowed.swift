import KopoKopo

func app(_ source: any TokenSource) async throws {
    let app = try KopoKopo(tokenSource: source)
    _ = try await app.incomingPayments.get("1")
    _ = try await app.paymentLinks.get("1")
}
