"""OTLP's protobuf messages as Python dicts in the shape of OTLP's JSON, by opentelemetry-proto v1. Strict: what is no known field, or not whole, fails."""
import struct

STRING, BYTES, BOOL, INT64, UINT32, ENUM, DOUBLE, FIXED64, FIXED32, SFIXED64, SINT32, PACKED = range(12)
ANY = {1: ("stringValue", STRING), 2: ("boolValue", BOOL), 3: ("intValue", INT64), 4: ("doubleValue", DOUBLE)}
ANY[5] = ("arrayValue", {1: ("values", [ANY])})
KEY_VALUE = {1: ("key", STRING), 2: ("value", ANY)}
ATTRIBUTES = [KEY_VALUE]
RESOURCE = {1: ("attributes", ATTRIBUTES)}
SCOPE = {1: ("name", STRING), 2: ("version", STRING)}
STATUS = {2: ("message", STRING), 3: ("code", ENUM)}
SPAN = {1: ("traceId", BYTES), 2: ("spanId", BYTES), 4: ("parentSpanId", BYTES), 5: ("name", STRING), 6: ("kind", ENUM), 7: ("startTimeUnixNano", FIXED64),
        8: ("endTimeUnixNano", FIXED64), 9: ("attributes", ATTRIBUTES), 15: ("status", STATUS), 16: ("flags", FIXED32)}
NUMBER = {7: ("attributes", ATTRIBUTES), 2: ("startTimeUnixNano", FIXED64), 3: ("timeUnixNano", FIXED64), 4: ("asDouble", DOUBLE), 6: ("asInt", SFIXED64)}
BUCKETS = {1: ("offset", SINT32), 2: ("bucketCounts", PACKED)}
EXPONENTIAL = {1: ("attributes", ATTRIBUTES), 2: ("startTimeUnixNano", FIXED64), 3: ("timeUnixNano", FIXED64), 4: ("count", FIXED64), 5: ("sum", DOUBLE),
               6: ("scale", SINT32), 7: ("zeroCount", FIXED64), 8: ("positive", BUCKETS), 14: ("zeroThreshold", DOUBLE)}
HISTOGRAM = {9: ("attributes", ATTRIBUTES), 2: ("startTimeUnixNano", FIXED64), 3: ("timeUnixNano", FIXED64), 4: ("count", FIXED64), 5: ("sum", DOUBLE)}
TEMPORALITY = {2: ("aggregationTemporality", ENUM)}
METRIC = {1: ("name", STRING), 2: ("description", STRING), 3: ("unit", STRING), 5: ("gauge", {1: ("dataPoints", [NUMBER])}),
          7: ("sum", {1: ("dataPoints", [NUMBER]), 3: ("isMonotonic", BOOL), **TEMPORALITY}),
          9: ("histogram", {1: ("dataPoints", [HISTOGRAM]), **TEMPORALITY}), 10: ("exponentialHistogram", {1: ("dataPoints", [EXPONENTIAL]), **TEMPORALITY})}
TRACES = {1: ("resourceSpans", [{1: ("resource", RESOURCE), 2: ("scopeSpans", [{1: ("scope", SCOPE), 2: ("spans", [SPAN])}])}])}
METRICS = {1: ("resourceMetrics", [{1: ("resource", RESOURCE), 2: ("scopeMetrics", [{1: ("scope", SCOPE), 2: ("metrics", [METRIC])}])}])}
WIRES = {STRING: 2, BYTES: 2, BOOL: 0, INT64: 0, UINT32: 0, ENUM: 0, DOUBLE: 1, FIXED64: 1, FIXED32: 5, SFIXED64: 1, SINT32: 0, PACKED: 2}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            assert byte or shift == 7, "a number that is longer than it must be"
            return value, at


def signed(value, bits=64):
    return value - (1 << bits) if value >> (bits - 1) else value


def packed(data):
    out, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        out.append(str(value))
    return out


READ = {STRING: lambda v: v.decode("utf-8"), BYTES: lambda v: v.hex(), BOOL: bool, INT64: lambda v: str(signed(v)), UINT32: int, ENUM: int,
        DOUBLE: lambda v: struct.unpack("<d", v)[0], FIXED64: lambda v: str(struct.unpack("<Q", v)[0]), FIXED32: lambda v: struct.unpack("<I", v)[0],
        SFIXED64: lambda v: str(struct.unpack("<q", v)[0]), SINT32: lambda v: (v >> 1) ^ -(v & 1), PACKED: packed}


def decode(schema, data):
    out, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        name, kind = schema[tag >> 3]
        wire = 2 if isinstance(kind, (dict, list)) else WIRES[kind]
        assert tag & 7 == wire, (name, tag & 7)
        if wire == 0:
            value, at = varint(data, at)
        else:
            n, at = varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            assert at + n <= len(data), f"{name} is longer than what holds it"
            value, at = data[at:at + n], at + n
        if isinstance(kind, list):
            out.setdefault(name, []).append(decode(kind[0], value))
        else:
            assert name not in out, f"{name} twice"
            out[name] = decode(kind, value) if isinstance(kind, dict) else READ[kind](value)
    return out


def plain(value):
    """An AnyValue as Python has it."""
    (kind, v), = value.items()
    return int(v) if kind == "intValue" else [plain(x) for x in v["values"]] if kind == "arrayValue" else v


def attributes(of):
    pairs = [(a["key"], plain(a["value"])) for a in of.get("attributes", [])]
    assert len(dict(pairs)) == len(pairs), "an attribute twice"
    return dict(pairs)
