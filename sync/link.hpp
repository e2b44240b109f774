#pragma once
// What a fault on a directed link does to the messages on it. Pure: time, chance and size are
// arguments. A node's requests pass the `out` rule of the peer, the replies to them its `in` rule;
// the same by sockets (peer_io) and in the simulator.

#include <vector>

#include "chain/fault.hpp"
#include "sync/protocol.hpp"
#include "sync/rng.hpp"

namespace aitbc::sync {

struct LinkRules {
  LinkRule out, in;
  // A connection needs both directions. While one is cut, a request fails as unreachable after
  // limits::connect_time_max; one that was on its way before, when its patience is over.
  bool cut() const { return out.cut || in.cut; }
  bool is_plain() const { return out.is_plain() && in.is_plain(); }
};

// A directed link: what was sent before decides when the next message arrives. Not thread-safe.
class Link {
 public:
  // When the copies of a message sent now arrive, from now: none if it is lost, two if it is
  // doubled. `now` may be of any clock, the same in each call.
  std::vector<Duration> carry(const LinkRule&, Rng&, Time now, std::size_t bytes);

 private:
  Time free_at_;       // a throttled link is busy until then
  Time last_arrival_;  // of what keeps its order
};

// For so long an asker waits for the answer; then what was lost comes back as Errc::timeout.
Duration patience_of(const Request&);
// About as many as on the wire.
std::size_t bytes_of(const Request&);
std::size_t bytes_of(const Result<Reply>&);

}  // namespace aitbc::sync
