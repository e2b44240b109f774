#!/usr/bin/env python3
"""Who may include whom, and where the outside world comes in.

Prints `file:line: rule` for each violation; the exit code is 0 only if there is none.
`check_layers.py --self-test` proves that each rule can fail.
"""

import os
import re
import sys

LAYERS = ("chain", "rpc", "sync", "sites", "cli")

# layer -> what it may include: whole folders end with a slash, single headers do not.
MAY_INCLUDE = {
    "chain/core": ("chain/core/",),
    "chain": ("chain/",),
    "rpc": ("chain/core/", "chain/store.hpp", "chain/log.hpp", "chain/protocol.hpp",
            "chain/fault.hpp", "chain/journal.hpp", "chain/mutex.hpp", "chain/verifier.hpp",
            "chain/watchers.hpp", "rpc/"),
    "sync": ("chain/", "rpc/client.hpp", "rpc/credentials.hpp", "rpc/node.hpp", "sync/"),
    "sites": ("chain/core/", "chain/fault.hpp", "chain/log.hpp", "chain/protocol.hpp",
              "rpc/access.hpp", "rpc/client.hpp", "rpc/client_views.hpp", "rpc/credentials.hpp",
              "rpc/http.hpp", "rpc/http_client.hpp", "rpc/ip.hpp", "rpc/json.hpp",
              "rpc/native.hpp", "sites/"),
    "cli": ("chain/", "rpc/", "sync/", "sites/", "cli/"),
    "tests": ("chain/", "rpc/", "sync/", "sites/", "cli/", "tests/"),
}

# Each third-party library has one home.
THIRD_PARTY = (
    (r"sodium\.h|sodium/", r"chain/core/crypto\.cpp"),
    (r"sqlite3", r"chain/sqlite\.cpp"),
    (r"openssl/", r"rpc/tls\.cpp"),
    (r"zlib\.h", r"rpc/static_file\.cpp"),
    (r"nlohmann/", r"rpc/json\.(hpp|cpp)"),
    (r"httplib\.h", r"rpc/http_(server|exchange|client)\.cpp"),
    (r"boost/", r"rpc/websocket\.cpp"),
    (r"CLI/|CLI\.", r"cli/(app\.(hpp|cpp)|cmd_\w+\.cpp)"),
    (r"yaml-cpp/", r"sites/yaml\.cpp"),
    (r"spdlog/|fmt/", r"cli/log\.cpp"),
    (r"catch2/", r"tests/.*"),
)

# Time and randomness are arguments: only these files may ask the system for them.
CLOCK = re.compile(
    r"(?:steady|system|high_resolution|utc)_clock::now|random_device|this_thread::sleep_"
    r"|\b(?:nanosleep|usleep|gettimeofday|clock_gettime)\s*\(")
CLOCK_HOMES = re.compile(
    r"sync/(runner\.cpp|timer\.cpp|time_of_day\.hpp)|cli/.*|sites/clock\.(hpp|cpp)"
    r"|rpc/(http_(server|exchange|client|resolve)|websocket|event_stream|stream_room)\.cpp"
    r"|tests/.*")

# Headers of our own that are too sharp for all of their layer.
RESTRICTED = {
    "rpc/json.hpp": r".*\.cpp|rpc/json\w*\.hpp|tests/.*",
    "sync/time_of_day.hpp": r"sync/(runner|daemon)\.cpp|cli/.*|tests/.*",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT = re.compile(r"//.*")


def layer_of(path):
    return "chain/core" if path.startswith("chain/core/") else path.split("/")[0]


def check_include(path, bracket, name):
    """Yields what is wrong with one include."""
    if bracket == "<":
        for library, home in THIRD_PARTY:
            if re.match(library, name) and not re.fullmatch(home, path):
                if path.startswith("tests/"):
                    continue
                yield f"<{name}> has one home, {home}"
        return
    first = name.split("/")[0]
    if first not in LAYERS and first != "tests":
        if first != "generated":
            yield f'"{name}": includes are written from the root of the repository'
        return
    allowed = MAY_INCLUDE[layer_of(path)]
    if not any(name == a or (a.endswith("/") and name.startswith(a)) for a in allowed):
        yield f"{layer_of(path)} may not include {name}"
    homes = RESTRICTED.get(name)
    if homes and not re.fullmatch(homes, path):
        yield f"{name} may be included by {homes} only"


def check(path, text, exists):
    """Yields (line, rule) for a file; `exists` tells whether a path is a file."""
    lines = text.split("\n")
    if path.endswith(".hpp"):
        if lines[0] != "#pragma once":
            yield 1, "a header starts with #pragma once"
        elif len(lines) < 2 or not lines[1].startswith("// "):
            yield 2, "a header says first what it is, in a comment after #pragma once"
    includes = 0
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if found:
            includes += 1
            own = path[:-len(".cpp")] + ".hpp"
            if includes == 1 and path.endswith(".cpp") and exists(own) and found[2] != own:
                yield number, f"a source file includes its own header first: {own}"
            for rule in check_include(path, found[1], found[2]):
                yield number, rule
        elif CLOCK.search(COMMENT.sub("", line)) and not CLOCK_HOMES.fullmatch(path):
            yield number, "time and randomness are arguments; ask for them in the runner"


def sources(root):
    for top in LAYERS + ("tests",):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


SELF_TEST = (
    # path, text, the part of the rule that must be named, or None where all is well
    ("chain/core/a.hpp", "#pragma once\n// A.\n", None),
    ("chain/core/a.hpp", "// A.\n#pragma once\n", "#pragma once"),
    ("chain/core/a.hpp", "#pragma once\n\n", "what it is"),
    ("chain/core/a.cpp", '#include "chain/core/a.hpp"\n', None),
    ("chain/core/a.cpp", '#include <vector>\n#include "chain/core/a.hpp"\n', "own header first"),
    ("chain/core/b.cpp", '#include <vector>\n#include "chain/core/a.hpp"\n', None),
    ("chain/core/b.cpp", '#include "chain/store.hpp"\n', "chain/core may not"),
    ("chain/b.cpp", '#include "rpc/json.hpp"\n', "chain may not"),
    ("rpc/b.cpp", '#include "chain/chain.hpp"\n', "rpc may not"),
    ("rpc/b.cpp", '#include "chain/store.hpp"\n', None),
    ("rpc/b.cpp", '#include "sync/agent.hpp"\n', "rpc may not"),
    ("sync/b.cpp", '#include "rpc/json.hpp"\n', "sync may not"),
    ("sync/b.cpp", '#include "rpc/client.hpp"\n', None),
    ("sync/b.cpp", '#include "sync/time_of_day.hpp"\n', "only"),
    ("sites/b.cpp", '#include "sync/agent.hpp"\n', "sites may not"),
    ("sites/b.cpp", '#include "chain/chain.hpp"\n', "sites may not"),
    ("sites/b.cpp", '#include "cli/app.hpp"\n', "sites may not"),
    ("cli/b.cpp", '#include "sites/network.hpp"\n', None),
    ("cli/b.cpp", '#include "tests/support/rng.hpp"\n', "cli may not"),
    ("cli/b.cpp", '#include "app.hpp"\n', "from the root"),
    ("sites/b.hpp", '#pragma once\n// B.\n#include "rpc/json.hpp"\n', "only"),
    ("chain/b.cpp", "#include <sodium.h>\n", "one home"),
    ("chain/b.cpp", "#include <sqlite3.h>\n", "one home"),
    ("chain/sqlite.cpp", "#include <sqlite3.h>\n", None),
    ("cli/b.cpp", "#include <nlohmann/json.hpp>\n", "one home"),
    ("rpc/b.cpp", "#include <httplib.h>\n", "one home"),
    ("rpc/b.cpp", "#include <boost/beast/websocket.hpp>\n", "one home"),
    ("cli/b.cpp", "#include <CLI/CLI.hpp>\n", "one home"),
    ("cli/cmd_b.cpp", "#include <CLI/CLI.hpp>\n", None),
    ("sites/b.cpp", "#include <yaml-cpp/yaml.h>\n", "one home"),
    ("cli/b.cpp", "#include <spdlog/spdlog.h>\n", "one home"),
    ("cli/b.cpp", "#include <fmt/format.h>\n", "one home"),
    ("rpc/b.cpp", "#include <catch2/catch.hpp>\n", "one home"),
    ("chain/b.cpp", "auto t = std::chrono::steady_clock::now();\n", "arguments"),
    ("sync/b.cpp", "std::this_thread::sleep_for(1s);\n", "arguments"),
    ("sync/b.cpp", "// Never std::this_thread::sleep_for here.\n", None),
    ("rpc/b.cpp", "std::random_device device;\n", "arguments"),
    ("sync/runner.cpp", "auto t = std::chrono::steady_clock::now();\n", None),
)


def self_test():
    failures = 0
    for path, text, expected in SELF_TEST:
        rules = [rule for _, rule in check(path, text, lambda p: p == "chain/core/a.hpp")]
        good = not rules if expected is None else any(expected in rule for rule in rules)
        if not good:
            failures += 1
            print(f"self-test: {path}: {text!r}: expected {expected}, got {rules}")
    print(f"self-test: {len(SELF_TEST)} cases, {failures} failed")
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test() else 0)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    files = violations = 0
    for path in sources(root):
        files += 1
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for line, rule in check(path, text, lambda p: os.path.isfile(os.path.join(root, p))):
            violations += 1
            print(f"{path}:{line}: {rule}")
    print(f"layers: {files} files, {violations} violations")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
