"""Schemas for pydantic (version 2). This module is imported only if the program uses pydantic."""

from __future__ import annotations

# pyright: reportPrivateUsage=false
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic_core import core_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from kopokopo._record import Record
    from kopokopo._word import OpenEnum


def open_enum_schema(cls: type[OpenEnum]) -> Any:
    """Returns the schema of an open enumeration. It accepts any text, because the API may add words."""
    return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def record_schema(cls: type[Record], handler: Any, kind: str | None) -> Any:
    """Returns a schema that accepts an instance, or an object with its fields. The output is that of `to_dict()`."""
    fields = {} if kind is None else {"kind": core_schema.typed_dict_field(handler.generate_schema(Literal[kind]))}
    for name in cls._fields:
        fields[name] = core_schema.typed_dict_field(handler.generate_schema(_field_type(cls, name)))
    object_schema = core_schema.typed_dict_schema(fields, cls_name=_title(cls))
    object_schema["metadata"] = {"pydantic_js_updates": {"title": _title(cls), "description": _summary(cls)}}
    from_fields = core_schema.no_info_after_validator_function(cls._from_values, object_schema)
    return core_schema.json_or_python_schema(
        json_schema=from_fields,
        python_schema=core_schema.union_schema(
            [core_schema.is_instance_schema(cls), from_fields], mode="left_to_right"
        ),
        # A wrap serializer passes on `include` and `exclude`, which FastAPI's `response_model_exclude` sets.
        serialization=core_schema.wrap_serializer_function_ser_schema(_serialize, schema=object_schema),
        # A variant may have the name of a record. In schemas its name is EventPayloadIncomingPayment.
        ref=f"{cls.__module__}.{_title(cls)}:{id(cls)}",
    )


def _field_type(cls: type[Record], name: str) -> Any:
    return get_type_hints(getattr(cls, name).fget)["return"]


def _title(cls: type[Record]) -> str:
    return cls.__qualname__.replace(".", "")


def _summary(cls: type[Record]) -> str:
    return (cls.__doc__ or "").partition("\n\n")[0]


def _serialize(value: Record, to_output: Callable[[dict[str, Any]], Any]) -> Any:
    kind = getattr(type(value), "kind", None)
    fields = dict(zip(value._fields, value._values, strict=True))
    return to_output(fields if kind is None else {"kind": kind, **fields})
