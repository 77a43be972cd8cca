/// The native libraries of this version, for `hook/build.dart`.
library;

/// Where the libraries of a release are.
const String releaseUrl = 'https://github.com/kopokopo-sdk/kopokopo/releases/download';

/// The SHA-256 of each library, by its target: `android-arm64`. It is empty until a release has libraries: until then an
/// app names one that it built (`local_library`).
const Map<String, String> libraryHashes = <String, String>{};

/// Where the library of a target is.
Uri libraryUrl(String version, String target, String fileName) {
  return Uri.parse('$releaseUrl/v$version/$target-$fileName');
}
