#pragma once
// The sync agent: keeps a long poll open to each peer, several to one far away, fetches the
// transactions and blocks that the answers name and the local ledger lacks, and knows how each peer
// stands. Of very many peers it follows a few so, and looks at the others now and then. A state
// machine without I/O: calls return what is to be sent, and every Send must come back through
// on_reply. Not thread-safe; owned by one Replica or one Daemon.

#include <deque>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "sync/download.hpp"
#include "sync/flat_map.hpp"
#include "sync/ledger.hpp"
#include "sync/rng.hpp"
#include "sync/roster.hpp"
#include "sync/search.hpp"

namespace aitbc::sync {

class Agent {
 public:
  struct Options {
    std::vector<std::string> peers;  // base URLs
    bool poll_only = false;          // no held polls: ask once every poll_interval
    Duration poll_interval = limits::poll_interval;
    std::uint64_t seed = 0;    // of the jitter
    std::string asker = {};    // a name of its own for peers far away; empty: one poll a peer
    std::string node_id = {};  // by which the peers know it; empty: it follows all of them
    Roster::Check check_claim = nullptr;
  };

  Agent(Options, Ledger&, Time now);

  // Whom to follow from now on, by base URL. Those that stay go on as they are; what the others
  // were asked is nobody's answer any more, and what they had part in begins again with those that
  // stay.
  void set_peers(std::span<const std::string> urls, Time now);
  bool has_peers() const { return !peers_.empty(); }

  // Both fail only for the local ledger's sake (category `internal`), and then the owner must stop;
  // whatever peers do wrong is kept in their status.
  Result<std::vector<Send>> tick(Time now);
  Result<std::vector<Send>> on_reply(RequestId, Result<Reply>, Time now);
  // When tick() has something to do; nullopt while every peer has been asked.
  std::optional<Time> next_wake() const;

  std::vector<PeerStatus> peers() const;  // in the order in which they came
  // Another number once they have changed. Of very many peers, a later answer or another round trip
  // alone, or that one more was met, counts now and then only: to make their status anew costs more
  // than the answer.
  std::uint64_t peers_version() const { return peers_version_; }
  // Likewise, of those that ever answered, and were measured or do not answer any more.
  std::vector<PeerLink> links() const;
  // The local ledger's standing among its peers, as far as they were heard.
  SyncState state() const;
  // While a better branch is being fetched, sealing on the own head would only fork the chain.
  // A mere claim does not count, or a peer could keep us from sealing with it.
  bool downloading() const { return download_ && !download_->guessing(); }
  // Whether each peer has answered a poll that was sent since then, or failed to; of very many
  // those that are followed and those that were looked at first.
  bool all_tried(Time since = Time::min()) const;
  const Roster& roster() const { return roster_; }
  // Our clock minus the median of all clocks that were heard within a window of the roster, ours
  // among them; nullopt if none was.
  std::optional<Duration> clock_offset(Time now) const;
  std::size_t clocks(Time now) const;
  // Our clock was set: what was measured before it says nothing any more.
  void forget_clocks();
  std::uint64_t reorgs() const { return reorgs_; }
  std::uint64_t reorg_depth_max() const { return reorg_depth_max_; }

 private:
  struct Peer {
    PeerStatus status;
    std::string instance;
    std::uint64_t cursor = 0;
    Hash authorities;  // ours when it was last asked: the votes of others were ignored
    Time next_poll;
    std::size_t polls = 0;  // under way
    bool gap = false;       // it said something that did not arrive: to be asked for all of it
    Time measured;          // its clock and round trip
    unsigned failures = 0;
    RequestId answered = 0;      // the latest poll that was
    RequestId failed = 0;        // polls up to this one fail for the same reason
    std::optional<Time> tried;   // when the latest poll was sent that is over
    unsigned names = 0;          // that it knows us by: the polls of another one are lost
    bool followed = true;        // or looked at now and then
    bool sampled = false;        // looked at first, before the choice
    bool glancing = false;       // a poll is under way that is to come back at once
    Hash place, rank;            // of its node_id; see agent_follow.cpp
    bool has_our_chain = false;  // its head is a block of ours
    Time distrusted_until;
    Time retry_blocks;  // no download from it before
    unsigned block_failures = 0;
    std::size_t range_blocks = limits::range_blocks_max;  // fewer while its answers come too late
    std::optional<AncestorSearch> search;
    std::optional<Tip> ancestor;  // with our chain, as the last search found
    std::optional<Tip> searched;  // the peer's head for which it was found
    Height justified = 0;         // as it claims
    // Its head, and our justified block against which that branch lost.
    std::optional<std::pair<BlockId, BlockId>> lost;
    std::deque<TxId> wanted;
    bool fetching_txs = false;
    std::vector<TxId> refused;  // for now; it brought them
  };

  struct Pending {
    PeerId peer;
    Request request;
    std::uint64_t download;  // the number of the download it belongs to
    std::uint64_t clock;     // how often our clock had been set
    Time sent = {};          // of a poll
  };

  using Peers = FlatMap<PeerId, Peer>;

  Peers::iterator drop(Peers::iterator);
  Peers::iterator find(const std::string& url);
  void shorten_waits(Time now);

  // Polls and transactions (agent.cpp).
  RequestId send(PeerId, Request);
  std::size_t polls_wanted(const Peer&) const;
  void poll(PeerId, Time now);
  Status on_answer(RequestId, const Pending&, Heard, Time now);
  static void follow(Peer&, SyncAnswer&);
  static Duration backoff(unsigned& failures);
  void on_poll_error(Peer&, RequestId, const Error&, Time now);
  void hear_keys(Peer&, const SyncAnswer&, Time sent, Time now);
  static void measure_clock(Peer&, const SyncAnswer&, Time sent, Time now);
  Time next_poll(const Peer&, const SyncQuery& asked, const SyncAnswer&, Time now);
  Duration jitter(Duration most);
  Status on_txs(PeerId, const GetTxs&, Result<Reply>, Time now);
  static void want(Peer&, std::span<const TxId>);
  void fetch_txs(PeerId);
  void fetch_all_txs();
  Status submit(Peer&, std::span<const CheckedTx>, Time now);
  void retry_refused(Time now);
  void distrust(Peer&, const Error&, Time now);
  static bool usable(const Peer&, Time now);
  Result<std::vector<Send>> finish();

  // Whom it follows (agent_follow.cpp).
  bool follows_all() const;
  void sample(Time now);
  void choose_again(Time at);
  void choose_followed(Time now);
  void follow_only(std::span<const PeerId> chosen, Time now);
  std::vector<PeerId> choice(Time now) const;
  void note_name(Peer&, const std::string& node_id);
  std::size_t glances() const;
  Duration glance_time() const;
  void glance(Time now);

  // Status (agent_status.cpp).
  void note_change(Time now);
  void note_quiet(Time now);
  void note_word(PeerStatus&, SyncAnswer&) const;
  static void forget_word(PeerStatus&);
  std::vector<Duration> offsets(Time now) const;

  // Blocks (agent_blocks.cpp).
  Status judge(Peer&);
  Status judge_all();
  Status advance(Time now);
  bool claims_better(const Peer&) const;
  Result<bool> offers_better(const Peer&, Time now);
  Status start_download(PeerId);
  void start_search(PeerId, Height differs_at);
  Status on_headers(PeerId, Result<Reply>, Time now);
  Status on_blocks(PeerId, const GetBlocks&, std::uint64_t download, Result<Reply>, Time now);
  void hold_to_source();
  void ask_ranges(Time now);
  PeerId next_helper();
  Status import_taken(Time now);
  Status import_branch(PeerId from, Time now);
  Status check_depth(PeerId from, Time now);
  void note_import(const Imported&);
  Status take_pushed(Peer&, std::span<const CheckedBlock>, Time now);
  void end_download();
  void give_up(PeerId, const Error&, Time now);
  void lose();
  Slot latest_slot(Time now) const;
  const CheckedBlock* first_early(Slot latest) const;
  void wait_until_due(PeerId, Time now);

  Options options_;
  Ledger& ledger_;
  Rng rng_;
  Peers peers_;
  PeerId peers_known_ = 0;      // so far; numbers them
  std::optional<Time> choose_;  // whom to follow, then at the latest; nullopt: nothing has changed
  Roster roster_;
  std::unordered_map<RequestId, Pending> pending_;
  RequestId last_id_ = 0;
  std::uint64_t clock_ = 0;  // how often our clock was set
  Time called_;              // last
  std::uint64_t peers_version_ = 0;
  Time version_made_;
  std::vector<Send> out_;
  // Under way, so that no two peers are asked, or refused for now, so that none is.
  std::unordered_set<TxId> asked_txs_;
  std::optional<Time> retry_txs_;  // that were refused for now, of whatever peer; nullopt: none
  BlockId refused_at_;             // our head when the first of them was
  std::optional<Download> download_;
  std::vector<CheckedBlock> branch_;               // taken, but not yet better than the head
  std::uint64_t downloads_ = 0;                    // started so far; numbers them
  PeerId last_helper_ = 0;                         // who was asked for a range last
  std::optional<Tip> judged_for_;                  // our head when the peers were last judged
  std::optional<Checkpoint> committed_elsewhere_;  // as the ledger said last
  std::uint64_t reorgs_ = 0;
  std::uint64_t reorg_depth_max_ = 0;
};

}  // namespace aitbc::sync
