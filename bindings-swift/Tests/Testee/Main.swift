import Foundation

/// The testee of tests/conformance.md. Its argument is the file with the symbol graph of the package. With `--api` before it, it
/// prints the public API instead.
@main
struct Main {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if let file = arguments.dropFirst().first, arguments.first == "--api" {
            return print(try publicAPI(file: file))
        }
        let responder = Responder(symbols: arguments.first)
        while let line = readLine() {
            Task.detached { await responder.respond(line) }
        }
        exit(0)
    }
}
