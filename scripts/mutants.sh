#!/usr/bin/env bash
# Breaks one rule after another in a copy of the tree and expects a test suite to notice.
#   scripts/mutants.sh [NAME...]            all of tests/mutants, or those named
#   scripts/mutants.sh --dry-run [NAME...]  only whether the patches still apply
# A patch begins with `# kills: SUITE`. Prints a table; the exit code is 0 only if every mutant was
# killed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

dry_run=0
if [[ ${1:-} == --dry-run ]]; then
  dry_run=1
  shift
fi
names=("$@")
if ((${#names[@]} == 0)); then
  for patch in tests/mutants/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

suite_of() { sed -n 's/^# kills: *//p;q' "$root/tests/mutants/$1.patch"; }

bad=0
for name in "${names[@]}"; do
  file=tests/mutants/$name.patch
  if [[ ! -f $file ]]; then
    echo "$file:1: no such mutant"
    bad=1
    continue
  fi
  suite=$(suite_of "$name")
  if [[ -z $suite ]] || ! grep -rqE "add_executable\(${suite}( |\)|\$)" \
    --include=CMakeLists.txt tests; then
    echo "$file:1: the first line must be '# kills: SUITE', naming an existing suite"
    bad=1
  fi
  if ! problem=$(patch -p1 --dry-run -f -s <"$file" 2>&1); then
    echo "$file:1: does not apply any more: ${problem//$'\n'/; }"
    bad=1
  fi
done
if ((dry_run || bad)); then
  ((bad)) || echo "mutants: all ${#names[@]} patches apply"
  exit "$bad"
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar --exclude='./build*' --exclude=./.git -cf - . | tar -xf - -C "$copy"
cd "$copy"
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1
export AITBC_SIM_COUNT=${AITBC_SIM_COUNT:-100}
# A broken rule may leave something unused; that alone is not how a mutant shall die.
cmake --preset dev -DAITBC_WERROR=OFF >"$copy/log" 2>&1 || { cat "$copy/log"; exit 1; }

build() { cmake --build --preset dev --parallel "$(nproc)" --target "$1" >"$copy/log" 2>&1; }
# Always in the same order: a mutant must not survive by luck.
timed_out=124  # what timeout(1) exits with
run() { timeout 600 "build/dev/$1" --order rand --rng-seed 1 --abort >"$copy/log" 2>&1; }

# A suite that fails anyway kills nothing.
mapfile -t suites < <(for name in "${names[@]}"; do suite_of "$name"; done | sort -u)
for suite in "${suites[@]}"; do
  if ! build "$suite" || ! run "$suite"; then
    tail -n 30 "$copy/log"
    echo "mutants: $suite fails without any mutant" >&2
    exit 1
  fi
done

killed=0
survivors=0
for name in "${names[@]}"; do
  suite=$(suite_of "$name")
  started=$SECONDS
  patch -p1 -f -s <"tests/mutants/$name.patch"
  if ! build "$suite"; then
    verdict="DOES NOT BUILD"
    grep -m 3 error "$copy/log" || true
  else
    status=0
    run "$suite" || status=$?
    case $status in
      0) verdict=SURVIVED ;;
      "$timed_out") verdict="TIMED OUT" ;;  # nobody noticed: the machine may only be busy
      *) verdict=killed ;;
    esac
  fi
  patch -p1 -f -s -R <"tests/mutants/$name.patch"
  if [[ $verdict == killed ]]; then killed=$((killed + 1)); else survivors=$((survivors + 1)); fi
  printf '%-14s %-32s %-14s %4d s\n' "$verdict" "$name" "$suite" $((SECONDS - started))
done
echo "mutants: $killed killed, $survivors not"
exit $((survivors > 0))
