#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/json_view.hpp"
#include "cli/number.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

constexpr std::uint64_t shown_by_default = 10;

// Prints the answer as the node gave it, or field by field.
Verdict show(Invocation& invocation, const std::string& path) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.get(path)));
  AITBC_TRY_ASSIGN(const std::string text, fields_of(answer));
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

Verdict show_rows(Invocation& invocation, rpc::Client& client, const std::string& path,
                  const std::string& list, const std::vector<std::string>& columns) {
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.get(path)));
  AITBC_TRY_ASSIGN(const std::string text, rows_of(answer, list, columns));
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

// What stands in the path of a URL is one of two spellings and nothing else.
Result<std::string> parse_block_name(const std::string& text) {
  if (parse_hash<BlockId>(text)) return text;
  const auto height = parse_number(text, "BLOCK");
  if (height) return text;
  return error(Errc::bad_config,
               "BLOCK: expected a height, or 0x and 64 hexadecimal digits, got '" + text + "'");
}

struct BlocksOptions {
  std::optional<std::string> from;
  std::string limit = std::to_string(shown_by_default);
};

Verdict show_blocks(Invocation& invocation, const BlocksOptions& given) {
  AITBC_TRY_ASSIGN(const std::uint64_t limit,
                   parse_number(given.limit, "--limit", {1, limits::page_items_max}));
  std::optional<std::uint64_t> from;
  if (given.from) {
    AITBC_TRY_ASSIGN(from, parse_number(*given.from, "--from"));
  }
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string head, asked(client.get("/rpc/head")));
  AITBC_TRY_ASSIGN(const std::uint64_t height, number_in(head, "height"));
  const std::uint64_t first = from.value_or(height + 1 > limit ? height + 1 - limit : 0);
  if (first > height) {
    return error(Errc::not_found, "--from: the head is at height " + std::to_string(height));
  }
  const std::uint64_t last = std::min(height, first + limit - 1);
  return show_rows(invocation, client,
                   "/rpc/blocks-range?start=" + std::to_string(first) +
                       "&end=" + std::to_string(last) + "&include_tx=false",
                   "blocks", {"height", "hash", "slot", "timestamp", "tx_count", "proposer"});
}

Verdict show_forks(Invocation& invocation, const std::string& limit) {
  AITBC_TRY_ASSIGN(const std::uint64_t count,
                   parse_number(limit, "--limit", {1, limits::page_items_max}));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  return show_rows(invocation, client, "/rpc/forks?limit=" + std::to_string(count), "blocks",
                   {"height", "hash", "parent_hash", "slot", "tx_count", "proposer"});
}

struct CommandArgument {
  const char* name;
  const char* description;
};

void add_one_argument(CLI::App& group, Invocation& invocation, const CommandText& text,
                      const CommandArgument& argument,
                      Verdict (*action)(Invocation&, const std::string&)) {
  const auto given = std::make_shared<std::string>();
  CLI::App* command = add_command(group, text);
  command->add_option(argument.name, *given, argument.description)->required();
  add_node_option(*command, invocation);
  choose(*command, invocation, [&invocation, given, action] { return action(invocation, *given); });
}

}  // namespace

Verdict show_tx(Invocation& invocation, const std::string& id) {
  if (!parse_hash<TxId>(id)) {
    return error(Errc::bad_config, "ID: expected 0x and 64 hexadecimal digits, got '" + id + "'");
  }
  return show(invocation, "/rpc/tx/" + id);
}

void add_chain_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group = add_group(root, {"chain", "Blocks and transactions", "aitbc chain head"});
  CLI::App* head =
      add_command(*group, {"head", "The last block", "aitbc chain head --json | jq .height"});
  add_node_option(*head, invocation);
  choose(*head, invocation, [&invocation] { return show(invocation, "/rpc/head"); });

  add_one_argument(*group, invocation, {"block", "One block", "aitbc chain block 7"},
                   {"BLOCK", "Its height, or its hash"},
                   [](Invocation& asking, const std::string& block) -> Verdict {
                     AITBC_TRY_ASSIGN(const std::string named, parse_block_name(block));
                     return show(asking, "/rpc/blocks/" + named);
                   });
  add_one_argument(*group, invocation, {"tx", "One transaction", "aitbc chain tx 0x5f..."},
                   {"ID", "As send printed it"}, show_tx);

  const auto given = std::make_shared<BlocksOptions>();
  CLI::App* blocks = add_command(*group, {"blocks", "A run of blocks, the last ones by default",
                                          "aitbc chain blocks --from 100 --limit 20"});
  blocks->add_option("--from", given->from, "The first height");
  blocks->add_option("--limit", given->limit, "How many at most")->capture_default_str();
  add_node_option(*blocks, invocation);
  choose(*blocks, invocation, [&invocation, given] { return show_blocks(invocation, *given); });
  add_copy_commands(*group, invocation);

  const auto limit = std::make_shared<std::string>("100");
  CLI::App* forks = add_command(root, {"forks", "Blocks that lost against others", "aitbc forks"});
  forks->add_option("--limit", *limit, "How many at most")->capture_default_str();
  add_node_option(*forks, invocation);
  choose(*forks, invocation, [&invocation, limit] { return show_forks(invocation, *limit); });
}

}  // namespace aitbc::cli
