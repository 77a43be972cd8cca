"""Takes a payment and verifies a webhook with the installed package. The settings of the sandbox are in the environment."""

import asyncio
import os
import sys

import kopokopo
from kopokopo import AsyncKopoKopo, EventPayload, KopoKopo, SignatureError

PAYMENT = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": "100",
    "callback_url": "https://shop.example",
}
BODY = b'{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Jane"}}}'


async def pays_with_asyncio():
    async with AsyncKopoKopo.from_env() as k2:
        created = await k2.incoming_payments.create(**PAYMENT)
        return (await created.wait(interval=0.02)).is_paid


with KopoKopo.from_env() as k2:
    assert k2.incoming_payments.create(**PAYMENT).wait(interval=0.02).is_paid
    signature = kopokopo.sign_webhook(os.environ["K2_API_KEY"], BODY)
    assert isinstance(k2.webhooks.verify(BODY, signature).payload, EventPayload.CustomerCreated)
    try:
        k2.webhooks.verify(BODY + b" ", signature)
    except SignatureError:
        pass
    else:
        raise AssertionError("a changed body was accepted")
assert asyncio.run(pays_with_asyncio())
print(f"paid and verified with kopokopo {kopokopo.__version__} on Python {sys.version.split()[0]}")
