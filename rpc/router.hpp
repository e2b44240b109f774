#pragma once
// From a request to its answer: finds the row of the route table, asks the gate whether the caller
// may, reads the parameters the row declares, checks the kind of body, calls the handler, and turns
// errors into answers. Knows no sockets. Any number of threads may call handle() at once; it holds
// no state but references and constants.

#include <functional>

#include "chain/log.hpp"
#include "rpc/access.hpp"
#include "rpc/dev_edge.hpp"
#include "rpc/feed.hpp"
#include "rpc/request_stats.hpp"
#include "rpc/route.hpp"

namespace aitbc::rpc {

class Router {
 public:
  struct Options {
    std::optional<KeyPair> faucet = {};  // the key of a devnet's faucet, if this node has it
    AccessRules access = {};
    // Also told of every privileged act, done or refused; must outlive the router.
    Log* audit = nullptr;
    // Ever-growing time, for how long answers take.
    std::function<RequestStats::Elapsed()> clock = [] { return RequestStats::Elapsed{0}; };
  };

  // Both must outlive the router. The log is told of errors that are this node's own fault.
  Router(Node& node, Log& log, Options options);
  Router(Node& node, Log& log) : Router(node, log, Options()) {}

  // Every answer names the node, refusals and those that come later too.
  HttpResponse handle(const HttpRequest&) const;
  // Whether handle() itself may wait, and so must not hold up short requests.
  static bool waits(const HttpRequest&);
  static std::span<const Route> routes();

 private:
  // What is known of a request when it is answered, perhaps long after it is gone.
  struct Origin {
    std::string method, path;
    std::string body;  // of a privileged request, its beginning
    Caller caller;
    RequestStats::Elapsed begun;
    std::size_t row;  // of its route; as many as there are: none
    bool timed;
    HttpFields fields;  // of any answer to it
  };
  // Fills in the row, if there is one.
  Result<HttpResponse> answer(const HttpRequest&, Origin&) const;
  HttpResponse finish(const Origin&, Result<HttpResponse>) const;
  void audit(const Origin&, const HttpResponse&) const;

  Node& node_;
  Log& log_;
  Log* audit_;
  Hash genesis_state_root_;
  std::function<RequestStats::Elapsed()> clock_;
  // Both synchronise themselves.
  mutable Access access_;
  mutable DevEdge edge_;
  mutable RequestStats stats_;
  mutable Feed feed_;
};

}  // namespace aitbc::rpc
