"""Payments and transfers, in the transactions of `TestCase`."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from decimal import Decimal
from unittest import mock

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import RequestFactory, TestCase, override_settings
from django.views.debug import ExceptionReporter
from kopokopo import (
    Destination,
    IncomingPayments,
    InvalidRequestError,
    JournalError,
    KopoKopoError,
    OutcomeUnknownError,
    hash_phone,
)
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.models import Event, JournalEntry, Payment, Transfer
from kopokopo.contrib.django.store import DjangoJournal

from orders.support import PHONE, PUSH, Receivers, SandboxTests, mentions


def wages(*phones: str) -> list[Destination.MobileWallet]:
    return [Destination.MobileWallet(phone_number=phone, amount=100, description="Wages") for phone in phones]


class PaymentTests(SandboxTests, TestCase):
    def test_same_key_sends_one_request(self) -> None:
        first = Payment.start(key="order-1", **PUSH)
        second = Payment.start(key="order-1", **PUSH)
        self.assertEqual((first.pk, first.resource_id), (second.pk, second.resource_id))
        self.assertEqual((first.state, first.amount, first.currency), ("accepted", Decimal(100), "KES"))
        self.assertEqual(first.phone_hash, hash_phone(PHONE))
        self.assertEqual(self.sent(), 1)

    def test_key_of_another_test_is_free(self) -> None:
        # The journal's records of a TestCase are rolled back with it.
        self.assertEqual(JournalEntry.objects.count(), 0)
        Payment.start(key="order-1", **PUSH)
        self.assertEqual(self.sent(), 1)
        self.assertEqual(JournalEntry.objects.count(), 1)

    def test_another_request_with_the_key_is_refused(self) -> None:
        Payment.start(key="order-1", **PUSH)
        with self.assertRaisesMessage(InvalidRequestError, "idempotency_key: was used for another request"):
            Payment.start(key="order-1", phone_number=PHONE, amount=200)
        self.assertEqual(Payment.objects.get().amount, 100)
        self.assertEqual(Payment.objects.get().state, "accepted")
        self.assertEqual(self.sent(), 1)

    def test_invalid_arguments_send_nothing(self) -> None:
        for arguments in (
            {"phone_number": "17", "amount": 100},
            {"phone_number": PHONE, "amount": "ten"},
            {"phone_number": PHONE, "amount": -1},
            {"phone_number": PHONE, "amount": 0.1},
        ):
            with self.assertRaises(InvalidRequestError):
                Payment.start(key="order-1", **arguments)
        with self.assertRaises(InvalidRequestError):
            Payment.start(key="k" * 201, **PUSH)
        self.assertEqual(self.sent(), 0)
        self.assertEqual(set(Payment.objects.values_list("state", flat=True)), {"not_sent"})
        # The key was not used, so it takes other arguments.
        self.assertEqual(Payment.start(key="order-1", phone_number=PHONE, amount=250).amount, 250)

    def test_missing_till_and_callback_are_named(self) -> None:
        for name in ("TILL_NUMBER", "CALLBACK_URL"):
            options = {key: value for key, value in self.options.items() if key != name}
            with override_settings(KOPOKOPO=options), self.assertRaisesMessage(ImproperlyConfigured, name):
                Payment.start(key="order-1", **PUSH)
        self.assertEqual(Payment.objects.count(), 0)

    def test_open_transaction_is_refused(self) -> None:
        for start in (
            lambda: Payment.start(key="order-1", **PUSH),
            lambda: Transfer.start(key="wage-1", destinations=wages(PHONE)),
        ):
            with (
                transaction.atomic(),
                self.assertRaisesMessage(transaction.TransactionManagementError, "must not run inside"),
            ):
                start()
        self.assertEqual((self.sent(), self.sent("send_money.create"), Payment.objects.count()), (0, 0, 0))
        with self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: Payment.start(key="order-1", **PUSH))
        self.assertEqual(self.sent(), 1)

    def test_refused_request_may_be_sent_again(self) -> None:
        with override_settings(KOPOKOPO={**self.options, "TILL_NUMBER": "K999999"}):
            with self.assertRaises(InvalidRequestError):
                Payment.start(key="order-1", **PUSH)
            refused = Payment.objects.get()
            self.assertEqual(refused.state, "refused")
            self.assertTrue(refused.error)
            # A worker that is killed during the next attempt must not leave a row that says "refused".
            states = []

            def die(*_: object, **__: object) -> None:
                states.append(Payment.objects.get().state)
                raise KeyboardInterrupt

            with mock.patch.object(IncomingPayments, "create", die), self.assertRaises(KeyboardInterrupt):
                Payment.start(key="order-1", **PUSH)
            self.assertEqual(states, ["started"])
            with self.assertRaises(InvalidRequestError):
                Payment.start(key="order-1", **PUSH)
            self.assertEqual(Payment.objects.get().state, "refused")
            self.assertEqual(JournalEntry.objects.get().attempt, 2)

    def test_paid_result_sends_signals_once(self) -> None:
        payment = Payment.start(key="order-1", **PUSH)
        (delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            self.assertEqual([self.deliver(delivery) for _ in range(3)], [200] * 3)
        self.assertEqual(receivers.names, ["payment_paid", "event_received"])
        self.assertEqual(receivers.event_payments, [payment])
        self.assertEqual(receivers.credits(), {"order-1": 1})
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.is_paid, payment.is_final), ("Success", True, True))
        self.assertTrue((payment.payment_key or "").startswith("mpesa:received:"))

    def test_result_and_webhook_are_one_payment(self) -> None:
        client = get_client()
        client.webhook_subscriptions.create(
            event_type="buygoods_transaction_received",
            url=self.options["CALLBACK_URL"],
            scope="till",
            scope_reference="K000000",
        )
        for key, first in (("order-1", "incoming_payment"), ("order-2", "buygoods_transaction_received")):
            Payment.start(key=key, **PUSH)
            both = [self.deliveries(topic)[-1] for topic in ("incoming_payment", "buygoods_transaction_received")]
            both.sort(key=lambda delivery: delivery.topic != first)
            with Receivers().connected() as receivers:
                self.assertEqual([self.deliver(delivery) for delivery in both], [200, 200])
            self.assertEqual(sorted(receivers.names), ["event_received", "payment_paid"])
        self.assertEqual(Receivers.credits(), {"order-1": 1, "order-2": 1})
        self.assertEqual(Event.objects.exclude(processed_at=None).count(), 4)

    def test_cancelled_payment_fails_once(self) -> None:
        payment = Payment.start(key="order-1", phone_number="254700000002", amount=100)
        (delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            self.assertEqual([self.deliver(delivery) for _ in range(2)], [200, 200])
        self.assertEqual(receivers.names, ["payment_failed", "event_received"])
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.is_paid, payment.is_final), ("Failed", False, True))

    def test_unknown_request_is_accepted_by_its_result(self) -> None:
        self.fault("reset_after_effect")
        with self.assertRaises(OutcomeUnknownError):
            Payment.start(key="order-1", **PUSH)
        payment = Payment.objects.get()
        self.assertEqual((payment.state, payment.resource_id), ("unknown", None))
        with self.assertRaises(OutcomeUnknownError):
            Payment.start(key="order-1", **PUSH)
        self.assertEqual(self.sent(), 1)
        self.assertEqual(Payment.objects.get().state, "unknown", "the next k2_reconcile reads what polling found")
        (delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            self.assertEqual(self.deliver(delivery), 200)
        payment.refresh_from_db()
        self.assertEqual((payment.state, payment.error, payment.is_paid), ("accepted", "", True))
        self.assertEqual(payment.resource_id, self.event(delivery).id)
        self.assertEqual(receivers.credits(), {"order-1": 1})
        self.assertEqual(Payment.start(key="order-1", **PUSH).pk, payment.pk)
        self.assertEqual(self.sent(), 1)

    def test_webhook_finds_unknown_payment(self) -> None:
        get_client().webhook_subscriptions.create(
            event_type="buygoods_transaction_received",
            url=self.options["CALLBACK_URL"],
            scope="till",
            scope_reference="K000000",
        )
        self.fault("reset_after_effect")
        with self.assertRaises(OutcomeUnknownError):
            Payment.start(key="order-1", **PUSH)
        webhook, result = self.deliveries("buygoods_transaction_received")[-1], self.deliveries()[-1]
        with Receivers().connected() as receivers:
            receivers.fails = True
            self.assertEqual(self.deliver(webhook), 500)
            receivers.fails, receivers.names = False, []
            self.assertEqual(self.deliver(webhook), 200)
            self.assertEqual(receivers.names, ["payment_paid", "event_received"])
            self.assertEqual(self.deliver(result), 200)
        self.assertEqual(receivers.names, ["payment_paid", "event_received"])
        payment = Payment.objects.get()
        self.assertEqual((payment.state, payment.is_paid), ("accepted", True))
        self.assertEqual(payment.resource_id, self.event(result).id)

    def test_less_than_the_amount_is_not_paid(self) -> None:
        payment = Payment.start(key="order-1", **PUSH)
        Payment.objects.update(amount=101)
        with Receivers().connected() as receivers:
            self.assertEqual(self.deliver(self.deliveries()[0]), 200)
        self.assertEqual(receivers.names, ["payment_failed", "event_received"])
        payment.refresh_from_db()
        self.assertFalse(payment.is_paid)

    def test_text_forms_have_no_personal_data(self) -> None:
        with self.assertLogs(level=logging.DEBUG) as logs:
            payment = Payment.start(key="order-1", **PUSH)
            (delivery,) = self.deliveries()
            with Receivers().connected() as receivers:
                receivers.fails = True
                self.assertEqual(self.deliver(delivery), 500)
        own = [line for line in logs.output if ":kopokopo" in line]
        self.assertTrue(own)
        event = Event.objects.get()
        rows = [vars(row) for row in (*Payment.objects.all(), *JournalEntry.objects.all())]
        texts = [*own, repr(payment), str(payment), repr(event), str(event), event.error, str(rows)]
        for text in (*texts, repr(get_client())):
            self.assertFalse(mentions(text, delivery), text)
            self.assertNotIn(self.options["CLIENT_SECRET"], text)

    def test_error_reports_have_no_phone_number_and_no_secret(self) -> None:
        Payment.start(key="order-1", **PUSH)
        reports = []
        for amount, environment in ((200, "sandbox"), (100, "live")):
            with self.settings(KOPOKOPO={**self.options, "ENVIRONMENT": environment}, DEBUG=False):
                try:
                    Payment.start(key="order-1", phone_number=PHONE, amount=amount)
                except KopoKopoError:
                    request = RequestFactory().get("/")
                    reports.append(ExceptionReporter(request, *sys.exc_info()).get_traceback_html())
        self.assertEqual(len(reports), 2)
        for report in reports:
            self.assertIn("models.py", report)
            self.assertNotIn(PHONE[3:], report)
            self.assertNotIn(self.options["CLIENT_SECRET"], report)
            self.assertNotIn(self.options["API_KEY"], report)


class TransferTests(SandboxTests, TestCase):
    def test_same_key_sends_one_request(self) -> None:
        destinations = wages("254700000001", "254700000006")
        first = Transfer.start(key="wages", destinations=destinations, metadata={"month": "2026-11"})
        self.assertEqual(Transfer.start(key="wages", destinations=destinations, metadata={"month": "2026-11"}), first)
        self.assertEqual((first.amount, first.recipients, first.state), (200, 2, "accepted"))
        self.assertEqual(self.sent("send_money.create"), 1)
        with Receivers().connected() as receivers:
            for _ in range(2):
                self.assertEqual(self.deliver(self.deliveries("send_money")[-1]), 200)
        self.assertEqual(receivers.names, ["transfer_paid", "event_received"])
        first.refresh_from_db()
        self.assertTrue(first.is_paid and first.is_final)

    def test_cancelled_transfer_fails(self) -> None:
        transfer = Transfer.start(key="wages", destinations=wages("254700000001", "254700000002"))
        with Receivers().connected() as receivers:
            self.assertEqual(self.deliver(self.deliveries("send_money")[-1]), 200)
        self.assertEqual(receivers.names, ["transfer_failed", "event_received"])
        transfer.refresh_from_db()
        self.assertEqual((transfer.is_paid, transfer.is_final), (False, True))

    def test_unknown_transfer_is_accepted_by_its_result(self) -> None:
        self.fault("reset_after_effect", "send_money.create")
        with self.assertRaises(OutcomeUnknownError):
            Transfer.start(key="wages", destinations=wages(PHONE))
        self.assertEqual(self.deliver(self.deliveries("send_money")[-1]), 200)
        transfer = Transfer.objects.get()
        self.assertEqual((transfer.state, transfer.is_paid), ("accepted", True))


class ReceiveTests(SandboxTests, TestCase):
    def test_invalid_signature_is_refused(self) -> None:
        Payment.start(key="order-1", **PUSH)
        (delivery,) = self.deliveries()
        self.assertEqual(self.deliver(replace(delivery, signature="0" * 64)), 401)
        self.assertEqual(self.client.get("/k2/events/").status_code, 405)
        self.assertEqual(Event.objects.count(), 0)

    def test_failed_receiver_rolls_back_and_the_next_delivery_is_handled(self) -> None:
        Payment.start(key="order-1", **PUSH)
        (delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            receivers.fails = True
            self.assertEqual([self.deliver(delivery) for _ in range(2)], [500, 500])
            self.assertEqual(receivers.credits(), {})
            self.assertFalse(Payment.objects.get().is_paid)
            event = Event.objects.get()
            self.assertEqual((event.attempts, event.error, event.processed_at), (2, "LookupError", None))
            receivers.fails = False
            self.assertEqual(self.deliver(delivery), 200)
        self.assertEqual(receivers.credits(), {"order-1": 1})
        event.refresh_from_db()
        self.assertEqual((event.error, event.body), ("", ""), "the body, which has personal data, is deleted")

    def test_broken_journal_keeps_the_event(self) -> None:
        Payment.start(key="order-1", **PUSH)
        (delivery,) = self.deliveries()

        def fail(*_: object) -> str:
            raise OSError("no space left")

        with (
            mock.patch.object(DjangoJournal, "__call__", fail),
            Receivers().connected() as receivers,
            self.assertRaisesMessage(JournalError, "no space left"),
        ):
            self.deliver(delivery, raises=True)
        self.assertEqual(receivers.names, [])
        self.assertEqual(Event.objects.get().error, "JournalError")
        self.assertEqual(self.deliver(delivery), 200)
        self.assertTrue(Payment.objects.get().is_paid)
