/// Tokens for a client that has no secret.
library;

import 'dart:async';
import 'dart:ffi';

import 'package:ffi/ffi.dart';

import 'calls.dart';
import 'generated/errors.dart';
import 'native.dart';
import 'values.dart';

/// A token from a token source.
final class AccessToken {
  /// A token, and for how long it is valid from now. If that is absent, it is used until the server refuses it.
  const AccessToken(this.token, {this.expiresIn});

  /// The token.
  final Secret token;

  /// For how long it is valid from now.
  final Duration? expiresIn;
}

/// Supplies access tokens from the app's own backend, which has the secret and checks the session of the user.
///
/// The source is called on first use, then again shortly before the token expires, or after a 401. It is called once,
/// regardless of how many calls wait for a token.
abstract interface class TokenSource {
  /// Returns a valid token. After a 401 it must not return the same token as before.
  ///
  /// If it throws, the call that needed the token ends in an [AuthenticationException], and nothing is sent. That has the
  /// detail of a [KopoKopoException], and of every other error only its type, because its text could have a secret.
  Future<AccessToken> token();
}

/// A token source that is a function.
final class TokenFunction implements TokenSource {
  /// Calls a function for each token.
  const TokenFunction(this._function);

  final Future<AccessToken> Function() _function;

  @override
  Future<AccessToken> token() => _function();
}

final Map<int, TokenSource> _sources = <int, TokenSource>{};

final NativeCallable<KopokopoAsk> _ask = NativeCallable<KopokopoAsk>.listener(_onAsk)
  ..keepIsolateAlive = false;

final NativeCallable<KopokopoRelease> _release = NativeCallable<KopokopoRelease>.listener(_onRelease)
  ..keepIsolateAlive = false;

void _onAsk(Pointer<Void> user, int reply) {
  unawaited(_answer(_sources[user.address], reply));
}

void _onRelease(Pointer<Void> user) {
  _sources.remove(user.address);
}

Future<void> _answer(TokenSource? source, int reply) async {
  if (source == null) {
    _replyError(reply, 'the client has no token source any more');
    return;
  }
  final AccessToken token;
  try {
    token = await source.token();
  } on KopoKopoException catch (error) {
    _replyError(reply, error.detail);
    return;
  } on Object catch (error) {
    _replyError(reply, 'it threw ${error.runtimeType}');
    return;
  }
  final Duration? expiresIn = token.expiresIn;
  using<void>((Arena arena) {
    final NativeText text = NativeText(arena, token.token.text);
    kopokopoReplyToken(reply, text.pointer, text.length, expiresIn == null ? -1.0 : seconds(expiresIn));
  });
}

void _replyError(int reply, String detail) {
  using<void>((Arena arena) {
    final NativeText text = NativeText(arena, detail);
    kopokopoReplyError(reply, text.pointer, text.length);
  });
}

/// Makes a client.
Handle openClient(TokenSource source, Map<String, Object?> options) {
  checkLibrary();
  final int number = nextNumber();
  _sources[number] = source;
  return using<Handle>((Arena arena) {
    final NativeText given = NativeText.json(arena, options);
    final Pointer<KopokopoResult> out = arena<KopokopoResult>();
    final int status = kopokopoWithTokenSource(
      _ask.nativeFunction,
      Pointer<Void>.fromAddress(number),
      _release.nativeFunction,
      given.pointer,
      given.length,
      out,
    );
    return takeOut(status, out).handle();
  });
}
