/// Calls of the library. Each has a number, with which the library's function finds who waits for it.
///
/// Everything here belongs to one isolate. Another isolate has its own functions, calls and clients: pass tokens and ids
/// between isolates, never a client.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'package:ffi/ffi.dart';

import 'failures.dart';
import 'generated/errors.dart';
import 'native.dart';

/// The call was cancelled with its [CancelToken]. Nothing that creates something was sent, and nothing will be.
///
/// It is no [KopoKopoException]. A create that was sent before ends in [OutcomeUnknownException] instead.
final class CallCancelledException implements Exception {
  /// A call that was cancelled.
  const CallCancelledException();

  @override
  String toString() => 'the call was cancelled, and nothing was sent';
}

/// Cancels calls: pass it to them as `cancel`.
///
/// A create of which a request was sent already is not aborted, because its outcome would not be known then. It ends in
/// [OutcomeUnknownException], and must not be sent again. Every other call ends in [CallCancelledException].
final class CancelToken {
  final Set<int> _calls = <int>{};
  bool _isCancelled = false;

  /// Whether [cancel] was called.
  bool get isCancelled => _isCancelled;

  /// Cancels the calls that have this token, those that begin later too.
  void cancel() {
    _isCancelled = true;
    for (final int call in _calls) {
      kopokopoCancel(call);
    }
    _calls.clear();
  }
}

/// An object of the library, which is freed with the last reference.
final class Handle implements Finalizable {
  /// Owns the object.
  Handle(this.number) {
    // Where an address has 32 bits, it cannot have a larger number: that object is freed when the process ends.
    if (number <= 0xffffffff || sizeOf<IntPtr>() == 8) {
      _finalizer.attach(this, Pointer<Void>.fromAddress(number));
    }
  }

  static final NativeFinalizer _finalizer = NativeFinalizer(
    Native.addressOf<NativeFunction<Void Function(Pointer<Void>)>>(kopokopoFinalize),
  );

  /// The number that the library knows it by.
  final int number;
}

/// What a call returned: data or an object.
final class Answer {
  /// The result of a call.
  const Answer(this.data, this.object);

  /// A copy of the data.
  final Uint8List data;

  /// The number of the object, or zero.
  final int object;

  /// The object.
  Handle handle() {
    if (object == 0) {
      throw StateError('the library returned no object');
    }
    return Handle(object);
  }
}

/// A text in memory of the library's kind, until its arena ends.
final class NativeText {
  NativeText._(this.pointer, this.length);

  /// Copies a text.
  factory NativeText(Arena arena, String value) {
    final Uint8List bytes = utf8.encode(value);
    final Pointer<Uint8> pointer = arena<Uint8>(bytes.length + 1);
    pointer.asTypedList(bytes.length).setAll(0, bytes);
    return NativeText._(pointer.cast<Char>(), bytes.length);
  }

  /// Writes arguments as JSON.
  factory NativeText.json(Arena arena, Map<String, Object?>? arguments) {
    if (arguments == null) {
      return NativeText._(nullptr.cast<Char>(), 0);
    }
    return NativeText(arena, jsonEncode(arguments));
  }

  /// Where it begins.
  final Pointer<Char> pointer;

  /// The number of its bytes.
  final int length;
}

/// Copies a result, frees it, and returns it or throws its error.
Answer take(int status, int handle, Pointer<Uint8> data, int length, int object) {
  Uint8List copy = Uint8List(0);
  if (handle != 0) {
    copy = Uint8List.fromList(data.asTypedList(length));
    kopokopoFree(handle);
  }
  switch (status) {
    case statusOk:
      return Answer(copy, object);
    case statusError:
      throw errorOf(copy);
    case statusCancelled:
      throw const CallCancelledException();
    default:
      throw StateError('the library refused a call with status $status');
  }
}

/// The same for a result in memory of this package.
Answer takeOut(int status, Pointer<KopokopoResult> out) {
  final KopokopoResult result = out.ref;
  return take(status, result.handle, result.data, result.length, result.object);
}

/// Calls a method that sends nothing.
Answer callSync(Handle own, String method, Map<String, Object?>? arguments) {
  return using<Answer>((Arena arena) {
    final NativeText name = NativeText(arena, method);
    final NativeText given = NativeText.json(arena, arguments);
    final Pointer<KopokopoResult> out = arena<KopokopoResult>();
    final int status = kopokopoCallSync(
      own.number,
      name.pointer,
      name.length,
      given.pointer,
      given.length,
      out,
    );
    return takeOut(status, out);
  });
}

/// Numbers for the library: calls and token sources.
int _lastNumber = 0;

/// Returns a number that was never used in this isolate.
int nextNumber() {
  _lastNumber += 1;
  return _lastNumber;
}

final Map<int, Completer<Answer>> _calls = <int, Completer<Answer>>{};

/// The isolate lives until its calls have ended, and no longer.
final NativeCallable<KopokopoEnded> _ended = NativeCallable<KopokopoEnded>.listener(_onEnded)
  ..keepIsolateAlive = false;

void _onEnded(
  Pointer<Void> user,
  int status,
  int handle,
  Pointer<Uint8> data,
  int length,
  int object,
) {
  final Completer<Answer>? waiting = _calls.remove(user.address);
  _ended.keepIsolateAlive = _calls.isNotEmpty;
  try {
    final Answer answer = take(status, handle, data, length, object);
    waiting?.complete(answer);
  } on Object catch (error, trace) {
    waiting?.completeError(error, trace);
  }
}

/// Calls a method that sends requests.
Future<Answer> call(
  Handle own,
  String method,
  Map<String, Object?> arguments,
  CancelToken? cancel,
) {
  if (cancel != null && cancel.isCancelled) {
    return Future<Answer>.error(const CallCancelledException());
  }
  final int number = nextNumber();
  final Completer<Answer> waiting = Completer<Answer>();
  _calls[number] = waiting;
  _ended.keepIsolateAlive = true;
  final int begun = using<int>((Arena arena) {
    final NativeText name = NativeText(arena, method);
    final NativeText given = NativeText.json(arena, arguments);
    final Pointer<Uint64> out = arena<Uint64>();
    final int status = kopokopoCallByValue(
      own.number,
      name.pointer,
      name.length,
      given.pointer,
      given.length,
      _ended.nativeFunction,
      Pointer<Void>.fromAddress(number),
      out,
    );
    if (status != statusOk) {
      _calls.remove(number);
      _ended.keepIsolateAlive = _calls.isNotEmpty;
      throw StateError('the library refused a call with status $status');
    }
    return out.value;
  });
  if (cancel == null) {
    return waiting.future;
  }
  cancel._calls.add(begun);
  return waiting.future.whenComplete(() {
    cancel._calls.remove(begun);
  });
}

/// The version of the native library that was loaded.
String libraryVersion() => kopokopoVersion().cast<Utf8>().toDartString();

bool _isChecked = false;

/// Refuses a library of another contract, whose results could not be read.
void checkLibrary() {
  if (_isChecked) {
    return;
  }
  final String found;
  try {
    found = kopokopoContract().cast<Utf8>().toDartString();
  } on ArgumentError catch (error) {
    throw ConfigurationException(
      ErrorFields(detail: 'the native library of this package is missing, see its README: $error'),
    );
  }
  if (found != contractHash) {
    throw ConfigurationException(
      ErrorFields(
        detail:
            'the native library is of contract $found, this package of $contractHash: '
            'use both of the same version',
      ),
    );
  }
  using<void>((Arena arena) {
    final NativeText name = NativeText(arena, 'dart');
    // Another isolate has named it already, or this one before a hot restart.
    kopokopoSetLanguage(name.pointer, name.length);
  });
  _isChecked = true;
}
