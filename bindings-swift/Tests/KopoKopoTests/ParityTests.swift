import Foundation
import TestSupport
import XCTest

/// The package's own sources say what tests/contract.json says, and nothing else.
final class ParityTests: XCTestCase {
    private var declared: [String: Set<String>] = [:]
    private var contract: [String: JSON] = [:]

    override func setUpWithError() throws {
        contract = try XCTUnwrap(
            JSON.read(Data(contentsOf: Sandbox.root.appendingPathComponent("tests/contract.json"))).object)
        let folder = Sandbox.root.appendingPathComponent("bindings-swift/Sources/KopoKopo/Generated")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where !file.lastPathComponent.hasSuffix("Convert.swift") {
            try read(String(contentsOf: file, encoding: .utf8))
        }
    }

    /// The members of every type, with the names of functions' parameters: `create(tillNumber:amount:)`. Nothing is
    /// nested deeper than one type, except what is in `extension KopoKopo` and the kinds of errors.
    private func read(_ source: String) throws {
        var types: [(depth: Int, name: String)] = []
        // A declaration that goes over several lines becomes one.
        for line in source.replacing(
            /\(\n\s+([^()]*(\([^()]*\)[^()]*)*)\n\s*\)/, with: { "(\($0.1.replacing(/\n\s*/, with: " ")))" }
        )
        .split(separator: "\n") {
            let depth = line.prefix { $0 == " " }.count / 4
            let text = line.drop { $0 == " " }
            types.removeAll { $0.depth >= depth && !text.isEmpty && !text.hasPrefix("///") && !text.hasPrefix("}") }
            if let found = text.firstMatch(
                of: /^(?:public )?(?:final )?(struct|class|enum|protocol|extension) ([A-Za-z]+)/)
            {
                types.append((depth, String(found.2)))
                if found.1 != "extension" { declared[String(found.2), default: []].formUnion([]) }
                continue
            }
            guard let type = types.last?.name else { continue }
            if let found = text.firstMatch(of: /^(?:public (?:let|var)|case) `?([A-Za-z0-9]+)`?/) {
                if depth == (types.last?.depth ?? 0) + 1 { declared[type, default: []].insert(String(found.1)) }
            } else if let found = text.firstMatch(
                of: /^(?:public )?(?:static |convenience )*(?:func )?([A-Za-z]+)\((.*)\)/),
                text.hasPrefix("public ") || text.hasPrefix("func ")
            {
                let labels = found.2.matches(of: /(?:^|, )(_ )?([A-Za-z]+):/).map { $0.1 == nil ? "\($0.2):" : "_:" }
                declared[type, default: []].insert("\(found.1)(\(labels.joined()))")
            }
        }
    }

    private func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private func lowerFirst(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }

    private func names(_ list: JSON?) -> [String] { (list?.list ?? []).compactMap(\.asText).map(camelCase) }

    func testRecordsHaveFieldsOfContract() throws {
        let records = try XCTUnwrap(contract["records"]?.object)
        XCTAssertGreaterThan(records.count, 30)
        for (name, record) in records where record.object?["flattened"] != true {
            let fields = names(record.object?["fields"])
            let own = try XCTUnwrap(declared[name], name)
            XCTAssertEqual(own.filter { !$0.contains("(") }, Set(fields), name)
            let given = record.object?["in"] == true && record.object?["out"] != true
            XCTAssertEqual(
                own.filter { $0.contains("(") }, given ? ["init(\(fields.map { $0 + ":" }.joined()))"] : [], name)
        }
    }

    func testObjectsHaveMethodsOfContract() throws {
        let objects = try XCTUnwrap(contract["objects"]?.object)
        XCTAssertGreaterThan(objects.count, 20)
        // A watch is a sequence here.
        for (name, object) in objects where !name.hasSuffix("Watch") {
            var expected: Set<String> = []
            for (method, about) in object.object?["methods"]?.object ?? [:] {
                let own = camelCase(method)
                let (arguments, parameters) = (names(about.object?["arguments"]), names(about.object?["parameters"]))
                if arguments.isEmpty && (about.object?["throws"] != true || about.object?["async"] != true) {
                    expected.insert(own)
                } else {
                    expected.insert("\(own)(\(arguments.count == 1 ? "_:" : arguments.map { $0 + ":" }.joined()))")
                    if parameters != arguments { expected.insert("\(own)(\(parameters.map { $0 + ":" }.joined()))") }
                }
            }
            if name.hasPrefix("Created") { expected.insert("description") }
            if name == "KopoKopo" {
                expected.formUnion(
                    (contract["functions"]?.object ?? [:]).map { function, about in
                        let arguments = names(about.object?["arguments"])
                        let labels = arguments.count == 1 ? "_:" : arguments.map { $0 + ":" }.joined()
                        return "\(camelCase(function))(\(labels))"
                    })
                expected.insert("fromEnv()")
            }
            let own = try XCTUnwrap(declared[name], name)
            XCTAssertEqual(own.filter { !$0.hasPrefix("init(") }, expected, name)
        }
        let options = Set(
            try XCTUnwrap(declared["KopoKopo"]).filter { $0.hasPrefix("init(") && $0.contains("clientSecret:") })
        XCTAssertEqual(options.count, 1)
    }

    func testEnumerationsHaveCasesOfContract() throws {
        let enums = try XCTUnwrap(contract["enums"]?.object)
        XCTAssertGreaterThan(enums.count, 10)
        for (name, about) in enums {
            let variants = about.object?["variants"]?.object ?? [:]
            let isOpen = about.object?["shape"] == "open"
            // An open one's are named by the API's words.
            let names = isOpen ? variants.values.map { lowerFirst($0.asPlainText) } : variants.keys.map(camelCase)
            var expected = Set(names)
            if isOpen { expected.formUnion(["other", "rawValue", "description"]) }
            let own = try XCTUnwrap(declared[name], name)
            XCTAssertEqual(own.filter { !$0.contains("(") }, expected, name)
        }
    }

    func testErrorHasFieldsAndKindsOfContract() throws {
        let error = try XCTUnwrap(contract["error"]?.object)
        XCTAssertEqual(
            try XCTUnwrap(declared["KopoKopoError"]).filter { !$0.contains("(") },
            Set(names(error["fields"]) + ["kind"]))
        let kinds = error["kinds"]?.object?.keys.map(camelCase) ?? names(error["kinds"])
        XCTAssertEqual(declared["Kind"], Set(kinds))
        XCTAssertGreaterThan(kinds.count, 10)
    }
}
