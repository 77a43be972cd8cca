"""The view that receives results and webhooks."""

from __future__ import annotations

from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kopokopo import Event
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.events import handle_event
from kopokopo.webhooks.django import webhook


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponseBase:
    """Verifies a result or a webhook, stores it, and sends the signals. The response is 401 if the signature is
    invalid, and 500 if the journal or a receiver fails: then Kopo Kopo delivers the event again.
    """

    def handle(_: HttpRequest, event: Event) -> HttpResponse:
        handle_event(event)
        return HttpResponse()

    return webhook(get_client().webhooks)(handle)(request)


# The event is stored in a transaction of its own, before the receivers run in another.
receive._non_atomic_requests = set(connections)  # type: ignore[attr-defined]
