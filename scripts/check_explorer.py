#!/usr/bin/env python3
"""Opens the explorer of real nodes in a real browser: tests/browser. Screenshots of all views are
kept in BUILD_DIRECTORY/browser/screenshots.

usage: check_explorer.py BUILD_DIRECTORY [TEST...]     e.g. build/dev views live
"""

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import tempfile

SOURCE = "tests/browser"
SUITES = ("rules", "views", "live", "input", "faults")  # the last one leaves its marks
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SKIPPED = 77
NODES = 3
INSTALL_S, SUITE_S = 300, 400


def own_address(last):
    return f"127.{os.getpid() % 100 + 100}.{os.getpid() // 100 % 256}.{last}"


# Two sites, as people have them: two nodes at one place, one at another, which is published: so
# callers from elsewhere need a key.
def network_file():
    return f"""network: explored
environments:
  cascade:
    bind: {own_address(1)}
    blockchain_nodes:
      - {{id: 1, rpc_port: 8082}}
      - {{id: 2, rpc_port: 8081}}
  ns3:
    domain: explored.example
    bind: {own_address(2)}
    blockchain_nodes:
      - {{id: 3, rpc_port: 8082}}
genesis:
  faucet_balance: 1000000000
"""


def find_tools():
    """The browser, or what is missing."""
    browser = next((path for path in map(shutil.which, BROWSERS) if path), None)
    for tool, found in (("chromium", browser), ("node", shutil.which("node")),
                        ("npm", shutil.which("npm"))):
        if not found:
            return None, tool
    return browser, None


def prepare(folder):
    """Copies the tests and installs what they import; False if that cannot be had here."""
    lock = os.path.join(folder, "package-lock.json")
    installed = os.path.isdir(os.path.join(folder, "node_modules")) and os.path.isfile(lock) and \
        filecmp.cmp(os.path.join(SOURCE, "package-lock.json"), lock, shallow=False)
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("node_modules"))
    shutil.rmtree(os.path.join(folder, "web"), ignore_errors=True)
    shutil.copytree("rpc/web", os.path.join(folder, "web"))
    if installed:
        return True
    result = subprocess.run(["npm", "ci", "--no-progress"], cwd=folder, timeout=INSTALL_S,
                            check=False)
    if result.returncode != 0:
        os.remove(lock)
    return result.returncode == 0


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    suites = sys.argv[2:] or SUITES
    build = os.path.abspath(sys.argv[1])
    folder = os.path.join(build, "browser")
    browser, missing = find_tools()
    if missing:
        print(f"SKIPPED: no {missing}; scripts/bootstrap browser installs it")
        sys.exit(SKIPPED)
    if not prepare(folder):
        print("SKIPPED: npm could not install playwright-core and axe-core")
        sys.exit(SKIPPED)
    # Who is told to stop takes the nodes down as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = []
    with tempfile.TemporaryDirectory(prefix="aitbc-") as home:
        aitbc = [os.path.join(build, "aitbc"), "--home", home]
        manifest = os.path.join(home, "network.yaml")
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(network_file())
        environment = dict(
            os.environ, AITBC_PROGRAM=aitbc[0], AITBC_TEST_HOME=home, AITBC_CHROMIUM=browser,
            AITBC_NODES=f"http://{own_address(1)}:8082 http://{own_address(1)}:8081 "
                        f"http://{own_address(2)}:8082",
            AITBC_SCREENSHOTS=os.path.join(folder, "screenshots"),
            AITBC_WEB=os.path.join(folder, "web"),
            AITBC_GOLDEN_ANSWERS=os.path.abspath("tests/golden/http"))
        try:
            subprocess.run([*aitbc, "up", "-f", manifest], check=True, timeout=SUITE_S)
            with open(os.path.join(home, "networks", "explored", "api.key"), "r",
                      encoding="ascii") as key:
                environment["AITBC_API_KEY"] = key.read().strip()
            for suite in suites:
                tested = subprocess.run(
                    ["node", "--test", "--test-reporter", "spec", f"{suite}.test.mjs"], cwd=folder,
                    env=environment, check=False, timeout=SUITE_S)
                if tested.returncode != 0:
                    failed.append(suite)
        finally:
            subprocess.run([*aitbc, "down", "--purge"], check=True, timeout=SUITE_S)
    print(f"explorer: {len(suites)} suites, failed: {', '.join(failed) or 'none'}; "
          f"screenshots in {folder}/screenshots")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
