/// A text that is redacted when it is printed. Read it with `text`.
public protocol Redacted: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself.
    var text: String { get }
    /// The redacted form.
    var description: String { get }
}

extension Redacted {
    public var description: String { "[redacted]" }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// Personal data: a phone number, a name, an e-mail address, an account number.
public struct Personal: Redacted, Hashable, ExpressibleByStringInterpolation {
    public let text: String

    public init(_ text: String) { self.text = text }

    public init(stringLiteral text: String) { self.text = text }
}

/// A credential or a token.
public struct Secret: Redacted, ExpressibleByStringInterpolation {
    public let text: String

    public init(_ text: String) { self.text = text }

    public init(stringLiteral text: String) { self.text = text }
}

/// The JSON text of a response or a webhook, exactly as it was received.
public struct Raw: Redacted, Hashable {
    public let text: String

    init(_ text: String) { self.text = text }

    public var description: String { "[\(text.utf8.count) bytes]" }
}
