"""The base classes of enumerations."""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar

from kopokopo._typing import Self


class Word(str, Enum):
    """The base class of closed enumerations, the words of this library. A member is a `str` and equals its text."""

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


class OpenEnum(str):
    """The base class of open enumerations, the words of the API. A value is a `str` and equals its text.

    The API may add words. Therefore this is not an `enum.Enum`: type checkers must not treat the known words as
    complete. A word that this version does not know is a valid value, so always handle the remaining case.
    """

    __slots__ = ()

    _names: ClassVar[dict[str, str]] = {}
    _value2member_map_: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        cls._value2member_map_ = {}
        for name, value in cls._names.items():
            known = str.__new__(cls, value)
            cls._value2member_map_[value] = known
            setattr(cls, name, known)

    def __new__(cls, value: str) -> Self:
        known: Self | None = cls._value2member_map_.get(value)
        return str.__new__(cls, value) if known is None else known

    @classmethod
    def known(cls) -> tuple[Self, ...]:
        """Returns the words that this version knows."""
        return tuple(cls._value2member_map_.values())

    @property
    def is_known(self) -> bool:
        """Whether this version knows the word."""
        return str(self) in self._value2member_map_

    @property
    def value(self) -> str:
        """The text of the word, as in the API."""
        return str(self)

    def __repr__(self) -> str:
        for name, value in self._names.items():
            if self == value:
                return f"{type(self).__name__}.{name}"
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from kopokopo import _pydantic

        return _pydantic.open_enum_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core_schema)
        return {**schema, "examples": [str(word) for word in cls.known()]}
