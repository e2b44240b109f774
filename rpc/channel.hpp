#pragma once
// The bytes of one connection, in the clear or under TLS; the socket does not block. One thread at
// a time, which may change.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace aitbc::rpc {

class Channel {
 public:
  // What the socket must be ready for before the same call can go on. Under TLS a read may have to
  // write first, and the other way round.
  enum class Need { read, write };
  struct Moved {
    std::size_t bytes = 0;        // 0: blocked, or there is nothing more to come
    std::optional<Need> blocked;  // none and no bytes: the connection is over
  };

  virtual ~Channel() = default;
  virtual Moved read(char* data, std::size_t size) = 0;
  virtual Moved write(const char* data, std::size_t size) = 0;
  // Says that nothing more will be written, as far as that goes without waiting.
  virtual void finish() = 0;
  // Why the connection is over, in words; empty if the peer just closed it.
  virtual std::string problem() const { return {}; }
};

// Does not own the socket.
std::unique_ptr<Channel> plain_channel(int socket);

}  // namespace aitbc::rpc
