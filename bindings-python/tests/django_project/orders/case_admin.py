"""The admin and the system checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.checks import run_checks
from django.db import connection
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from kopokopo.contrib.django.models import Event, JournalEntry, Payment, Transfer

from orders.support import PHONE, PUSH, Receivers, SandboxTests, mentions

MODELS = ("payment", "transfer", "event", "journalentry")


class AdminTests(SandboxTests, TestCase):
    def setUp(self) -> None:
        super().setUp()
        Payment.start(key="order-1", **PUSH)
        Transfer.objects.create(key="wage-1", amount=1, recipients=1)
        (self.delivery,) = self.deliveries()
        with Receivers().connected() as receivers:
            receivers.fails = True
            self.assertEqual(self.deliver(self.delivery), 500)
        self.client.force_login(User.objects.create_superuser("admin"))

    def rows(self) -> dict[str, Any]:
        models = (Payment, Transfer, Event, JournalEntry)
        return {name: model._default_manager.get() for name, model in zip(MODELS, models, strict=True)}

    def test_pages_show_rows_without_personal_data(self) -> None:
        for name, row in self.rows().items():
            for url in (
                reverse(f"admin:kopokopo_{name}_changelist"),
                reverse(f"admin:kopokopo_{name}_change", args=[row.pk]),
            ):
                response = self.client.get(url)
                self.assertEqual(response.status_code, 200, url)
                text = response.content.decode()
                self.assertIn(str(row), text)
                self.assertFalse(mentions(text, self.delivery), url)
                self.assertNotIn(self.options["CLIENT_SECRET"], text)
                self.assertNotIn(PHONE[3:], text)
        details = JournalEntry.objects.get().details or ""
        self.assertIn("phone", details, "the journal has a hash, which the page leaves out")
        url = reverse("admin:kopokopo_journalentry_change", args=["order-1"])
        self.assertNotContains(self.client.get(url), details)

    def test_nothing_can_be_changed(self) -> None:
        for name, row in self.rows().items():
            for url in (
                reverse(f"admin:kopokopo_{name}_add"),
                reverse(f"admin:kopokopo_{name}_delete", args=[row.pk]),
                reverse(f"admin:kopokopo_{name}_change", args=[row.pk]),
            ):
                self.assertEqual(self.client.post(url, {"state": "accepted"}).status_code, 403, url)
            action = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            self.client.post(reverse(f"admin:kopokopo_{name}_changelist"), action)
        self.assertEqual([str(row) for row in self.rows().values()][:2], ["order-1", "wage-1"])

    def test_permission_to_view_is_needed(self) -> None:
        user = User.objects.create_user("clerk", is_staff=True)
        self.client.force_login(user)
        url = reverse("admin:kopokopo_payment_changelist")
        self.assertEqual(self.client.get(url).status_code, 403)
        user.user_permissions.add(Permission.objects.get(codename="view_payment"))
        self.assertEqual(self.client.get(url).status_code, 200)
        codenames = set(
            Permission.objects.filter(content_type__app_label="kopokopo").values_list("codename", flat=True)
        )
        self.assertEqual(codenames, {f"view_{name}" for name in MODELS})

    def test_filter_shows_unknown(self) -> None:
        old = timezone.now() - timedelta(hours=1)
        for key, state, created_at in (
            ("asked", "unknown", timezone.now()),
            ("crashed", "started", old),
            ("running", "started", timezone.now()),
        ):
            Payment.objects.create(key=key, state=state, amount=1, till_number="K000000", phone_hash="")
            Payment.objects.filter(key=key).update(created_at=created_at)
        url = reverse("admin:kopokopo_payment_changelist")
        for outcome, expected in (("unknown", {"asked", "crashed"}), ("known", {"order-1"})):
            found = self.client.get(url, {"outcome": outcome}).context["cl"].queryset
            self.assertEqual(set(found.values_list("key", flat=True)), expected)
        JournalEntry.objects.update(state="unknown")
        url = reverse("admin:kopokopo_journalentry_changelist")
        for outcome, count in (("unknown", 1), ("known", 0)):
            self.assertEqual(self.client.get(url, {"outcome": outcome}).context["cl"].queryset.count(), count)
        url = reverse("admin:kopokopo_event_changelist")
        for processed, count in (("no", 1), ("yes", 0)):
            self.assertEqual(self.client.get(url, {"processed": processed}).context["cl"].queryset.count(), count)


class CheckTests(TestCase):
    good: dict[str, Any] = {
        "CLIENT_ID": "id",
        "CLIENT_SECRET": "secret",
        "API_KEY": "key",
        "CALLBACK_URL": "https://shop.example/k2/events/",
    }

    def ids(self, **changes: Any) -> list[str]:
        options = {name: value for name, value in {**self.good, **changes}.items() if value is not None}
        with self.settings(KOPOKOPO=options):
            found = [message for message in run_checks() if (message.id or "").startswith("kopokopo.")]
        self.assertNotIn("secret", str([message.msg for message in found if message.id != "kopokopo.E003"]).lower())
        return [message.id or "" for message in found]

    def test_good_settings_have_no_messages(self) -> None:
        self.assertEqual(self.ids(), [])
        self.assertEqual(self.ids(CALLBACK_URL="http://127.0.0.1:8000/k2/events/"), [])
        self.assertEqual(self.ids(CLIENT_OPTIONS={"timeout": 20}, OTHER_API_KEYS=["old"]), [])

    def test_setting_is_checked(self) -> None:
        for setting in (None, "id", {"CLIENT_IDD": "x"}):
            with self.settings(KOPOKOPO=setting):
                self.assertIn("kopokopo.E001", [message.id for message in run_checks()])
        for changes in (
            {"ENVIRONMENT": "live"},
            {"BASE_URL": "http://kopokopo.example"},
            {"CLIENT_OPTIONS": {"timeouts": 1}},
            {"CLIENT_OPTIONS": {"timeout": 0}},
            {"OTHER_API_KEYS": 17},
        ):
            self.assertEqual(self.ids(**changes), ["kopokopo.E001"], changes)

    def test_credentials_are_checked(self) -> None:
        self.assertEqual(self.ids(CLIENT_ID=None), ["kopokopo.E002"])
        with self.settings(KOPOKOPO={**self.good, "CLIENT_SECRET": ""}):
            self.assertEqual([message.id for message in run_checks()], ["kopokopo.E002"])

    def test_api_key_is_checked(self) -> None:
        self.assertEqual(self.ids(API_KEY=None), ["kopokopo.E003"])
        self.assertEqual(self.ids(API_KEY="secret"), ["kopokopo.E003"])

    def test_callback_url_is_checked(self) -> None:
        self.assertEqual(self.ids(CALLBACK_URL=None), ["kopokopo.W001"])
        for url in ("http://shop.example/", "shop.example", "https://"):
            self.assertEqual(self.ids(CALLBACK_URL=url), ["kopokopo.E004"], url)

    def test_database_is_checked(self) -> None:
        self.assertEqual(self.ids(DATABASE="other"), ["kopokopo.E005"])
        connection.settings_dict["ATOMIC_REQUESTS"] = True
        try:
            self.assertEqual(self.ids(), ["kopokopo.W002"])
        finally:
            connection.settings_dict["ATOMIC_REQUESTS"] = False
