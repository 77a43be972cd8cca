"""Webhooks in Django, sync and async views alike, and in views of Django REST framework."""

from __future__ import annotations

from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError

from kopokopo.webhooks._request import (
    HEADER,
    REFUSALS,
    answer_to,
    broken_off,
    check_length,
    not_a_request,
    wrong_set_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kopokopo import Event, KopoKopoError, WebhookVerifier

__all__ = ["verify", "webhook"]

_FIX = "call verify(verifier, request) before anything reads request.POST, request.FILES, request.data or the stream"


def verify(verifier: WebhookVerifier, request: HttpRequest) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header and says what it tells of.

    The view must be exempt from CSRF checks: `webhook` sees to that.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    something has read the body as a stream before.
    """
    plain = getattr(request, "_request", request)
    if not isinstance(plain, HttpRequest):
        raise not_a_request(request, "Django", _FIX)
    check_length(verifier, plain.META.get("CONTENT_LENGTH"))
    try:
        body = plain.body
    except RawPostDataException:
        raise wrong_set_up("Django", "the body was read before", _FIX) from None
    except UnreadablePostError:
        raise broken_off() from None
    return verifier.verify(body, plain.headers.get(HEADER))


def webhook(verifier: WebhookVerifier) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes `def view(request, event)`, or the same with `async def`, a view that only verified webhooks reach.

    It is exempt from CSRF checks. It answers 401 for SignatureError and 400 for DecodeError, else what the view
    answers: an HttpResponse, or None for an empty 200. Any other exception passes through, so that Django answers 500
    and the webhook is delivered again.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @wraps(view)
            async def handle_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    event = verify(verifier, request)
                except REFUSALS as refusal:
                    return _refuse(refusal)
                return _answer(await view(request, event, *args, **kwargs))

            return _exempt(handle_async)

        @wraps(view)
        def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                event = verify(verifier, request)
            except REFUSALS as refusal:
                return _refuse(refusal)
            return _answer(view(request, event, *args, **kwargs))

        return _exempt(handle)

    return decorate


def _exempt(view: Callable[..., Any]) -> Callable[..., Any]:
    # What csrf_exempt does, but for a wrapper that is not asynchronous before Django 5.
    view.__dict__["csrf_exempt"] = True
    return view


def _refuse(refusal: KopoKopoError) -> HttpResponse:
    status, text = answer_to(refusal)
    return HttpResponse(text, status=status, content_type="text/plain")


def _answer(answer: Any) -> Any:
    return HttpResponse() if answer is None else answer
