"""Webhooks in Django, sync and async views alike, and in views of Django REST framework."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError

from kopokopo import Event, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    Refused,
    Unreadable,
    broken_off,
    check_length,
    not_a_request,
    read,
    read_async,
    refused,
    wrong_set_up,
)

__all__ = ["verify", "webhook"]

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")
_P = ParamSpec("_P")

_FIX = "call verify(verifier, request) before anything reads request.POST, request.FILES, request.data or the stream"


def verify(verifier: WebhookVerifier, request: HttpRequest) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header, and returns the event.

    The view must be exempt from CSRF checks: `webhook` sees to that.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    something has read the body as a stream before.
    """
    return verifier.verify(*_raw(verifier, request))


def _raw(verifier: WebhookVerifier, request: Any) -> tuple[bytes, str | None]:
    # Django REST framework has the request inside of its own.
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
    return body, plain.headers.get(HEADER)


class _Decorator(Protocol):
    """Takes a view, and gives one of the same kind without the event."""

    @overload
    def __call__(
        self, view: Callable[Concatenate[_Request, Event, _P], Coroutine[Any, Any, _Response | None]], /
    ) -> Callable[Concatenate[_Request, _P], Coroutine[Any, Any, _Response | HttpResponse]]: ...

    @overload
    def __call__(
        self, view: Callable[Concatenate[_Request, Event, _P], _Response | None], /
    ) -> Callable[Concatenate[_Request, _P], _Response | HttpResponse]: ...


def webhook(verifier: WebhookVerifier, *, on_unreadable: Unreadable | None = None) -> _Decorator:
    """Makes `def view(request, event)`, or the same with `async def`, a view that only verified webhooks reach.

    It is exempt from CSRF checks. The response is 401 for SignatureError and 400 for DecodeError, else what the view
    returns: an HttpResponse, or None for an empty 200. Any other exception is raised, so that Django responds with 500
    and the webhook is delivered again.

    `on_unreadable(body, error)` is called with the raw body of an authentic webhook that cannot be read. If it returns,
    the response is 200 and the webhook is not delivered again. Without it the response is 400.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
            async def handle_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    event = await read_async(verifier, *_checked(verifier, request), on_unreadable)
                except Refused as refusal:
                    return _refuse(refusal)
                return _answer(await view(request, event, *args, **kwargs))

            return _exempt(handle_async)

        @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                event = read(verifier, *_checked(verifier, request), on_unreadable)
            except Refused as refusal:
                return _refuse(refusal)
            return _answer(view(request, event, *args, **kwargs))

        return _exempt(handle)

    return decorate


def _checked(verifier: WebhookVerifier, request: Any) -> tuple[bytes, str | None]:
    try:
        return _raw(verifier, request)
    except SignatureError as refusal:
        raise refused(refusal) from None


def _exempt(view: Callable[..., Any]) -> Callable[..., Any]:
    # What csrf_exempt does, but for a wrapper that is not asynchronous before Django 5.
    view.__dict__["csrf_exempt"] = True
    return view


def _refuse(refusal: Refused) -> HttpResponse:
    return HttpResponse(refusal.text, status=refusal.status, content_type="text/plain")


def _answer(answer: Any) -> Any:
    return HttpResponse() if answer is None else answer
