#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/keys.hpp"
#include "cli/number.hpp"
#include "cli/password.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

struct NewWallet {
  std::string name;
  std::optional<std::string> password_file, key_file;
  bool no_password = false;
  std::string threshold = "1";
  std::vector<std::string> keys;
};

struct NamedWallet {
  std::string name;
  std::optional<std::string> password_file, output;
  bool yes = false;
};

std::string wallet_json(const Wallet& wallet, const std::string& file) {
  rpc::ArrayWriter keys;
  for (const PublicKey& key : wallet.policy.keys) keys.text(key.hex());
  rpc::ObjectWriter out;
  out.text("name", wallet.name)
      .text("address", to_text(wallet.address()))
      .text("public_key", wallet.key.hex())
      .integer("threshold", wallet.policy.threshold)
      .json("keys", std::move(keys).finish())
      .boolean("encrypted", wallet.encrypted())
      .text("file", file);
  return std::move(out).finish();
}

void print_wallet_facts(Output& output, const Wallet& wallet, const std::string& file) {
  Table table({"name", wallet.name});
  table.add({"address", to_text(wallet.address())});
  table.add({"public key", wallet.key.hex()});
  if (wallet.policy.keys.size() > 1) {
    table.add({"policy", std::to_string(wallet.policy.threshold) + " of " +
                             std::to_string(wallet.policy.keys.size()) + " keys"});
  }
  table.add({"encrypted", wallet.encrypted() ? "yes" : "no"});
  table.add({"file", file});
  output.line(table.text());
  output.document(wallet_json(wallet, file));
}

// A key in the open is for play money alone, and only a genesis says what is play money.
Outcome<Done> allow_open_wallet(Invocation& invocation) {
  const auto genesis = local_genesis(invocation);
  if (genesis && genesis->devnet) return Done{};
  return error(Errc::refused,
               "--no-password is for devnets: there is no network on this machine "
               "whose genesis says that it is one");
}

Outcome<std::optional<std::string>> new_password(Invocation& invocation, const NewWallet& given) {
  if (given.no_password) {
    AITBC_TRY(allow_open_wallet(invocation));
    return std::optional<std::string>();
  }
  AITBC_TRY_ASSIGN(auto password,
                   find_password({.file = given.password_file, .repeat = true}, given.name));
  if (!password) {
    return error(Errc::bad_config,
                 "a wallet needs a password: give --password-file FILE, set "
                 "AITBC_WALLET_PASSWORD, or on a devnet --no-password");
  }
  return password;
}

Verdict make_new(Invocation& invocation, const NewWallet& given) {
  AITBC_TRY(Wallets::check_name(given.name));
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  WalletPlan plan;
  plan.name = given.name;
  AITBC_TRY_ASSIGN(plan.threshold,
                   parse_number(given.threshold, "--threshold", {1, limits::policy_keys_max}));
  for (const std::string& text : given.keys) {
    AITBC_TRY_ASSIGN(const PublicKey key, parse_public_key(text));
    plan.others.push_back(key);
  }
  AITBC_TRY_ASSIGN(plan.password, new_password(invocation, given));
  Seed seed;
  if (given.key_file) {
    AITBC_TRY_ASSIGN(const KeyPair key, read_key_file(*given.key_file));
    seed = Seed(key.seed().bytes());
  } else {
    seed = random_seed();
  }
  AITBC_TRY_ASSIGN(const Wallet wallet, make_wallet(std::move(seed), plan));
  AITBC_TRY(wallets.save(wallet));
  print_wallet_facts(invocation.output, wallet, wallets.path_of(wallet.name));
  return Exit::done;
}

Verdict list_wallets(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const auto names, wallets.names());
  rpc::ArrayWriter rows;
  Table table({"NAME", "ADDRESS", "ENCRYPTED"});
  for (const std::string& name : names) {
    AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(name));
    rows.json(wallet_json(wallet, wallets.path_of(name)));
    table.add({name, to_text(wallet.address()), wallet.encrypted() ? "yes" : "no"});
  }
  rpc::ObjectWriter out;
  out.json("wallets", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  if (names.empty()) {
    invocation.output.say("no wallets yet; make one with aitbc wallet create NAME");
  } else {
    invocation.output.line(table.text());
  }
  return Exit::done;
}

Verdict show_wallet(Invocation& invocation, const NamedWallet& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.name));
  print_wallet_facts(invocation.output, wallet, wallets.path_of(given.name));
  return Exit::done;
}

Verdict export_wallet(Invocation& invocation, const NamedWallet& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.name));
  std::optional<std::string> password;
  if (wallet.encrypted()) {
    AITBC_TRY_ASSIGN(password, find_password({.file = given.password_file}, given.name));
  }
  AITBC_TRY_ASSIGN(const KeyPair key, open_wallet(wallet, password));
  AITBC_TRY(write_key_file(*given.output, key.seed()));
  rpc::ObjectWriter out;
  out.text("name", wallet.name).text("file", *given.output);
  invocation.output.document(std::move(out).finish());
  invocation.output.line(*given.output);
  invocation.output.say("whoever reads this file owns what " + wallet.name + " owns");
  return Exit::done;
}

Verdict delete_wallet(Invocation& invocation, const NamedWallet& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.name));
  if (!given.yes) {
    if (!can_prompt()) {
      return error(Errc::bad_config,
                   "deleting a wallet loses what it owns: say --yes to delete " + given.name);
    }
    AITBC_TRY_ASSIGN(const std::string typed,
                     prompt("This loses what " + to_text(wallet.address()) +
                            " owns. Type the wallet's name to delete it: "));
    if (typed != given.name) return error(Errc::refused, "not deleted");
  }
  AITBC_TRY(wallets.remove(given.name));
  rpc::ObjectWriter out;
  out.text("name", given.name).boolean("deleted", true);
  invocation.output.document(std::move(out).finish());
  invocation.output.line("deleted " + given.name);
  return Exit::done;
}

void add_password_option(CLI::App& command, std::optional<std::string>& file) {
  command.add_option("--password-file", file,
                     "Read the password from here (else AITBC_WALLET_PASSWORD, else a prompt)");
}

void add_making(CLI::App& group, Invocation& invocation) {
  const auto created = std::make_shared<NewWallet>();
  const auto imported = std::make_shared<NewWallet>();
  CLI::App* create = add_command(
      group, {"create", "Make a wallet with a new key", "aitbc wallet create alice --no-password"});
  CLI::App* import = add_command(group, {"import", "Make a wallet from a key file",
                                         "aitbc wallet import alice --key-file alice.key"});
  import->add_option("--key-file", imported->key_file, "64 hexadecimal digits, mode 0600")
      ->required();
  for (const auto& [command, given] : {std::pair{create, created}, std::pair{import, imported}}) {
    command->add_option("NAME", given->name, "The new wallet's name")->required();
    add_password_option(*command, given->password_file);
    command->add_flag("--no-password", given->no_password, "Unencrypted; on devnets only");
    command->add_option("--threshold", given->threshold, "Signatures needed, where keys are many")
        ->capture_default_str();
    command->add_option("--keys", given->keys, "Public keys that may sign too, separated by commas")
        ->delimiter(',');
    choose(*command, invocation,
           [&invocation, given = given] { return make_new(invocation, *given); });
  }
}

}  // namespace

void add_wallet_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group =
      add_group(root, {"wallet", "Keys that own money on this machine", "aitbc wallet list"});
  add_making(*group, invocation);
  CLI::App* list = add_command(*group, {"list", "All wallets", "aitbc wallet list"});
  choose(*list, invocation, [&invocation] { return list_wallets(invocation); });

  using Action = Verdict (*)(Invocation&, const NamedWallet&);
  const auto add_named = [&](const CommandText& text, Action action) {
    const auto given = std::make_shared<NamedWallet>();
    CLI::App* command = add_command(*group, text);
    command->add_option("NAME", given->name, "The wallet's name")->required();
    choose(*command, invocation,
           [&invocation, given, action] { return action(invocation, *given); });
    return std::pair{command, given};
  };
  add_named({"show", "Address and keys of a wallet", "aitbc wallet show alice --json"},
            show_wallet);
  const auto [exporting, exported] = add_named(
      {"export", "Write a wallet's secret key to a file", "aitbc wallet export alice -o alice.key"},
      export_wallet);
  exporting->add_option("-o,--output", exported->output, "The key file to write")->required();
  add_password_option(*exporting, exported->password_file);
  const auto [deleting, deleted] = add_named(
      {"delete", "Delete a wallet for good", "aitbc wallet delete alice --yes"}, delete_wallet);
  deleting->add_flag("--yes", deleted->yes, "Do not ask");
}

}  // namespace aitbc::cli
