"""Tokens that a program brings."""

from __future__ import annotations

from kopokopo._errors import KopoKopoError
from kopokopo._records import AccessToken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Awaitable
    from typing import Any, Protocol

    from kopokopo._native import Reply

    class TokenSource(Protocol):
        """Answers a token that works: an `AccessToken`, or a `str` that is used until a 401.

        After a 401 it must not answer the token that it answered before. It is asked on a thread of its own, and one
        that is slow holds up nobody but the calls that wait for it.
        """

        def __call__(self) -> AccessToken | str: ...

    class AsyncTokenSource(Protocol):
        """The same for an asyncio client: it may be asynchronous, and then runs on the loop that called last."""

        def __call__(self) -> Awaitable[AccessToken | str] | AccessToken | str: ...


class Source:
    """A program's token source, as the native module asks it."""

    __slots__ = ("_token_source", "loop")

    loop: AbstractEventLoop | None

    def __init__(self, token_source: AsyncTokenSource) -> None:
        if not callable(token_source):
            raise TypeError("token_source must be a function that answers an AccessToken or a str")
        self._token_source = token_source
        self.loop = None

    def ask(self, reply: Reply) -> None:
        """Asks on a thread of its own. The reply is given now, or once the loop has it."""
        try:
            answer = self._token_source()
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


def _pass_on(answer: AccessToken | str, reply: Reply) -> None:
    if isinstance(answer, AccessToken):
        reply.token(answer.token, answer.expires_in)
    elif isinstance(answer, str):
        reply.token(answer, None)
    else:
        reply.fail(f"it answered {type(answer).__name__}, neither an AccessToken nor a str")


def _close(answer: Any) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()


def _why(error: BaseException) -> str:
    """What an exception of the program's says may hold the token."""
    return error.detail if isinstance(error, KopoKopoError) else f"it failed with {type(error).__name__}"
