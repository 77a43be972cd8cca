// swift-tools-version: 6.0

import PackageDescription

// Where the native library comes from, and which part of the package is built:
// - KOPOKOPO_LIBRARY_DIR: a folder with the shared library: `target/debug` of the repository. Without it, on Linux, the
//   linker looks where it always does (/usr/local/lib, LIBRARY_PATH).
// - KOPOKOPO_XCFRAMEWORK: a KopoKopoFFI.xcframework inside of this package, made by build-xcframework.sh. Without it, on
//   Apple platforms, the one of the release is fetched.
// - KOPOKOPO_MOBILE=1: what apps have, on a machine that is no phone. iOS has nothing else anyway.
let libraryFolder = Context.environment["KOPOKOPO_LIBRARY_DIR"]
let framework = Context.environment["KOPOKOPO_XCFRAMEWORK"]
let isMobile = Context.environment["KOPOKOPO_MOBILE"] == "1"

let release = "0.1.0"
let releaseURL = "https://github.com/kopokopo-sdk/kopokopo/releases/download/v\(release)/KopoKopoFFI.xcframework.zip"
/// build-xcframework.sh writes it.
let releaseChecksum = "0000000000000000000000000000000000000000000000000000000000000000"

#if os(Linux)
    let usesLibrary = true
#else
    let usesLibrary = libraryFolder != nil
#endif

/// The functions in C.
func foreign() -> Target {
    if usesLibrary {
        // SwiftPM takes unsafe flags from no dependency: they are for building this repository.
        let flags = libraryFolder.map { folder -> [LinkerSetting] in
            [.unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath", "-Xlinker", folder])]
        }
        return .target(name: "KopoKopoFFI", linkerSettings: (flags ?? []) + [.linkedLibrary("kopokopo_ffi")])
    }
    if let framework {
        return .binaryTarget(name: "KopoKopoFFI", path: framework)
    }
    return .binaryTarget(name: "KopoKopoFFI", url: releaseURL, checksum: releaseChecksum)
}

let settings: [SwiftSetting] = isMobile ? [.define("KOPOKOPO_MOBILE")] : []

/// The tests start the simulator as a process, which phones do not.
let tests: Target = .testTarget(
    name: isMobile ? "AppTests" : "KopoKopoTests",
    dependencies: ["KopoKopo", "TestSupport"],
    swiftSettings: settings
)

/// The program that the conformance runner of the repository tests. It needs what only servers have.
let testees: [Target] =
    isMobile ? [] : [.executableTarget(name: "Testee", dependencies: ["KopoKopo"], path: "Tests/Testee")]

let package = Package(
    name: "KopoKopo",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "KopoKopo", targets: ["KopoKopo"])],
    targets: [
        foreign(),
        // What UniFFI writes is not of the language's sixth mode.
        .target(
            name: "KopoKopoRaw",
            dependencies: ["KopoKopoFFI"],
            swiftSettings: settings + [.swiftLanguageMode(.v5)],
            linkerSettings: [
                .linkedFramework("Security", .when(platforms: [.macOS, .iOS])),
                .linkedFramework("CoreFoundation", .when(platforms: [.macOS, .iOS])),
                .linkedFramework("SystemConfiguration", .when(platforms: [.macOS])),
            ]
        ),
        .target(name: "KopoKopo", dependencies: ["KopoKopoRaw", "KopoKopoFFI"], swiftSettings: settings),
        .target(name: "TestSupport", path: "Tests/Support"),
        tests,
    ] + testees
)
