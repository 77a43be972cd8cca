import KopoKopo

func app() throws {
    _ = try KopoKopo.fromEnv()
}
