#!/usr/bin/env python3
"""Holds the metrics of real nodes against real tools: promtool checks their text, the alert rules
and the rules' own tests; a Prometheus scrapes three nodes and answers every expression of the
dashboard and of the rules.

usage: check_monitoring.py BUILD_DIRECTORY
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

FOLDER = "sites/monitoring"
PATIENCE_S = 60
# The predecessor's names: what promtool holds against them cannot be changed.
KNOWN_WORDS = {
    'last_block_tx_count non-histogram and non-summary metrics should not have "_count" suffix'
}
NODES = 3


def own_address(last):
    return f"127.{os.getpid() % 100 + 100}.{os.getpid() // 100 % 256}.{last}"


def network_file():
    text = "network: monitored\nenvironments:\n"
    for node in range(1, NODES + 1):
        text += f"  site_{node}:\n    bind: {own_address(node)}\n    blockchain_nodes:\n"
        text += f"      - {{id: {node}, rpc_port: 8082}}\n"
    return text + "shared_features:\n  block_interval_seconds: 1\n"


def prometheus_file(rules):
    targets = [f"{own_address(node)}:8082" for node in range(1, NODES + 1)]
    return json.dumps(
        {
            "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
            "rule_files": [rules],
            "scrape_configs": [{"job_name": "aitbc", "static_configs": [{"targets": targets}]}],
        }
    )


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def query(base, expression):
    path = "/api/v1/query?query=" + urllib.parse.quote(expression)
    answer = json.loads(fetch(base + path))
    if answer["status"] != "success":
        raise RuntimeError(f"{expression}: {answer}")
    return answer["data"]["result"]


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.1)
    raise RuntimeError(f"after {PATIENCE_S} s not yet: {what}")


def check_text(text):
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    said = set(filter(None, (checked.stdout + checked.stderr).splitlines()))
    unexpected = said - KNOWN_WORDS
    if unexpected:
        raise RuntimeError("promtool check metrics: " + "; ".join(sorted(unexpected)))
    names = re.findall(r"^# HELP (\S+)", text, re.M)
    if len(names) != len(set(names)):
        raise RuntimeError("a metric is described twice")


def expressions():
    with open(os.path.join(FOLDER, "dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    found = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    with open(os.path.join(FOLDER, "rules.yaml"), encoding="utf-8") as file:
        found += re.findall(r"^\s+expr: (.*)$", file.read(), re.M)
    return found


def check_live(program, folder):
    home = os.path.join(folder, "home")
    path = os.path.join(folder, "network.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(network_file())

    def aitbc(*words):
        subprocess.run(
            [program, "--home", home, *words], check=True, timeout=PATIENCE_S, capture_output=True
        )

    server = None
    base = f"http://{own_address(NODES + 1)}:9090"
    try:
        aitbc("up", "-f", path)
        aitbc("wallet", "create", "alice", "--no-password")
        aitbc("faucet", "alice", "1000")
        config = os.path.join(folder, "prometheus.json")
        with open(config, "w", encoding="utf-8") as file:
            file.write(prometheus_file(os.path.abspath(os.path.join(FOLDER, "rules.yaml"))))
        with open(os.path.join(folder, "prometheus.log"), "w", encoding="utf-8") as log:
            server = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={os.path.join(folder, 'data')}",
                    f"--web.listen-address={base.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=log,
            )
        wait_for(
            "all nodes are scraped and on one height",
            lambda: len(query(base, 'up{job="aitbc"} == 1')) == NODES
            and len(query(base, "aitbc_final_height == 1")) == NODES,
        )
        for node in range(1, NODES + 1):
            check_text(fetch(f"http://{own_address(node)}:8082/metrics"))
        for expression in expressions():
            query(base, expression)
        # What a dashboard draws must not be empty for want of a name; rates need two scrapes.
        for expression in ("aitbc_head_height", "rate(aitbc_txs_accepted_total[1m])",
                           "aitbc_http_requests_total", "rpc_request_duration_seconds_bucket"):
            wait_for(expression, lambda wanted=expression: len(query(base, wanted)) >= NODES)
        for expression in ("blockchain_block_height", "mempool_queue_depth",
                           "rpc_request_failures_total", "poa_proposer_running",
                           "circuit_breaker_state"):
            if len(query(base, expression)) != NODES:
                raise RuntimeError(f"not every node has {expression}")
        firing = query(base, 'ALERTS{alertstate="firing"}')
        if firing:
            raise RuntimeError(f"a healthy network alerts: {firing}")
    finally:
        if server is not None:
            server.terminate()
            server.wait(timeout=PATIENCE_S)
        subprocess.run(
            [program, "--home", home, "down", "--purge", "-n", "monitored"],
            check=False,
            timeout=PATIENCE_S,
            capture_output=True,
        )


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    missing = [tool for tool in ("promtool", "prometheus") if shutil.which(tool) is None]
    if missing:
        print(f"SKIPPED: no {', '.join(missing)}; scripts/bootstrap monitoring installs them")
        sys.exit(77)
    for words in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        subprocess.run(["promtool", *words], cwd=FOLDER, check=True)
    with tempfile.TemporaryDirectory(prefix="aitbc-") as folder:
        check_live(os.path.join(os.path.abspath(sys.argv[1]), "aitbc"), folder)
    print(f"monitoring: {len(expressions())} expressions answered, {NODES} nodes scraped")


if __name__ == "__main__":
    main()
