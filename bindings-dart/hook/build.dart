/// Gives the app the native library of its platform: that of the release, whose SHA-256 is in this package, or one that the
/// app's pubspec.yaml names as `local_library`.
library;

import 'dart:io';

import 'package:code_assets/code_assets.dart';
import 'package:crypto/crypto.dart';
import 'package:hooks/hooks.dart';
import 'package:kopokopo/src/libraries.dart';
import 'package:kopokopo/src/version.dart';

/// The file whose functions the library has.
const String _asset = 'src/native.dart';

Future<void> main(List<String> arguments) async {
  await build(arguments, (BuildInput input, BuildOutputBuilder output) async {
    if (!input.config.buildCodeAssets) {
      return;
    }
    final Uri? local = input.userDefines.path('local_library');
    if (local != null) {
      output.dependencies.add(local);
    }
    output.assets.code.add(
      CodeAsset(
        package: input.packageName,
        name: _asset,
        linkMode: DynamicLoadingBundled(),
        file: local ?? await _released(input),
      ),
    );
  });
}

/// The target as releases name it: `android-arm64`, `ios-arm64-iphonesimulator`.
String _target(CodeConfig code) {
  final String plain = '${code.targetOS.name}-${code.targetArchitecture.name}';
  return code.targetOS == OS.iOS ? '$plain-${code.iOS.targetSdk.type}' : plain;
}

/// The library of the release. It is kept until the version changes.
Future<Uri> _released(BuildInput input) async {
  final CodeConfig code = input.config.code;
  final String target = _target(code);
  final String name = code.targetOS.dylibFileName('kopokopo_c');
  final String? expected = libraryHashes[target];
  if (expected == null) {
    throw StateError(
      'kopokopo $packageVersion has no native library for $target. Build it, and name it in pubspec.yaml: '
      'hooks: user_defines: kopokopo: local_library: path/to/$name',
    );
  }
  final File file = File.fromUri(
    input.outputDirectoryShared.resolve('$packageVersion/$target/$name'),
  );
  if (await file.exists() && _hash(await file.readAsBytes()) == expected) {
    return file.uri;
  }
  final List<int> bytes = await _download(libraryUrl(packageVersion, target, name));
  final String found = _hash(bytes);
  if (found != expected) {
    throw StateError('the native library for $target has the SHA-256 $found in place of $expected');
  }
  await file.create(recursive: true);
  await file.writeAsBytes(bytes, flush: true);
  return file.uri;
}

String _hash(List<int> bytes) => sha256.convert(bytes).toString();

Future<List<int>> _download(Uri url) async {
  final HttpClient client = HttpClient();
  try {
    final HttpClientRequest request = await client.getUrl(url);
    final HttpClientResponse response = await request.close();
    if (response.statusCode != HttpStatus.ok) {
      throw StateError('$url: the response has status ${response.statusCode}');
    }
    final List<int> bytes = <int>[];
    await for (final List<int> part in response) {
      bytes.addAll(part);
    }
    return bytes;
  } finally {
    client.close();
  }
}
