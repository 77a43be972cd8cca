/// Two ways to take a payment. Neither has a secret.
library;

import 'dart:convert';
import 'dart:io';

import 'package:decimal/decimal.dart';
import 'package:kopokopo/kopokopo.dart';

/// What the customer sees of a payment.
sealed class CheckoutState {
  const CheckoutState();
}

/// The customer's phone asks for the PIN.
final class Pending extends CheckoutState {
  /// Waits for the PIN.
  const Pending();
}

/// The money arrived. The backend credits the order: an app only shows it.
final class Paid extends CheckoutState {
  /// It was paid.
  const Paid();
}

/// Nothing was paid, for this reason.
final class Failed extends CheckoutState {
  /// It was not paid.
  const Failed(this.reason);

  /// A sentence for the customer.
  final String reason;
}

/// It is not known whether the customer was asked to pay. It must not be sent again.
final class Unknown extends CheckoutState {
  /// It is not known yet.
  const Unknown();
}

/// Takes a payment for an order.
abstract interface class Shop {
  /// The states of the payment, up to the final one.
  Stream<CheckoutState> pay({required String order, required String phoneNumber});
}

/// For customers: the shop's own backend makes the payment and knows its state. The app needs no token of Kopo Kopo, and this
/// package is not needed for it.
final class BackendShop implements Shop {
  /// A shop at this address, for a signed-in user.
  const BackendShop(this.address, this.session);

  /// The address of the shop's backend.
  final Uri address;

  /// The app's own session.
  final String session;

  @override
  Stream<CheckoutState> pay({required String order, required String phoneNumber}) async* {
    yield const Pending();
    final Uri place = address.resolve('orders/$order/payment');
    // The backend uses the order's number as its idempotency key, so a repeated request asks the customer once.
    Map<String, Object?> found = await post(place, session, <String, Object?>{'phone_number': phoneNumber});
    for (int poll = 0; poll < 40 && found['status'] == 'pending'; poll += 1) {
      await Future<void>.delayed(const Duration(seconds: 3));
      found = await post(place.resolve('payment/state'), session, const <String, Object?>{});
    }
    yield switch (found['status']) {
      'paid' => const Paid(),
      'failed' => const Failed('The payment did not succeed.'),
      _ => const Unknown(),
    };
  }
}

/// For staff, such as a till on a phone: the app asks the backend for tokens, and makes the payment itself.
final class TillShop implements Shop {
  /// A till of a client.
  const TillShop(this._client);

  /// A client with tokens of the shop's backend, which checks the session.
  factory TillShop.of(Uri address, String session) {
    final TokenSource tokens = TokenFunction(() async {
      final Map<String, Object?> found = await post(address.resolve('k2/token'), session, const <String, Object?>{});
      final Object? token = found['token'];
      final Object? seconds = found['expires_in'];
      if (token is! String || seconds is! int) {
        throw const AuthenticationException(ErrorFields(detail: 'the shop returned no token'));
      }
      return AccessToken(Secret(token), expiresIn: Duration(seconds: seconds));
    });
    return TillShop(KopoKopo.withTokenSource(tokens, product: 'kopokopo-shop/1.0'));
  }

  final KopoKopo _client;

  @override
  Stream<CheckoutState> pay({required String order, required String phoneNumber}) async* {
    yield const Pending();
    try {
      final CreatedIncomingPayment push = await _client.incomingPayments.create(
        tillNumber: 'K000000',
        phoneNumber: phoneNumber,
        amount: Decimal.fromInt(100),
        callbackUrl: 'https://shop.example/k2/results',
        metadata: <String, Object?>{'order_id': order},
      );
      // Tell the backend push.id before anything else: it reads the payment by it if this app ends.
      await for (final IncomingPayment payment in push.watch()) {
        yield stateOf(payment);
      }
    } on KopoKopoException catch (error) {
      yield stateAfter(error);
    }
  }
}

/// What the customer sees of a payment.
CheckoutState stateOf(IncomingPayment payment) {
  if (payment.isPaid) {
    return const Paid();
  }
  if (payment.isFinal) {
    return const Failed('The payment did not succeed.');
  }
  return const Pending();
}

/// What the customer sees of an error. Only an error that says that nothing was sent allows another attempt.
CheckoutState stateAfter(KopoKopoException error) {
  return switch (error) {
    InvalidRequestException() => const Failed('Please look at the phone number again.'),
    AuthenticationException() || PermissionException() => const Failed('Please sign in again.'),
    ConnectionException() || CallTimeoutException() => const Failed('There is no connection. Nothing was sent.'),
    OutcomeUnknownException() || NotFinalException() || InProgressException() => const Unknown(),
    ConfigurationException() ||
    NotFoundException() ||
    RateLimitException() ||
    ApiException() ||
    JournalException() ||
    SignatureException() ||
    DecodeException() ||
    InternalException() => const Unknown(),
  };
}

/// Sends JSON to the shop's backend, with the app's own session.
Future<Map<String, Object?>> post(Uri place, String session, Map<String, Object?> body) async {
  final HttpClient client = HttpClient();
  try {
    final HttpClientRequest request = await client.postUrl(place);
    request.headers.set(HttpHeaders.authorizationHeader, 'Bearer $session');
    request.headers.contentType = ContentType.json;
    request.write(jsonEncode(body));
    final HttpClientResponse response = await request.close();
    final Object? found = jsonDecode(await response.transform(utf8.decoder).join());
    if (response.statusCode != HttpStatus.ok || found is! Map<String, Object?>) {
      throw HttpException('the shop responded with status ${response.statusCode}', uri: place);
    }
    return found;
  } finally {
    client.close();
  }
}
