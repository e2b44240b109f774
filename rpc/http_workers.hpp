#pragma once
// The threads that run HTTP handlers. There are few at rest; more are started while jobs wait, up
// to a bound, and end after a while without work. A job that is going to wait for something says so
// with a Wait: it then counts against a bound of its own and leaves its place to the others. Any
// thread may submit; a Wait is made and ended inside a job.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "chain/core/result.hpp"
#include "chain/core/time.hpp"

namespace aitbc::rpc {

class HttpWorkers {
 public:
  using Job = std::function<void()>;
  struct Sizes {
    std::size_t running_max;  // jobs that run and do not wait
    std::size_t waits_max;
    Duration rest_time;  // a thread without work ends after it, except the last one
  };

  explicit HttpWorkers(Sizes sizes) : sizes_(sizes) {}
  ~HttpWorkers() { stop(); }
  HttpWorkers(const HttpWorkers&) = delete;
  HttpWorkers& operator=(const HttpWorkers&) = delete;

  Status start();
  void submit(Job job);
  // Takes no more jobs, and returns when those that it has have ended.
  void stop();

  class Wait {
   public:
    explicit Wait(HttpWorkers& workers) : workers_(workers), begun_(workers.begin_wait()) {}
    ~Wait() {
      if (begun_) workers_.end_wait();
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    // False when as many jobs wait as may.
    bool begun() const { return begun_; }

   private:
    HttpWorkers& workers_;
    const bool begun_;
  };

  std::size_t threads() const;

 private:
  using Threads = std::list<std::thread>;

  bool begin_wait();
  void end_wait();
  bool may_begin() const { return !jobs_.empty() && running_ < sizes_.running_max; }
  bool start_thread();  // with mutex_ held
  void start_thread_if_needed();
  void run(Threads::iterator self);
  bool await_job(std::unique_lock<std::mutex>& lock);

  const Sizes sizes_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job> jobs_;
  Threads threads_;
  std::vector<std::thread> ended_;  // to be joined by whoever comes next
  std::size_t idle_ = 0;
  std::size_t running_ = 0;
  std::size_t waits_ = 0;
  bool stopping_ = false;
};

}  // namespace aitbc::rpc
