#pragma once
// What another thread decides: asked for with something to be told, so that nobody has to wait for
// it. A handler makes an answer that comes later of it; who must have it at once waits.

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "chain/core/limits.hpp"
#include "rpc/http.hpp"

namespace aitbc::rpc {

// Told exactly once, on any thread, also before whoever was asked returns. It must not wait.
template <class T>
using Tell = std::function<void(Result<T>)>;

inline Error no_decision(Duration time_max) {
  return error(Errc::timeout, "node: no decision within " + std::to_string(time_max.count()) +
                                  " ms; ask again, it may still come");
}

// What `ask` tells, or Errc::timeout.
template <class T, class Ask>
Result<T> wait_for(const Ask& ask, Duration time_max = limits::submit_time_max) {
  const auto told = std::make_shared<std::promise<Result<T>>>();
  auto future = told->get_future();
  ask(Tell<T>([told](Result<T> what) { told->set_value(std::move(what)); }));
  if (future.wait_for(time_max) != std::future_status::ready) return no_decision(time_max);
  return future.get();
}

// The response that `answer` makes of what `ask` tells. An error is answered as one, unless
// `answer` takes it too: a Result<T> in place of a T. Both may be called after the handler has
// returned, so they hold what they need.
template <class T, class Ask, class Answer>
HttpResponse later(Ask ask, Answer answer, Duration time_max = limits::submit_time_max) {
  using Make = LaterResponse::Make;
  HttpResponse response;
  response.later.emplace();
  response.later->time_max = time_max;
  response.later->begin = [ask = std::move(ask),
                           answer = std::move(answer)](std::function<void(Make)> decided) mutable {
    ask(Tell<T>([answer = std::move(answer), decided = std::move(decided)](Result<T> told) mutable {
      decided(
          [answer = std::move(answer), told = std::move(told)]() mutable -> Result<HttpResponse> {
            if constexpr (std::is_invocable_v<Answer&, Result<T>>) {
              return answer(told);
            } else {
              if (!told) return told.error();
              return answer(*told);
            }
          });
    }));
  };
  return response;
}

}  // namespace aitbc::rpc
