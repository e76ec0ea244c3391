"""Traces and metrics to a scripted collector: what arrives, and what clients notice of a collector that is slow, angry or gone: nothing (R10.4, R3.5)."""
import glob
import gzip
import json
import socket
import statistics
import threading
import time

from otlp_decode import METRICS, TRACES, attributes, decode
from support import Client, Upstream, config, read_message

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi, planted-in-the-prompt"}], "max_tokens": 5}
SECRET = "ab c" + "-not-to-be-seen"


class Collector(Upstream):
    """Takes everything, unless `answer(request, connection)` does something else and says so. `traces`: by id; `metrics`: the last message's."""

    def __init__(self, answer=None):
        self.answer, self.traces, self.metrics, self.resource, self.bodies, self.taken_lock = answer, {}, {}, {}, [], threading.Lock()
        super().__init__(self.take)

    def take(self, request, c):
        if self.answer and self.answer(request, c):
            return
        self.keep(request)
        c.reply(200, {"Content-Type": request.headers["content-type"]}, b"{}" if "json" in request.headers["content-type"] else b"")

    def keep(self, request):
        of_traces = request.target.endswith("/v1/traces")
        body = gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body
        if "json" in request.headers["content-type"]:
            message = json.loads(body)
        else:
            message = decode(TRACES if of_traces else METRICS, body)
        with self.changed:
            self.bodies.append(body)
            if of_traces:
                self.keep_traces(message)
            else:
                self.keep_metrics(message)
            self.changed.notify_all()

    def keep_traces(self, message):
        (all_of_it,) = message["resourceSpans"]
        self.resource = attributes(all_of_it["resource"])
        for span in all_of_it["scopeSpans"][0]["spans"]:
            self.traces.setdefault(span["traceId"], []).append(span)

    def keep_metrics(self, message):
        (all_of_it,) = message["resourceMetrics"]
        for m in all_of_it["scopeMetrics"][0]["metrics"]:
            (shape,) = set(m) - {"name", "description", "unit"}
            self.metrics[m["name"]] = [(attributes(p), p) for p in m[shape]["dataPoints"]]

    def metric(self, name, **labels):
        """The last value of the point whose attributes hold these, or None."""
        for have, p in self.metrics.get(name, []):
            if all(have.get(k.replace("__", ".")) == v for k, v in labels.items()):
                return float(p["asDouble"]) if "asDouble" in p else int(p["asInt"]) if "asInt" in p else p
        return None


def serve(cli, collector=None, extra="", **env):
    config(cli, Upstream(), extra)
    base = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url} if collector else {}
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1",
                     env={**base, "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "100", **env})


def ask(client, headers=None):
    start = time.perf_counter()
    answer = client.ask("POST", "/v1/chat/completions", ASK, headers)
    assert answer.status == 200
    return answer.headers["x-dd0c-request-id"], time.perf_counter() - start


def spans(collector, request_id):
    """The spans of a request, by name."""
    for trace in list(collector.traces.values()):
        if any(attributes(s).get("dd0c.request.id") == request_id for s in trace):
            return {s["name"]: s for s in trace}
    return None


def wait_trace(collector, request_id, seconds=15):
    collector.wait(lambda c: spans(c, request_id), seconds)
    return spans(collector, request_id)


def check_trace(trace):
    """A tree: one root, each other's parent is among them, children within it."""
    ids = {s["spanId"]: s for s in trace.values()}
    roots = [s for s in trace.values() if s.get("parentSpanId") not in ids]
    assert len(ids) == len(trace) and len(roots) == 1, "the others have their parent among them"
    root = roots[0]
    assert root["kind"] == 2 and root["name"] == "POST /v1/chat/completions"
    for s in trace.values():
        assert int(root["startTimeUnixNano"]) <= int(s["startTimeUnixNano"]) <= int(s["endTimeUnixNano"]), s["name"]
        assert s["flags"] & 0x101 == 0x101
    decision = attributes(trace["ai_routing_decision"])
    assert trace["ai_routing_decision"]["parentSpanId"] == root["spanId"]
    assert decision["ai.model_selected"] == "gpt-4o-mini" and json.loads(decision["ai.model_alternatives"]) is not None and "ai.routing_strategy" in decision
    attempt = trace["chat gpt-4o-mini"]
    a = attributes(attempt)
    assert attempt["kind"] == 3 and a["gen_ai.provider.name"] == "openai" and a["gen_ai.request.model"] == "gpt-4o-mini"
    assert a["gen_ai.usage.input_tokens"] == 1000 and a["gen_ai.usage.output_tokens"] == 100
    return root


def test_a_trace_a_request_in_both_forms(cli):
    """R10.4"""
    shapes = []
    for protocol in ("http/protobuf", "http/json"):
        collector = Collector()
        p = serve(cli, collector, OTEL_EXPORTER_OTLP_PROTOCOL=protocol, OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=te%73t,service.name=x", OTEL_SERVICE_NAME="mine")
        c = Client(p.port)
        for _ in range(3):
            check_trace(wait_trace(collector, ask(c)[0]))
        assert {r.target for r in collector.requests} <= {"/v1/traces", "/v1/metrics"}
        types = {r.headers["content-type"] for r in collector.requests}
        assert types == {"application/json" if protocol == "http/json" else "application/x-protobuf"}
        r = collector.resource
        assert r["service.name"] == "mine" and r["deployment.environment.name"] == "test" and r["service.version"] and len(r["service.instance.id"]) == 36
        collector.wait(lambda c: "dd0c.queue" in c.metrics)
        shapes.append(sorted((s["name"], s["kind"], sorted(attributes(s))) for s in list(collector.traces.values())[0]))
        assert not any(b"planted-in-the-prompt" in b or b"upstream-secret" in b for b in collector.bodies), "no word of a prompt, no key"
        assert p.stop() == 0
    assert shapes[0] == shapes[1]


def test_headers_gzip_and_own_endpoints(cli):
    collector = Collector()
    p = serve(cli, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector.url + "/own/v1/traces", OTEL_EXPORTER_OTLP_HEADERS=f"api-key={SECRET.replace(' ', '%20')}, x-team = a",
              OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
    check_trace(wait_trace(collector, ask(Client(p.port))[0]))
    r = collector.requests[0]
    assert r.target == "/own/v1/traces" and r.headers["api-key"] == SECRET and r.headers["x-team"] == "a" and r.headers["content-encoding"] == "gzip"
    assert not collector.metrics, "for metrics no endpoint is named"
    assert p.stop() == 0 and SECRET not in "\n".join(map(str, p.log))


def test_the_configuration_names_it_too(cli):
    collector = Collector()
    extra = f"telemetry:\n  otlp:\n    endpoint: {collector.url}/base/\n    metrics: no\n    headers: {{authorization: 'Bearer ${{PLANTED}}'}}\n"
    p = serve(cli, extra=extra, PLANTED=SECRET)
    check_trace(wait_trace(collector, ask(Client(p.port))[0]))
    assert collector.requests[0].target == "/base/v1/traces" and collector.requests[0].headers["authorization"] == "Bearer " + SECRET
    assert not collector.metrics
    assert p.stop() == 0 and SECRET not in "\n".join(map(str, p.log))


def test_nothing_is_sent_unless_asked_for(cli):
    for env, line in (({}, None), ({"OTEL_TRACES_EXPORTER": "otlp"}, "OTEL_TRACES_EXPORTER.*no endpoint"),
                      ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc is not spoken"),
                      ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "TRUE"}, None),
                      ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "neither http"),
                      ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}, None)):
        p = serve(cli, **env)
        ask(Client(p.port))
        if line:
            p.wait_log(line)
        assert p.stop() == 0
        assert not any(text and "traces and metrics:" in text for text in p.log), (env, p.log)


def ways(cli):
    """Rows of `export` in /admin/live, by name."""
    (path,) = glob.glob(str(cli.dir / "state" / "dd0c" / "run" / "*.sock"))
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b"GET /admin/live HTTP/1.1\r\nHost: proxy\r\n\r\n")
        return {row.pop("name"): row for row in read_message(s.makefile("rb")).json["export"]}


def test_counts_are_told(cli):
    refuse = []

    def answer(request, c):
        if refuse and request.target.endswith("/v1/traces"):
            c.reply(413, {}, b"", "Too large")
            return True
        return False
    collector = Collector(answer)
    p = serve(cli, collector)
    c = Client(p.port)
    for _ in range(5):
        wait_trace(collector, ask(c)[0])
    collector.wait(lambda _: ways(cli)["otlp-traces"]["sent"] == 5)
    told = ways(cli)
    assert told["otlp-traces"] == {"sent": 5, "dropped": 0, "failed": 0, "queued": 0, "up": True} and told["otlp-metrics"]["up"]
    collector.wait(lambda c: c.metric("dd0c.requests", gen_ai__request__model="gpt-4o-mini") == 5)
    collector.wait(lambda c: c.metric("gen_ai.client.token.usage", gen_ai__token__type="input"))
    usage = collector.metric("gen_ai.client.token.usage", gen_ai__token__type="input", gen_ai__response__model="gpt-4o-mini")
    assert (usage["count"], usage["sum"]) == ("5", 5000)
    cost = collector.metric("dd0c.cost", gen_ai__provider__name="openai")
    assert abs(cost - 5 * (1000 * 0.15 + 100 * 0.60) / 1e6) < 1e-12, cost      # mini: 0.15 and 0.60 USD per million
    assert int(collector.metric("gen_ai.client.operation.duration")["count"]) == 5
    refuse.append(True)
    ask(c)
    p.wait_log("status 413; the message is dropped")
    collector.wait(lambda _: ways(cli)["otlp-traces"] == {"sent": 5, "dropped": 0, "failed": 1, "queued": 0, "up": False})
    assert p.stop() == 0


def test_sampling(cli):
    collector = Collector()
    p = serve(cli, collector, OTEL_TRACES_SAMPLER="always_off")
    for _ in range(3):
        ask(Client(p.port))
    assert p.stop() == 0 and not collector.traces, "the end sends what there is: nothing"
    p = serve(cli, collector, OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG="0.5", OTEL_METRICS_EXPORTER="none")
    c = Client(p.port)
    for _ in range(200):
        ask(c)
    assert p.stop() == 0
    assert 60 <= len(collector.traces) <= 140, len(collector.traces)   # 100, sigma 7: outside once in 10^8 runs


def test_a_stop_sends_all(cli):
    collector = Collector()
    p = serve(cli, collector, OTEL_BSP_SCHEDULE_DELAY="60000", OTEL_METRIC_EXPORT_INTERVAL="60000")
    c = Client(p.port)
    ids = [ask(c)[0] for _ in range(300)]
    assert p.stop() == 0
    sent = {attributes(s).get("dd0c.request.id") for t in collector.traces.values() for s in t}
    assert set(ids) <= sent and len(collector.traces) == 300
    assert collector.metric("dd0c.drops", dd0c__queue__name="otlp-traces") == 0


def test_retry_after_is_heard_and_nothing_is_lost(cli):
    tries = []

    def answer(request, c):
        if not request.target.endswith("/v1/traces"):
            return False
        tries.append((time.monotonic(), request.body))
        if len(tries) > 2:
            return False
        c.reply(503, {"Retry-After": "1"}, b"", "Busy")
        return True
    collector = Collector(answer)
    p = serve(cli, collector)
    wait_trace(collector, ask(Client(p.port))[0])
    assert len({body for _, body in tries[:3]}) == 1, "the same message"
    assert all(b[0] - a[0] >= 1 for a, b in zip(tries[:2], tries[1:3])), "not before the second is over"
    p.wait_log("otlp-traces: the collector answers with status 503; it is tried again")
    p.wait_log("otlp-traces: the collector is back")
    assert p.stop() == 0


def test_what_is_refused_is_dropped_and_told_once(cli):
    refused = []

    def answer(request, c):
        if len(refused) < 2 and request.target.endswith("/v1/traces"):
            refused.append(request)
            c.reply(400, {}, b"", "Bad")
            return True
        return False
    collector = Collector(answer)
    p = serve(cli, collector)
    c = Client(p.port)
    first = ask(c)[0]
    collector.wait(lambda _: len(refused) == 1)
    ask(c)
    collector.wait(lambda _: len(refused) == 2)
    wait_trace(collector, ask(c)[0])
    assert spans(collector, first) is None
    assert p.stop() == 0
    assert sum("status 400; the message is dropped" in (line or "") for line in p.log) == 1


def test_a_message_is_given_up_after_a_while(cli):
    collector = Collector(lambda request, c: request.target.endswith("/v1/traces") and (c.reply(503, {}, b"", "Busy") or True))
    p = serve(cli, collector, f"telemetry: {{otlp: {{endpoint: '{collector.url}', retry: 1s}}}}\n")
    c = Client(p.port)
    ask(c)
    collector.wait(lambda _: ways(cli)["otlp-traces"]["failed"] == 1, 20)
    tries = [r.body for r in collector.requests if r.target == "/v1/traces"]
    assert 2 <= len(tries) <= 4 and len(set(tries)) == 1, len(tries)     # at 0, 0.4 to 0.6, 1.1 to 1.9 s
    ask(c)
    collector.wait(lambda _: ways(cli)["otlp-traces"]["failed"] == 2, 30)
    assert p.stop() == 0


def test_a_reset_and_a_collector_that_is_gone_and_back(cli):
    hits = []

    def answer(request, c):
        hits.append(1)
        if len(hits) < 3:
            c.cut(reset=True)
            return True
        return False
    collector = Collector(answer)
    p = serve(cli, collector, OTEL_METRICS_EXPORTER="none")
    c = Client(p.port)
    wait_trace(collector, ask(c)[0])
    port = collector.port
    collector.answer = lambda _, connection: connection.cut() or True
    collector.close()
    ids = [ask(c)[0] for _ in range(50)]
    p.wait_log("cannot be reached")
    back = Collector()
    back.server.close()
    back.server = socket.create_server(("127.0.0.1", port), reuse_port=False)
    threading.Thread(target=back._accept, daemon=True).start()
    for i in ids:
        wait_trace(back, i, 40)
    p.wait_log("the collector is back")
    assert p.stop() == 0


def test_a_stalled_collector_costs_nothing(cli):
    """R3.5: nobody waits for it; the queue has an end, and what is past it is counted; a stop does not hang."""
    release = threading.Event()

    def answer(request, c):
        if request.target.endswith("/v1/traces"):
            release.wait(60)
            c.cut(reset=True)
            return True
        return False
    for env, stalled in ({}, False), ({"OTEL_BSP_MAX_QUEUE_SIZE": "20"}, True):
        collector = Collector(answer if stalled else None)
        p = serve(cli, collector, **env)
        c = Client(p.port)
        for _ in range(5):
            ask(c)
        collector.wait(lambda x: any(r.target == "/v1/traces" for r in x.requests))
        took = [ask(c)[1] for _ in range(400)]
        assert statistics.median(took) < 0.05 and max(took) < 2, (statistics.median(took), max(took))
        if not stalled:
            assert p.stop() == 0
            continue
        told = lambda x: [x.metric(f"dd0c.{what}", dd0c__queue__name="otlp-traces") or 0 for what in ("queue", "drops")]
        collector.wait(lambda x: sum(told(x)) == 405)        # nothing was sent, nothing is lost uncounted
        depth, _ = told(collector)
        assert depth <= 20 + 100, "a full queue, and the message that is under way"
        start = time.monotonic()
        assert p.stop() == 0
        assert time.monotonic() - start < 8, "a stop waits 3 s for the collector"
        p.wait_log("traces were not sent")
        assert sum("the queue is full" in (line or "") for line in p.log) == 1
        release.set()


def test_an_answer_without_end_is_not_read(cli):
    """A collector that sends a gigabyte behind each 200: its status counts, and the connection is closed."""
    def answer(request, c):
        collector.keep(request)
        c.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                c.chunk(b"\0" * 65536)
                sent.append(65536)
        except OSError:
            c.cut()
        return True
    sent = []
    collector = Collector(answer)
    p = serve(cli, collector)
    wait_trace(collector, ask(Client(p.port))[0])
    collector.wait(lambda _: ways(cli)["otlp-traces"]["sent"] == 1)
    assert p.stop() == 0
    assert sum(sent) < 256 << 20, "what fits into the sockets' buffers, not more"


def test_partial_success_is_told_once(cli):
    def answer(request, c):
        if not request.target.endswith("/v1/traces"):
            return False
        collector.keep(request)
        c.reply(200, {"Content-Type": "application/x-protobuf"}, b"\x0a\x0b\x08\x02\x12\x07too old")
        return True
    collector = Collector(answer)
    p = serve(cli, collector)
    c = Client(p.port)
    for _ in range(3):
        wait_trace(collector, ask(c)[0])
    assert p.stop() == 0
    assert sum("in part: 2 refused: too old" in (line or "") for line in p.log) == 1


def test_console_prints_json_lines(cli):
    """R10.4: OTLP JSON to standard output."""
    p = serve(cli, OTEL_TRACES_EXPORTER="console", OTEL_METRICS_EXPORTER="console")
    ids = [ask(Client(p.port))[0] for _ in range(3)]
    assert p.stop() == 0
    lines = [json.loads(line) for line in p.out if line]
    got = [s for m in lines for r in m.get("resourceSpans", []) for s in r["scopeSpans"][0]["spans"]]
    assert {attributes(s).get("dd0c.request.id") for s in got} >= set(ids)
    assert any("resourceMetrics" in m for m in lines)
