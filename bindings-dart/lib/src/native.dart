/// The functions of the C ABI that this package calls, as `bindings-c/include/kopokopo.h` declares them for apps. A test
/// compares each signature with the header.
library;

import 'dart:ffi';

/// The statuses of results.
const int statusOk = 0;

/// The result is an error of the library.
const int statusError = 1;

/// The call was cancelled: nothing that creates something was sent.
const int statusCancelled = 2;

/// A result in memory of this package.
final class KopokopoResult extends Struct {
  /// The handle of the data.
  @Uint64()
  external int handle;

  /// The data.
  external Pointer<Uint8> data;

  /// The number of bytes of the data.
  @Size()
  external int length;

  /// The handle of an object.
  @Uint64()
  external int object;
}

/// Receives the end of a call.
typedef KopokopoEnded =
    Void Function(
      Pointer<Void> user,
      Int32 status,
      Uint64 handle,
      Pointer<Uint8> data,
      Size length,
      Uint64 object,
    );

/// Asks for a token.
typedef KopokopoAsk = Void Function(Pointer<Void> user, Uint64 reply);

/// Says that a token source is not needed any more.
typedef KopokopoRelease = Void Function(Pointer<Void> user);

/// A digest of the contract.
@Native<Pointer<Char> Function()>(symbol: 'kopokopo_contract')
external Pointer<Char> kopokopoContract();

/// The version of the library.
@Native<Pointer<Char> Function()>(symbol: 'kopokopo_version')
external Pointer<Char> kopokopoVersion();

/// Names the language for the `User-Agent` header.
@Native<Int32 Function(Pointer<Char>, Size)>(symbol: 'kopokopo_set_language')
external int kopokopoSetLanguage(Pointer<Char> name, int nameLength);

/// Ends a handle.
@Native<Int32 Function(Uint64)>(symbol: 'kopokopo_free')
external int kopokopoFree(int handle);

/// Ends a handle, for finalizers.
@Native<Void Function(Pointer<Void>)>(symbol: 'kopokopo_finalize')
external void kopokopoFinalize(Pointer<Void> handle);

/// Calls a method that sends nothing.
@Native<
  Int32 Function(Uint64, Pointer<Char>, Size, Pointer<Char>, Size, Pointer<KopokopoResult>)
>(symbol: 'kopokopo_call_sync')
external int kopokopoCallSync(
  int object,
  Pointer<Char> method,
  int methodLength,
  Pointer<Char> arguments,
  int argumentsLength,
  Pointer<KopokopoResult> out,
);

/// Begins a method that sends requests.
@Native<
  Int32 Function(
    Uint64,
    Pointer<Char>,
    Size,
    Pointer<Char>,
    Size,
    Pointer<NativeFunction<KopokopoEnded>>,
    Pointer<Void>,
    Pointer<Uint64>,
  )
>(symbol: 'kopokopo_call_by_value')
external int kopokopoCallByValue(
  int object,
  Pointer<Char> method,
  int methodLength,
  Pointer<Char> arguments,
  int argumentsLength,
  Pointer<NativeFunction<KopokopoEnded>> ended,
  Pointer<Void> user,
  Pointer<Uint64> call,
);

/// Cancels a call.
@Native<Int32 Function(Uint64)>(symbol: 'kopokopo_cancel')
external int kopokopoCancel(int call);

/// Makes a client that asks this package for tokens.
@Native<
  Int32 Function(
    Pointer<NativeFunction<KopokopoAsk>>,
    Pointer<Void>,
    Pointer<NativeFunction<KopokopoRelease>>,
    Pointer<Char>,
    Size,
    Pointer<KopokopoResult>,
  )
>(symbol: 'kopokopo_with_token_source')
external int kopokopoWithTokenSource(
  Pointer<NativeFunction<KopokopoAsk>> ask,
  Pointer<Void> user,
  Pointer<NativeFunction<KopokopoRelease>> release,
  Pointer<Char> options,
  int optionsLength,
  Pointer<KopokopoResult> out,
);

/// Replies with a token.
@Native<Int32 Function(Uint64, Pointer<Char>, Size, Double)>(symbol: 'kopokopo_reply_token')
external int kopokopoReplyToken(int reply, Pointer<Char> token, int tokenLength, double expiresIn);

/// Replies that there is no token.
@Native<Int32 Function(Uint64, Pointer<Char>, Size)>(symbol: 'kopokopo_reply_error')
external int kopokopoReplyError(int reply, Pointer<Char> detail, int detailLength);
