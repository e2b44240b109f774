#include <algorithm>
#include <array>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/node_access.hpp"
#include "rpc/access.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr const char* restart_hint = "a node reads the file when it starts";

struct KeyOptions {
  std::string name, file;
  std::string scope = "read";
  std::optional<std::string> output;
};

Status write_keys(const std::string& file, const std::vector<rpc::ApiKey>& keys) {
  return write_file(file, rpc::api_keys_json(keys) + "\n",
                    {.access = Access::owner, .existing = Existing::replace});
}

bool exists(const std::string& file) {
  std::error_code failure;
  return std::filesystem::exists(file, failure);
}

Verdict create_key(Invocation& invocation, const KeyOptions& given) {
  const auto scope = rpc::parse_scope(given.scope);
  if (!scope) {
    return error(Errc::bad_config,
                 "--scope: expected read, submit or admin, got '" + given.scope + "'");
  }
  if (given.name.empty() || given.name.size() > limits::api_key_name_bytes_max) {
    return error(Errc::bad_config, "NAME: expected 1 to " +
                                       std::to_string(limits::api_key_name_bytes_max) + " bytes");
  }
  std::vector<rpc::ApiKey> keys;
  if (exists(given.file)) {
    AITBC_TRY_ASSIGN(keys, read_api_keys(given.file));
  }
  const auto same = [&](const rpc::ApiKey& key) { return key.name == given.name; };
  if (std::any_of(keys.begin(), keys.end(), same)) {
    return error(Errc::refused, given.file + " has a key '" + given.name +
                                    "'; take another name, or revoke it first");
  }
  if (keys.size() >= limits::api_keys_max) {
    return error(Errc::refused, given.file + " is full: at most " +
                                    std::to_string(limits::api_keys_max) + " keys");
  }
  std::array<Byte, 32> random{};
  fill_random(random);
  const std::string key = rpc::api_key_text(random);
  keys.push_back({given.name, *scope, rpc::digest_of_key(key)});
  // The key first: one that is known to the node but to nobody else is of no use.
  if (given.output) AITBC_TRY(write_file(*given.output, key + "\n", {.access = Access::owner}));
  AITBC_TRY(write_keys(given.file, keys));
  rpc::ObjectWriter out;
  out.text("name", given.name).text("scope", name(*scope)).text("keys", given.file);
  if (given.output) {
    out.text("file", *given.output);
  } else {
    out.text("key", key);
  }
  invocation.output.document(std::move(out).finish());
  invocation.output.line(given.output ? *given.output : key);
  invocation.output.say("this is the only copy: " + given.file + " has a hash of it; " +
                        restart_hint);
  return Exit::done;
}

Verdict list_keys(Invocation& invocation, const KeyOptions& given) {
  AITBC_TRY_ASSIGN(const auto keys, read_api_keys(given.file));
  Table table({"NAME", "SCOPE"});
  rpc::ArrayWriter rows;
  for (const rpc::ApiKey& key : keys) {
    table.add({key.name, std::string(name(key.scope))});
    rpc::ObjectWriter row;
    row.text("name", key.name).text("scope", name(key.scope));
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.json("keys", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(table.text());
  return Exit::done;
}

Verdict revoke_key(Invocation& invocation, const KeyOptions& given) {
  AITBC_TRY_ASSIGN(auto keys, read_api_keys(given.file));
  const std::size_t removed =
      std::erase_if(keys, [&](const rpc::ApiKey& key) { return key.name == given.name; });
  if (removed == 0) {
    return error(Errc::not_found, given.file + " has no key '" + given.name + "'");
  }
  AITBC_TRY(write_keys(given.file, keys));
  rpc::ObjectWriter out;
  out.text("name", given.name).boolean("revoked", true);
  invocation.output.document(std::move(out).finish());
  invocation.output.line("revoked " + given.name);
  invocation.output.say(restart_hint);
  return Exit::done;
}

}  // namespace

void add_key_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group = add_group(
      root, {"key", "API keys of callers from elsewhere", "aitbc key list --keys api-keys.json"});
  using Action = Verdict (*)(Invocation&, const KeyOptions&);
  const auto add = [&](const CommandText& text, Action action) {
    const auto given = std::make_shared<KeyOptions>();
    CLI::App* command = add_command(*group, text);
    command->add_option("--keys", given->file, "The file that the node reads (access.keys)")
        ->required();
    choose(*command, invocation,
           [&invocation, given, action] { return action(invocation, *given); });
    return std::pair{command, given};
  };
  const auto [create, created] =
      add({"create", "Make a key and add its hash to the file",
           "aitbc key create exchange --scope submit --keys api-keys.json -o exchange.key"},
          create_key);
  create->add_option("NAME", created->name, "Whose key it is")->required();
  create->add_option("--scope", created->scope, "read, submit or admin; each includes those before")
      ->capture_default_str();
  create->add_option("-o,--output", created->output, "Write the key here instead of printing it");
  add({"list", "The keys of a file", "aitbc key list --keys api-keys.json"}, list_keys);
  const auto [revoke, revoked] = add(
      {"revoke", "Take a key out of the file", "aitbc key revoke exchange --keys api-keys.json"},
      revoke_key);
  revoke->add_option("NAME", revoked->name, "Whose key it is")->required();
}

}  // namespace aitbc::cli
