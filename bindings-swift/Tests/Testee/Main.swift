import Foundation

/// The testee of tests/conformance.md. Its argument is the file with the symbol graph of the package.
@main
struct Main {
    static func main() {
        let responder = Responder(symbols: CommandLine.arguments.dropFirst().first)
        while let line = readLine() {
            Task.detached { await responder.respond(line) }
        }
        exit(0)
    }
}
