"""What all enumerations have in common."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self


class Word(str, Enum):
    """A word. It is a `str`, and equals it."""

    def __new__(cls, value: str) -> Self:
        word = str.__new__(cls, value)
        word._value_ = value
        return word

    def __str__(self) -> str:
        return str.__str__(self)

    def __format__(self, format_spec: str) -> str:
        return str.__format__(self, format_spec)

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (str(self),)


class OpenWord(Word):
    """A word of the API's, of which there may be more: one that is not known becomes a member of its own."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = word._value_ = str(value)
        return word

    def __repr__(self) -> str:
        known = self._name_ in type(self).__members__
        return super().__repr__() if known else f"{type(self).__name__}({str(self)!r})"
