"""Tokens that a program brings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from kopokopo._errors import ConfigurationError, KopoKopoError
from kopokopo._records import AccessToken

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

    from kopokopo._native import Reply


class Source:
    """A program's token source, as the native module asks it."""

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
        """Asks on a thread of its own. The reply is given now, or once the loop has it."""
        try:
            answer: Any = self._token_source()
            if not hasattr(answer, "__await__"):
                return _pass_on(answer, reply)
            if self.loop is None:
                _close(answer)
                return reply.fail("it is asynchronous, and the client is not: use AsyncKopoKopo")
            self.loop.call_soon_threadsafe(_wait, answer, reply)
        except BaseException as error:
            reply.fail(_why(error))


def _wait(answer: Awaitable[Any], reply: Reply) -> None:
    from asyncio import ensure_future

    def over(task: Future[Any]) -> None:
        try:
            _pass_on(task.result(), reply)
        except BaseException as error:
            reply.fail(_why(error))

    ensure_future(answer).add_done_callback(over)


def _pass_on(answer: object, reply: Reply) -> None:
    if isinstance(answer, AccessToken):
        reply.token(answer.token, answer.expires_in)
    elif isinstance(answer, str):
        reply.token(answer, None)
    else:
        reply.fail(f"it returned {type(answer).__name__}, neither an AccessToken nor a str")


def _close(answer: Any) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()


def _why(error: BaseException) -> str:
    """What an exception of the program's says may hold the token."""
    return error.detail if isinstance(error, KopoKopoError) else f"it failed with {type(error).__name__}"
