"""Takes a payment on the sandbox that the installed packages start, as a test does."""

import os

os.environ.pop("K2_SANDBOX_BIN", None)
os.environ["PATH"] = ""

from kopokopo.testing import Sandbox

with Sandbox() as sandbox, sandbox.client() as k2:
    push = k2.incoming_payments.create(
        till_number="K000000", phone_number="254700000006", amount="100", callback_url="https://shop.example"
    )
    sandbox.customer_pays(push.id)
    assert push.wait(interval=0.02).is_paid
print(f"paid on the sandbox of {sandbox.base_url}")
