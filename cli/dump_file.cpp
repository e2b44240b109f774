#include "cli/dump_file.hpp"

#include <algorithm>

#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

constexpr std::uint64_t dump_file_version = 1;
constexpr int tries_max = 3;  // to read a chain that a reorg changes meanwhile
constexpr std::size_t block_digits_max = 4 * limits::block_bytes_max;
constexpr std::size_t tx_digits_max = 64 * 1024;
constexpr std::int64_t offset_max_ms = 400LL * 24 * 3'600 * 1'000;

// Each node's chain up to the head that it names: nullopt if it left that meanwhile.
Outcome<std::optional<std::vector<Block>>> fetch_blocks(rpc::Client& client,
                                                        const GenesisHash& genesis,
                                                        const Tip& head) {
  std::vector<Block> blocks;
  BlockId last{genesis.data};
  while (blocks.size() < head.height) {
    const std::size_t limit =
        std::min<std::size_t>(limits::range_blocks_max, head.height - blocks.size());
    AITBC_TRY_ASSIGN(auto part, asked(client.blocks(blocks.size() + 1, limit)));
    if (part.empty()) return std::optional<std::vector<Block>>();
    for (Block& block : part) {
      if (block.header().parent != last) return std::optional<std::vector<Block>>();
      last = id_of(block.header());
      blocks.push_back(std::move(block));
    }
  }
  if (last != head.id) return std::optional<std::vector<Block>>();
  return std::optional(std::move(blocks));
}

// The votes that made its final block final; they are no longer sent with answers.
Outcome<std::vector<SignedVote>> fetch_certificate(rpc::Client& client, Height height) {
  std::vector<SignedVote> votes;
  if (height == 0) return votes;
  AITBC_TRY_ASSIGN(const auto certificate, asked(client.certificate(height)));
  if (certificate) votes = certificate->votes;
  return votes;
}

Outcome<std::vector<SignedTx>> fetch_pending(rpc::Client& client, SyncAnswer answer) {
  std::vector<SignedTx> pending;
  for (;;) {
    if (!answer.txs.empty()) {
      AITBC_TRY_ASSIGN(auto part, asked(client.pending(answer.txs)));
      pending.insert(pending.end(), part.begin(), part.end());
    }
    if (!answer.more || pending.size() >= limits::mempool_txs_max) return pending;
    AITBC_TRY_ASSIGN(answer, asked(client.sync({answer.instance, answer.cursor, Duration{0}})));
  }
}

Outcome<Dump::Node> dump_node(const NodeAddress& address, sites::Clock& clock,
                              std::optional<Genesis>& genesis) {
  Dump::Node node;
  node.recorded.name = address.id;
  node.url = address.url;
  AITBC_TRY_ASSIGN(rpc::Client client, address.open());
  AITBC_TRY_ASSIGN(Genesis own, asked(client.genesis()));
  if (genesis && own != *genesis) {
    return error(Errc::wrong_genesis, "its genesis is " + hash_text(hash_of(own)) +
                                          ", that of the nodes before is " +
                                          hash_text(hash_of(*genesis)));
  }
  AITBC_TRY_ASSIGN(node.status, asked(client.get("/rpc/network")));
  for (int tries = 1;; ++tries) {
    const Time before = clock.now();
    AITBC_TRY_ASSIGN(SyncAnswer answer, asked(client.sync({})));
    const Time after = clock.now();
    AITBC_TRY_ASSIGN(auto blocks, fetch_blocks(client, hash_of(own), answer.head));
    if (!blocks && tries < tries_max) continue;
    if (!blocks) return error(Errc::broken_branch, "its chain changes all the time; try again");
    node.recorded.clock_offset = answer.node_time - (before + (after - before) / 2);
    node.recorded.blocks = std::move(*blocks);
    AITBC_TRY_ASSIGN(node.recorded.votes, fetch_certificate(client, answer.final.height));
    node.recorded.votes.insert(node.recorded.votes.end(), answer.votes.begin(), answer.votes.end());
    AITBC_TRY_ASSIGN(node.recorded.pending, fetch_pending(client, std::move(answer)));
    genesis = std::move(own);
    return node;
  }
}

template <class T>
std::string encoded(const T& value) {
  Encoder out;
  encode(out, value);
  return to_hex(out.bytes());
}

template <class T>
std::string encoded_array(const std::vector<T>& values) {
  rpc::ArrayWriter out;
  for (const T& value : values) out.text(encoded(value));
  return std::move(out).finish();
}

template <class T, class Decode>
Result<std::vector<T>> decode_array(rpc::ObjectReader& reader, const char* field,
                                    std::size_t digits_max, Decode decode) {
  AITBC_TRY_ASSIGN(const auto texts, reader.texts(field, limits::dump_items_max, digits_max));
  std::vector<T> values;
  for (const std::string& text : texts) {
    Buffer bytes(text.size() / 2);
    const std::string where = reader.path_of(field) + "[" + std::to_string(values.size()) + "]";
    if (text.size() % 2 != 0 || !from_hex(text, bytes)) {
      return error(Errc::bad_json, where + ": expected lower-case hexadecimal");
    }
    Decoder in(bytes);
    values.push_back(decode(in));
    AITBC_TRY(in.finish(where));
  }
  return values;
}

Result<sim::RecordedNode> read_node(rpc::ObjectReader& reader) {
  sim::RecordedNode node;
  AITBC_TRY_ASSIGN(node.name, reader.text("node", limits::manifest_text_bytes_max));
  AITBC_TRY(reader.text("url", limits::http_uri_bytes_max));
  AITBC_TRY(reader.value("status"));
  AITBC_TRY_ASSIGN(const rpc::Json* offset, reader.value("clock_offset_ms"));
  const bool good =
      offset->is_number_integer() && std::abs(offset->get<std::int64_t>()) <= offset_max_ms;
  if (!good) {
    return error(Errc::bad_json, reader.path_of("clock_offset_ms") + ": expected milliseconds");
  }
  node.clock_offset = Duration{offset->get<std::int64_t>()};
  AITBC_TRY_ASSIGN(node.blocks, decode_array<Block>(reader, "blocks", block_digits_max,
                                                    [](Decoder& in) { return decode_block(in); }));
  AITBC_TRY_ASSIGN(node.votes,
                   decode_array<SignedVote>(reader, "votes", tx_digits_max,
                                            [](Decoder& in) { return decode_signed_vote(in); }));
  AITBC_TRY_ASSIGN(node.pending,
                   decode_array<SignedTx>(reader, "pending", tx_digits_max,
                                          [](Decoder& in) { return decode_signed_tx(in); }));
  AITBC_TRY(reader.finish());
  return node;
}

}  // namespace

Outcome<Dump> take_dump(const std::vector<NodeAddress>& nodes, sites::Clock& clock,
                        Progress& progress) {
  Dump dump;
  std::optional<Genesis> genesis;
  std::optional<Failure> last;
  for (const NodeAddress& address : nodes) {
    progress.step("node " + address.id, dump.nodes.size() + 1, nodes.size());
    auto node = dump_node(address, clock, genesis);
    if (!node) {
      last = node.error();
      Dump::Node silent;
      silent.recorded.name = address.id;
      silent.url = address.url;
      silent.error = node.error().error.detail;
      dump.nodes.push_back(std::move(silent));
      continue;
    }
    dump.nodes.push_back(std::move(*node));
  }
  dump.made = clock.now();
  if (!genesis) {
    if (last) return std::move(*last);
    return error(Errc::not_found, "there is no node to ask");
  }
  dump.genesis = std::move(*genesis);
  return dump;
}

std::string dump_json(const Dump& dump) {
  rpc::ArrayWriter nodes;
  rpc::ArrayWriter silent;
  for (const Dump::Node& node : dump.nodes) {
    rpc::ObjectWriter row;
    row.text("node", node.recorded.name).text("url", node.url);
    if (!node.error.empty()) {
      row.text("error", node.error);
      silent.json(std::move(row).finish());
      continue;
    }
    row.signed_integer("clock_offset_ms", node.recorded.clock_offset.count())
        .json("status", node.status)
        .json("votes", encoded_array(node.recorded.votes))
        .json("pending", encoded_array(node.recorded.pending))
        .json("blocks", encoded_array(node.recorded.blocks));
    nodes.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.integer("version", dump_file_version)
      .text("made", to_iso(dump.made))
      .integer("made_ms", static_cast<std::uint64_t>(to_unix_ms(dump.made)))
      .json("genesis", rpc::genesis_json(dump.genesis))
      .json("nodes", std::move(nodes).finish())
      .json("silent", std::move(silent).finish());
  return std::move(out).finish();
}

Result<sim::Recording> parse_dump(std::string_view text) {
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(json));
  AITBC_TRY_ASSIGN(const std::uint64_t written, reader.integer("version"));
  if (written != dump_file_version) {
    return error(Errc::bad_json, "version: expected " + std::to_string(dump_file_version) +
                                     ", got " + std::to_string(written) +
                                     "; this dump is of another aitbc");
  }
  sim::Recording recording;
  AITBC_TRY(reader.text("made", limits::manifest_text_bytes_max));
  AITBC_TRY_ASSIGN(const std::uint64_t made, reader.integer("made_ms"));
  recording.made = from_unix_ms(static_cast<std::int64_t>(made));
  AITBC_TRY_ASSIGN(const rpc::Json* genesis, reader.value("genesis"));
  AITBC_TRY_ASSIGN(recording.genesis, rpc::parse_genesis(rpc::dump(*genesis)));
  AITBC_TRY_ASSIGN(auto nodes, reader.objects("nodes", limits::sim_nodes_max));
  for (rpc::ObjectReader& node : nodes) {
    AITBC_TRY_ASSIGN(sim::RecordedNode recorded, read_node(node));
    recording.nodes.push_back(std::move(recorded));
  }
  AITBC_TRY(reader.array("silent", limits::network_nodes_max));
  AITBC_TRY(reader.finish());
  if (recording.nodes.empty()) {
    return error(Errc::bad_json, "nodes: expected at least one that answered");
  }
  return recording;
}

}  // namespace aitbc::cli
