"""Token sources: functions of the application that supply access tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from kopokopo._errors import ConfigurationError, KopoKopoError
from kopokopo._records import AccessToken

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

    from kopokopo._native import Reply


class Source:
    """The token source of a client. The native module calls `ask` for each token.

    Args:
        token_source: A function that returns an AccessToken, a str, or an awaitable of either.

    Raises: `ConfigurationError` if it is not callable.
    """

    __slots__ = ("_token_source", "loop")

    loop: AbstractEventLoop | None

    def __init__(self, token_source: Callable[[], object]) -> None:
        if not callable(token_source):
            raise ConfigurationError(
                "token_source: must be a function that returns an AccessToken or a str", field="token_source"
            )
        self._token_source = token_source
        self.loop = None

    def ask(self, reply: Reply) -> None:
        """Calls the function on the current thread, which the native module provides.

        Completes `reply` immediately, or on the event loop if the function is asynchronous.
        """
        try:
            result: Any = self._token_source()
            if not hasattr(result, "__await__"):
                return _complete(result, reply)
            if self.loop is None:
                _close(result)
                return reply.fail("the function is asynchronous: use AsyncKopoKopo")
            self.loop.call_soon_threadsafe(_complete_later, result, reply)
        except BaseException as error:
            reply.fail(_describe(error))


def _complete_later(awaitable: Awaitable[Any], reply: Reply) -> None:
    from asyncio import ensure_future

    def on_done(task: Future[Any]) -> None:
        try:
            _complete(task.result(), reply)
        except BaseException as error:
            reply.fail(_describe(error))

    ensure_future(awaitable).add_done_callback(on_done)


def _complete(result: object, reply: Reply) -> None:
    if isinstance(result, AccessToken):
        reply.token(result.token, result.expires_in)
    elif isinstance(result, str):
        reply.token(result, None)
    else:
        reply.fail(f"it returned {type(result).__name__}; expected an AccessToken or a str")


def _close(awaitable: Any) -> None:
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()


def _describe(error: BaseException) -> str:
    """Returns the reason without the text of foreign exceptions, which may contain the token."""
    return error.detail if isinstance(error, KopoKopoError) else f"it raised {type(error).__name__}"
