#pragma once
// Load on a server, as cheap to make as it can be: one thread, kept connections, whole requests as
// text. So what is measured is the server, though the load shares its processors.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace aitbc::bench {

// Milliseconds from a request's first byte to its answer's last, ascending.
using Waits = std::vector<double>;
double quantile(const Waits&, double part);

// Sends each request once, over `connections` connections to 127.0.0.1, one after the other on
// each; after `time_max` it ends with fewer answers. Aborts at an answer that is not 200.
Waits run_load(std::uint16_t port, std::size_t connections, std::span<const std::string> requests,
               std::chrono::seconds time_max = std::chrono::minutes(10));

std::string get_request(const std::string& path);
std::string post_request(const std::string& path, const std::string& type, const std::string& body);

// Answers every request with the same bytes out of one epoll loop: what a server that does nothing
// reaches on this machine.
class EchoServer {
 public:
  EchoServer();
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  void run(const std::stop_token& stop);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace aitbc::bench
