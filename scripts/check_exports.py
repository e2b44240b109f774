#!/usr/bin/env python3
"""Holds what `aitbc export` writes against the tools that it is for: systemd-analyze, promtool, a
YAML parser; a real nginx and a real Apache in front of two real nodes, with TLS. Tools that are not
there are named, and what they would have checked is skipped.

usage: check_exports.py BUILD_DIRECTORY
"""

import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

PATIENCE_S = 60
DOMAIN = "a.example"
NETWORK = "exported"
EXPOSURE_MAX = 20  # tenths, as `systemd-analyze security` counts
APACHE_MODULES = "/usr/lib/apache2/modules"
BODY_BYTES_MAX = 8 * 1024 * 1024


def own_address(last):
    return f"127.{os.getpid() % 100 + 100}.{os.getpid() // 100 % 256}.{last}"


def network_file():
    return (
        f"network: {NETWORK}\nenvironments:\n  a:\n    domain: {DOMAIN}\n    bind: {own_address(1)}"
        "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 8082}\n      - {id: 2, rpc_port: 8081}"
        "\nshared_features:\n  block_interval_seconds: 1\n"
    )


def expect(what, actual, wanted):
    if actual != wanted:
        raise RuntimeError(f"{what}: expected {wanted}, got {actual}")


def run(*words, **more):
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=PATIENCE_S, **more
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    last = None
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError as failure:
            last = failure
        time.sleep(0.05)
    raise RuntimeError(f"after {PATIENCE_S} s not yet: {what} ({last})")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Program:
    """The program with a home of its own."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.home = os.path.join(folder, "home")
        self.file = os.path.join(folder, "network.yaml")
        write(self.file, network_file())

    def __call__(self, *words):
        return run(self.program, "--home", self.home, *words)

    def exits(self, *words):
        done = subprocess.run(
            [self.program, "--home", self.home, "--json", *words],
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )
        return done.returncode, json.loads(done.stdout)

    def export(self, kind, *options):
        folder = tempfile.mkdtemp(dir=self.folder)
        self("export", kind, "-f", self.file, "-o", folder, *options)
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def check_systemd(aitbc):
    units = aitbc.export("systemd", "--user", str(os.geteuid() or 1))
    expect("units", len(units), 2)
    for unit in units:
        run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
    said = run("systemd-analyze", "verify", *units)
    expect("systemd-analyze verify", said, "")


def check_prometheus(aitbc):
    files = aitbc.export("prometheus")
    run("promtool", "check", "config", next(f for f in files if f.endswith("scrape.yaml")))
    key = os.path.join(aitbc.folder, "prometheus.key")
    write(key, "aitbc_0\n")
    files = aitbc.export("prometheus", "--key-file", key)
    run("promtool", "check", "config", next(f for f in files if f.endswith("scrape.yaml")))


def check_compose(aitbc, yaml):
    (path,) = aitbc.export("compose", "--user", "1000")
    services = yaml.safe_load(read(path))["services"]
    expect("services", sorted(services), ["node-1", "node-2"])
    for name, service in services.items():
        node = name.removeprefix("node-")
        config = os.path.join(aitbc.home, "networks", NETWORK, "nodes", node, "config.json")
        expect("command", service["command"],
               ["/opt/aitbc/bin/aitbc", "node", "run", "--config", config])
        expect("network_mode", service["network_mode"], "host")
        expect("user", service["user"], "1000")
        writable = [v["target"] for v in service["volumes"] if not v.get("read_only")]
        expect("what a node may write", writable, [os.path.dirname(config)])
        mounted = [v["source"] for v in service["volumes"]]
        missing = [source for source in mounted[1:] if not os.path.exists(source)]
        expect("what is mounted and not there", missing, [])
        # Whatever the node's own config names is inside, too.
        named = re.findall(r'"(/[^"]+)"', read(config))
        for wanted in named:
            if not any(wanted == m or wanted.startswith(m + "/") for m in mounted):
                raise RuntimeError(f"{name}: {wanted} is not mounted")
    if shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    ).returncode == 0:
        run("docker", "compose", "-f", path, "config", "--quiet")
    else:
        print("SKIPPED: docker compose config, as there is no docker compose")


def make_certificates(folder):
    """A CA of the test's own, and a certificate for the domain and the proxies' addresses."""
    def at(name):
        return os.path.join(folder, name)

    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "2",
        "-subj", "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", at("site.key"), "-out", at("site.csr"), "-subj", f"/CN={DOMAIN}")
    write(at("names"), f"subjectAltName=DNS:{DOMAIN},IP:{own_address(2)},IP:{own_address(3)}\n")
    run("openssl", "x509", "-req", "-in", at("site.csr"), "-CA", at("ca.pem"), "-CAkey",
        at("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", at("names"), "-out",
        at("site.pem"))
    return at("ca.pem"), at("site.pem"), at("site.key")


class Proxy:
    """A server with the exported file and nothing of the machine's own configuration."""

    HTTP, HTTPS = 8080, 8443

    def __init__(self, aitbc, certificates, address):
        self.folder = tempfile.mkdtemp(dir=aitbc.folder)
        self.address = address
        self.ca, certificate, key = certificates
        (self.site,) = aitbc.export(
            self.NAME, "--listen", f"{address}:{self.HTTP}", "--listen-tls",
            f"{address}:{self.HTTPS}", "--tls", certificate, key)
        self.config = os.path.join(self.folder, "server.conf")
        write(self.config, self.wrapper())
        self.process = None
        self.base = f"https://{address}:{self.HTTPS}"

    def start(self):
        run(*self.command(), "-t")
        with open(os.path.join(self.folder, "out"), "ab") as out:
            words = self.command() + self.FOREGROUND
            self.process = subprocess.Popen(words, stdout=out, stderr=out)
        wait_for(f"{self.NAME} listens", self.listens)

    def listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.NAME} ended: {read(os.path.join(self.folder, 'out'))}")
        with socket.create_connection((self.address, self.HTTPS), timeout=5):
            return True

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=PATIENCE_S)
            self.process = None

    def get(self, path, secure=True, method="GET", body=None, headers=()):
        if secure:
            trust = ssl.create_default_context(cafile=self.ca)
            line = http.client.HTTPSConnection(self.address, self.HTTPS, timeout=20, context=trust)
        else:
            line = http.client.HTTPConnection(self.address, self.HTTP, timeout=20)
        with contextlib.closing(line):
            line.request(method, path, body=body, headers=dict(headers))
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()


class Nginx(Proxy):
    NAME = "nginx"
    FOREGROUND = ["-g", "daemon off;"]

    def wrapper(self):
        user = "user root;\n" if os.geteuid() == 0 else ""  # its folder is ours alone
        temporary = "".join(
            f"  {kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return (f"{user}worker_processes 1;\npid {self.folder}/pid;\nerror_log {self.folder}/log;\n"
                f"events {{}}\nhttp {{\n  access_log off;\n{temporary}  include {self.site};\n}}\n")

    def command(self):
        return ["nginx", "-p", self.folder, "-e", f"{self.folder}/log", "-c", self.config]


class Apache(Proxy):
    NAME = "apache"
    FOREGROUND = ["-D", "FOREGROUND"]

    def wrapper(self):
        modules = re.search(r"^# a2enmod (.*)$", read(self.site), re.M)[1].split()
        lines = [f"ServerRoot {self.folder}", f"DefaultRuntimeDir {self.folder}",
                 f"PidFile {self.folder}/pid", f"ErrorLog {self.folder}/log",
                 "ServerName localhost", "User www-data", "Group www-data",
                 "StartServers 1", f"DocumentRoot {self.folder}"]
        for module in ("mpm_event", "authz_core", *modules):
            lines.append(f"LoadModule {module}_module {APACHE_MODULES}/mod_{module}.so")
        return "\n".join(sorted(lines, key=lambda line: not line.startswith("LoadModule"))
                         + [f"Include {self.site}"]) + "\n"

    def command(self):
        return ["apache2", "-d", self.folder, "-f", self.config]


def open_stream(proxy, path, key):
    """The socket of a WebSocket whose handshake was accepted."""
    context = ssl.create_default_context(cafile=proxy.ca)
    plain = socket.create_connection((proxy.address, proxy.HTTPS), timeout=20)
    line = context.wrap_socket(plain, server_hostname=proxy.address)
    nonce = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\nX-Api-Key: {key}\r\n\r\n"
        .encode())
    head = b""
    while b"\r\n\r\n" not in head:
        part = line.recv(4096)
        if not part:
            break
        head += part
    expect(f"{proxy.NAME}: handshake at {path}", head.split(b"\r\n")[0].split(b" ")[1:2], [b"101"])
    return line, head.split(b"\r\n\r\n", 1)[1]


def check_streams(aitbc, proxy, key):
    for path in ("/rpc/ws/blocks", "/rpc2/ws/blocks"):
        line, news = open_stream(proxy, path, key)
        with contextlib.closing(line):
            aitbc("faucet", "alice", "1")
            while b'"height"' not in news:
                part = line.recv(4096)
                if not part:
                    raise RuntimeError(f"{proxy.NAME}: {path} ended without news of a block")
                news += part


def check_events(aitbc, proxy, key):
    """An event comes at once, not when the proxy has enough of them."""
    context = ssl.create_default_context(cafile=proxy.ca)
    for path in ("/rpc/events", "/rpc2/events"):
        asked = urllib.request.Request(
            proxy.base + path + "?types=head", headers={"X-Api-Key": key})
        with urllib.request.urlopen(asked, timeout=20, context=context) as answer:
            expect(f"{proxy.NAME}: {path}", answer.headers["Content-Type"], "text/event-stream")
            aitbc("faucet", "alice", "1")
            while answer.readline() != b"event: head\n":
                pass
            expect(f"{proxy.NAME}: news at {path}", answer.readline()[:6], b"data: ")


def check_requests(proxy, key):
    """What comes through is what a stranger may, and nobody is taken for the machine itself."""
    name = proxy.NAME
    status, headers, _ = proxy.get("/rpc/head?x=/a%2Fb", secure=False)
    port = proxy.HTTPS
    expect(f"{name}: HTTP", (status, headers["Location"]),
           (301, f"https://{proxy.address}:{port}/rpc/head?x=/a%2Fb"))
    status, headers, body = proxy.get("/rpc/head", headers={"X-Api-Key": key})
    expect(f"{name}: a head", (status, json.loads(body)["chain_id"]), (200, NETWORK))
    expect(f"{name}: HSTS", headers["Strict-Transport-Security"], "max-age=31536000")
    expect(f"{name}: the node's fields", headers["X-Frame-Options"], "DENY")
    expect(f"{name}: the second node", proxy.get("/rpc2/head")[1]["X-Aitbc-Node"], f"{NETWORK}/2")
    for forged in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        status, headers, _ = proxy.get("/rpc/head", headers=forged)
        expect(f"{name}: a stranger with {forged}", (status, headers["X-Aitbc-Node"]),
               (401, f"{NETWORK}/1"))
    for path in ("/", "/metrics", "/health", "/rpcx/head", "/explorers"):
        status, headers, _ = proxy.get(path)
        expect(f"{name}: {path}", (status, headers["X-Aitbc-Node"]), (404, None))
    # It may be refused before it is sent.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        status, headers, _ = proxy.get(
            "/rpc/sendTx", method="POST", body=b"x" * (BODY_BYTES_MAX + 1),
            headers={"X-Api-Key": key})
        expect(f"{name}: a large body", (status, headers["X-Aitbc-Node"]), (413, None))


def verdicts(aitbc, proxy):
    code, answer = aitbc.exits("check", "--routes", "-f", aitbc.file, "--base", proxy.base,
                               "--ca-file", proxy.ca)
    return code, {row["route"]: row["verdict"] for row in answer["routes"]}


def check_proxy(aitbc, proxy, key):
    routes = ["/rpc/ws/", "/rpc/events", "/rpc/", "/rpc2/ws/", "/rpc2/events", "/rpc2/",
              "/explorer"]
    try:
        proxy.start()
        expect(f"{proxy.NAME}: routes", verdicts(aitbc, proxy),
               (0, dict.fromkeys(routes, "ok")))
        check_requests(proxy, key)
        check_streams(aitbc, proxy, key)
        check_events(aitbc, proxy, key)
        aitbc("node", "kill", "2")
        expect(f"{proxy.NAME}: without node 2", verdicts(aitbc, proxy),
               (3, {route: "unreachable" if "rpc2" in route else "ok" for route in routes}))
        aitbc("node", "start", "2")
        expect(f"{proxy.NAME}: node 2 is back", verdicts(aitbc, proxy)[0], 0)
        proxy.stop()
        # What the predecessor had for hours: each port is the other one's.
        swapped = {":8081": ":8082", ":8082": ":8081"}
        write(proxy.site, re.sub(":808[12]", lambda port: swapped[port[0]], read(proxy.site)))
        proxy.start()
        expect(f"{proxy.NAME}: swapped", verdicts(aitbc, proxy),
               (1, dict.fromkeys(routes, "wrong_node")))
        code, told = aitbc.exits("doctor", "-f", aitbc.file, "--base", proxy.base,
                                 "--ca-file", proxy.ca)
        expect(f"{proxy.NAME}: doctor", (code, [row["code"] for row in told["findings"]]),
               (1, ["wrong_route", "wrong_route"]))
    except Exception:
        for log in ("log", "out"):
            path = os.path.join(proxy.folder, log)
            if os.path.exists(path):
                print(f"--- {proxy.NAME}'s {log}:\n{read(path)}", file=sys.stderr)
        raise
    finally:
        proxy.stop()


def check_live(aitbc, servers, checks):
    try:
        aitbc("up", "-f", aitbc.file)
        aitbc("wallet", "create", "alice", "--no-password")
        for check in checks:
            check()
        if servers:
            key = read(os.path.join(aitbc.home, "networks", NETWORK, "api.key")).strip()
            certificates = make_certificates(aitbc.folder)
            for number, server in enumerate(servers):
                check_proxy(aitbc, server(aitbc, certificates, own_address(2 + number)), key)
    finally:
        subprocess.run(
            [aitbc.program, "--home", aitbc.home, "down", "--purge", "-n", NETWORK],
            check=False, timeout=PATIENCE_S, capture_output=True,
        )


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where Debian has servers
    done, skipped = [], []

    def have(tool, extra):
        if shutil.which(tool):
            done.append(tool)
            return True
        skipped.append(tool)
        print(f"SKIPPED: no {tool}; scripts/bootstrap {extra} installs it")
        return False

    with tempfile.TemporaryDirectory(prefix="aitbc-") as folder:
        os.chmod(folder, 0o711)  # Apache's workers have another user
        aitbc = Program(os.path.join(os.path.abspath(sys.argv[1]), "aitbc"), folder)
        checks = []
        if have("systemd-analyze", "proxies"):
            checks.append(lambda: check_systemd(aitbc))
        if have("promtool", "monitoring"):
            checks.append(lambda: check_prometheus(aitbc))
        try:
            import yaml
            checks.append(lambda: check_compose(aitbc, yaml))
            done.append("YAML")
        except ImportError:
            print("SKIPPED: no python3-yaml; scripts/bootstrap proxies installs it")
        servers = [server for tool, server in (("nginx", Nginx), ("apache2", Apache))
                   if have(tool, "proxies")]
        check_live(aitbc, servers, checks)
    print(f"exports: held against {', '.join(done) or 'nothing'}")
    sys.exit(0 if done else 77)


if __name__ == "__main__":
    main()
