"""What all errors have in common."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
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

    def __reduce__(self) -> tuple[Callable[..., Failure], tuple[Any, ...]]:
        return _restore, (type(self), self.detail, self.__dict__)


def _restore(cls: Callable[[str], Failure], detail: str, fields: dict[str, Any]) -> Failure:
    failure = cls(detail)
    failure.__dict__.update(fields)
    return failure
