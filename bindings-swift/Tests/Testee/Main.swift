import Foundation

/// The testee of tests/conformance.md.
@main
struct Main {
    static func main() {
        let responder = Responder()
        while let line = readLine() {
            Task.detached { await responder.respond(line) }
        }
        exit(0)
    }
}
