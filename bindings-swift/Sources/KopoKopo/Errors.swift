import Foundation

/// Prints the kind, operation and detail, without the server's response, which may contain personal data.
extension KopoKopoError: LocalizedError, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { [kind.rawValue, operation, detail].compactMap { $0 }.joined(separator: ": ") }

    public var debugDescription: String { description }

    public var errorDescription: String? { description }

    public var customMirror: Mirror {
        Mirror(self, children: ["kind": kind, "operation": operation as Any, "field": field as Any, "detail": detail])
    }
}

/// `destinations[0].phone_number` to `destinations[0].phoneNumber`.
func camelCase(_ path: String) -> String {
    // An environment variable such as K2_CLIENT_ID keeps its name.
    if path == path.uppercased() { return path }
    let words = path.split(separator: "_", omittingEmptySubsequences: false)
    return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}

/// Writes the field's path at the start of a detail in camel case.
func spelled(_ detail: String, _ field: String?) -> String {
    guard let field, detail.hasPrefix(field) else { return detail }
    return camelCase(field) + detail.dropFirst(field.count)
}
