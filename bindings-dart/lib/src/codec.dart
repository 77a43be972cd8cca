/// Reads the results of the library. The C ABI's README describes their form: blocks with a length, of which the first is a
/// text with values without their names, and the others are raw texts.
library;

import 'dart:convert';
import 'dart:typed_data';

import 'package:decimal/decimal.dart';

import 'generated/errors.dart';
import 'values.dart';

const String _separator = '\x01';
const String _escape = '\x02';
const String _absent = '\x03';
const String _open = '\x03{';

/// Reads a result with one function. A result of another form is an internal error.
T decode<T>(Uint8List data, T Function(Reader reader) read) {
  try {
    final Reader reader = Reader(data);
    final T value = read(reader);
    reader.end();
    return value;
  } on FormatException {
    throw const InternalException(ErrorFields(detail: 'the library returned a value that this package cannot read'));
  }
}

/// The values of a result, one after the other.
final class Reader {
  Reader._(this._values, this._raws);

  /// Splits the data. What was cut off is a [FormatException].
  factory Reader(Uint8List data) {
    final List<String> blocks = <String>[];
    final ByteData lengths = ByteData.sublistView(data);
    int at = 0;
    while (at < data.length) {
      if (data.length - at < 4) {
        throw const FormatException('a length was cut off');
      }
      final int length = lengths.getUint32(at, Endian.little);
      final int start = at + 4;
      if (data.length - start < length) {
        throw const FormatException('a text was cut off');
      }
      blocks.add(utf8.decode(Uint8List.sublistView(data, start, start + length)));
      at = start + length;
    }
    if (blocks.isEmpty) {
      throw const FormatException('there is no text');
    }
    final String text = blocks.first;
    if (text.length < 2 || !text.startsWith(_separator) || !text.endsWith(_separator)) {
      throw const FormatException('the text was cut off');
    }
    return Reader._(text.substring(1, text.length - 1).split(_separator), blocks.sublist(1));
  }

  final List<String> _values;
  final List<String> _raws;
  int _at = 0;

  /// The next value.
  String next() {
    if (_at >= _values.length) {
      throw const FormatException('a value is missing');
    }
    final String value = _values[_at];
    _at += 1;
    return value;
  }

  /// Begins a record.
  void begin() {
    if (next() != _open) {
      throw const FormatException('a record does not begin with its mark');
    }
  }

  /// Reads a value that may be absent.
  T? optional<T extends Object>(T Function(Reader reader) read) {
    if (_at < _values.length && _values[_at] == _absent) {
      _at += 1;
      return null;
    }
    return read(this);
  }

  /// Reads the number of items, and the items.
  List<T> list<T extends Object>(T Function(Reader reader) read) {
    final int count = int.parse(next());
    final List<T> items = <T>[];
    for (int item = 0; item < count; item += 1) {
      items.add(read(this));
    }
    return List<T>.unmodifiable(items);
  }

  /// Returns the raw text at a position, from 1.
  String raw(int position) {
    if (position < 1 || position > _raws.length) {
      throw const FormatException('a raw text is missing');
    }
    return _raws[position - 1];
  }

  /// Refuses values that are left.
  void end() {
    if (_at != _values.length) {
      throw const FormatException('the text has more values');
    }
  }
}

/// Reads a text.
String readString(Reader reader) {
  final String value = reader.next();
  if (value == _absent) {
    throw const FormatException('a text is absent');
  }
  final List<String> parts = value.split(_escape);
  final StringBuffer text = StringBuffer(parts.first);
  for (final String part in parts.skip(1)) {
    if (part.isEmpty) {
      throw const FormatException('an escape was cut off');
    }
    text.writeCharCode(part.codeUnitAt(0) - 64);
    text.write(part.substring(1));
  }
  return text.toString();
}

/// Reads the result of a method that returns nothing.
void readNothing(Reader reader) {
  if (reader.next() != _absent) {
    throw const FormatException('a value in place of nothing');
  }
}

/// Reads a boolean.
bool readBool(Reader reader) {
  return switch (reader.next()) {
    'true' => true,
    'false' => false,
    _ => throw const FormatException('neither true nor false'),
  };
}

/// Reads a whole number.
int readInt(Reader reader) => int.parse(reader.next());

/// Reads a length of time.
Duration readDuration(Reader reader) {
  final double value = double.parse(reader.next());
  if (!value.isFinite) {
    throw const FormatException('no length of time');
  }
  return Duration(microseconds: (value * Duration.microsecondsPerSecond).round());
}

/// Reads an exact decimal.
Decimal readAmount(Reader reader) => Decimal.parse(reader.next());

/// Reads a moment.
Timestamp readTimestamp(Reader reader) => Timestamp.parse(reader.next());

/// Reads metadata, in its order.
Map<String, Object?> readMetadata(Reader reader) {
  final Object? found = jsonDecode(readString(reader));
  if (found is! Map<String, Object?>) {
    throw const FormatException('metadata is no object');
  }
  return Map<String, Object?>.unmodifiable(found);
}

/// Reads personal data.
Personal readPersonal(Reader reader) => Personal(readString(reader));

/// Reads a secret.
Secret readSecret(Reader reader) => Secret(readString(reader));

/// Reads the position of a raw text, and returns that.
Raw readRaw(Reader reader) => Raw(reader.raw(readInt(reader)));
