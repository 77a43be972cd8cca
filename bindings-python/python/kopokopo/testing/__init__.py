"""Tests with the sandbox: the Kopo Kopo API on this machine.

```python
from kopokopo.testing import Sandbox

with Sandbox() as sandbox, sandbox.client() as k2:
    push = k2.incoming_payments.create(
        till_number="K000000", phone_number="0712345678", amount="100", callback_url="https://shop.example/k2/results"
    )
    assert push.wait().is_paid
```

The program is in the package `kopokopo-sandbox`: `pip install kopokopo[sandbox]`. pytest gets the fixtures `k2_sandbox`
and `k2` from `kopokopo.testing.pytest_plugin`, without an import.
"""

from ._binary import SandboxError
from ._controls import (
    Amount,
    Attempt,
    Controls,
    CustomerAction,
    Delivery,
    Failure,
    Fault,
    FaultKind,
    Health,
    Magic,
    Now,
    Operations,
    Pace,
    PaymentKind,
    PaymentLinkShape,
    Pending,
    PendingDelivery,
    PendingStep,
    RecordedRequest,
    ReversalType,
    Rule,
    Rules,
    Settings,
    State,
    Till,
    TillData,
    Transaction,
    TransactionData,
    Triggered,
    WaitingRequest,
)
from ._sandbox import Sandbox

__all__ = [
    "Amount",
    "Attempt",
    "Controls",
    "CustomerAction",
    "Delivery",
    "Failure",
    "Fault",
    "FaultKind",
    "Health",
    "Magic",
    "Now",
    "Operations",
    "Pace",
    "PaymentKind",
    "PaymentLinkShape",
    "Pending",
    "PendingDelivery",
    "PendingStep",
    "RecordedRequest",
    "ReversalType",
    "Rule",
    "Rules",
    "Sandbox",
    "SandboxError",
    "Settings",
    "State",
    "Till",
    "TillData",
    "Transaction",
    "TransactionData",
    "Triggered",
    "WaitingRequest",
]
