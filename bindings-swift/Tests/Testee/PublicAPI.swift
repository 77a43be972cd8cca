import Foundation

/// The public API in a symbol graph: one declaration in each line, as the compiler writes it.
func publicAPI(file: String) throws -> String {
    let graph = try JSON(reading: String(contentsOfFile: file, encoding: .utf8))
    let declarations = (graph["symbols"]?.asList ?? []).compactMap { symbol -> String? in
        guard let path = symbol["pathComponents"]?.asList?.compactMap(\.asText),
            let fragments = symbol["declarationFragments"]?.asList?.compactMap({ $0["spelling"]?.asText })
        else { return nil }
        let declaration = fragments.joined().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return "\(path.joined(separator: ".")): \(declaration)"
    }
    return declarations.sorted().joined(separator: "\n")
}
