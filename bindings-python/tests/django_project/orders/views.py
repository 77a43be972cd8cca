"""Views that ask for a payment."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from kopokopo.contrib.django.models import Payment


@transaction.non_atomic_requests
def buy(request: HttpRequest) -> HttpResponse:
    payment = Payment.start(key="order-1", phone_number="254700000001", amount=100)
    return HttpResponse(payment.state)


def buy_atomic(request: HttpRequest) -> HttpResponse:
    return buy(request)
