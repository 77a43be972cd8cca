"""The base class of all errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Failure(Exception):
    """An error whose fields are its attributes."""

    kind: str = "internal"
    """The stable name of the kind of error, the same in every language."""
    detail: str
    operation: str | None

    def __str__(self) -> str:
        return ": ".join(part for part in (self.kind, self.operation, self.detail) if part)

    def to_dict(self) -> dict[str, Any]:
        """Returns the kind and all fields, for structured logs: `json.dumps(error.to_dict(), default=str)`."""
        return {"kind": self.kind, **{name: value for name, value in vars(self).items() if not name.startswith("_")}}

    def __reduce__(self) -> tuple[Callable[..., Failure], tuple[Any, ...]]:
        return _restore, (type(self), self.detail, self.__dict__)


def _restore(cls: Callable[[str], Failure], detail: str, fields: dict[str, Any]) -> Failure:
    failure = cls(detail)
    failure.__dict__.update(fields)
    return failure
