#!/usr/bin/env python3
"""What the proxy costs beside nginx and HAProxy, on the same upstream in the same run: CPU a request, throughput, memory.

usage: bench/proxy.py [--dd0c build/dd0c] [--also older/dd0c] [--routed] [--full] [--conversation] [--rounds 5] [--seconds 3] [--connections 64]

One worker each, keep-alive, 1.3 kB bodies. dd0c authenticates, prices and records; the others only pass on. Contestants take turns; medians are printed. nginx and
HAProxy come from the system (apt: nginx-light, haproxy); whichever is absent is left out. CPU is the process's own (user and system, all threads), read from /proc.
"""
import argparse, http.client, json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, time

HZ = os.sysconf("SC_CLK_TCK")


def free_port():
    import socket
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / HZ


def memory_kb(pids):
    return sum(int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) for pid in pids)


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def start(command, env, pattern=r"listening on (http\S+)"):
    p = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env)
    line = p.stderr.readline()
    m = re.search(pattern, line)
    if not m:
        sys.exit(f"{command[0]}: {line}")
    return p, m[1]


def wait_port(port):
    import socket
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing listens on {port}")


def nginx(folder, upstream):
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(f"""worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_buffer_size 1m; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
upstream up {{ server {upstream}; keepalive 128; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}""")
    p = subprocess.Popen(["nginx", "-e", str(folder / "nginx.log"), "-c", str(conf)], stderr=subprocess.DEVNULL)
    wait_port(port)
    while not children(p.pid):   # the master listens before its worker is there
        time.sleep(0.01)
    return p, f"http://127.0.0.1:{port}", children(p.pid)


def haproxy(folder, upstream):
    port = free_port()
    conf = folder / "haproxy.cfg"
    conf.write_text(f"""global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server s {upstream}
""")
    p = subprocess.Popen(["haproxy", "-db", "-f", str(conf)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_port(port)
    return p, f"http://127.0.0.1:{port}", [p.pid]


def routing():
    """A policy as a careful team has it: the last of 20 rules matches, and all of them look at something."""
    rules = "".join(f"  - {{name: rule-{i}, when: 'feature == \"feature-{i}\" && input_tokens < {500 + i} && !has_tools', strategy: cheapest, "
                    f"from: [openai/gpt-4o-mini, openai/gpt-4o]}}\n" for i in range(19))
    return f"""routes:
{rules}  - {{name: rest, when: 'input_tokens >= 0', strategy: cheapest, from: [openai/gpt-4o-mini, openai/gpt-4o]}}
fallback: [openai/gpt-4o]
retry: {{attempts: 2}}
budgets:
  - {{name: all, scope: global, limit: $1000000/month}}
  - {{name: keys, scope: key, limit: $1000000/month}}
  - {{name: days, scope: org, limit: $1000000/day}}
limits:
  - {{name: many, scope: key, requests: 100000000/min, concurrent: 100000}}
"""


def converse(at, key, requests=2000):
    """Requests of an agent: 40 turns of 1.2 kB that were there before, and a new one each."""
    text = (pathlib.Path(__file__).resolve().parent.parent / "docs" / "proxy.md").read_text() * 9
    turns = [{"role": ("user", "assistant")[i % 2], "content": text[i * 1200:(i + 1) * 1200]} for i in range(40)]
    c = http.client.HTTPConnection(at.removeprefix("http://"))
    head = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    for i in range(requests):
        last = {"role": "user", "content": f"step {i} of {time.monotonic_ns()}: go on"}
        c.request("POST", "/v1/chat/completions", json.dumps({"model": "gpt-4o-mini", "max_tokens": 1, "messages": turns + [last]}), head)
        answer = c.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"{at}: status {answer.status}")
    return {"ok": requests, "bad": 0, "requests_per_s": 0, "p99_ms": 0}


def load(program, at, env, args):
    out = subprocess.run([program, "bench", "--gateway", at, "--model", "gpt-4o-mini", "--key", "KEY", "--rate", "0", "--duration", f"{args.seconds}s",
                          "--connections", str(args.connections), "--only", "closed", "--vary", "--max-tokens", str(args.max_tokens), "--format", "json"],
                         env=env, capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    return json.loads(out.stdout)["load"][0]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--dd0c", default="build/dd0c")
    ap.add_argument("--also", help="another dd0c to compare with, such as that of the last release")
    ap.add_argument("--routed", action="store_true", help="also with 20 rules that ask for tokens and tags, a chain, three budgets and limits")
    ap.add_argument("--full", action="store_true", help="also with the above and a cache on, which every request misses")
    ap.add_argument("--max-tokens", type=int, default=1, help="cap of the answers; above 1 a choice between models classifies the prompt")
    ap.add_argument("--conversation", action="store_true", help="requests of 48 kB, one connection, all but the last turn as before: CPU alone")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--connections", type=int, default=64)
    args = ap.parse_args()
    program = str(pathlib.Path(args.dd0c).resolve())
    with tempfile.TemporaryDirectory(prefix="dd0c-bench-") as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        env = {**os.environ, "DD0C_HOME": name + "/state", "HOME": name}
        mock, url = start([program, "mock", "--listen", "127.0.0.1:0", "--fixed", "--workers", "1"], env)
        upstream = url.removeprefix("http://")
        (folder / "dd0c.yaml").write_text(f"server: {{workers: 1}}\nproviders:\n  openai: {{type: openai, base_url: {url}/v1, api_key: none}}\n")
        env["KEY"] = subprocess.run([program, "keys", "create", "--name", "bench", "--quiet"], env=env, capture_output=True, text=True, check=True).stdout.strip()
        ours, gateway = start([program, "proxy", "--config", str(folder / "dd0c.yaml"), "--listen", "127.0.0.1:0"], env)
        contestants = {"dd0c": (gateway, [ours.pid])}
        running = [ours, mock]
        envs = {}
        if args.also:
            envs["also"] = {**env, "DD0C_HOME": name + "/also"}   # a state of its own: the two may know different tables
            made = subprocess.run([args.also, "keys", "create", "--name", "bench", "--quiet"], env=envs["also"], capture_output=True, text=True, check=True)
            envs["also"]["KEY"] = made.stdout.strip()
            other, at = start([args.also, "proxy", "--config", str(folder / "dd0c.yaml"), "--listen", "127.0.0.1:0"], envs["also"])
            running.insert(0, other)
            contestants["also"] = (at, [other.pid])
        more = {"routed": routing()} if args.routed else {}
        if args.full:
            more["full"] = routing() + "cache: {mode: exact, ttl: 1h}\n"
        for which, text in more.items():
            envs[which] = {**env, "DD0C_HOME": f"{name}/{which}"}
            envs[which]["KEY"] = subprocess.run([program, "keys", "create", "--name", "bench", "--quiet"], env=envs[which], capture_output=True, text=True,
                                                check=True).stdout.strip()
            (folder / f"{which}.yaml").write_text((folder / "dd0c.yaml").read_text() + text)
            other, at = start([program, "proxy", "--config", str(folder / f"{which}.yaml"), "--listen", "127.0.0.1:0"], envs[which])
            running.insert(0, other)
            contestants[which] = (at, [other.pid])
        for name_, maker in (("nginx", nginx), ("haproxy", haproxy)):
            if shutil.which(name_):
                p, at, pids = maker(folder, upstream)
                running.append(p)
                contestants[name_] = (at, pids)
        taken = {n: [] for n in contestants}
        for i in range(args.rounds + 1):
            for n, (at, pids) in contestants.items():
                before = cpu_seconds(pids)
                if args.conversation:
                    row = converse(at, envs.get(n, env)["KEY"])
                else:
                    row = load(program, at, envs.get(n, env), args)
                if row["bad"]:
                    sys.exit(f"{n}: {row['bad']} bad answers")
                if i:
                    taken[n].append(((cpu_seconds(pids) - before) * 1e6 / row["ok"], row["requests_per_s"], row["p99_ms"]))
        print(f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} cores shared by load, proxy and upstream; median of {args.rounds}")
        print(f"{'':<10}{'us CPU a request':>18}{'requests/s':>14}{'p99 ms':>10}{'anonymous kB':>14}")
        middle = {n: [statistics.median(t[k] for t in rows) for k in range(3)] for n, rows in taken.items()}
        for n, (us, rate, p99) in middle.items():
            print(f"{n:<10}{us:>18.1f}{rate:>14.0f}{p99:>10.2f}{memory_kb(contestants[n][1]):>14}")
        for n in middle:
            if n != "dd0c":
                print(f"dd0c takes {middle['dd0c'][0] / middle[n][0]:.2f} times the CPU of {n}")
        for p in running:
            p.terminate()
        for p in running:
            p.wait()


if __name__ == "__main__":
    main()
