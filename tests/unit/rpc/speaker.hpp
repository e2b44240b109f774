#pragma once
// A source of events that says what a test tells it to. Any number of threads.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chain/watchers.hpp"
#include "rpc/event_source.hpp"

namespace aitbc::rpc::test_server {

// Tells what a test says to all who listen.
class Speaker {
 public:
  void say(const std::string& text) {
    {
      const std::lock_guard lock(mutex_);
      for (auto* each : listeners_) each->waiting.push_back(text);
    }
    bells_.call_all();
  }
  void fail(Error failure) {
    {
      const std::lock_guard lock(mutex_);
      failure_ = std::move(failure);
    }
    bells_.call_all();
  }
  void recover() {
    const std::lock_guard lock(mutex_);
    failure_.reset();
  }
  std::size_t listeners() {
    const std::lock_guard lock(mutex_);
    return listeners_.size();
  }
  std::atomic<std::size_t> refused = 0;
  std::shared_ptr<EventSource> listen() { return std::make_shared<Listener>(*this); }

 private:
  class Listener final : public EventSource {
   public:
    explicit Listener(Speaker& speaker) : speaker_(speaker) {
      const std::lock_guard lock(speaker.mutex_);
      speaker.listeners_.push_back(this);
    }
    ~Listener() override {
      const std::lock_guard lock(speaker_.mutex_);
      std::erase(speaker_.listeners_, this);
    }
    Result<std::vector<std::string>> take() override {
      const std::lock_guard lock(speaker_.mutex_);
      if (speaker_.failure_) {
        ++speaker_.refused;
        return *speaker_.failure_;
      }
      return std::exchange(waiting, {});
    }
    std::string heartbeat() const override { return ":\n\n"; }
    void watch(std::function<void()> ring) override {
      watch_ = speaker_.bells_.add(std::move(ring));
    }
    std::vector<std::string> waiting;

   private:
    Speaker& speaker_;
    Watchers::Watch watch_;
  };

  std::mutex mutex_;
  std::vector<Listener*> listeners_;
  std::optional<Error> failure_;
  Watchers bells_;
};

}  // namespace aitbc::rpc::test_server
