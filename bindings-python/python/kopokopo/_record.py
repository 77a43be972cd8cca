"""What all records and alternatives have in common."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from typing_extensions import Self


class Record:
    """A plain value with named fields. It does not change, and equals whatever has the same type and values."""

    __slots__ = ("_values",)

    _values: tuple[Any, ...]
    _fields: ClassVar[tuple[str, ...]] = ()
    # What of a field must not be seen in a log.
    _redacted: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls._fields = cls.__dict__.get("__match_args__", ())

    def to_dict(self) -> dict[str, Any]:
        """Names and values, down to the last record. Whatever was redacted is in it."""
        return {name: _plain(value) for name, value in zip(self._fields, self._values)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return self._values == other._values

    def __hash__(self) -> int:
        return hash((type(self), *(value for value in self._values if not isinstance(value, dict))))

    def __repr__(self) -> str:
        shown = (f"{name}={self._shown(name, value)}" for name, value in zip(self._fields, self._values))
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _shown(self, name: str, value: Any) -> str:
        kind = self._redacted.get(name)
        if kind is None or value is None:
            return repr(value)
        if kind == "metadata":
            return f"{{{', '.join(f'{key!r}: [redacted]' for key in value)}}}"
        return f"[{len(value)} characters]" if kind == "raw" else "[redacted]"

    def __reduce__(self) -> tuple[Callable[..., Record], tuple[Any, ...]]:
        return self._restored, (dict(zip(self._fields, self._values)),)

    @classmethod
    def _restored(cls, values: dict[str, Any]) -> Self:
        """By name: another version may have pickled other fields."""
        made = cls.__new__(cls)
        made._values = tuple(values.get(name) for name in cls._fields)
        return made

    def __replace__(self, **changes: Any) -> Self:
        return type(self)(**{**dict(zip(self._fields, self._values)), **changes})

    def _given(self) -> dict[str, Any]:
        """How it goes in again: a record that was handed out is the text that it was read from."""
        given = dict(zip(self._fields, self._values))
        return {"raw": given["raw"]} if "raw" in given else given


class Alternative(Record):
    """One of several kinds."""

    __slots__ = ()

    # Each has its own word.
    kind: ClassVar[Any]

    def to_dict(self) -> dict[str, Any]:
        """Names and values, down to the last record, and the word `kind`. Whatever was redacted is in it."""
        return {"kind": self.kind, **super().to_dict()}

    def _given(self) -> dict[str, Any]:
        return {"type": self.kind, **super()._given()}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    kind = value.__class__
    if kind is tuple:
        return [_plain(item) for item in value]
    return value.copy() if kind is dict else value
