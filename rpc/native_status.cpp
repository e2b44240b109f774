#include <charconv>

#include "rpc/http_client.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

using SyncKind = SyncState::Kind;

// Reads what SyncState::text() wrote.
std::optional<SyncState> parse_state(std::string_view text) {
  for (const SyncKind kind :
       {SyncKind::in_sync, SyncKind::unreachable, SyncKind::wrong_genesis, SyncKind::stopped}) {
    const SyncState state{kind, 0, {}};
    if (state.text() == text) return state;
  }
  constexpr std::string_view paused = "paused: ";
  if (text.starts_with(paused)) {
    return SyncState{SyncKind::paused, 0, std::string(text.substr(paused.size()))};
  }
  SyncState state;
  const std::string_view number = text.substr(text.rfind(' ') + 1);
  std::from_chars(number.data(), number.data() + number.size(), state.number);
  for (const SyncKind kind : {SyncKind::behind, SyncKind::ahead, SyncKind::diverged}) {
    state.kind = kind;
    if (state.text() == text) return state;
  }
  return std::nullopt;
}

Result<SyncState> read_state(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string text, reader.text("state", sentence_bytes_max));
  const auto state = parse_state(text);
  if (!state) {
    return error(Errc::bad_json, reader.path_of("state") +
                                     ": expected a word like \"in_sync\" or \"behind 3\", got " +
                                     json_text(text));
  }
  return *state;
}

std::string peer_json(const PeerStatus& peer) {
  ObjectWriter out;
  out.text("url", peer.url)
      .text("node_id", peer.node_id)
      .text("site", peer.site)
      .text("state", peer.state.text());
  peer.authority ? out.text("authority", peer.authority->hex()) : out.null("authority");
  peer.head ? out.json("head", tip_json(*peer.head)) : out.null("head");
  peer.final ? out.json("final", tip_json(*peer.final)) : out.null("final");
  peer.round_trip ? out.signed_integer("round_trip_ms", peer.round_trip->count())
                  : out.null("round_trip_ms");
  peer.clock_offset ? out.signed_integer("clock_offset_ms", peer.clock_offset->count())
                    : out.null("clock_offset_ms");
  peer.last_answer ? out.text("last_answer", to_iso(*peer.last_answer)) : out.null("last_answer");
  out.text("last_error", peer.last_error)
      .integer("invalid", peer.invalid)
      .json("links", links_array(peer.links));
  return std::move(out).finish();
}

std::string_view clock_word(const std::optional<Duration>& offset) {
  if (!offset) return "unknown";
  const Duration off = std::chrono::abs(*offset);
  if (off > limits::clock_offset_red) return "red";
  return off > limits::clock_offset_warn ? "warn" : "good";
}

// A node from before there was a field does not say it.
Result<bool> is_said(ObjectReader& reader, std::string_view name) {
  if (!reader.has(name)) return false;
  AITBC_TRY_ASSIGN(const bool unknown, is_null(reader, name));
  return !unknown;
}

// What the peer says of itself.
Status read_word(ObjectReader& reader, PeerStatus& peer) {
  AITBC_TRY_ASSIGN(const auto site, reader.optional_text("site", word_bytes_max));
  peer.site = site.value_or("");
  AITBC_TRY_ASSIGN(const bool signs, is_said(reader, "authority"));
  if (signs) {
    AITBC_TRY_ASSIGN(peer.authority, read_hex<PublicKey>(reader, "authority"));
  }
  AITBC_TRY_ASSIGN(const bool has_final, is_said(reader, "final"));
  if (has_final) {
    AITBC_TRY_ASSIGN(ObjectReader final, reader.object("final"));
    AITBC_TRY_ASSIGN(peer.final, read_tip(std::move(final)));
  }
  AITBC_TRY_ASSIGN(peer.links, read_links(reader));
  return ok();
}

Result<PeerStatus> read_peer(ObjectReader reader) {
  PeerStatus peer;
  AITBC_TRY_ASSIGN(peer.url, reader.text("url", sentence_bytes_max));
  AITBC_TRY_ASSIGN(peer.node_id, reader.text("node_id", name_bytes_max));
  AITBC_TRY_ASSIGN(peer.state, read_state(reader));
  AITBC_TRY_ASSIGN(const bool headless, is_null(reader, "head"));
  if (!headless) {
    AITBC_TRY_ASSIGN(ObjectReader head, reader.object("head"));
    AITBC_TRY_ASSIGN(peer.head, read_tip(std::move(head)));
  }
  AITBC_TRY(read_word(reader, peer));
  AITBC_TRY_ASSIGN(peer.round_trip, read_signed_ms(reader, "round_trip_ms"));
  AITBC_TRY_ASSIGN(peer.clock_offset, read_signed_ms(reader, "clock_offset_ms"));
  AITBC_TRY_ASSIGN(const bool silent, is_null(reader, "last_answer"));
  if (!silent) {
    AITBC_TRY_ASSIGN(peer.last_answer, read_time(reader, "last_answer"));
  }
  AITBC_TRY_ASSIGN(peer.last_error, reader.text("last_error", sentence_bytes_max));
  AITBC_TRY_ASSIGN(peer.invalid, reader.integer("invalid"));
  return peer;
}

Status read_counts(ObjectReader& reader, NodeStatus& status) {
  AITBC_TRY_ASSIGN(status.accounts, reader.integer("accounts"));
  AITBC_TRY_ASSIGN(status.mempool_txs, reader.integer("mempool_txs"));
  AITBC_TRY_ASSIGN(status.reorgs, reader.integer("reorgs"));
  AITBC_TRY_ASSIGN(status.reorg_depth_max, reader.integer("reorg_depth_max"));
  AITBC_TRY_ASSIGN(status.evidence, reader.integer("evidence"));
  AITBC_TRY_ASSIGN(status.finality_conflict, reader.boolean("finality_conflict"));
  AITBC_TRY_ASSIGN(status.clock_offset, read_signed_ms(reader, "clock_offset_ms"));
  AITBC_TRY_ASSIGN(status.started, read_time(reader, "started"));
  return ok();
}

}  // namespace

std::string status_json(const NodeStatus& status, const Params& params) {
  ArrayWriter peers;
  for (const PeerStatus& peer : status.peers) peers.json(peer_json(peer));
  ObjectWriter out;
  out.text("chain_id", params.chain_id)
      .text("genesis_hash", hash_text(params.genesis_hash))
      .text("node_id", status.node_id)
      .text("site", status.site)
      .text("instance", status.instance);
  status.authority ? out.text("authority", status.authority->hex()) : out.null("authority");
  out.text("state", status.state.text())
      .json("head", tip_json(status.head))
      .json("justified", tip_json(status.justified))
      .json("final", tip_json(status.final))
      .text("state_root", hash_text(status.state_root))
      .text("authorities_hash", hash_text(status.authorities_hash))
      .json("authorities", keys_json(status.governance.authorities))
      .integer("accounts", status.accounts)
      .integer("mempool_txs", status.mempool_txs)
      .integer("reorgs", status.reorgs)
      .integer("reorg_depth_max", status.reorg_depth_max)
      .integer("evidence", status.evidence)
      .boolean("finality_conflict", status.finality_conflict)
      .text("clock", clock_word(status.clock_offset));
  status.clock_offset ? out.signed_integer("clock_offset_ms", status.clock_offset->count())
                      : out.null("clock_offset_ms");
  out.text("started", to_iso(status.started))
      .json("peers", std::move(peers).finish())
      .json("faults", faults_array(status.faults));
  return std::move(out).finish();
}

Result<NodeStatus> parse_status(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  NodeStatus status;
  AITBC_TRY_ASSIGN(status.node_id, reader.text("node_id", name_bytes_max));
  AITBC_TRY_ASSIGN(const auto site, reader.optional_text("site", word_bytes_max));
  status.site = site.value_or("");
  AITBC_TRY_ASSIGN(status.instance, reader.text("instance", name_bytes_max));
  AITBC_TRY_ASSIGN(const bool follower, is_null(reader, "authority"));
  if (!follower) {
    AITBC_TRY_ASSIGN(status.authority, read_hex<PublicKey>(reader, "authority"));
  }
  AITBC_TRY_ASSIGN(status.state, read_state(reader));
  AITBC_TRY_ASSIGN(ObjectReader head, reader.object("head"));
  AITBC_TRY_ASSIGN(status.head, read_tip(std::move(head)));
  AITBC_TRY_ASSIGN(ObjectReader justified, reader.object("justified"));
  AITBC_TRY_ASSIGN(status.justified, read_tip(std::move(justified)));
  AITBC_TRY_ASSIGN(ObjectReader final, reader.object("final"));
  AITBC_TRY_ASSIGN(status.final, read_tip(std::move(final)));
  AITBC_TRY_ASSIGN(status.state_root, read_hash<Hash>(reader, "state_root"));
  AITBC_TRY_ASSIGN(status.authorities_hash, read_hash<Hash>(reader, "authorities_hash"));
  AITBC_TRY_ASSIGN(status.governance.authorities,
                   read_keys(reader, "authorities", limits::authorities_max));
  AITBC_TRY(read_counts(reader, status));
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> peers, reader.objects("peers", limits::peers_max));
  for (ObjectReader& item : peers) {
    AITBC_TRY_ASSIGN(PeerStatus peer, read_peer(std::move(item)));
    status.peers.push_back(std::move(peer));
  }
  AITBC_TRY_ASSIGN(status.faults, read_faults(reader));
  return status;
}

std::string peer_urls_json(std::span<const std::string> urls) {
  ArrayWriter list;
  for (const std::string& url : urls) list.text(url);
  ObjectWriter out;
  out.json("peers", std::move(list).finish());
  return std::move(out).finish();
}

Result<std::vector<std::string>> parse_peer_urls(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(auto urls,
                   reader.texts("peers", limits::peers_max, limits::manifest_text_bytes_max));
  AITBC_TRY(reader.finish());
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (const auto url = parse_url(urls[i]); !url) {
      return error(Errc::bad_json, "peers[" + std::to_string(i) + "]: " + url.error().detail);
    }
  }
  return urls;
}

}  // namespace aitbc::rpc
