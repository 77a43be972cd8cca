"""The base classes of records and of the variants of unions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

from kopokopo import _native
from kopokopo._typing import Self


class Record:
    """An immutable value with named fields. Two records are equal if they have the same type and the same values."""

    __slots__ = ("_values",)

    _values: tuple[Any, ...]
    _fields: ClassVar[tuple[str, ...]] = ()
    # The fields that `repr` hides, and the kind of each: personal, secret, metadata or raw.
    _redacted: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        cls._fields = cls.__dict__.get("__match_args__", ())

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name. Nested records become dictionaries too.

        The dictionary contains what `repr` redacts: personal data, tokens and `raw`. Amounts are `Decimal` and times
        are `datetime`: use `json.dumps(record.to_dict(), default=str)`.
        """
        return {name: _to_builtin(value) for name, value in self._items()}

    def _items(self) -> Iterator[tuple[str, Any]]:
        return zip(self._fields, self._values, strict=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return self._values == other._values

    def __hash__(self) -> int:
        return hash((type(self), *(value for value in self._values if not isinstance(value, dict))))

    def __repr__(self) -> str:
        fields = (f"{name}={self._repr_of(name, value)}" for name, value in self._items())
        return f"{type(self).__qualname__}({', '.join(fields)})"

    def _repr_of(self, name: str, value: Any) -> str:
        kind = self._redacted.get(name)
        if kind is None or value is None:
            return repr(value)
        if kind == "metadata":
            return f"{{{', '.join(f'{key!r}: [redacted]' for key in value)}}}"
        return f"[{len(value)} characters]" if kind == "raw" else "[redacted]"

    def __reduce__(self) -> tuple[Callable[..., Record], tuple[Any, ...]]:
        return self._from_values, (dict(self._items()),)

    @classmethod
    def _from_values(cls, values: dict[str, Any]) -> Self:
        """Creates a record from values by name. Another version may have pickled other fields."""
        record = cls.__new__(cls)
        record._values = tuple(values.get(name) for name in cls._fields)
        return record

    def __replace__(self, **changes: Any) -> Self:
        return type(self)(**{**dict(self._items()), **changes})

    def _given(self) -> dict[str, Any]:
        """Returns the record as an argument for the native module.

        A record that the library returned is passed as the text that it was read from.
        """
        fields = dict(self._items())
        return {"raw": fields["raw"]} if "raw" in fields else fields

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from kopokopo import _pydantic

        return _pydantic.record_schema(cls, handler, getattr(cls, "kind", None))


class PaymentRecord(Record):
    """A record of a payment by a customer."""

    __slots__ = ()

    # The name of the record in the contract.
    _payment: ClassVar[str]

    def is_paid_at_least(
        self, amount: Decimal | str | int, *, currency: str | None = None, till_number: str | None = None
    ) -> bool:
        """Returns whether a payment was received and is at least this amount. Check it before you credit an order.

        Args:
            amount: The amount of the order. It must be greater than zero.
            currency: The currency of the order. Default: KES.
            till_number: The till that the customer had to pay. Default: any till.

        Raises: `InvalidRequestError` if the amount is not greater than zero. `DecodeError` if `raw` is empty, as in a
        record that a test created.
        """
        arguments = {**self._given(), "amount": amount, "currency": currency, "till_number": till_number}
        arguments["payment"] = arguments.pop("raw")
        arguments["record"] = self._payment
        result: bool = _native.function("is_paid_at_least", arguments)
        return result


class Alternative(Record):
    """A variant of a union."""

    __slots__ = ()

    # Each variant sets its own word.
    kind: ClassVar[Any]

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name, and the word `kind`. Nested records become dictionaries too."""
        return {"kind": self.kind, **super().to_dict()}

    def _given(self) -> dict[str, Any]:
        return {"type": self.kind, **super()._given()}


def _to_builtin(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    kind = value.__class__
    if kind is tuple:
        return [_to_builtin(item) for item in value]
    return value.copy() if kind is dict else value
