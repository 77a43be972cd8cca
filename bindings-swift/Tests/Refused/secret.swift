import KopoKopo

func app() throws {
    _ = try KopoKopo(clientId: "id", clientSecret: "secret")
}
