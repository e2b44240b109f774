#!/usr/bin/env python3
"""The rules of style that no compiler and no formatter checks.

Prints `file:line: rule` for each violation; the exit code is 0 only if there is none.
`check_tidy.py --self-test` proves that each rule can fail.
"""

import os
import re
import sys

LINE_MAX = 100
FILE_MAX = 450      # about 400 is the aim
FUNCTION_MAX = 80   # about 60 is the aim

SKIPPED_FOLDERS = re.compile(r"build.*|\.git|\.cache|__pycache__|node_modules")
SHELL = re.compile(r"(scripts/[\w-]+(\.sh)?|\.ci/run|tests/.*\.sh)")
CXX = re.compile(r".*\.(cpp|hpp)")
TIMELESS = re.compile(r"tests/(?!bench/).*\.(cpp|hpp)")  # a benchmark is about time
SCRIPT = re.compile(r".*\.m?js")
CODE = re.compile(r".*\.(cpp|hpp|py|cmake|m?js|css|html)|(.*/)?CMakeLists\.txt")
# Data that is compared byte by byte, or made by a tool.
VERBATIM = re.compile(r"tests/(golden|mutants)/.*")
TEXT = re.compile(
    r".*\.(cpp|hpp|in|py|cmake|txt|md|json|ya?ml|sh|html|css|m?js|svg|sql|patch)"
    r"|\.(clang-format|clang-tidy|editorconfig|gitignore)")

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(?!\(#\d+\))")
NAMELESS = re.compile(r"(^|[_/])(utils?|helpers?|managers?|commons?|misc)([_./]|$)")
SLEEP = re.compile(r"this_thread::sleep_|\b(usleep|nanosleep)\s*\(|(?<![\w.])::sleep\s*\(")
USING = re.compile(r"^\s*using namespace\b")
INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.M)

# The text speaks of the project alone: not of the machine it was written on, nor of how.
OFF_TOPIC = (
    (re.compile(r"(?<![\w.~$})*-])/(work|root|home/\w+)/(?!\*)"), "a path of one machine"),
    (re.compile(r"\b(sub-?agents?|chat\s?bots?|language\s+models?|L{2}Ms?)\b", re.I),
     "not about the project"),
    (re.compile(r"\bA[I][ -](assistant|agent|tool|generated)", re.I), "not about the project"),
    (re.compile(r"\bco-authored-b[y]:", re.I), "not about the project"),
)

# Where our text may point to: names without a dot and numbers are hosts of examples.
URL = re.compile(r"\b(?:https?|ssh|ftp)://(?:[^\s/@'\"]*@)?\[?([A-Za-z0-9.-]+)")
KNOWN_HOSTS = re.compile(
    r"[^.]*|[\d.]+|.*\.(example|test|invalid|localhost|local|lan)|(.*\.)?example\.(com|org|net)"
    r"|github\.com|(.*\.)?bubuit\.net|json-schema\.org|spec\.openapis\.org|www\.rfc-editor\.org"
    r"|(www\.)?apache\.org|opensource\.org|www\.w3\.org")

SCOPE = re.compile(
    r"^(template\s*<.*>\s*)?(inline\s+)?(namespace|class|struct|union|enum|extern)\b", re.S)


def functions(text):
    """Yields (first line, number of lines) of each function, by counting braces."""
    text = re.sub(r'R"\((.*?)\)"', lambda m: '""' + "\n" * m[0].count("\n"), text, flags=re.S)
    text = re.sub(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'', '""', text)
    text = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: "\n" * m[0].count("\n"), text, flags=re.M)
    stack = []
    line = 1
    head, head_line = "", None
    for char in text:
        if char == "{":
            inside = any(kind == "function" for kind, _ in stack)
            kind = "other"
            if SCOPE.match(head.strip()):
                kind = "scope"
            elif ")" in head and not inside:
                kind = "function"
            stack.append((kind, head_line or line))
            head, head_line = "", None
        elif char == "}":
            if stack:
                kind, start = stack.pop()
                if kind == "function":
                    yield start, line - start + 1
            head, head_line = "", None
        elif char == ";" and head.count("(") <= head.count(")"):
            head, head_line = "", None
        elif not char.isspace() or head:
            head_line = head_line or line
            head += char
        if char == "\n":
            line += 1


def check_lines(path, lines):
    code = CODE.fullmatch(path) or SHELL.fullmatch(path)
    for number, line in enumerate(lines, 1):
        if code and len(line) > LINE_MAX:
            yield number, f"a line has at most {LINE_MAX} columns, this one {len(line)}"
        if line != line.rstrip() and not VERBATIM.fullmatch(path):
            yield number, "white space at the end of a line"
        if UNFINISHED.search(line):
            yield number, "an unfinished thing needs an issue: TO" "DO(#number)"
        if USING.match(line) and path.endswith(".hpp"):
            yield number, "using namespace in a header"
        elif line.startswith("using namespace") and CXX.fullmatch(path) and \
                not path.startswith("tests/"):
            yield number, "using namespace at file scope"
        if SLEEP.search(line) and TIMELESS.fullmatch(path):
            yield number, "a test waits for conditions, never for time"
        for pattern, rule in OFF_TOPIC:
            if pattern.search(line):
                yield number, rule
        for host in URL.findall(line):
            if not KNOWN_HOSTS.fullmatch(host.lower()):
                yield number, f"{host} is no host that the project speaks of (see KNOWN_HOSTS)"


def check(path, text):
    """Yields (line, rule) for one file by itself."""
    if NAMELESS.search(os.path.splitext(path)[0]):
        yield 1, "a thing without a home has no name yet: no util, helper, manager, common, misc"
    lines = text.split("\n")
    if text and not text.endswith("\n") and not VERBATIM.fullmatch(path):
        yield len(lines), "no line end at the end of the file"
    if text.endswith("\n\n") and not VERBATIM.fullmatch(path):
        yield len(lines), "empty lines at the end of the file"
    yield from check_lines(path, lines)
    if (CXX.fullmatch(path) or SCRIPT.fullmatch(path)) and len(lines) - 1 > FILE_MAX:
        yield FILE_MAX, f"a file has at most {FILE_MAX} lines, this one {len(lines) - 1}"
    if CXX.fullmatch(path):
        for start, length in functions(text):
            if length > FUNCTION_MAX:
                yield start, f"a function has at most {FUNCTION_MAX} lines, this one {length}"
    if path.endswith(".hpp") and "#pragma once" not in lines:
        yield 1, "a header says #pragma once"


def check_tree(files):
    """Yields (path, rule) of what is forgotten: {path: text} are all files."""
    tests = "\n".join(text for path, text in files.items()
                      if path.startswith("tests/") and not VERBATIM.fullmatch(path))
    for path in files:
        folder, name = os.path.split(path)
        if path.startswith("tests/golden/"):
            # A file is named, or its folder is and the rest of its name is computed.
            inside = f"{folder}/" if folder != "tests/golden" else name
            if name not in tests and inside not in tests:
                yield path, "no test uses this golden file"
        if path.endswith(".cpp"):
            while True:
                cmake = files.get(os.path.join(folder, "CMakeLists.txt"), "")
                listed = os.path.relpath(path, folder or ".")
                if re.search(rf"(^|[\s(/]){re.escape(listed)}([\s)]|$)", cmake) or not folder:
                    break
                folder = os.path.dirname(folder)
            if not folder:
                yield path, "no CMakeLists.txt names this file"
            # So the build itself shows that the header compiles alone.
            header = path[:-len("cpp")] + "hpp"
            if header in files and INCLUDE.findall(files[path])[:1] != [header]:
                yield path, f"the first include is {header}"


def read_tree(root):
    files = {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not SKIPPED_FOLDERS.fullmatch(f))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if TEXT.fullmatch(path) or SHELL.fullmatch(path) or path.startswith("tests/golden/"):
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    files[path] = file.read()
    return files


LONG_BODY = "  f();\n" * FUNCTION_MAX
SELF_TEST = (
    # path, text, the part of the rule that must be named, or None where all is well
    ("chain/a.cpp", "int a = 1;\n", None),
    ("chain/a.cpp", "//" + "x" * 98 + "\n", None),
    ("chain/a.cpp", "//" + "x" * 99 + "\n", "columns"),
    ("chain/a.cpp", "//" + "\u2026" * 98 + "\n", None),
    ("README.md", "x" * 200 + "\n", None),
    ("scripts/run", "x" * 101 + "\n", "columns"),
    ("rpc/web/a.js", "x" * 101 + "\n", "columns"),
    ("tests/browser/a.mjs", "let a;\n" * (FILE_MAX + 1), "a file has"),
    ("chain/a.cpp", "int a; \n", "white space"),
    ("chain/a.cpp", "int a;", "no line end"),
    ("chain/a.cpp", "int a;\n\n", "empty lines"),
    ("tests/golden/a.txt", "a ", None),
    ("chain/a.cpp", "// TO" "DO later\n", "issue"),
    ("chain/a.cpp", "// TO" "DO(#12): later\n", None),
    ("chain/a.hpp", "#pragma once\n  using namespace std;\n", "in a header"),
    ("chain/a.hpp", "#pragma once\nint a();\n", None),
    ("chain/a.hpp", "int a();\n", "pragma"),
    ("chain/a.cpp", "using namespace std;\n", "file scope"),
    ("chain/a.cpp", "  using namespace std::chrono;\n", None),
    ("tests/a.cpp", "using namespace aitbc;\n", None),
    ("tests/a.cpp", "std::this_thread::sleep_for(1s);\n", "conditions"),
    ("tests/a.cpp", "clock.sleep_until(time);\n", None),
    ("chain/a.cpp", "// see /wor" "k/main\n", "one machine"),
    ("chain/a.cpp", "// see /hom" "e/jan/x\n", "one machine"),
    ("chain/a.cpp", "// net/work/x, the sync agent\n", None),
    ("README.md", "made by a sub" "agent\n", "not about"),
    ("README.md", "an A" "I assistant\n", "not about"),
    ("README.md", "a language mo" "del\n", "not about"),
    ("README.md", "http:/" "/else.where.io/x\n", "no host"),
    ("README.md", "http://127.0.0.3:8082/rpc/head http://node-1:80 http://[::1]:1\n", None),
    ("chain/net_util.cpp", "int a;\n", "no name yet"),
    ("chain/helpers.cpp", "int a;\n", "no name yet"),
    ("chain/key_manager.hpp", "int a;\n", "no name yet"),
    ("chain/community.cpp", "int a;\n", None),
    ("chain/a.cpp", "int a;\n" * (FILE_MAX + 1), "a file has"),
    ("chain/a.cpp", "int a;\n" * FILE_MAX, None),
    ("chain/a.cpp", "void f() {\n" + LONG_BODY + "}\n", "a function has"),
    ("chain/a.cpp", "namespace a {\nint f(\n    int b) {\n" + LONG_BODY + "}\n}\n", "a function"),
    ("chain/a.cpp", 'TEST_CASE("}") {\n' + LONG_BODY + "}\n", "a function has"),
    ("chain/a.cpp", "void f() {\n" + LONG_BODY[:-7 * 2] + "}\n", None),
    ("chain/a.cpp", "namespace a {\n" + "void f() { g(); }\n" * 100 + "}\n", None),
    ("chain/a.cpp", "struct A {\n" + "  int f() const { return 1; }\n" * 100 + "};\n", None),
)

TREE_SELF_TEST = (
    ({"a/CMakeLists.txt": "add_library(a x.cpp)\n", "a/x.cpp": ""}, 0),
    ({"a/CMakeLists.txt": "add_library(a b/x.cpp)\n", "a/b/x.cpp": ""}, 0),
    ({"a/CMakeLists.txt": "add_library(a yx.cpp)\n", "a/x.cpp": ""}, 1),
    ({"a/x.cpp": ""}, 1),
    ({"a/CMakeLists.txt": "x.cpp", "a/x.hpp": "", "a/x.cpp": '// A.\n\n#include "a/x.hpp"\n'}, 0),
    ({"a/CMakeLists.txt": "x.cpp", "a/x.hpp": "",
      "a/x.cpp": '#include <map>\n#include "a/x.hpp"\n'}, 1),
    ({"a/CMakeLists.txt": "x.cpp", "a/x.hpp": "", "a/x.cpp": ""}, 1),
    ({"tests/golden/a.txt": "", "tests/CMakeLists.txt": "b.cpp", "tests/b.cpp": '"a.txt"'}, 0),
    ({"tests/golden/a.txt": "", "tests/CMakeLists.txt": "b.cpp", "tests/b.cpp": ""}, 1),
    ({"tests/golden/h/a.txt": "", "tests/CMakeLists.txt": "b.cpp",
      "tests/b.cpp": '"tests/golden/h/" + name'}, 0),
    ({"tests/golden/h/a.txt": "", "tests/CMakeLists.txt": "b.cpp",
      "tests/b.cpp": '"tests/golden/i/" + name'}, 1),
)


def self_test():
    failures = 0
    for path, text, expected in SELF_TEST:
        rules = [rule for _, rule in check(path, text)]
        good = not rules if expected is None else any(expected in rule for rule in rules)
        if not good:
            failures += 1
            print(f"self-test: {path}: {text[:60]!r}: expected {expected}, got {rules}")
    for files, expected in TREE_SELF_TEST:
        found = list(check_tree(files))
        if len(found) != expected:
            failures += 1
            print(f"self-test: {list(files)}: expected {expected}, got {found}")
    print(f"self-test: {len(SELF_TEST) + len(TREE_SELF_TEST)} cases, {failures} failed")
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test() else 0)
    files = read_tree(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    violations = [(path, line, rule) for path, text in files.items()
                  for line, rule in check(path, text)]
    violations += [(path, 1, rule) for path, rule in check_tree(files)]
    for path, line, rule in violations:
        print(f"{path}:{line}: {rule}")
    print(f"tidy: {len(files)} files, {len(violations)} violations")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
