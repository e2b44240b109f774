#include "cli/ask.hpp"

#include "cli/credentials.hpp"
#include "cli/node.hpp"
#include "cli/output.hpp"
#include "cli/running.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

bool is_url(const std::string& text) { return text.find("://") != std::string::npos; }

Outcome<std::vector<NodeAddress>> network_nodes(Invocation& invocation) {
  AITBC_TRY_ASSIGN(rpc::Credentials credentials, credentials_of(invocation));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  if (credentials.api_key.empty()) {
    AITBC_TRY_ASSIGN(const rpc::Credentials own, open->network().credentials());
    credentials.api_key = own.api_key;
  }
  std::vector<NodeAddress> nodes;
  for (const auto& site : open->manifest().sites) {
    for (const auto& node : site.nodes) nodes.push_back({node.id, node.url(), credentials});
  }
  return nodes;
}

Outcome<NodeAddress> named_node(Invocation& invocation, const std::string& id) {
  AITBC_TRY_ASSIGN(const auto nodes, network_nodes(invocation));
  std::string known;
  for (const NodeAddress& node : nodes) {
    if (node.id == id) return node;
    known += (known.empty() ? "" : ", ") + node.id;
  }
  return error(Errc::bad_config,
               "there is no node '" + id + "'; there are: " + known + "; or give a URL");
}

bool answers(const NodeAddress& node) {
  auto client = node.open(short_limits());
  return client && client->get("/health");
}

}  // namespace

Result<rpc::Credentials> credentials_of(const Invocation& invocation) {
  CredentialSources sources = invocation.credentials;
  const auto& environment = invocation.environment;
  if (!sources.api_key_file) sources.api_key_file = environment("AITBC_API_KEY_FILE");
  if (!sources.ca_file) sources.ca_file = environment("AITBC_CA_FILE");
  if (const auto pins = environment("AITBC_PINS"); sources.pins.empty() && pins) {
    sources.pins = split_at_commas(*pins);
  }
  AITBC_TRY_ASSIGN(rpc::Credentials credentials, read_credentials(sources));
  if (credentials.api_key.empty()) {
    credentials.api_key = environment("AITBC_API_KEY").value_or("");
  }
  return credentials;
}

Outcome<std::vector<NodeAddress>> asked_nodes(Invocation& invocation) {
  if (!invocation.node) return network_nodes(invocation);
  if (is_url(*invocation.node)) {
    AITBC_TRY_ASSIGN(rpc::Credentials credentials, credentials_of(invocation));
    return std::vector{NodeAddress{*invocation.node, *invocation.node, std::move(credentials)}};
  }
  AITBC_TRY_ASSIGN(const NodeAddress node, named_node(invocation, *invocation.node));
  return std::vector{node};
}

Outcome<rpc::Client> connect(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto nodes, asked_nodes(invocation));
  std::string silent;
  for (const NodeAddress& node : nodes) {
    if (invocation.node || answers(node)) {
      AITBC_TRY_ASSIGN(rpc::Client client, node.open());
      return client;
    }
    silent += (silent.empty() ? "" : ", ") + node.url;
  }
  return error(Errc::unreachable,
               "no node answers (" + silent + "); see aitbc status, or start them: aitbc up");
}

Outcome<Genesis> local_genesis(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(Genesis genesis, read_genesis_file(open->network().layout().genesis().string()));
  return genesis;
}

Outcome<Genesis> node_genesis(Invocation& invocation, rpc::Client& client) {
  AITBC_TRY_ASSIGN(Genesis genesis, asked(client.genesis()));
  if (invocation.node && is_url(*invocation.node)) return genesis;
  AITBC_TRY_ASSIGN(const Genesis own, local_genesis(invocation));
  if (hash_of(own) == hash_of(genesis)) return genesis;
  return error(Errc::wrong_genesis, client.url() + " runs on genesis " +
                                        hash_text(hash_of(genesis)) + ", the network on " +
                                        hash_text(hash_of(own)));
}

Result<Address> resolve_address(const Wallets& wallets, const std::string& text) {
  auto address = parse_address(text);
  if (address || text.rfind("aitbc1", 0) == 0) return address;
  auto wallet = wallets.load(text);
  if (wallet) return wallet->address();
  if (wallet.error().code == Errc::not_found) {
    return error(Errc::not_found,
                 "'" + text + "' is neither an address nor a wallet: " + wallet.error().detail);
  }
  return wallet.error();
}

}  // namespace aitbc::cli
