import Foundation

extension Decimal {
    /// Reads an amount that the native library wrote: digits with at most one decimal point.
    init(raw: String) throws {
        guard let amount = Decimal(string: raw, locale: Locale(identifier: "en_US_POSIX")) else {
            throw KopoKopoError(.internal, detail: "the library's amount cannot be read")
        }
        self = amount
    }
}

extension UnsignedInteger where Self: FixedWidthInteger {
    /// `name` is the field that an error names.
    init(natural number: Int, _ name: String) throws {
        guard let own = Self(exactly: number) else {
            throw KopoKopoError(.configuration, detail: "\(name): must be between 0 and \(Self.max)", field: name)
        }
        self = own
    }
}

extension Duration {
    /// The length in seconds, as the contract has it.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
