#!/usr/bin/env python3
"""OTLP by the protobuf definitions themselves: each message parses with no field left over, and says the same in protobuf and in JSON.

usage: tests/otlp.py --program build/dd0c [--collector PATH] [--lines 400] [--seed 1]

The definitions are PyPI's opentelemetry-proto, pinned, in build/otlp; nothing of theirs is kept here. First random requests (tests/drivers/otlp.c), then real traffic
of `dd0c proxy` before `dd0c mock`, to a collector of this script. With --collector, an OpenTelemetry collector that has the otlp receiver and the debug exporter gets the
same traffic, and says what it saw (docs/otlp.md tells how to build one). Closes with "N passed, M failed".
"""
import argparse
import base64
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / "build" / "otlp"
PLANTED = ("planted-prompt", "planted@example.org", "upstream-planted-key")
results = []


def check(what, ok, why=""):
    results.append(ok)
    if not ok:
        print(f"FAIL {what} {why}"[:2000])


def into_venv():
    """Runs this script again by a Python that has the definitions."""
    wanted, stamp, python = (HERE / "otlp-requirements.txt").read_text(), WORK / "requirements.stamp", WORK / "venv" / "bin" / "python"
    if pathlib.Path(sys.prefix) == WORK / "venv":
        return
    if not stamp.exists() or stamp.read_text() != wanted:
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
        subprocess.run([WORK / "venv/bin/pip", "-q", "install", "-r", HERE / "otlp-requirements.txt"], check=True)
        stamp.write_text(wanted)
    os.execv(python, [str(python), *sys.argv])


# --- what a message must be ---

def unknown(message):
    """Fields that the definitions do not have, anywhere in it."""
    from google.protobuf.unknown_fields import UnknownFieldSet
    n = len(UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.message_type:
            n += sum(map(unknown, value)) if hasattr(value, "__len__") else unknown(value)
    return n


def of_json(kind, text):
    """OTLP's JSON is protobuf's, but for ids: hex, not base64."""
    from google.protobuf import json_format

    def ids(pairs):
        return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ("traceId", "spanId", "parentSpanId") else v for k, v in pairs}
    return json_format.Parse(json.dumps(json.loads(text, object_pairs_hook=ids)), kind())


def check_pair(what, kind, data, text):
    message = kind.FromString(data)
    check(f"{what}: no unknown field", unknown(message) == 0)
    check(f"{what}: no number is longer than it must be", len(message.SerializeToString()) == len(data))
    other = of_json(kind, text)
    check(f"{what}: protobuf and JSON say the same", message == other, f"\n{message}\n{other}")
    return message


def kinds():
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    return {"traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest}


def random_requests(lines, seed):
    with tempfile.TemporaryDirectory() as folder:
        driver = pathlib.Path(folder, "otlp")
        names = ["report/otlp.c", "report/otlp_metrics.c", "report/otlp_reply.c", "route/trace.c", "route/traceparent.c", "route/meter.c", "route/event.c",
                 "route/histogram.c", "route/cost.c", "route/money.c", "route/money_json.c", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "base").glob("*.c") if "_fuzz" not in p.name)]
        libs = subprocess.run(["pkg-config", "--cflags", "--libs", "libcjson", "yaml-0.1"], capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["cc", "-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-pthread", "-I.", "-include", "base/banned.h",
                        "-o", driver, "tests/drivers/otlp.c", *names, *libs, "-lm"], cwd=ROOT, check=True)
        said = subprocess.run([driver, str(lines), str(seed)], capture_output=True, text=True)
    check("the driver ends well", said.returncode == 0, said.stderr)
    for n, line in enumerate(said.stdout.splitlines()):
        kind, data, text = line.split(" ", 2)
        check_pair(f"random {kind} {n}", kinds()[kind], bytes.fromhex(data), text)


# --- real traffic ---

class Taker(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.bodies.append((self.path.rsplit("/", 1)[1], self.headers["content-type"], self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def start(command, env):
    p = subprocess.Popen([str(x) for x in command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env, cwd=env["HOME"])
    p.log = []
    for line in p.stderr:
        p.log.append(line)
        if m := re.search(r"listening on (http\S+)", line):
            p.reader = threading.Thread(target=lambda: p.log.extend(p.stderr), daemon=True)
            p.reader.start()
            return p, m[1]
    sys.exit(f"{command[0]} did not start: {''.join(p.log)}")


def stop(p):
    p.terminate()
    p.wait(30)


def traffic(url):
    """Answers, a stream, an embedding, errors; a client's trace; text that should be seen nowhere."""
    prompt = f"{PLANTED[0]}, mail {PLANTED[1]}"
    chat = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    for path, body, headers in (("chat/completions", chat, {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "X-DD0C-Team": "desk"}),
                                ("chat/completions", {**chat, "stream": True}, {"X-DD0C-Feature": "caf\u00e9"}),
                                ("embeddings", {"model": "text-embedding-3-small", "input": prompt}, {}),
                                ("chat/completions", {**chat, "model": "no-such-model"}, {}), ("chat/completions", {"model": 1}, {})):
        r = urllib.request.Request(f"{url}/v1/{path}", json.dumps(body).encode(), {"content-type": "application/json", **headers})
        try:
            urllib.request.urlopen(r, timeout=20).read()
        except urllib.error.HTTPError as e:
            e.read()


def proxied(program, home, endpoint, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_") and not k.lower().endswith("_proxy")}
    env |= {"HOME": home, "DD0C_HOME": home + "/state", "XDG_CACHE_HOME": home + "/cache", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50", **more}
    mock, at = start([program, "mock", "--listen", "127.0.0.1:0"], env)
    pathlib.Path(home, "dd0c.yaml").write_text(f"providers:\n  openai: {{type: openai, base_url: {at}/v1, api_key: {PLANTED[2]}}}\n")
    proxy, url = start([program, "proxy", "--listen", "127.0.0.1:0"], env)
    traffic(url)
    stop(proxy)                        # sends what is left
    stop(mock)
    check("no planted text in the log", not any(word in line for word in PLANTED for line in proxy.log))


def attributes(of):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in of.attributes}


def check_spans(spans):
    names = [s.name for s in spans]
    check("five requests", names.count("POST /v1/chat/completions") == 4 and names.count("POST /v1/embeddings") == 1, names)
    root = next(s for s in spans if s.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736" and s.kind == 2)
    check("the client's span is the parent", root.parent_span_id.hex() == "00f067aa0ba902b7")
    ids = {(s.trace_id, s.span_id) for s in spans}
    check("span ids are each one's own", len(ids) == len(spans))
    for s in spans:
        check(f"{s.name}: times and parents", s.start_time_unix_nano <= s.end_time_unix_nano and
              (s.kind == 2 or (s.trace_id, s.parent_span_id) in ids))
    decision = next(s for s in spans if s.name == "ai_routing_decision")
    check("R10.4", {"ai.model_selected", "ai.model_alternatives", "ai.routing_strategy"} <= set(attributes(decision)), attributes(decision))


def real_traffic(program):
    from google.protobuf import json_format
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for protocol in ("http/protobuf", "http/json"):
        server.bodies = []
        with tempfile.TemporaryDirectory(prefix="dd0c-otlp-") as home:
            proxied(program, home, f"http://127.0.0.1:{server.server_address[1]}", OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
        spans, metrics = [], set()
        for kind, content, body in server.bodies:
            check("a body has its type", content == ("application/json" if protocol == "http/json" else "application/x-protobuf"))
            check("no planted text in a message", not any(word.encode() in body for word in PLANTED))
            message = of_json(kinds()[kind], body) if protocol == "http/json" else kinds()[kind].FromString(body)
            check(f"{protocol}: no unknown field", unknown(message) == 0)
            check("it has a service.name", "dd0c" in json_format.MessageToJson(message))
            if kind == "traces":
                spans += message.resource_spans[0].scope_spans[0].spans
            else:
                metrics |= {m.name for m in message.resource_metrics[0].scope_metrics[0].metrics}
        check_spans(spans)
        check("metrics", {"gen_ai.client.token.usage", "gen_ai.client.operation.duration", "dd0c.cost", "dd0c.saved", "dd0c.requests", "dd0c.queue", "dd0c.drops"} <= metrics, metrics)


# --- an OpenTelemetry collector ---

def with_collector(program, collector):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="dd0c-otlp-") as home:
        config, log = pathlib.Path(home, "collector.yaml"), pathlib.Path(home, "collector.log")
        config.write_text(f"""receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{debug: {{verbosity: detailed}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug]}}
    metrics: {{receivers: [otlp], exporters: [debug]}}
""")
        with open(log, "w") as out:
            p = subprocess.Popen([collector, "--config", f"file:{config}"], stdout=out, stderr=out)
        for _ in range(200):
            if socket.socket().connect_ex(("127.0.0.1", port)) == 0:
                break
            time.sleep(0.05)
        try:
            for more in ({}, {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}):
                proxied(program, home, f"http://127.0.0.1:{port}", **more)
            time.sleep(1)              # it prints on its own time
        finally:
            stop(p)
        said = log.read_text()
    print(f"the collector saw {said.count('Span #')} spans, {said.count('DataType: ')} metrics")
    for words in (r"Name +: POST /v1/chat/completions", r"Name +: ai_routing_decision", r"Trace ID +: 4bf92f3577b34da6a3ce929d0e0e4736", r"Parent ID +: 00f067aa0ba902b7",
                  r"gen_ai.usage.input_tokens: Int", r"Name: gen_ai.client.operation.duration", r"DataType: ExponentialHistogram", r"Name: dd0c.cost", r"service.name: Str\(dd0c\)"):
        check(f"the collector says {words}", len(re.findall(words, said)) >= 3, said[-1500:])
    check("it has nothing to complain of", not re.search(r"\t(error|warn)\t", said), said[-1500:])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--collector")
    ap.add_argument("--lines", type=int, default=400)
    ap.add_argument("--seed", type=int, default=1)
    args = ap.parse_args()
    into_venv()
    program = pathlib.Path(args.program).resolve()
    random_requests(args.lines, args.seed)
    real_traffic(program)
    if args.collector:
        with_collector(program, str(pathlib.Path(args.collector).resolve()))
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return results.count(False) > 0 or not results


sys.exit(main())
