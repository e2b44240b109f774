#pragma once
// From a request to its answer: finds the row of the route table, reads the parameters it declares,
// checks the kind of body, calls the handler, and turns errors into answers. Knows no sockets. Any
// number of threads may call handle() at once; it holds no state but references and constants.

#include "chain/log.hpp"
#include "rpc/dev_edge.hpp"
#include "rpc/route.hpp"

namespace aitbc::rpc {

class Router {
 public:
  // Both must outlive the router. The log is told of errors that are this node's own fault. The
  // key is that of a devnet's faucet, if this node has it.
  Router(Node& node, Log& log, std::optional<KeyPair> faucet = {});

  HttpResponse handle(const HttpRequest&) const;
  // Whether handle() may wait for news, and so must not hold up short requests.
  static bool waits(const HttpRequest&);
  static std::span<const Route> routes();

 private:
  Result<HttpResponse> answer(const HttpRequest&) const;

  Node& node_;
  Log& log_;
  Hash genesis_state_root_;
  mutable DevEdge edge_;  // synchronises itself
};

}  // namespace aitbc::rpc
