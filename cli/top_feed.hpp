#pragma once
// Where the news of `aitbc top` come from, each on threads of its own, so that none waits for
// another: rounds of questions to the network, each node's own events, the log that is followed,
// and what was asked to be done. All take from the modules that the other commands use.

#include <condition_variable>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "chain/mutex.hpp"
#include "cli/ask.hpp"
#include "cli/node_listener.hpp"
#include "cli/running.hpp"
#include "cli/top.hpp"
#include "sites/descriptor.hpp"

namespace aitbc::cli {

class TopFeed {
 public:
  // Begins to ask. `rounds` for the network itself; the others, if they are there, for logs and for
  // what is to be done, so that one thread works on each network. All outlive it.
  struct Networks {
    OpenNetwork& rounds;
    OpenNetwork* logs = nullptr;
    OpenNetwork* doing = nullptr;
  };
  TopFeed(Networks networks, const std::vector<NodeAddress>& nodes);
  // Returns when all threads have ended; what is being done is done to its end.
  ~TopFeed();
  TopFeed(const TopFeed&) = delete;
  TopFeed& operator=(const TopFeed&) = delete;

  // Readable when there are news.
  int descriptor() const { return bell_.get(); }
  std::vector<TopNews> take();
  // Of the node whose log is to be followed from now on; empty for none.
  void follow(const std::string& node);
  void begin(const TopWish& wish);

 private:
  void tell(TopNews news);
  void ask_rounds();
  void read_logs();
  void act();
  Status carry_out(const TopWish& wish);
  // The log that is wanted, once it is another one than `known` or the time is over; nullopt at the
  // end.
  std::optional<std::string> wanted_log(const std::string& known);

  const Networks networks_;
  sites::Descriptor bell_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool ending_ AITBC_GUARDED_BY(mutex_) = false;
  std::vector<TopNews> news_ AITBC_GUARDED_BY(mutex_);
  std::string log_ AITBC_GUARDED_BY(mutex_);
  bool round_due_ AITBC_GUARDED_BY(mutex_) = false;  // without a pause before it
  std::deque<TopWish> wishes_ AITBC_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<NodeListener>> listening_;
  std::vector<std::jthread> threads_;
};

}  // namespace aitbc::cli
