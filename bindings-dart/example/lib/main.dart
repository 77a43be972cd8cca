import 'dart:async';

import 'package:flutter/material.dart';

import 'shop.dart';

void main() {
  // For staff: TillShop.of(address, session).
  runApp(ShopApp(shop: BackendShop(Uri.parse('https://shop.example/'), 'the session of the user')));
}

/// An app with one screen.
class ShopApp extends StatelessWidget {
  /// An app that takes payments for this shop.
  const ShopApp({super.key, required this.shop});

  /// Takes the payments.
  final Shop shop;

  @override
  Widget build(BuildContext context) {
    return MaterialApp(home: CheckoutScreen(shop: shop, order: '42'));
  }
}

/// Asks for a phone number, and shows the state of the payment.
class CheckoutScreen extends StatefulWidget {
  /// A screen for this order.
  const CheckoutScreen({super.key, required this.shop, required this.order});

  /// Takes the payment.
  final Shop shop;

  /// The number of the order.
  final String order;

  @override
  State<CheckoutScreen> createState() => _CheckoutScreenState();
}

class _CheckoutScreenState extends State<CheckoutScreen> {
  final TextEditingController _phoneNumber = TextEditingController();
  StreamSubscription<CheckoutState>? _payment;
  CheckoutState? _state;

  @override
  void dispose() {
    // This ends the polling, not the payment: the backend receives its result.
    unawaited(_payment?.cancel());
    _phoneNumber.dispose();
    super.dispose();
  }

  void _pay() {
    final Stream<CheckoutState> states = widget.shop.pay(
      order: widget.order,
      phoneNumber: _phoneNumber.text,
    );
    _show(const Pending());
    _payment = states.listen(
      _show,
      // Another error, such as a lost response of the backend: the outcome is not known yet.
      onError: (Object error) => _show(const Unknown()),
    );
  }

  void _show(CheckoutState state) {
    if (mounted) {
      setState(() {
        _state = state;
      });
    }
  }

  /// After `Unknown` there is no second attempt: the customer may have been asked already.
  bool get _mayPay {
    final CheckoutState? state = _state;
    return state == null || state is Failed;
  }

  String get _message {
    final CheckoutState? state = _state;
    return switch (state) {
      null => '',
      Pending() => 'Please enter your PIN on your phone.',
      Paid() => 'Paid. Thank you.',
      Failed(:final String reason) => '$reason You can try again.',
      Unknown() => 'We do not know yet. Please look at your phone, and do not pay again.',
    };
  }

  @override
  Widget build(BuildContext context) {
    return Scaffold(
      appBar: AppBar(title: const Text('Checkout')),
      body: Padding(
        padding: const EdgeInsets.all(16),
        child: Column(
          crossAxisAlignment: CrossAxisAlignment.stretch,
          children: <Widget>[
            TextField(
              controller: _phoneNumber,
              keyboardType: TextInputType.phone,
              decoration: const InputDecoration(labelText: 'Phone number'),
            ),
            const SizedBox(height: 16),
            FilledButton(onPressed: _mayPay ? _pay : null, child: const Text('Pay KES 100')),
            const SizedBox(height: 16),
            Text(_message),
          ],
        ),
      ),
    );
  }
}
