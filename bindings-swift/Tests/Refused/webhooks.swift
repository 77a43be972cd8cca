import KopoKopo

func app() throws {
    _ = try WebhookVerifier(apiKeys: ["key"])
}
