#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/json_view.hpp"
#include "rpc/json.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

Verdict list_evidence(Invocation& invocation) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.get("/rpc/evidence")));
  AITBC_TRY_ASSIGN(const std::string text,
                   rows_of(answer, "evidence", {"id", "key", "kind", "detail"}));
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(answer));
  if (const auto& conflict = json.at("finality_conflict"); !conflict.is_null()) {
    const auto block = [&](const char* side) {
      const auto& named = conflict.at(side).at("block");
      return rpc::dump(named.at("height")) + " " + named.at("hash").get<std::string>();
    };
    invocation.output.line("finality_conflict: blocks " + block("ours") + " and " +
                           block("theirs") + " are both final");
  }
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

Verdict show_evidence(Invocation& invocation, const std::string& id) {
  if (!parse_hash<EvidenceId>(id)) {
    return error(Errc::bad_config, "ID: expected 0x and 64 hexadecimal digits, got '" + id + "'");
  }
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.get("/rpc/evidence")));
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(answer));
  for (const rpc::Json& row : json.at("evidence")) {
    if (row.at("id") != id) continue;
    AITBC_TRY_ASSIGN(const std::string text, fields_of(rpc::dump(row)));
    invocation.output.line(text);
    invocation.output.document(rpc::dump(row));
    return Exit::done;
  }
  return error(Errc::not_found, "the node knows no evidence " + id + "; see: aitbc evidence ls");
}

Verdict unlock(Invocation& invocation) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.unlock_authority()));
  AITBC_TRY_ASSIGN(const std::string text, fields_of(answer));
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

}  // namespace

void add_evidence_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* evidence = add_group(
      root, {"evidence", "Keys that signed what excludes one another", "aitbc evidence ls"});
  CLI::App* ls = add_command(*evidence, {"ls", "All that a node knows", "aitbc evidence ls"});
  add_node_option(*ls, invocation);
  choose(*ls, invocation, [&invocation] { return list_evidence(invocation); });

  const auto id = std::make_shared<std::string>();
  CLI::App* show = add_command(
      *evidence, {"show", "One piece, with what proves it", "aitbc evidence show 0x5f..."});
  show->add_option("ID", *id, "As evidence ls prints it")->required();
  add_node_option(*show, invocation);
  choose(*show, invocation, [&invocation, id] { return show_evidence(invocation, *id); });
}

void add_unlock_command(CLI::App& authority, Invocation& invocation) {
  CLI::App* open =
      add_command(authority, {"unlock", "Let a node's key sign again, once you know what happened",
                              "aitbc authority unlock --node 2"});
  add_credential_options(*open, invocation);
  open->add_option("--node", invocation.node, "Whose key: the node's id, or a URL")->required();
  choose(*open, invocation, [&invocation] { return unlock(invocation); });
}

}  // namespace aitbc::cli
