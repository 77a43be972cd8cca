"""The commands, with the output that a person sees."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone
from kopokopo import Destination, OutcomeUnknownError
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.models import Event, Payment, Transfer

from orders.support import PUSH, Receivers, SandboxTests

RECONCILE = ("k2_reconcile", "--older-than", "0.001")
"""The requests of the tests are some milliseconds old."""


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


class ReconcileTests(SandboxTests, TestCase):
    def test_lost_result_is_read(self) -> None:
        payment = Payment.start(key="order-1", **PUSH)
        wages = [Destination.MobileWallet(phone_number="254700000001", amount=100, description="Wages")]
        transfer = Transfer.start(key="wage-1", destinations=wages)
        self.deliveries()
        self.deliveries("send_money")
        with Receivers().connected() as receivers:
            receivers.fails = True
            with self.assertRaisesMessage(CommandError, "1 rows were not changed"):
                run(*RECONCILE)
            self.assertEqual(receivers.credits(), {})
            receivers.fails, receivers.names = False, ["transfer_paid"]
            self.assertIn("1 rows changed", run(*RECONCILE))
            self.assertIn("0 rows changed", run(*RECONCILE))
            # The result arrives after all.
            self.assertEqual(self.deliver(self.deliveries()[0]), 200)
        self.assertEqual(sorted(receivers.names), ["event_received", "payment_paid", "transfer_paid"])
        self.assertEqual(receivers.credits(), {"order-1": 1})
        payment.refresh_from_db()
        transfer.refresh_from_db()
        self.assertTrue(payment.is_paid and transfer.is_paid)

    def test_young_rows_are_left_alone(self) -> None:
        Payment.start(key="order-1", **PUSH)
        self.deliveries()
        self.assertIn("0 rows changed", run("k2_reconcile"))
        self.assertFalse(Payment.objects.get().is_paid)

    def test_unknown_payment_is_found_by_polling(self) -> None:
        self.fault("reset_after_effect")
        with self.assertRaises(OutcomeUnknownError):
            Payment.start(key="order-1", **PUSH)
        self.deliveries()
        with Receivers().connected() as receivers:
            receivers.fails = True
            with self.assertRaisesMessage(CommandError, "1 rows were not changed"):
                run(*RECONCILE)
            self.assertEqual((Payment.objects.get().state, receivers.credits()), ("unknown", {}))
            receivers.fails, receivers.names = False, []
            self.assertIn("1 rows changed", run(*RECONCILE))
            self.assertIn("0 rows changed", run(*RECONCILE))
            self.assertEqual(receivers.names, ["payment_paid"])
            # The result arrives after all.
            self.assertEqual(self.deliver(self.deliveries()[0]), 200)
        self.assertEqual(receivers.names, ["payment_paid", "event_received"])
        self.assertEqual(receivers.credits(), {"order-1": 1})
        payment = Payment.objects.get()
        self.assertEqual((payment.state, payment.is_paid, payment.is_final), ("accepted", True, True))
        self.assertEqual(payment.resource_id, self.event(self.deliveries()[0]).id)
        self.assertEqual(self.sent(), 1)

    def test_what_stays_unknown_is_listed(self) -> None:
        self.fault("reset_after_effect", "send_money.create")
        wages = [Destination.MobileWallet(phone_number="254700000001", amount=100, description="Wages")]
        with self.assertRaises(OutcomeUnknownError):
            Transfer.start(key="wage-1", destinations=wages)
        output = run(*RECONCILE)
        self.assertIn("0 of 1 outcomes found out", output)
        self.assertIn("unknown: wage-1 (send_money.create)", output)
        get_client().journal.resolve("wage-1", "not_sent", "not on the dashboard")
        run(*RECONCILE)
        self.assertEqual(Transfer.objects.get().state, "not_sent")

    def test_row_whose_worker_ended_follows_the_journal(self) -> None:
        started = Payment.start(key="order-1", **PUSH)
        Payment.objects.update(state="started", resource_id=None)
        Payment.objects.create(key="order-2", amount=1, till_number="K000000", phone_hash="")
        self.assertIn("0 rows changed", run("k2_reconcile", "--limit", "0"), "their workers may be at work")
        Payment.objects.update(updated_at=timezone.now() - timedelta(hours=1))
        self.assertIn("2 rows changed", run("k2_reconcile", "--limit", "0"))
        states = dict(Payment.objects.values_list("key", "state"))
        self.assertEqual(states, {"order-1": "accepted", "order-2": "not_sent"})
        self.assertEqual(Payment.objects.get(key="order-1").resource_id, started.resource_id)

    def test_error_of_one_row_does_not_stop_the_others(self) -> None:
        Payment.objects.create(
            key="gone", state="accepted", resource_id="gone", amount=1, till_number="K000000", phone_hash=""
        )
        Payment.start(key="order-1", **PUSH)
        self.deliveries()
        output = run(*RECONCILE)
        self.assertIn("gone: not_found", output)
        self.assertIn("1 rows changed", output)


class ReplayTests(SandboxTests, TestCase):
    def test_failed_event_is_handled_again(self) -> None:
        Payment.start(key="order-1", **PUSH)
        (delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            receivers.fails = True
            self.assertEqual(self.deliver(delivery), 500)
            self.assertIn("1 attempts, LookupError", run("k2_replay", "--dry-run"))
            with self.assertRaisesMessage(CommandError, "1 events were not handled"):
                run("k2_replay")
            receivers.fails = False
            self.assertIn("0 events handled", run("k2_replay", "another-key"))
            self.assertIn("1 events handled", run("k2_replay", Event.objects.get().dedupe_key))
            self.assertIn("0 events handled", run("k2_replay"))
            self.assertEqual(self.deliver(delivery), 200)
        self.assertEqual(receivers.credits(), {"order-1": 1})
        self.assertTrue(Payment.objects.get().is_paid)


class SubscribeTests(SandboxTests, TestCase):
    def subscriptions(self) -> int:
        return self.sent("webhook_subscriptions.create")

    def test_subscription_is_made_once(self) -> None:
        first, second = run("k2_subscribe"), run("k2_subscribe")
        self.assertEqual(first, second)
        self.assertRegex(first, "buygoods_transaction_received: subscription [0-9a-f-]+")
        self.assertEqual(self.subscriptions(), 1)
        with self.settings(KOPOKOPO={**self.options, "CALLBACK_URL": "https://other.example/k2/events/"}):
            run("k2_subscribe")
        self.assertEqual(self.subscriptions(), 2)

    def test_topics_and_company(self) -> None:
        run("k2_subscribe", "customer_created", "settlement_transfer_completed", "--company")
        self.assertEqual(self.subscriptions(), 2)

    def test_refusal_is_a_command_error(self) -> None:
        with (
            self.settings(KOPOKOPO={**self.options, "CALLBACK_URL": "http://shop.example/"}),
            self.assertRaisesMessage(CommandError, "url"),
        ):
            run("k2_subscribe")
        self.assertEqual(self.subscriptions(), 0)
