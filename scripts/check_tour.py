#!/usr/bin/env python3
"""Runs every line of the README's tour, in one shell, with the given build of aitbc.

usage: check_tour.py README.md BUILD_DIRECTORY
"""

import os
import re
import subprocess
import sys
import tempfile

HEADING = "## A tour in 60 seconds"
PATIENCE_S = 300


def tour_lines(readme):
    tour = readme.split(HEADING, 1)[1]
    block = re.search(r"```sh\n(.*?)```", tour, re.S).group(1)
    return [line for line in block.splitlines() if line.strip()]


def main():
    readme_path, build = sys.argv[1], os.path.abspath(sys.argv[2])
    with open(readme_path, encoding="utf-8") as file:
        lines = tour_lines(file.read())
    # The reader's build folder is the release one; this one may be another.
    first = 'export PATH="$PWD/build/release:$PATH"'
    if lines[0] != first:
        sys.exit(f"tour: expected its first line to be {first}")
    lines[0] = f'export PATH="{build}:$PATH"'
    script = ["set -euo pipefail", "trap 'aitbc down --purge >/dev/null 2>&1 || true' EXIT"]
    for line in lines:
        script += [f"echo '+ '{line.split('#')[0].strip()!r}", line]
    with tempfile.TemporaryDirectory(prefix="aitbc-tour-") as home:
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            env={**os.environ, "AITBC_HOME": home},
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    if done.returncode != 0:
        sys.exit(f"tour: a line failed with exit code {done.returncode}; see the last + above")
    print(f"tour: {len(lines)} lines passed")


if __name__ == "__main__":
    main()
