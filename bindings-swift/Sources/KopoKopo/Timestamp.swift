public import Foundation

/// A point in time with its offset. Two are equal if their texts are equal. To compare points in time, compare `date`.
public struct Timestamp: Sendable, Hashable, CustomStringConvertible {
    /// The point in time.
    public let date: Date
    /// As the API writes it, in ISO 8601: `2026-05-01T10:43:20+03:00`.
    public let text: String

    /// A point in time in UTC, rounded down to the second.
    public init(_ date: Date) {
        self.date = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
        self.text = date.ISO8601Format()
    }

    /// Parses an ISO 8601 text: `2026-05-01T10:43:20+03:00`, `2026-05-01T07:43:20.5Z`. Nil if it is not one.
    public init?(_ text: String) {
        guard let date = moment(text) else { return nil }
        self.date = date
        self.text = text
    }

    public var description: String { text }
}

extension Timestamp {
    init(raw: String) throws {
        guard let timestamp = Timestamp(raw) else {
            throw KopoKopoError(.internal, detail: "the library's timestamp cannot be read")
        }
        self = timestamp
    }
}

/// `2026-05-01T10:43:20`, a fraction or none, and `Z` or `+03:00`.
private func moment(_ text: String) -> Date? {
    let bytes = Array(text.utf8)
    let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
    func number(_ places: Range<Int>) -> Int? {
        bytes[places].reduce(0) { whole, byte -> Int? in
            guard let whole, (48...57).contains(byte) else { return nil }
            return whole * 10 + Int(byte - 48)
        }
    }
    guard bytes.count >= 20, bytes[4] == dash, bytes[7] == dash, bytes[10] == UInt8(ascii: "T"), bytes[13] == colon,
        bytes[16] == colon, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
        let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19)
    else { return nil }
    guard year > 0, (1...12).contains(month), hour < 24, minute < 60, second < 60 else { return nil }
    let first = days(year, month, 1)
    let next = month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1)
    guard (1...next - first).contains(day) else { return nil }
    let zone = bytes[19...].firstIndex { $0 != UInt8(ascii: ".") && !(48...57).contains($0) } ?? bytes.count
    let fraction = zone == 19 ? 0 : Double("0" + String(decoding: bytes[19..<zone], as: UTF8.self))
    guard zone != 20, let fraction, let offset = offset(bytes[zone...]) else { return nil }
    let seconds = (((first + day - 1) * 24 + hour) * 60 + minute) * 60 + second - offset
    guard years.contains(seconds) else { return nil }
    return Date(timeIntervalSince1970: Double(seconds) + fraction)
}

/// The years 1 to 9999 in UTC. As the library, the package has no other times.
private let years = -62_135_596_800...253_402_300_799

/// `Z`, `+03:00`, `-0330`, at most 18 hours: seconds east of Greenwich.
private func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let sign = bytes.first else { return nil }
    if sign == UInt8(ascii: "Z") { return bytes.count == 1 ? 0 : nil }
    let digits = String(decoding: bytes.dropFirst(), as: UTF8.self).filter { $0 != ":" }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), digits.utf8.count == 4,
        !digits.hasPrefix("+"), let number = UInt16(digits)
    else { return nil }
    let (hours, minutes) = (Int(number) / 100, Int(number) % 100)
    let seconds = (hours * 60 + minutes) * 60
    guard minutes < 60, seconds <= 18 * 3600 else { return nil }
    return sign == UInt8(ascii: "-") ? -seconds : seconds
}

/// Days since 1970-01-01 in the Gregorian calendar. The year begins in March here, so that a leap day is its last.
private func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    // 400 years (146 097 days) are added, so that no value is negative.
    let shifted = (month > 2 ? year : year - 1) + 400
    let sinceMarch = (month + 9) % 12
    return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * sinceMarch + 2) / 5 + day - 719_469
        - 146_097
}
