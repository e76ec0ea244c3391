"""A strict reader of Prometheus' text format 0.0.4 and of OpenMetrics 1.0: what promtool finds, and what spoils a scrape.

Source: prometheus.io/docs/instrumenting/exposition_formats, the OpenMetrics specification 1.0 (metric families, sample names, EOF).
"""
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SUFFIXES = {"counter": {True: ["_total"], False: [""]}, "gauge": {True: [""], False: [""]}, "info": {True: ["_info"], False: [""]},
            "histogram": {True: ["_bucket", "_sum", "_count"], False: ["_bucket", "_sum", "_count"]}}
UNITS = ("seconds", "usd", "bytes")


class Family:
    def __init__(self, name):
        self.name, self.type, self.help, self.unit, self.samples = name, None, None, None, []


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def read_labels(text):
    out, at = [], 0
    while at < len(text):
        m = LABEL.match(text, at)
        assert m, f"labels {text!r} at {at}"
        assert m[1] not in dict(out), f"label {m[1]} twice"
        assert not (m[3] == "," and m.end() == len(text)), "a comma behind the last label"
        out.append((m[1], unescape(m[2])))
        at = m.end()
    return tuple(out)


def read_sample(line):
    m = re.fullmatch(r"([^\s{]+)(?:\{(.*)\})? (\S+)", line)
    assert m and NAME.fullmatch(m[1]), f"no sample: {line!r}"
    return m[1], read_labels(m[2] or ""), float(m[3])


def check_histogram(f):
    series = {}
    for name, labels, value in f.samples:
        rest = tuple((k, v) for k, v in labels if k != "le")
        s = series.setdefault(rest, {"bounds": [], "counts": []})
        if name.endswith("_bucket"):
            s["bounds"].append(math.inf if dict(labels)["le"] == "+Inf" else float(dict(labels)["le"]))
            s["counts"].append(value)
        else:
            assert "le" not in dict(labels)
            s[name[len(f.name):]] = value
    for rest, s in series.items():
        where = f"{f.name}{dict(rest)}"
        assert s["bounds"] == sorted(set(s["bounds"])) and s["bounds"][-1] == math.inf, f"{where}: bounds {s['bounds']}"
        assert s["counts"] == sorted(s["counts"]), f"{where}: buckets are cumulative"
        assert s["counts"][-1] == s["_count"], f"{where}: the last bucket is the count"
        assert s["_sum"] >= 0 and (s["_count"] or not s["_sum"]), f"{where}: sum"


def check_family(f, openmetrics, last):
    assert f.type in SUFFIXES and f.help, f"{f.name}: type {f.type}, help {f.help!r}"
    if f.type == "counter" and not openmetrics:
        assert f.name.endswith("_total"), f"{f.name}: a counter"
    assert f.type == "counter" or not f.name.endswith("_total"), f"{f.name}: no counter"
    if openmetrics:
        unit = next((u for u in UNITS if f.name.endswith("_" + u)), None)
        assert f.unit == unit, f"{f.name}: unit {f.unit}"
    seen, names = set(), {}
    for name, labels, value in f.samples:
        assert name in [f.name + s for s in SUFFIXES[f.type][openmetrics]], f"{f.name}: sample {name}"
        assert (name, tuple(sorted(labels))) not in seen, f"{name}{dict(labels)} twice"
        seen.add((name, tuple(sorted(labels))))
        order = tuple(k for k, _ in labels)
        assert names.setdefault(name, order) == order, f"{name}: labels {order}, before {names[name]}"
        assert math.isfinite(value) and (f.type == "gauge" or value >= 0), f"{name} {value}"
    if f.type == "histogram":
        check_histogram(f)


def read(body, openmetrics=False):
    """{family's name: Family}; AssertionError says what is wrong."""
    text = body.decode("utf-8")
    lines = text.split("\n")
    assert lines.pop() == "", "the last line ends"
    if openmetrics:
        assert lines.pop() == "# EOF", "the end is told"
    families, now = {}, None
    for line in lines:
        assert line and line == line.strip() and "\r" not in line and "\0" not in line, f"line {line!r}"
        if line.startswith("#"):
            word, name, rest = re.fullmatch(r"# (HELP|TYPE|UNIT) (\S+) (.*)", line).groups()
            assert NAME.fullmatch(name)
            if now is None or now.name != name:
                assert name not in families, f"{name}: its lines stand together"
                now = families[name] = Family(name)
            key = {"HELP": "help", "TYPE": "type", "UNIT": "unit"}[word]
            assert getattr(now, key) is None and not now.samples, f"{name}: {word} once, before the samples"
            setattr(now, key, rest)
        else:
            sample = read_sample(line)
            assert now and sample[0].startswith(now.name), f"{sample[0]} stands below {now and now.name}"
            now.samples.append(sample)
    for f in families.values():
        check_family(f, openmetrics, None)
    return families


def samples(families):
    """{(name, labels as a sorted tuple): value}"""
    return {(n, tuple(sorted(l))): v for f in families.values() for n, l, v in f.samples}


def total(families, name, **labels):
    """The sum of a name's samples that have these labels."""
    return math.fsum(v for (n, l), v in samples(families).items() if n == name and all(dict(l).get(k) == w for k, w in labels.items()))
