/// Errors of the library, which are JSON objects.
library;

import 'dart:convert';
import 'dart:typed_data';

import 'generated/errors.dart';
import 'values.dart';

/// Reads an error.
KopoKopoException errorOf(Uint8List data) {
  try {
    final Object? fields = jsonDecode(utf8.decode(data));
    if (fields is Map<String, Object?>) {
      return exceptionOf(fields);
    }
  } on FormatException {
    // Below.
  }
  return const InternalException(ErrorFields(detail: 'the library returned an error that this package cannot read'));
}

/// A text, or null.
String? textOf(Object? value) => value is String ? value : null;

/// Texts, or none.
List<String> textsOf(Object? value) {
  final List<String> texts = <String>[];
  if (value is List<Object?>) {
    for (final Object? item in value) {
      if (item is String) {
        texts.add(item);
      }
    }
  }
  return List<String>.unmodifiable(texts);
}

/// A whole number, or null.
int? integerOf(Object? value) => value is int ? value : null;

/// A length of time, or null.
Duration? secondsOf(Object? value) {
  return value is num ? Duration(microseconds: (value * Duration.microsecondsPerSecond).round()) : null;
}

/// A moment, or null. One that cannot be read is no reason for another error.
Timestamp? timestampOf(Object? value) {
  if (value is! String) {
    return null;
  }
  try {
    return Timestamp.parse(value);
  } on FormatException {
    return null;
  }
}

final RegExp _name = RegExp('[a-z][a-z0-9]*(?:_[a-z0-9]+)+');

/// A sentence of the library, with the contract's names as Dart spells them.
String spelled(String sentence) {
  return sentence.replaceAllMapped(_name, (Match match) {
    final String name = match.group(0) ?? '';
    return contractNames.contains(name) ? camel(name) : name;
  });
}

/// The name of a field as Dart spells it.
String? camelOrNull(String? name) => name == null ? null : camel(name);

/// `till_number` to `tillNumber`.
String camel(String name) {
  final List<String> words = name.split('_');
  final StringBuffer out = StringBuffer(words.first);
  for (final String word in words.skip(1)) {
    if (word.isNotEmpty) {
      out.write(word[0].toUpperCase());
      out.write(word.substring(1));
    }
  }
  return out.toString();
}
