#!/usr/bin/env python3
"""What traces and metrics cost the proxy: CPU a request with the export off, on, with a share of the traces, and with a collector that stands still.

usage: bench/export.py [--dd0c build/dd0c] [--rounds 5] [--seconds 3] [--connections 64] [--check]

One worker each, 64 connections, keep-alive, 1.3 kB bodies, as bench/proxy.py measures; contestants take turns, medians are printed. CPU is the process's own (user and
system, all threads: the one that sends, too). The collector reads and throws away; it runs beside. --check fails above the bars: 1.15 times for all, 1.0 (within the
run's noise, 1.05) for one that stands still.
"""
import argparse, json, os, pathlib, socket, statistics, subprocess, sys, tempfile, threading

from proxy import memory_kb, start

REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"


class Collector:
    def __init__(self, stalled=False):
        self.stalled, self.bytes, self.messages = stalled, 0, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.server.getsockname()[1]
        self.kept = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.server.accept()
            if self.stalled:
                self.kept.append(sock)
            else:
                threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        file, room = sock.makefile("rb"), memoryview(bytearray(8 << 20))
        while True:
            length = 0
            while (line := file.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not line:
                return
            at = 0
            while at < length:
                at += file.readinto(room[at:length])
            self.bytes += length
            self.messages += 1
            sock.sendall(REPLY)


def cpu_us(pid):
    """Of the process, and of its thread that sends: to the nanosecond, as the scheduler counts."""
    whole = sends = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        ns = int((task / "schedstat").read_text().split()[0])
        whole += ns
        sends += ns if (task / "comm").read_text() == "export\n" else 0
    return whole / 1e3, sends / 1e3


def live(home):
    (path,) = pathlib.Path(home, "run").glob("*.sock")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b"GET /admin/live HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: s.recv(65536), b""))
    return {row["name"]: row for row in json.loads(text.split(b"\r\n\r\n", 1)[1])["export"]}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--dd0c", default="build/dd0c")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--connections", type=int, default=64)
    ap.add_argument("--check", action="store_true")
    args = ap.parse_args()
    program = str(pathlib.Path(args.dd0c).resolve())
    good, stalled = Collector(), Collector(stalled=True)
    with tempfile.TemporaryDirectory(prefix="dd0c-bench-") as name:
        base = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")} | {"HOME": name, "DD0C_HOME": name + "/mock"}
        mock, url = start([program, "mock", "--listen", "127.0.0.1:0", "--fixed", "--workers", "1"], base)
        pathlib.Path(name, "dd0c.yaml").write_text(f"server: {{workers: 1}}\nproviders:\n  openai: {{type: openai, base_url: {url}/v1, api_key: none}}\n")
        kinds = {"off": {}, "on": {"OTEL_EXPORTER_OTLP_ENDPOINT": good.url}, "a tenth": {"OTEL_EXPORTER_OTLP_ENDPOINT": good.url, "OTEL_TRACES_SAMPLER": "traceidratio",
                 "OTEL_TRACES_SAMPLER_ARG": "0.1"}, "stalled": {"OTEL_EXPORTER_OTLP_ENDPOINT": stalled.url}}
        running, taken = {}, {n: [] for n in kinds}
        for n, more in kinds.items():
            env = {**base, **more, "DD0C_HOME": f"{name}/{n.replace(' ', '-')}"}
            env["KEY"] = subprocess.run([program, "keys", "create", "--name", "bench", "--quiet"], env=env, capture_output=True, text=True, check=True).stdout.strip()
            p, at = start([program, "proxy", "--config", f"{name}/dd0c.yaml", "--listen", "127.0.0.1:0"], env)
            threading.Thread(target=lambda s=p.stderr: [None for _ in s], daemon=True).start()
            running[n] = (p, at, env)
        for i in range(args.rounds + 1):
            for n, (p, at, env) in running.items():
                before = cpu_us(p.pid)
                out = subprocess.run([program, "bench", "--gateway", at, "--model", "gpt-4o-mini", "--key", "KEY", "--rate", "0", "--duration", f"{args.seconds}s",
                                      "--connections", str(args.connections), "--only", "closed", "--vary", "--max-tokens", "1", "--format", "json"],
                                     env=env, capture_output=True, text=True)
                if out.returncode:
                    sys.exit(out.stderr)
                row = json.loads(out.stdout)["load"][0]
                if row["bad"]:
                    sys.exit(f"{n}: {row['bad']} bad answers")
                after = cpu_us(p.pid)
                if i:
                    taken[n].append(((after[0] - before[0]) / row["ok"], row["requests_per_s"], row["p99_ms"], (after[1] - before[1]) / row["ok"]))
        middle = {n: [statistics.median(t[k] for t in rows) for k in range(4)] for n, rows in taken.items()}
        # A ratio within a round has both sides of what else the machine did then.
        ratio = {n: statistics.median(a[0] / b[0] for a, b in zip(rows, taken["off"])) for n, rows in taken.items()}
        print(f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} cores shared by load, proxy, upstream and collector; median of {args.rounds}")
        print(f"{'':<10}{'us CPU a request':>18}{'times off':>11}{'sending':>9}{'requests/s':>12}{'p99 ms':>9}{'anonymous kB':>14}  traces sent, dropped, failed")
        for n, (us, rate, p99, sends) in middle.items():
            t = live(running[n][2]["DD0C_HOME"]).get("otlp-traces")
            told = f"  {t['sent']}, {t['dropped']}, {t['failed']}" if t else ""
            print(f"{n:<10}{us:>18.1f}{ratio[n]:>11.2f}{sends:>9.2f}{rate:>12.0f}{p99:>9.2f}{memory_kb([running[n][0].pid]):>14}{told}")
        print(f"the collector got {good.messages} messages, {good.bytes / 1e6:.0f} MB")
        for p in [mock] + [p for p, _, _ in running.values()]:
            p.terminate()
        for p in [mock] + [p for p, _, _ in running.values()]:
            p.wait()
    if args.check and (ratio["on"] > 1.15 or ratio["stalled"] > 1.05):
        sys.exit("above the bar")


main()
