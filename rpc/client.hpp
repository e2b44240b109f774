#pragma once
// The typed client of a node's HTTP interface. One thread at a time may use it (keep one a peer);
// cancel() may be called from another and ends a call under way. Every call has a total deadline
// and a size cap. `unreachable` or `timeout` when there is no answer; the node's own error
// otherwise.

#include <functional>
#include <memory>

#include "chain/protocol.hpp"
#include "chain/store.hpp"
#include "rpc/credentials.hpp"
#include "rpc/event_text.hpp"

namespace aitbc::rpc {

class Client {
 public:
  struct Limits {
    Duration connect = limits::connect_time_max;
    Duration total = limits::answer_time_max;  // a long poll's wait is added to it
  };

  // bad_config for anything but http[s]://host[:port][/prefix].
  static Result<Client> open(const std::string& url, Limits, Credentials = {});
  static Result<Client> open(const std::string& url) { return open(url, Limits{}); }
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  const std::string& url() const;
  void cancel();

  Result<SyncAnswer> sync(const SyncQuery&);
  Result<NodeStatus> network();  // GET /rpc/network
  Result<std::vector<SealedHeader>> headers(Height from, std::size_t limit);
  Result<std::vector<Block>> blocks(Height from, std::size_t limit);
  Result<std::vector<SignedTx>> pending(std::span<const TxId>);  // those of them it has
  Result<Genesis> genesis();
  Result<TxId> submit(const SignedTx&);
  // One answer for each, in order.
  Result<std::vector<Result<TxId>>> submit_all(std::span<const SignedTx>);
  Result<Imported> import(std::span<const Block>);
  Status add_votes(std::span<const SignedVote>);
  Result<std::vector<Fault>> faults();
  Result<Fault> add_fault(const Fault&, Duration lasts);
  Result<std::size_t> heal(const std::optional<std::string>& id);
  Status add_evidence(std::span<const Evidence>);
  Status set_peers(std::span<const std::string> urls);
  Result<std::string> unlock_authority();  // the answer's body
  // The lowest one of commits at or above the height; not verified.
  Result<std::optional<Certificate>> certificate(Height height);

  struct AccountView {
    Account account;
    Nonce next_nonce = 0;  // counting pending transactions
    Height height = 0;     // of the state it was read from
  };
  Result<AccountView> account(const Address&);

  struct TxView {
    enum class Where { pending, included, replaced };
    Where where = Where::pending;
    Height height = 0;       // of the block, if included
    std::optional<TxId> by;  // if replaced
  };
  Result<TxView> tx(const TxId&);

  // The account as its Merkle proof shows it: `refused` if the proof does not hold. Which state
  // root to trust is the caller's to know.
  struct ProvenView {
    Account account;
    Tip head;
    Hash state_root;
  };
  Result<ProvenView> prove(const Address&);

  // What a listener hears, on the thread that listens.
  struct Listener {
    std::function<void()> opened;  // the node tells what happens from now on
    std::function<void(const ToldEvent&)> told;
  };
  // GET /rpc/events, of the types "head,final" and so on, from the last one on that `reader` took.
  // Until the node ends it, says nothing for events_silence_max, or cancel(): says why it ended.
  Error listen(const std::string& types, EventReader& reader, const Listener&);

  // Any route, for what needs no type: the answer's body on 200, the node's error otherwise. The
  // argument is as in a URL.
  Result<std::string> get(const std::string& path_and_query);

 private:
  struct Connection;
  explicit Client(std::unique_ptr<Connection>);
  std::unique_ptr<Connection> connection_;
};

}  // namespace aitbc::rpc
