"""What all things with methods have in common: they pass the work on to the native module."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from typing import Any, NoReturn

    from typing_extensions import Self

    from kopokopo._native import Object
    from kopokopo._token_source import Source


class Thing:
    """Something with methods."""

    __slots__ = ("__weakref__", "_native", "_source")

    _native: Object
    _source: Source | None

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} is not made by hand: a client or one of its methods answers it")

    @classmethod
    def _of(cls, native: Object, source: Source | None = None) -> Self:
        made = cls.__new__(cls)
        made._native = native
        made._source = source
        return made

    def _shown(self, name: str) -> str:
        # Whatever looks at variables may look at a client whose constructor has just refused its options.
        value = repr(getattr(self, name)) if hasattr(self, "_native") else "..."
        return f"{type(self).__name__}({name}={value})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled: make a client where it is used, and pass ids")


class AsyncThing(Thing):
    """Something with methods to await."""

    __slots__ = ()

    async def _call(self, method: str, arguments: dict[str, Any]) -> Any:
        from asyncio import get_running_loop

        loop = get_running_loop()
        if self._source is not None:
            self._source.loop = loop
        try:
            future, call = self._native.call_async(method, arguments, loop, _settle)
        finally:
            # A traceback that shows variables shows no phone number.
            del arguments
        try:
            return await future
        finally:
            call.abort()


def _settle(future: Future[Any], answer: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(answer)
    else:
        future.set_exception(error)
