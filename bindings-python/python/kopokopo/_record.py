"""What all records and alternatives have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

from kopokopo import _native
from kopokopo._typing import Self


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
        """Names and values as a dictionary, nested records too. It contains what `repr` redacts: personal data, tokens
        and `raw`. Amounts are `Decimal` and times `datetime`: `json.dumps(record.to_dict(), default=str)`.
        """
        return {name: _plain(value) for name, value in self._items()}

    def _items(self) -> Iterator[tuple[str, Any]]:
        return zip(self._fields, self._values, strict=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return self._values == other._values

    def __hash__(self) -> int:
        return hash((type(self), *(value for value in self._values if not isinstance(value, dict))))

    def __repr__(self) -> str:
        shown = (f"{name}={self._shown(name, value)}" for name, value in self._items())
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _shown(self, name: str, value: Any) -> str:
        kind = self._redacted.get(name)
        if kind is None or value is None:
            return repr(value)
        if kind == "metadata":
            return f"{{{', '.join(f'{key!r}: [redacted]' for key in value)}}}"
        return f"[{len(value)} characters]" if kind == "raw" else "[redacted]"

    def __reduce__(self) -> tuple[Callable[..., Record], tuple[Any, ...]]:
        return self._restored, (dict(self._items()),)

    @classmethod
    def _restored(cls, values: dict[str, Any]) -> Self:
        """By name: another version may have pickled other fields."""
        made = cls.__new__(cls)
        made._values = tuple(values.get(name) for name in cls._fields)
        return made

    def __replace__(self, **changes: Any) -> Self:
        return type(self)(**{**dict(self._items()), **changes})

    def _given(self) -> dict[str, Any]:
        """The record as an argument: one that the library returned is passed as the text that it was read from."""
        given = dict(self._items())
        return {"raw": given["raw"]} if "raw" in given else given

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from kopokopo import _pydantic

        return _pydantic.record_schema(cls, handler, getattr(cls, "kind", None))


class PaymentRecord(Record):
    """A record that says whether a customer paid."""

    __slots__ = ()

    # The name of the record in the contract.
    _payment: ClassVar[str]

    def is_paid_at_least(
        self, amount: Decimal | str | int, *, currency: str | None = None, till_number: str | None = None
    ) -> bool:
        """Whether a payment was received and is at least this amount. Check it before you credit an order.

        Args:
            amount: The amount of the order, greater than zero.
            currency: The order's currency. Default KES.
            till_number: The till that was to be paid. Default any.

        Raises: `InvalidRequestError` for an amount that is not greater than zero. `DecodeError` if `raw` is empty, as
        in a record that a test made.
        """
        arguments = {**self._given(), "amount": amount, "currency": currency, "till_number": till_number}
        arguments["payment"] = arguments.pop("raw")
        arguments["record"] = self._payment
        result: bool = _native.function("is_paid_at_least", arguments)
        return result


class Alternative(Record):
    """One of several kinds."""

    __slots__ = ()

    # Each has its own word.
    kind: ClassVar[Any]

    def to_dict(self) -> dict[str, Any]:
        """Names and values as a dictionary, nested records too, and the word `kind`."""
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
