"""Iterators over the states of a resource. The native module decides what to poll and how long to pause."""

from __future__ import annotations

import time
from typing import Any

from kopokopo._native import Object
from kopokopo._native_object import AsyncNativeObject, NativeObject
from kopokopo._token_source import Source
from kopokopo._typing import Self


class Watching(NativeObject):
    """A section or a handle whose resource has a final state."""

    __slots__ = ()

    def _watch(self, arguments: dict[str, Any], method: str = "watch") -> Watch:
        return Watch.for_operation(self._operation("get"), self._native.ask(method, arguments), self._source)

    def _wait(self, arguments: dict[str, Any]) -> Any:
        """Returns the last state of a watch."""
        state = None
        for state in self._watch(arguments, "wait"):  # noqa: B007
            pass
        return state


class AsyncWatching(AsyncNativeObject):
    """A section or a handle whose resource has a final state."""

    __slots__ = ()

    def _watch(self, arguments: dict[str, Any], method: str = "watch") -> AsyncWatch:
        return AsyncWatch.for_operation(self._operation("get"), self._native.ask(method, arguments), self._source)

    async def _wait(self, arguments: dict[str, Any]) -> Any:
        """Returns the last state of a watch."""
        state = None
        async for state in self._watch(arguments, "wait"):  # noqa: B007
            pass
        return state


class Watch(NativeObject):
    """An iterator over the states of a resource."""

    __slots__ = ("_operation_name",)

    _operation_name: str

    @classmethod
    def for_operation(cls, operation: str, native: Object, source: Source | None) -> Self:
        watch = cls._of(native, source)
        watch._operation_name = operation
        return watch

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        while (pause := self._native.ask("pause", {})) is not None:
            # Called through the module, because gevent and eventlet replace time.sleep to let other greenlets run.
            time.sleep(pause)
            state = self._call("poll", {})
            if state is not None:
                return state
        raise StopIteration

    def _operation(self, method: str) -> str:
        return self._operation_name


class AsyncWatch(AsyncNativeObject):
    """An asynchronous iterator over the states of a resource."""

    __slots__ = ("_operation_name",)

    _operation_name: str

    @classmethod
    def for_operation(cls, operation: str, native: Object, source: Source | None) -> Self:
        watch = cls._of(native, source)
        watch._operation_name = operation
        return watch

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        from asyncio import sleep

        while (pause := self._native.ask("pause", {})) is not None:
            await sleep(pause)
            state = await self._ask("poll", {})
            if state is not None:
                return state
        raise StopAsyncIteration

    def _operation(self, method: str) -> str:
        return self._operation_name
