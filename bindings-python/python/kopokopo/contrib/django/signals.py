"""Signals of the app. Each is sent inside of a database transaction, which commits only if all receivers succeed. What
a receiver writes to the same database happens once. After an exception Kopo Kopo delivers the event again.

Receivers get keyword arguments. Do not send e-mails or requests in them: use `transaction.on_commit`.
"""

from __future__ import annotations

from django.dispatch import Signal

event_received = Signal()
"""A verified event, once for each money movement, even if several events report it. Arguments: `event`, which is a
`kopokopo.Event`, and `payment` and `transfer`: the row that it is about, or None. The sender is the model `Event`.
"""

payment_paid = Signal()
"""A payment was received in full, once for each `Payment`. Arguments: `payment`, and `event`, which is None if polling
found it. The sender is the model `Payment`.
"""

payment_failed = Signal()
"""A payment is final and was not received in full. Arguments and sender are those of `payment_paid`."""

transfer_paid = Signal()
"""All recipients of a transfer were paid, once for each `Transfer`. Arguments: `transfer`, `event`. The sender is the
model `Transfer`.
"""

transfer_failed = Signal()
"""A transfer is final, and a recipient was not paid. Arguments and sender are those of `transfer_paid`."""
