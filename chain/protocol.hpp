#pragma once
// What nodes say to one another and of themselves, as values. Below rpc and sync, so that both can
// speak it; the JSON and binary forms are rpc's.

#include <optional>
#include <string>
#include <vector>

#include "chain/core/evidence.hpp"
#include "chain/core/governance.hpp"
#include "chain/core/key_claim.hpp"
#include "chain/fault.hpp"

namespace aitbc {

// The long poll: "tell me when something is newer than what I know".
struct SyncQuery {
  std::string instance;  // whose cursor it is; another instance answers at once, with everything
  std::uint64_t cursor = 0;  // from the last answer
  Duration wait{0};          // how long the answer may be held back when there is no news
  // Who asks, if it holds several polls open: the answers then follow on from one another, and each
  // piece of news ends one of them. Empty: the answer says all that is newer than the cursor.
  std::string asker = {};
};

// That a process which runs a key was heard: by whom it is told, or by somebody before.
struct Sighting {
  KeyClaim claim;
  std::string url;  // where it answers those who heard it themselves
  Duration age{0};
  bool operator==(const Sighting&) const = default;
};

// A way from a node to one of its peers, as that node measured it.
struct PeerLink {
  std::string node_id;                 // of the peer
  std::optional<Duration> round_trip;  // nullopt: it does not answer
  bool operator==(const PeerLink&) const = default;
};

struct SyncAnswer {
  std::string chain_id;
  GenesisHash genesis_hash;
  Tip head;
  Tip justified;
  Tip final;
  Hash authorities_hash;
  std::string node_id;
  std::string site;                 // where it runs, for people; may be empty
  std::vector<PeerLink> links;      // to those of its peers that ever answered it
  std::string instance;             // new at every start of the node
  Time node_time;                   // when it answered
  Duration held{0};                 // for how long it held the answer back
  std::uint64_t since = 0;          // it says what is newer than this; above the query's cursor
                                    // if another poll of the asker was answered meanwhile
  std::uint64_t cursor = 0;         // to be sent with the next query
  std::vector<TxId> txs;            // pending ones that are newer than `since`
  bool more = false;                // txs was cut at its limit: ask again at once
  std::vector<SignedVote> votes;    // that are newer than `since`, own and others'
  std::vector<Evidence> evidence;   // that is newer than `since`
  std::optional<KeyClaim> runs;     // the key that this node signs with
  std::vector<Sighting> sightings;  // and who signs with which, as far as it heard
  // What entered the network here comes whole, so that it crosses each link once and at once; the
  // ids above let everybody else pass it on where links are missing.
  std::vector<SignedTx> own_txs;
  std::optional<Block> own_block;  // the head, if this node sealed it
};

// The words that status, API, CLI and page use for a node or for a peer as seen by a node.
struct SyncState {
  enum class Kind { in_sync, behind, ahead, diverged, paused, unreachable, wrong_genesis, stopped };
  Kind kind = Kind::unreachable;
  Height number = 0;  // blocks behind or ahead, or the height of the last common block
  std::string why;    // of a pause

  std::string text() const;  // e.g. "behind 12", "diverged at 7", "paused: no quorum"
  bool operator==(const SyncState&) const = default;
};

// A peer as this node sees it: "behind 3" says that the peer has three blocks less.
struct PeerStatus {
  std::string url;
  std::string node_id;  // empty until it answered once
  std::string site;     // likewise; in its own word, as are head, final, authority and links
  SyncState state;
  std::optional<Tip> head;
  std::optional<Tip> final;
  std::optional<PublicKey> authority;  // that it signs with, by a claim of that key
  std::vector<PeerLink> links;
  std::optional<Duration> round_trip;
  std::optional<Duration> clock_offset;  // its clock minus ours
  std::optional<Time> last_answer;
  std::string last_error;
  std::uint64_t invalid = 0;  // answers that broke a rule
};

struct NodeStatus {
  std::string node_id;
  std::string site;  // where it runs, for people; may be empty
  std::string instance;
  std::optional<PublicKey> authority;  // the key it seals with
  SyncState state;
  Tip head;
  Tip justified;
  Tip final;
  Hash state_root;
  Hash authorities_hash;
  Governance governance;       // after the head
  std::uint64_t accounts = 0;  // that hold or held something
  std::uint64_t mempool_txs = 0;
  std::uint64_t txs_accepted = 0;   // into the mempool; may begin anew at a start
  std::uint64_t blocks_sealed = 0;  // since the start
  std::uint64_t reorgs = 0;         // likewise
  std::uint64_t reorg_depth_max = 0;
  std::uint64_t evidence = 0;  // pieces, against whichever keys
  bool finality_conflict = false;
  bool other_runner = false;             // its authority key is run elsewhere, so it does not sign
  std::optional<Duration> clock_offset;  // this node's clock minus the median of all it heard
  Time started;
  std::vector<PeerStatus> peers;
  std::vector<Fault> faults;  // that it has on purpose
};

// What became of an offered branch.
struct Imported {
  enum class Kind { exists, extended, reorganised, side };
  Kind kind = Kind::exists;
  Tip head;                   // of the canonical chain, afterwards
  std::uint64_t rewound = 0;  // blocks that left the canonical chain
  std::uint64_t appended = 0;
};
std::string_view name(Imported::Kind);

}  // namespace aitbc
