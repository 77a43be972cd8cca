import KopoKopo

func app(_ options: ClientOptions) throws {
    _ = try KopoKopo(options)
}
