#pragma once
// TLS 1.2 and later for both sides, by OpenSSL. A server has a certificate and its key; a client
// believes a certificate that a CA of its own file, or of the system, has signed for the host's
// name, or one that it knows by its fingerprint. Both are thread-safe; a Channel made by them must
// not outlive them.

#include <memory>
#include <string>

#include "chain/core/result.hpp"
#include "rpc/channel.hpp"
#include "rpc/credentials.hpp"

namespace aitbc::rpc {

class TlsServer {
 public:
  // PEM files. bad_config says which one is wrong and why.
  static Result<std::shared_ptr<const TlsServer>> load(const std::string& certificate,
                                                       const std::string& key);
  virtual ~TlsServer() = default;
  // The handshake happens with the first reads and writes.
  virtual std::unique_ptr<Channel> accept(int socket) const = 0;
};

class TlsClient {
 public:
  static Result<std::shared_ptr<const TlsClient>> make(const TlsTrust&);  // bad_config
  virtual ~TlsClient() = default;
  virtual std::unique_ptr<Channel> connect(int socket, const std::string& host) const = 0;
};

}  // namespace aitbc::rpc
