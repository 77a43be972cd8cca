import Foundation

extension Decimal {
    /// The library writes digits with at most one point.
    init(raw: String) throws {
        guard let amount = Decimal(string: raw, locale: Locale(identifier: "en_US_POSIX")) else {
            throw KopoKopoError(.internal, detail: "the library's amount cannot be read")
        }
        self = amount
    }
}

extension UnsignedInteger where Self: FixedWidthInteger {
    /// `name` is the field's, for what is wrong with it.
    init(natural number: Int, _ name: String) throws {
        guard let own = Self(exactly: number) else {
            throw KopoKopoError(.configuration, detail: "\(name): must be between 0 and \(Self.max)", field: name)
        }
        self = own
    }
}

extension Duration {
    /// The contract's seconds.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
