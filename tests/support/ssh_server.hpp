#pragma once
// A real sshd of a test's own: on a loopback address that nobody else has, with its own host key
// and one user key, for the user that the test runs as. Ends with the test. One thread.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "sites/process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

class SshServer {
 public:
  static constexpr const char* program = "/usr/sbin/sshd";
  static bool is_installed() { return ::access(program, X_OK) == 0; }

  explicit SshServer(std::string address) : address_(std::move(address)) {
    const auto make_key = [&](const std::string& name) {
      const std::string command =
          "ssh-keygen -q -t ed25519 -N '' -C test -f " + dir_.file(name) + " </dev/null";
      REQUIRE(std::system(command.c_str()) == 0);
    };
    make_key("host");
    make_key("user");
    // What it leaves its privileges in, where its service was never started.
    if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
    write("sshd_config",
          "Port " + std::to_string(port) + "\nListenAddress " + address_ + "\nHostKey " +
              dir_.file("host") + "\nAuthorizedKeysFile " + dir_.file("user.pub") +
              "\nPasswordAuthentication no\nUsePAM no\nStrictModes no\nPidFile " + "none\n");
    const std::string key = read_text(dir_.file("host.pub"));
    write("known", "[" + address_ + "]:" + std::to_string(port) + " " + key);
    write("ssh_config", "Host *\n  Port " + std::to_string(port) + "\n  IdentityFile " +
                            dir_.file("user") + "\n  IdentitiesOnly yes\n  UserKnownHostsFile " +
                            dir_.file("known") + "\n");
    start();
  }

  void start() {
    process_.emplace(std::vector<std::string>{program, "-D", "-e", "-f", dir_.file("sshd_config")},
                     dir_.file("log"));
    INFO(process_->log());
    REQUIRE(eventually([&] { return process_->logged("Server listening on"); }));
  }
  // And all of its connections: each has a process of its own.
  void stop() {
    std::vector<pid_t> children;
    for (const pid_t pid : sites::all_processes()) {
      const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
      const std::size_t name_end = stat.rfind(") ");
      pid_t parent = 0;
      if (name_end == std::string::npos) continue;
      if (std::sscanf(stat.c_str() + name_end, ") %*c %d", &parent) != 1) continue;
      if (parent == process_->pid()) children.push_back(pid);
    }
    process_.reset();
    for (const pid_t pid : children) ::kill(pid, SIGKILL);
  }

  // For `access` of a site.
  std::string access() const { return "ssh -F " + dir_.file("ssh_config") + " " + address_; }

 private:
  static constexpr int port = 2222;
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_.file(name)) << text;
  }

  TempDir dir_;
  std::string address_;
  std::optional<Process> process_;
};

}  // namespace aitbc::test
