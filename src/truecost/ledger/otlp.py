"""OTLP protobuf files of spans as the lines of OTLP JSON, so that one reader reads both.

A file is one ExportTraceServiceRequest, or many, each behind its length: four bytes, the highest first, as
the file exporter of the OpenTelemetry collector writes (`format: proto`), or a varint, as the
specification of OTLP files asks. Of the attributes the known ones alone are written down: a prompt never
leaves the message.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from truecost.ledger.readers.otel_names import wanted

_ENTRY = 0x0A
"""The tag of field 1 with a length: all that the outermost message has."""
_INSIDE = (0x0A, 0x12)
"""The tags that an entry begins with: its resource, or its spans where it has none."""
_SCALARS = {
    "string_value": "stringValue",
    "int_value": "intValue",
    "double_value": "doubleValue",
    "bool_value": "boolValue",
}


class Framing(StrEnum):
    """How messages are told apart in a file."""

    FIXED = "four bytes of length"
    VARINT = "a varint of length"
    BARE = "one message"


class Missing(ImportError):  # noqa: N818 - the name says what happened
    """The package that knows OTLP's messages is not installed."""


def framing(path: Path) -> Framing | None:
    """How a file's messages are told apart; None where its first one is no export of spans."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        for one in Framing:
            file.seek(0)
            length = _length(file, one, size)
            start = file.tell()
            if length and start + length <= size and _is_export(file, start, start + length):
                return one
    return None


def _length(file: IO[bytes], how: Framing, size: int) -> int | None:
    """The bytes of the message that follows; None at the end, or where there is no length."""
    if how is Framing.FIXED:
        told = file.read(4)
        return int.from_bytes(told, "big") if len(told) == 4 else None
    return _varint(file) if how is Framing.VARINT else size - file.tell()


def _varint(file: IO[bytes]) -> int | None:
    value = 0
    for shift in range(0, 35, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    return None


def _is_export(file: IO[bytes], start: int, end: int) -> bool:
    """Whether bytes are entries of spans by resource, one behind the other, by their lengths."""
    at = start
    while at < end:
        file.seek(at)
        if file.read(1) != bytes([_ENTRY]):
            return False
        length = _varint(file)
        inside = file.tell()
        if not length or inside + length > end or file.read(1)[0] not in _INSIDE:
            return False
        at = inside + length
    return at == end


def messages(path: Path, how: Framing, limit: int) -> Generator[tuple[int, int, bytes | None]]:
    """Number, length and bytes of each message; no bytes for one beyond the limit.

    Raises ValueError, with the byte, where the file ends within a message.
    """
    size = path.stat().st_size
    number = 0
    with open(path, "rb") as file:
        while (start := file.tell()) < size:
            length = _length(file, how, size)
            if length is None or file.tell() + length > size:
                raise ValueError(f"the message from byte {start + 1:,} on is cut off")
            number += 1
            if length > limit:
                file.seek(length, 1)
                yield number, length, None
            else:
                yield number, length, file.read(length)


def json_line(message: bytes) -> str:
    """An export as a line of OTLP JSON, with the known attributes alone.

    Raises Missing without the package, ValueError for bytes that are no export.
    """
    try:
        service: Any = import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
        broken: Any = import_module("google.protobuf.message").DecodeError
    except ImportError:
        raise Missing("opentelemetry-proto is not installed") from None
    export = service.ExportTraceServiceRequest()
    try:
        export.ParseFromString(message)
    except broken:
        raise ValueError("not an export of spans") from None
    return json.dumps({"resourceSpans": [_resource(one) for one in export.resource_spans]})


def _resource(one: Any) -> dict[str, Any]:
    scopes = [
        {"scope": {"name": scope.scope.name}, "spans": [_span(span) for span in scope.spans]}
        for scope in one.scope_spans
    ]
    return {"resource": {"attributes": _attributes(one.resource.attributes)}, "scopeSpans": scopes}


def _span(span: Any) -> dict[str, Any]:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "startTimeUnixNano": str(span.start_time_unix_nano),
        "status": {"code": span.status.code},
        "attributes": _attributes(span.attributes),
    }


def _attributes(given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in given:
        kind = _SCALARS.get(one.value.WhichOneof("value"))
        if kind and wanted(one.key):
            value = getattr(one.value, one.value.WhichOneof("value"))
            found.append({"key": one.key, "value": {kind: str(value) if kind == "intValue" else value}})
    return found
