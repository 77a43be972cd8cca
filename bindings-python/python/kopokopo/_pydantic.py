"""How pydantic (version 2) reads and writes this package's values. It is imported only if a program uses pydantic."""

from __future__ import annotations

# pyright: reportPrivateUsage=false
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic_core import core_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from kopokopo._record import Record
    from kopokopo._word import OpenEnum


def word_schema(cls: type[OpenEnum]) -> Any:
    """Any text: the API may add words."""
    return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def record_schema(cls: type[Record], handler: Any, kind: str | None) -> Any:
    """An instance of the class, or an object with its fields. It is written as `to_dict()` writes it."""
    fields = {} if kind is None else {"kind": core_schema.typed_dict_field(handler.generate_schema(Literal[kind]))}
    for name in cls._fields:
        fields[name] = core_schema.typed_dict_field(handler.generate_schema(_type_of(cls, name)))
    object_schema = core_schema.typed_dict_schema(fields, cls_name=_title(cls))
    object_schema["metadata"] = {"pydantic_js_updates": {"title": _title(cls), "description": _summary(cls)}}
    read = core_schema.no_info_after_validator_function(cls._restored, object_schema)
    return core_schema.json_or_python_schema(
        json_schema=read,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), read], mode="left_to_right"),
        # A function that wraps passes `include` and `exclude` on, as FastAPI's `response_model_exclude`.
        serialization=core_schema.wrap_serializer_function_ser_schema(_write, schema=object_schema),
        # An alternative may have the name of a record: in schemas it is called EventPayloadIncomingPayment.
        ref=f"{cls.__module__}.{_title(cls)}:{id(cls)}",
    )


def _type_of(cls: type[Record], name: str) -> Any:
    return get_type_hints(getattr(cls, name).fget)["return"]


def _title(cls: type[Record]) -> str:
    return cls.__qualname__.replace(".", "")


def _summary(cls: type[Record]) -> str:
    return (cls.__doc__ or "").partition("\n\n")[0]


def _write(value: Record, write: Callable[[dict[str, Any]], Any]) -> Any:
    kind = getattr(type(value), "kind", None)
    fields = dict(zip(value._fields, value._values, strict=True))
    return write(fields if kind is None else {"kind": kind, **fields})
