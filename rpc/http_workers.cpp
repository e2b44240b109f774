#include "rpc/http_workers.hpp"

#include <pthread.h>

#include <iterator>
#include <system_error>
#include <utility>

namespace aitbc::rpc {

Status HttpWorkers::start() {
  const std::lock_guard lock(mutex_);
  if (!start_thread()) return error(Errc::io, "cannot start a thread for HTTP requests");
  return ok();
}

void HttpWorkers::submit(Job job) {
  std::vector<std::thread> ended;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    jobs_.push_back(std::move(job));
    start_thread_if_needed();
    ended.swap(ended_);
  }
  work_.notify_one();
  for (std::thread& thread : ended) thread.join();
}

void HttpWorkers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  // No thread moves itself from threads_ to ended_ any more.
  for (std::thread& thread : threads_) thread.join();
  for (std::thread& thread : ended_) thread.join();
  threads_.clear();
  ended_.clear();
}

bool HttpWorkers::begin_wait() {
  {
    const std::lock_guard lock(mutex_);
    if (waits_ == sizes_.waits_max) return false;
    ++waits_;
    --running_;
    start_thread_if_needed();
  }
  work_.notify_one();
  return true;
}

void HttpWorkers::end_wait() {
  const std::lock_guard lock(mutex_);
  --waits_;
  ++running_;  // may pass the bound for as long as the answer takes to be written
}

std::size_t HttpWorkers::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

void HttpWorkers::start_thread_if_needed() {
  if (!stopping_ && jobs_.size() > idle_ && running_ + idle_ < sizes_.running_max) start_thread();
}

// A thread that cannot be started is no failure of the job: those that run will come to it.
bool HttpWorkers::start_thread() {
  threads_.emplace_back();
  const auto self = std::prev(threads_.end());
  try {
    *self = std::thread([this, self] { run(self); });
  } catch (const std::system_error&) {
    threads_.erase(self);
    return false;
  }
  pthread_setname_np(self->native_handle(), "http-worker");
  ++idle_;
  return true;
}

void HttpWorkers::run(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  while (await_job(lock)) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    --idle_;
    ++running_;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    --running_;
    ++idle_;
  }
  --idle_;
  if (stopping_) return;
  ended_.push_back(std::move(*self));
  threads_.erase(self);
}

// False when this thread is to end.
bool HttpWorkers::await_job(std::unique_lock<std::mutex>& lock) {
  const auto ready = [this] { return stopping_ || may_begin(); };
  while (!work_.wait_for(lock, sizes_.rest_time, ready)) {
    if (threads_.size() - waits_ > 1) return false;
    work_.wait(lock, ready);
  }
  return !jobs_.empty();
}

}  // namespace aitbc::rpc
