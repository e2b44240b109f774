#pragma once
// A machine with a systemd of the test's own: a script that does with files and processes of one
// folder what systemctl is asked for here, and writes down what it was told. It brings nothing back
// by itself.

#include "sites/units.hpp"
#include "tests/unit/sites/fixture.hpp"

namespace aitbc::test {

inline constexpr const char* systemctl_script = R"sh(#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/told"
for unit; do :; done
file=$here/units/$unit wants=$here/wants/$unit pid=$here/run/$unit.pid loaded=$here/run/$unit
main() { read -r number <"$pid" && [ -n "$(tr -d '\0' <"/proc/$number/cmdline")" ]; } 2>/dev/null
as_on_disk() { cat "$file" "$file.d"/* 2>/dev/null; }
# A fuse: so many orders are carried out, and none after them.
if [ -e "$here/fuse" ]; then
  read -r left <"$here/fuse"
  [ "$left" -gt 0 ] || exit 9
  echo $((left - 1)) >"$here/fuse"
fi
case $1 in
  show)
    case $2 in
      *Result) cat "$here/run/$unit.failed" 2>/dev/null || echo ActiveState=active ;;
      *MainPID) if main; then echo "$number"; else echo 0; fi ;;
      *)
        stale=no
        [ ! -e "$loaded" ] || as_on_disk | cmp -s - "$loaded" || stale=yes
        echo $stale ;;
    esac ;;
  daemon-reload) rm -f "$here/run"/*.service ;;
  enable) ln -sf "$file" "$wants" ;;
  disable) rm -f "$wants" ;;
  is-enabled) if [ -L "$wants" ]; then echo enabled; else echo disabled; fi ;;
  reset-failed) rm -f "$here/run/$unit.failed" ;;
  start)
    main && exit 0
    [ -e "$file" ] || { echo "Unit $unit not found." >&2; exit 5; }
    as_on_disk >"$loaded"
    log=$(sed -n 's/^StandardOutput=append://p' "$file")
    setsid $(sed -n 's/^ExecStart=//p' "$file") </dev/null >>"$log" 2>&1 &
    echo $! >"$pid"
    # setsid's own command line ends as that of the node does.
    until tr '\0' ' ' <"/proc/$!/cmdline" | grep -v '^setsid ' | grep -q ' node run '; do
      [ -d "/proc/$!" ] || exit 1
    done ;;
  stop)
    main && kill "$number"
    while main; do :; done
    rm -f "$pid" ;;
  *) exit 2 ;;
esac
)sh";

class FakeSystemd {
 public:
  FakeSystemd() {
    for (const char* folder : {"units", "wants", "run"}) {
      std::filesystem::create_directories(root() / folder);
    }
    write_text(root() / "systemctl", systemctl_script);
    std::filesystem::permissions(root() / "systemctl", std::filesystem::perms(0755));
  }
  void set_fuse(std::size_t orders) const {
    write_text(root() / "fuse", std::to_string(orders) + "\n");
  }
  void mend() const { std::filesystem::remove(root() / "fuse"); }

  sites::Units units() const {
    return {sites::ServiceManager::system,
            root() / "units",
            root() / "systemctl",
            {(root() / "systemctl").string()}};
  }
  std::filesystem::path unit(const std::string& node, const std::string& network = "net") const {
    return root() / "units" / ("aitbc-" + network + "-" + node + ".service");
  }
  bool is_enabled(const std::string& node) const {
    return std::filesystem::is_symlink(root() / "wants" / unit(node).filename());
  }
  void give_up(const std::string& node, const std::string& result) const {
    write_text(root() / "run" / (unit(node).filename().string() + ".failed"),
               "Result=" + result + "\nActiveState=failed\n");
  }
  // What it was told, one order a line; forgotten.
  std::string told() const {
    std::string text = read_text(root() / "told");
    std::filesystem::remove(root() / "told");
    return text;
  }
  bool has_units() const { return !std::filesystem::is_empty(root() / "units"); }
  std::filesystem::path root() const { return std::filesystem::canonical(dir_.path()); }

 private:
  TempDir dir_;
};

}  // namespace aitbc::test
