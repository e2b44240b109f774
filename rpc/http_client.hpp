#pragma once
// One peer to talk to over HTTP/1.1. Every call has a deadline for all of it, from the connection
// to the last byte of the answer, and a bound on the answer's size, whatever the peer does. The
// connection is kept open between calls. One thread at a time; only cancel() may come from others.

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"
#include "chain/core/time.hpp"
#include "rpc/credentials.hpp"
#include "rpc/http.hpp"
#include "rpc/http_url.hpp"

namespace aitbc::rpc {

class HttpClient {
 public:
  struct CallLimits {
    Duration connect = limits::connect_time_max;
    Duration total = limits::answer_time_max;  // from the start of the call to the last byte
    std::size_t body_bytes_max = limits::http_body_bytes_max;
  };

  explicit HttpClient(Url url, Credentials credentials = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer, also 404 or 500, is a value. Errors name the URL: Errc::unreachable (no such host,
  // refused, closed, not HTTP, a certificate that is not believed), timeout, too_large (the
  // answer), shutting_down (cancelled). Redirects are not followed and no compression is asked for.
  // `client` of the request is unused.
  //
  // A kept connection that turns out closed before the first byte of an answer is replaced once,
  // silently, for GET and HEAD. A POST is never sent twice: one that fails this way is
  // Errc::unreachable, and may have been carried out. That is rare, as a kept connection is looked
  // at before it is used again. The time for the connection includes finding the address.
  Result<HttpResponse> send(const HttpRequest& request, const CallLimits& limits);

  // An answer that goes on: the body of a 200 is handed over as it comes, of any size, and not
  // kept. `total` is for how long nothing may come. A value once it has ended, or once `receive`
  // wanted no more; any other answer as of send().
  using Receive = std::function<bool(std::string_view)>;
  Result<HttpResponse> stream(const HttpRequest& request, const CallLimits& limits,
                              const Receive& receive);

  // Ends a call under way, promptly, and refuses all later ones. From any thread; for good.
  void cancel();

  const Url& url() const { return url_; }

 private:
  class Session;
  Url url_;
  std::unique_ptr<Session> session_;
};

}  // namespace aitbc::rpc
