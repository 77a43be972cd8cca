/// Values that Dart has no type for.
library;

/// Personal data: a phone number, a name, an e-mail address. It prints as `[redacted]`.
final class Personal {
  /// Personal data with this text.
  const Personal(this.text);

  /// The data. Keep it out of logs.
  final String text;

  @override
  bool operator ==(Object other) => other is Personal && other.text == text;

  @override
  int get hashCode => text.hashCode;

  @override
  String toString() => '[redacted]';
}

/// A token, or a proxy with a password. It prints as `[redacted]`.
final class Secret {
  /// A secret with this text.
  const Secret(this.text);

  /// The secret. Keep it out of logs.
  final String text;

  @override
  String toString() => '[redacted]';
}

/// The JSON text of a response, exactly as received. It prints as `[redacted]`, because it has personal data.
final class Raw {
  /// The JSON text.
  const Raw(this.text);

  /// The JSON text. Keep it out of logs.
  final String text;

  @override
  String toString() => '[redacted]';
}

/// A moment, as a [DateTime] in UTC and as the text that was received, which has the offset and every digit of the second.
final class Timestamp implements Comparable<Timestamp> {
  /// Reads ISO 8601 with an offset: `2026-05-01T10:43:20+03:00`. Another text is a [FormatException].
  factory Timestamp.parse(String text) => Timestamp._(text, DateTime.parse(text).toUtc());

  const Timestamp._(this.text, this.utc);

  /// The text as it was received.
  final String text;

  /// The moment in UTC, to the microsecond.
  final DateTime utc;

  @override
  int compareTo(Timestamp other) => utc.compareTo(other.utc);

  @override
  bool operator ==(Object other) => other is Timestamp && other.text == text;

  @override
  int get hashCode => text.hashCode;

  @override
  String toString() => text;
}

/// A length of time as the library takes it.
double seconds(Duration value) => value.inMicroseconds / Duration.microsecondsPerSecond;

/// The same for an optional one.
double? secondsOrNull(Duration? value) => value == null ? null : seconds(value);
