"""Payments and events with real transactions and several threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.db import connection, connections, transaction
from django.test import Client, TransactionTestCase, tag
from kopokopo import Destination, InProgressError
from kopokopo.contrib.django import store
from kopokopo.contrib.django.client import forget, get_client
from kopokopo.contrib.django.events import handle_event
from kopokopo.contrib.django.models import Event, JournalEntry, Payment, Transfer

from orders.models import Order
from orders.support import PUSH, Receivers, SandboxTests

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 16


def in_threads(count: int, function: Callable[[], Any]) -> list[Any]:
    """Calls a function in parallel, and returns the results and the exceptions."""
    together = threading.Barrier(THREADS)

    def call(number: int) -> Any:
        if number < THREADS:
            together.wait(60)
        try:
            return function()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(count)))


class TransactionTests(SandboxTests, TransactionTestCase):
    @tag("threads")
    def test_parallel_starts_send_one_request(self) -> None:
        results = in_threads(64, lambda: Payment.start(key="order-1", **PUSH))
        self.assertEqual(self.sent(), 1)
        rows = {result.pk for result in results if isinstance(result, Payment)}
        self.assertEqual(rows, {Payment.objects.get().pk})
        others = [result for result in results if not isinstance(result, (Payment, InProgressError))]
        self.assertEqual(others, [])
        self.assertEqual(Payment.objects.get().state, "accepted")

    @tag("threads")
    def test_parallel_deliveries_have_one_effect(self) -> None:
        Payment.start(key="order-1", **PUSH)
        event = self.event(self.deliveries()[0])
        with Receivers().connected() as receivers:
            results = in_threads(64, lambda: handle_event(event))
        self.assertEqual(results, [None] * 64)
        self.assertEqual(receivers.names, ["payment_paid", "event_received"])
        self.assertEqual(receivers.credits(), {"order-1": 1})
        self.assertEqual(Event.objects.count(), 1)

    def test_failed_receiver_rolls_back_its_writes(self) -> None:
        Payment.start(key="order-1", **PUSH)
        (delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            receivers.fails = True
            self.assertEqual(self.deliver(delivery), 500)
            self.assertEqual(Order.objects.count(), 0)
            receivers.fails = False
            self.assertEqual(self.deliver(delivery), 200)
            self.assertEqual(self.deliver(delivery), 200)
        self.assertEqual(receivers.credits(), {"order-1": 1})

    def test_open_transactions_are_refused(self) -> None:
        with (
            transaction.atomic(),
            self.assertRaisesMessage(transaction.TransactionManagementError, "Payment.start must not run inside"),
        ):
            Payment.start(key="order-1", **PUSH)
        transaction.set_autocommit(False)
        try:
            with self.assertRaisesMessage(transaction.TransactionManagementError, "Transfer.start must not run"):
                Transfer.start(
                    key="wage",
                    destinations=[Destination.MobileWallet(phone_number="254700000001", amount=1, description="Wages")],
                )
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)
        self.assertEqual((self.sent(), Payment.objects.count()), (0, 0))

    def test_atomic_requests_are_refused_and_exempt_views_work(self) -> None:
        client = Client()
        connection.settings_dict["ATOMIC_REQUESTS"] = True
        try:
            with self.assertRaisesMessage(transaction.TransactionManagementError, "non_atomic_requests"):
                client.post("/buy-atomic/")
            self.assertEqual(self.sent(), 0)
            self.assertEqual(client.post("/buy/").content, b"accepted")
            (delivery,) = self.deliveries()
            with Receivers().connected() as receivers:
                receivers.fails = True
                self.assertEqual(self.deliver(delivery), 500)
                # The event was stored, although the response is an error.
                self.assertEqual(Event.objects.get().attempts, 1)
                receivers.fails = False
                self.assertEqual(self.deliver(delivery), 200)
            self.assertEqual(receivers.credits(), {"order-1": 1})
        finally:
            connection.settings_dict["ATOMIC_REQUESTS"] = False

    def test_rollback_of_program_keeps_the_journal(self) -> None:
        with transaction.atomic():
            if connection.vendor != "sqlite":
                # SQLite has one writer: there the journal must write before the transaction does.
                Order(number="order-1").save()
            get_client().incoming_payments.create(
                idempotency_key="order-1",
                till_number="K000000",
                callback_url=self.options["CALLBACK_URL"],
                **PUSH,
            )
            transaction.set_rollback(True)
        self.assertEqual(Order.objects.count(), 0)
        self.assertEqual(JournalEntry.objects.get().state, "accepted")
        self.assertEqual(Payment.start(key="order-1", **PUSH).state, "accepted")
        self.assertEqual(self.sent(), 1)

    def test_journal_of_the_test_before_is_gone(self) -> None:
        self.assertEqual(JournalEntry.objects.count(), 0)
        Payment.start(key="order-1", **PUSH)
        self.assertEqual(self.sent(), 1)

    @tag("server")
    def test_broken_connections_are_replaced(self) -> None:

        with mock.patch.object(store, "is_testing", lambda: False):
            connection.settings_dict["CONN_MAX_AGE"] = None
            try:
                journal = get_client().journal
                journal.get("order-1")
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                    self.assertEqual(len(cursor.fetchall()), 1, "the journal keeps one connection")
                self.assertIsNone(journal.get("order-1"))
            finally:
                connection.settings_dict["CONN_MAX_AGE"] = 0
                forget()
