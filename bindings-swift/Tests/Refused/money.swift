import KopoKopo

func app(_ app: KopoKopo) async throws {
    _ = try await app.sendMoney.get("1")
}
