import Foundation

/// A value in JSON. Objects keep the order of their names, which `JSONDecoder` and `JSONEncoder` do not.
indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    /// Its digits.
    case number(String)
    case text(String)
    case list([JSON])
    case object([Member])

    typealias Member = (name: String, value: JSON)
}

extension JSON {
    /// A member of an object. Nil if it is absent or null.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self, let found = members.first(where: { $0.name == name })?.value else {
            return nil
        }
        if case .null = found { return nil }
        return found
    }

    var asText: String? { if case .text(let text) = self { text } else { nil } }

    var asBool: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    var asInt: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }

    var asList: [JSON]? { if case .list(let items) = self { items } else { nil } }

    var asObject: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// The JSON text, in one line.
    var written: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let digits): digits
        case .text(let text): JSON.quoted(text)
        case .list(let items): "[\(items.map(\.written).joined(separator: ","))]"
        case .object(let members):
            "{\(members.map { "\(JSON.quoted($0.name)):\($0.value.written)" }.joined(separator: ","))}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let list = (try? JSONEncoder().encode([text])) ?? Data(#"[""]"#.utf8)
        return String(decoding: list.dropFirst().dropLast(), as: UTF8.self)
    }

    init(reading text: String) throws {
        var reader = Reader(bytes: Array(text.utf8))
        self = try reader.value()
    }
}

/// Reads JSON that the runner or the compiler wrote.
private struct Reader {
    let bytes: [UInt8]
    var at = 0

    mutating func value() throws -> JSON {
        switch try next() {
        case UInt8(ascii: "{"):
            return .object(try items(until: UInt8(ascii: "}")) { (name: try $0.string(), value: try $0.member()) })
        case UInt8(ascii: "["): return .list(try items(until: UInt8(ascii: "]")) { try $0.value() })
        case UInt8(ascii: "\""): return .text(try string())
        default: return word()
        }
    }

    /// The next byte that is not white space.
    private mutating func next() throws -> UInt8 {
        while at < bytes.count, [9, 10, 13, 32].contains(bytes[at]) { at += 1 }
        guard at < bytes.count else { throw Unsupported("the JSON text ends too early") }
        return bytes[at]
    }

    private mutating func member() throws -> JSON {
        guard try next() == UInt8(ascii: ":") else { throw Unsupported("a colon is missing at \(at)") }
        at += 1
        return try value()
    }

    private mutating func items<Item>(until end: UInt8, _ read: (inout Reader) throws -> Item) throws -> [Item] {
        var items: [Item] = []
        at += 1
        while try next() != end {
            items.append(try read(&self))
            if try next() == UInt8(ascii: ",") { at += 1 }
        }
        at += 1
        return items
    }

    private mutating func string() throws -> String {
        guard try next() == UInt8(ascii: "\"") else { throw Unsupported("a text is missing at \(at)") }
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
        at = min(at + 1, bytes.count)
        // In a list, because older systems cannot decode a top-level string.
        let list = [UInt8(ascii: "[")] + bytes[start..<at] + [UInt8(ascii: "]")]
        return try JSONDecoder().decode([String].self, from: Data(list))[0]
    }

    /// `null`, a Boolean or a number.
    private mutating func word() -> JSON {
        let start = at
        while at < bytes.count, !#",]} "#.utf8.contains(bytes[at]), bytes[at] > 32 { at += 1 }
        let word = String(decoding: bytes[start..<at], as: UTF8.self)
        return switch word {
        case "null": .null
        case "true", "false": .bool(word == "true")
        default: .number(word)
        }
    }
}
