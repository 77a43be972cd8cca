/// The states of a resource as a stream.
library;

import 'dart:async';

import 'calls.dart';
import 'codec.dart';

/// The states of a resource as they change, up to the final one. Polling begins with the subscription, pauses with it, and
/// ends with it.
Stream<T> watchStates<T extends Object>(Handle Function() open, T Function(Reader reader) read) {
  return _Watch<T>(open, read).stream;
}

final class _Watch<T extends Object> {
  _Watch(this._open, this._read);

  final Handle Function() _open;
  final T Function(Reader reader) _read;
  final CancelToken _cancel = CancelToken();
  Timer? _timer;
  Completer<void>? _sleeping;
  Completer<void>? _paused;

  late final StreamController<T> _controller = StreamController<T>(
    onListen: _begin,
    onResume: _resume,
    onCancel: _end,
  );

  Stream<T> get stream => _controller.stream;

  void _begin() {
    unawaited(_run());
  }

  void _resume() {
    _paused?.complete();
    _paused = null;
  }

  void _end() {
    _cancel.cancel();
    _timer?.cancel();
    _wake();
    _resume();
  }

  void _wake() {
    _sleeping?.complete();
    _sleeping = null;
  }

  Future<void> _sleep(Duration pause) async {
    final Completer<void> sleeping = Completer<void>();
    _sleeping = sleeping;
    _timer = Timer(pause, _wake);
    await sleeping.future;
  }

  Future<void> _whileResumed() async {
    if (_controller.isPaused && !_cancel.isCancelled) {
      final Completer<void> paused = Completer<void>();
      _paused = paused;
      await paused.future;
    }
  }

  Future<void> _run() async {
    try {
      final Handle watch = _open();
      while (!_cancel.isCancelled) {
        final Duration? pause = decode<Duration?>(
          callSync(watch, 'pause', null).data,
          (Reader reader) => reader.optional<Duration>(readDuration),
        );
        if (pause == null) {
          break;
        }
        if (pause > Duration.zero) {
          await _sleep(pause);
        }
        await _whileResumed();
        if (_cancel.isCancelled) {
          break;
        }
        final Answer answer = await call(watch, 'poll', const <String, Object?>{}, _cancel);
        final T? state = decode<T?>(
          answer.data,
          (Reader reader) => reader.optional<T>(_read),
        );
        if (state != null && !_cancel.isCancelled) {
          _controller.add(state);
        }
      }
    } on Object catch (error, trace) {
      // After the subscription was cancelled there is no listener.
      if (!_cancel.isCancelled) {
        _controller.addError(error, trace);
      }
    }
    unawaited(_controller.close());
  }
}
