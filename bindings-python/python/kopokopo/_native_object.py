"""The base classes of all objects with methods. They call the native module."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from kopokopo import _log
from kopokopo._native import Object
from kopokopo._token_source import Source
from kopokopo._typing import Self

if TYPE_CHECKING:
    from asyncio import Future


class NativeObject:
    """An object whose methods block."""

    __slots__ = ("__weakref__", "_native", "_source")

    # The name of the section in the client: the operation is `{_section}.{method}`.
    _section: ClassVar[str] = ""

    _native: Object
    _source: Source | None

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} cannot be created directly: a client or one of its methods returns it")

    @classmethod
    def _of(cls, native: Object, source: Source | None = None) -> Self:
        instance = cls.__new__(cls)
        instance._native = native
        instance._source = source
        return instance

    def _call(self, method: str, arguments: dict[str, Any]) -> Any:
        """Calls a method that sends requests, and blocks until it returns."""
        operation, started = self._operation(method), monotonic()
        try:
            result = self._native.call(method, arguments)
        except BaseException as raised:
            _log.failed(operation, raised, started)
            raise
        finally:
            # A traceback that includes local variables must not contain phone numbers.
            del arguments
        _log.succeeded(operation, started)
        return result

    def _operation(self, method: str) -> str:
        return f"{self._section}.{method}"

    def _shown(self, name: str) -> str:
        # _native is absent if the constructor raised. A debugger may still show the object.
        value = repr(getattr(self, name)) if hasattr(self, "_native") else "..."
        return f"{type(self).__name__}({name}={value})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled: create a client in each process, and pass ids")


class AsyncNativeObject(NativeObject):
    """An object whose methods are coroutines."""

    __slots__ = ()

    async def _ask(self, method: str, arguments: dict[str, Any]) -> Any:
        """Calls a method that sends requests, and awaits its result on the running event loop."""
        from asyncio import CancelledError

        operation, started = self._operation(method), monotonic()
        try:
            loop = _running_loop()
            if self._source is not None:
                self._source.loop = loop
            future, call = self._native.call_async(method, arguments, loop, _set_outcome)
        finally:
            # A traceback that includes local variables must not contain phone numbers.
            del arguments
        try:
            result = await future
        except Exception as raised:
            _log.failed(operation, raised, started)
            raise
        except BaseException as raised:
            # Cancelled. If the request of a create was sent, a retry must not send it again: outcome_unknown replaces
            # the cancellation (docs/adr/0010-cancelling-a-create.md).
            unknown = call.cancel()
            if future.done() and not future.cancelled():
                future.exception()
            _log.failed(operation, raised if unknown is None else unknown, started)
            if unknown is None:
                raise
            if isinstance(raised, CancelledError):
                raise unknown from raised
            raise raised from unknown
        _log.succeeded(operation, started)
        return result


def _running_loop() -> Any:
    from asyncio import get_running_loop

    try:
        return get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "AsyncKopoKopo needs a running asyncio event loop. With trio, use KopoKopo: "
            "await trio.to_thread.run_sync(...)"
        ) from None


def _set_outcome(future: Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
