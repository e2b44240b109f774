#include <CLI/CLI.hpp>

#include "chain/replay.hpp"
#include "cli/ask.hpp"
#include "cli/block_file.hpp"
#include "cli/block_source.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/node.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

struct VerifyRequest {
  std::optional<std::string> file, db, genesis;
  bool certificates = false;

  Certificates wanted() const { return certificates ? Certificates::take : Certificates::leave; }
};

struct ChainCopy {
  Genesis genesis;
  Source source;
  std::string name;
};

Outcome<Genesis> genesis_for(Invocation& invocation, const VerifyRequest& given) {
  if (!given.genesis) return local_genesis(invocation);
  AITBC_TRY_ASSIGN(Genesis genesis, read_genesis_file(*given.genesis));
  return genesis;
}

Outcome<ChainCopy> copy_at_node(Invocation& invocation, const VerifyRequest& given) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  const std::string url = client.url();
  Outcome<Genesis> genesis =
      given.genesis ? genesis_for(invocation, given) : node_genesis(invocation, client);
  if (!genesis) return genesis.error();
  AITBC_TRY_ASSIGN(Source source,
                   node_source(std::move(client), hash_of(*genesis), given.wanted()));
  return ChainCopy{std::move(*genesis), std::move(source), url};
}

Outcome<ChainCopy> chain_copy(Invocation& invocation, const VerifyRequest& given) {
  const int sources = (given.file ? 1 : 0) + (given.db ? 1 : 0) + (invocation.node ? 1 : 0);
  if (sources > 1) return error(Errc::bad_config, "give one of FILE, --db and --node");
  if (!given.file && !given.db) return copy_at_node(invocation, given);
  AITBC_TRY_ASSIGN(Genesis genesis, genesis_for(invocation, given));
  const std::string& name = given.file ? *given.file : *given.db;
  Outcome<Source> source = given.file ? file_source(name, hash_of(genesis))
                                      : database_source(name, genesis, given.wanted());
  if (!source) return source.error();
  return ChainCopy{std::move(genesis), std::move(*source), name};
}

std::string sentence(const Broken& broken) {
  return "block " + std::to_string(broken.height) + ": " + std::string(broken.invariant) +
         ": expected " + broken.expected + ", got " + broken.seen;
}

// What the certificates prove of a chain.
struct Proven {
  Height final = 0;
  std::uint64_t certificates = 0;
};

std::string verdict_json(const ChainCopy& subject, const Replay& replay,
                         const std::optional<Proven>& proven, const std::optional<Broken>& broken) {
  rpc::ObjectWriter out;
  out.boolean("valid", !broken.has_value())
      .text("source", subject.name)
      .text("genesis_hash", hash_text(hash_of(subject.genesis)))
      .integer("height", replay.head().height)
      .text("head", hash_text(replay.head().id))
      .text("state_root", hash_text(replay.state().root()))
      .integer("transactions", replay.txs())
      .integer("accounts", replay.state().accounts());
  if (proven) {
    out.integer("final_height", proven->final).integer("certificates", proven->certificates);
  } else {
    out.null("final_height").null("certificates");
  }
  if (broken) {
    out.text("code", name(broken->code)).text("detail", sentence(*broken));
  } else {
    out.null("code").null("detail");
  }
  return std::move(out).finish();
}

// Of the block that was executed last: a quorum of those in whose turn it was committed it.
std::optional<Broken> check_final(const Certificate& certificate, const Replay& replay) {
  const Checkpoint head = checkpoint_of(replay.head());
  std::string seen;
  if (const Status holds = replay.check(certificate); !holds) {
    seen = holds.error().detail;
  } else if (certificate.kind != Vote::Kind::commit || certificate.block != head) {
    seen = "votes for " + hash_text(certificate.block.id);
  } else {
    return std::nullopt;
  }
  return Broken{"one_final_history", head.height,
                "the commits of a quorum for " + hash_text(head.id), std::move(seen),
                Errc::bad_certificate};
}

// The first invariant that the chain breaks; nullopt for a good chain.
Outcome<std::optional<Broken>> execute_all(Invocation& invocation, BlockSource& source,
                                           Replay& replay, std::optional<Proven>& proven) {
  Progress progress = invocation.progress();
  const std::optional<Tip> head = source.head();
  for (;;) {
    AITBC_TRY_ASSIGN(const auto blocks, source.next());
    if (blocks.empty()) break;
    for (const auto& [block, certificate] : blocks) {
      if (auto broken = replay.add(block)) return broken;
      if (!proven || !certificate) continue;
      if (auto broken = check_final(*certificate, replay)) return broken;
      *proven = {replay.head().height, proven->certificates + 1};
    }
    const Height done = replay.head().height;
    progress.step("executing the blocks again", done, head ? head->height : done);
  }
  if (head && replay.head() != *head) {
    return std::optional<Broken>(Broken{"roots_reexecute", head->height,
                                        "blocks that lead to the head " + hash_text(head->id),
                                        hash_text(replay.head().id)});
  }
  if (proven && proven->final < source.final()) {
    return std::optional<Broken>(Broken{
        "one_final_history", source.final(), "the commits of a quorum, as it is said to be final",
        "certificates up to " + std::to_string(proven->final), Errc::bad_certificate});
  }
  return std::optional<Broken>();
}

Verdict verify(Invocation& invocation, const VerifyRequest& given) {
  AITBC_TRY_ASSIGN(const ChainCopy subject, chain_copy(invocation, given));
  Replay replay(subject.genesis);
  auto proven = given.certificates ? std::optional(Proven{}) : std::nullopt;
  AITBC_TRY_ASSIGN(const auto broken, execute_all(invocation, *subject.source, replay, proven));
  invocation.output.document(verdict_json(subject, replay, proven, broken));
  if (broken) {
    invocation.output.line("broken: " + sentence(*broken));
    return Exit::negative;
  }
  invocation.output.line("valid: " + std::to_string(replay.head().height) + " blocks, " +
                         std::to_string(replay.txs()) + " transactions, head " +
                         hash_text(replay.head().id) + ", state root " +
                         hash_text(replay.state().root()));
  if (proven) {
    invocation.output.line("final: up to block " + std::to_string(proven->final) + ", by " +
                           std::to_string(proven->certificates) + " certificates");
  }
  return Exit::done;
}

Verdict export_blocks(Invocation& invocation, const std::string& file) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  const GenesisHash genesis_hash = hash_of(genesis);
  AITBC_TRY_ASSIGN(const Source source,
                   node_source(std::move(client), genesis_hash, Certificates::take));
  const Tip head = source->head().value_or(Tip{});
  AITBC_TRY_ASSIGN(BlockFileWriter writer,
                   BlockFileWriter::create(file, {genesis_hash, 1, head.height}));
  Progress progress = invocation.progress();
  for (Height written = 0;;) {
    AITBC_TRY_ASSIGN(const auto blocks, source->next());
    if (blocks.empty()) break;
    for (const CertifiedBlock& block : blocks) AITBC_TRY(writer.add(block));
    written += blocks.size();
    progress.step("writing blocks", written, head.height);
  }
  AITBC_TRY(writer.finish());
  progress.finish();
  rpc::ObjectWriter out;
  out.text("file", file)
      .text("genesis_hash", hash_text(genesis_hash))
      .integer("blocks", head.height)
      .text("head", hash_text(head.id));
  invocation.output.document(std::move(out).finish());
  invocation.output.line(std::to_string(head.height) + " blocks in " + file);
  return Exit::done;
}

Verdict import_blocks(Invocation& invocation, const std::string& file) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  AITBC_TRY_ASSIGN(const Source source, file_source(file, hash_of(genesis)));
  Progress progress = invocation.progress();
  std::uint64_t read = 0;
  std::uint64_t appended = 0;
  std::uint64_t rewound = 0;
  Tip head = genesis_tip(params_of(genesis));
  for (;;) {
    AITBC_TRY_ASSIGN(auto certified, source->next());
    if (certified.empty()) break;
    std::vector<Block> blocks;
    for (CertifiedBlock& each : certified) blocks.push_back(std::move(each.block));
    AITBC_TRY_ASSIGN(const Imported imported, asked(client.import(blocks)));
    read += blocks.size();
    appended += imported.appended;
    rewound += imported.rewound;
    head = imported.head;
    progress.step("offering blocks", read, read);
  }
  progress.finish();
  rpc::ObjectWriter out;
  out.text("file", file)
      .integer("blocks", read)
      .integer("appended", appended)
      .integer("rewound", rewound)
      .integer("height", head.height)
      .text("head", hash_text(head.id));
  invocation.output.document(std::move(out).finish());
  invocation.output.line(std::to_string(appended) + " of " + std::to_string(read) +
                         " blocks were new to " + client.url() + ", its head is now " +
                         std::to_string(head.height));
  return Exit::done;
}

}  // namespace

void add_copy_commands(CLI::App& chain, Invocation& invocation) {
  const auto given = std::make_shared<VerifyRequest>();
  CLI::App* check =
      add_command(chain, {"verify", "Execute a chain again from its genesis",
                          "aitbc chain verify --db node1/chain.db --genesis genesis.json"});
  check->add_option("FILE", given->file, "A file that chain export wrote");
  check->add_option("--db", given->db, "A node's database; it may be running");
  check->add_option("--genesis", given->genesis, "The genesis file (default: the network's)");
  check->add_flag("--certificates", given->certificates,
                  "Also check every certificate, and up to where they prove what is final");
  add_node_option(*check, invocation);
  choose(*check, invocation, [&invocation, given] { return verify(invocation, *given); });

  const auto add = [&](const CommandText& text, const char* what,
                       Verdict (*action)(Invocation&, const std::string&)) {
    const auto file = std::make_shared<std::string>();
    CLI::App* command = add_command(chain, text);
    command->add_option("FILE", *file, what)->required();
    add_node_option(*command, invocation);
    choose(*command, invocation, [&invocation, file, action] { return action(invocation, *file); });
  };
  add({"export", "Copy a node's chain into a file", "aitbc chain export chain.aitbc"},
      "The file to write; replaced if it is there", export_blocks);
  add({"import", "Offer the blocks of a file to a node", "aitbc chain import chain.aitbc --node 2"},
      "A file that chain export wrote", import_blocks);
}

}  // namespace aitbc::cli
