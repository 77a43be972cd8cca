"""Webhooks in Django: sync views, async views, and views of Django REST framework."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError

from kopokopo import Event, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    AnyJournal,
    EarlyResponse,
    OnUnreadable,
    check_length,
    error_response,
    incomplete_body,
    not_a_request,
    observe,
    observe_async,
    raw_body_error,
    verify_event,
    verify_event_async,
)

__all__ = ["verify", "webhook"]

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")
_P = ParamSpec("_P")

_FIX = "call verify(verifier, request) before anything reads request.POST, request.FILES, request.data or the stream"


def verify(verifier: WebhookVerifier, request: HttpRequest) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header, and returns the event.

    The view must be exempt from CSRF checks. `webhook` exempts it automatically.

    Raises: `SignatureError` if the signature is missing or invalid, or if the body is too large. `DecodeError` if the
    body is authentic but cannot be read. `InvalidRequestError` if the body was read as a stream before.
    """
    return verifier.verify(*_raw(verifier, request))


def _raw(verifier: WebhookVerifier, request: Any) -> tuple[bytes, str | None]:
    # The request of Django REST framework contains Django's request.
    django_request = getattr(request, "_request", request)
    if not isinstance(django_request, HttpRequest):
        raise not_a_request(request, "Django", _FIX)
    check_length(verifier, django_request.META.get("CONTENT_LENGTH"))
    try:
        body = django_request.body
    except RawPostDataException:
        raise raw_body_error("Django", "the body was read before", _FIX) from None
    except UnreadablePostError:
        raise incomplete_body() from None
    return body, django_request.headers.get(HEADER)


class _Decorator(Protocol):
    """Takes a view with the event, and returns a view of the same kind without the event."""

    @overload
    def __call__(
        self, view: Callable[Concatenate[_Request, Event, _P], Coroutine[Any, Any, _Response | None]], /
    ) -> Callable[Concatenate[_Request, _P], Coroutine[Any, Any, _Response | HttpResponse]]: ...

    @overload
    def __call__(
        self, view: Callable[Concatenate[_Request, Event, _P], _Response | None], /
    ) -> Callable[Concatenate[_Request, _P], _Response | HttpResponse]: ...


def webhook(
    verifier: WebhookVerifier, *, on_unreadable: OnUnreadable | None = None, journal: AnyJournal | None = None
) -> _Decorator:
    """Decorates `def view(request, event)` or `async def view(request, event)`. Only verified webhooks reach the view.

    The view is exempt from CSRF checks. It returns an HttpResponse, or None for an empty 200 response. The response is
    401 for `SignatureError` and 400 for `DecodeError`. Any other exception is raised: Django responds with 500, and
    the webhook is delivered again.

    Args:
        verifier: Verifies the request, for example `client.webhooks`.
        on_unreadable: Is called as `on_unreadable(body, error)` with the raw body of an authentic webhook that cannot
            be read. If it returns, the response is 200 and the webhook is not delivered again. Without it the response
            is 400.
        journal: `client.journal`. It observes each event before the view is called, so that unknown requests become
            accepted. If its store fails, the view is not called, the response is 500, and the webhook is delivered
            again. An async view takes the journal of `KopoKopo` or `AsyncKopoKopo`, any other view that of `KopoKopo`.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(view):

            @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
            async def handle_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                try:
                    event = await verify_event_async(verifier, *_raw_or_response(verifier, request), on_unreadable)
                    await observe_async(journal, event, _run_blocking)
                except EarlyResponse as response:
                    return _to_http_response(response)
                return _or_empty(await view(request, event, *args, **kwargs))

            return _exempt(handle_async)

        @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def handle(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                event = verify_event(verifier, *_raw_or_response(verifier, request), on_unreadable)
                observe(journal, event)
            except EarlyResponse as response:
                return _to_http_response(response)
            return _or_empty(view(request, event, *args, **kwargs))

        return _exempt(handle)

    return decorate


def _raw_or_response(verifier: WebhookVerifier, request: Any) -> tuple[bytes, str | None]:
    try:
        return _raw(verifier, request)
    except SignatureError as error:
        raise error_response(error) from None


async def _run_blocking(function: Callable[[Event], object], event: Event) -> None:
    await sync_to_async(function, thread_sensitive=False)(event)


def _exempt(view: Callable[..., Any]) -> Callable[..., Any]:
    # Sets what csrf_exempt sets. The wrapper of csrf_exempt is not asynchronous before Django 5.
    view.__dict__["csrf_exempt"] = True
    return view


def _to_http_response(response: EarlyResponse) -> HttpResponse:
    return HttpResponse(response.text, status=response.status, content_type="text/plain")


def _or_empty(response: Any) -> Any:
    return HttpResponse() if response is None else response
