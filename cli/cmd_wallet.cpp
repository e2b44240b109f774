#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/derivation.hpp"
#include "cli/invocation.hpp"
#include "cli/keys.hpp"
#include "cli/number.hpp"
#include "cli/password.hpp"
#include "cli/prompt.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

struct NewWallet {
  std::string name;
  std::optional<std::string> password_file, phrase_file;
  bool no_password = false;
  std::string threshold = "1";
  std::vector<std::string> keys;
};

struct CreatedWallet : NewWallet {
  bool no_phrase = false;
};

struct ImportedWallet : NewWallet {
  std::optional<std::string> key_file;
};

struct NamedWallet {
  std::string name;
  std::optional<std::string> password_file, output;
  bool yes = false;
};

struct ChangedWallet {
  std::string name;
  std::optional<std::string> password_file, new_password_file;
  bool no_password = false;
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

// Everything but the key, so that what can be refused is refused before a phrase is shown.
Outcome<WalletPlan> plan_new(Invocation& invocation, const Wallets& wallets,
                             const NewWallet& given) {
  AITBC_TRY(wallets.check_new(given.name));
  WalletPlan plan;
  plan.name = given.name;
  AITBC_TRY_ASSIGN(plan.threshold,
                   parse_number(given.threshold, "--threshold", {1, limits::policy_keys_max}));
  AITBC_TRY_ASSIGN(plan.others, parse_public_keys(given.keys));
  if (given.no_password) {
    AITBC_TRY(allow_open_wallet(invocation));
    return plan;
  }
  AITBC_TRY_ASSIGN(plan.password, new_password(given.password_file, given.name));
  if (plan.password) return plan;
  return error(Errc::bad_config,
               "a wallet needs a password: give --password-file FILE, set "
               "AITBC_WALLET_PASSWORD, or on a devnet --no-password");
}

Outcome<Done> save_new(Invocation& invocation, const Wallets& wallets, Seed seed,
                       const WalletPlan& plan) {
  AITBC_TRY_ASSIGN(const Wallet wallet, make_wallet(std::move(seed), plan));
  AITBC_TRY(wallets.save(wallet));
  print_wallet_facts(invocation.output, wallet, wallets.path_of(wallet.name));
  return Done{};
}

// The phrase goes to a file, or to a screen with somebody before it; a script has neither.
Verdict create_wallet(Invocation& invocation, const CreatedWallet& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const WalletPlan plan, plan_new(invocation, wallets, given));
  const bool shown = !given.phrase_file && !given.no_phrase && !given.no_password && can_prompt();
  if (!given.phrase_file && !shown) {
    AITBC_TRY(save_new(invocation, wallets, random_seed(), plan));
    invocation.output.say("this wallet has no phrase: its file is the only copy of its key");
    return Exit::done;
  }
  const Phrase phrase(random_seed().bytes());
  if (given.phrase_file) {
    AITBC_TRY(write_phrase_file(*given.phrase_file, phrase));
  } else {
    AITBC_TRY(show_once(phrase, given.name));
  }
  AITBC_TRY(save_new(invocation, wallets, seed_of(phrase), plan));
  if (given.phrase_file) {
    invocation.output.say("whoever reads " + *given.phrase_file + " owns what " + given.name +
                          " owns");
  }
  return Exit::done;
}

Outcome<Seed> imported_seed(const ImportedWallet& given) {
  if (given.key_file) {
    AITBC_TRY_ASSIGN(const KeyPair key, read_key_file(*given.key_file));
    return Seed(key.seed().bytes());
  }
  if (given.phrase_file) {
    AITBC_TRY_ASSIGN(const Phrase phrase, read_phrase_file(*given.phrase_file));
    return seed_of(phrase);
  }
  if (!can_prompt()) {
    return error(Errc::bad_config,
                 "nobody is there to type a phrase: give --phrase-file FILE or --key-file FILE");
  }
  AITBC_TRY_ASSIGN(const Phrase phrase,
                   prompt_phrase("The phrase of wallet " + given.name +
                                 ", 12 to 24 words, which are not shown (fewer than 24 end with an "
                                 "empty line):\n"));
  return seed_of(phrase);
}

Verdict import_wallet(Invocation& invocation, const ImportedWallet& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const WalletPlan plan, plan_new(invocation, wallets, given));
  AITBC_TRY_ASSIGN(Seed seed, imported_seed(given));
  AITBC_TRY(save_new(invocation, wallets, std::move(seed), plan));
  return Exit::done;
}

Verdict change_password(Invocation& invocation, const ChangedWallet& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(Wallet wallet, wallets.load(given.name));
  if (given.no_password) AITBC_TRY(allow_open_wallet(invocation));
  AITBC_TRY_ASSIGN(const KeyPair key, unlock(wallet, given.password_file));
  std::optional<SecretText> password;
  if (!given.no_password) {
    AITBC_TRY_ASSIGN(password, changed_password(given.new_password_file, given.name));
    if (!password) {
      return error(Errc::bad_config,
                   "a wallet needs a password: give --new-password-file FILE, or on a devnet "
                   "--no-password");
    }
  }
  set_password(wallet, key, password);
  AITBC_TRY(wallets.replace(wallet));
  print_wallet_facts(invocation.output, wallet, wallets.path_of(wallet.name));
  invocation.output.say("a copy of the old file still opens with the old password");
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
  AITBC_TRY_ASSIGN(const KeyPair key, unlock(wallet, given.password_file));
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
    AITBC_TRY_ASSIGN(const SecretText typed,
                     prompt("This loses what " + to_text(wallet.address()) +
                            " owns. Type the wallet's name to delete it: "));
    if (typed.view() != given.name) return error(Errc::refused, "not deleted");
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

void add_new_options(CLI::App& command, NewWallet& given) {
  command.add_option("NAME", given.name, "The new wallet's name")->required();
  add_password_option(command, given.password_file);
  command.add_flag("--no-password", given.no_password, "Unencrypted; on devnets only");
  command.add_option("--threshold", given.threshold, "Signatures needed, where keys are many")
      ->capture_default_str();
  command.add_option("--keys", given.keys, "Public keys that may sign too, separated by commas")
      ->delimiter(',');
}

void add_making(CLI::App& group, Invocation& invocation) {
  const auto created = std::make_shared<CreatedWallet>();
  CLI::App* create = add_command(
      group, {"create", "Make a wallet with a new key", "aitbc wallet create alice --no-password"});
  add_new_options(*create, *created);
  CLI::Option* written = create->add_option("--phrase-file", created->phrase_file,
                                            "Write the phrase here instead of showing it once");
  create
      ->add_flag("--no-phrase", created->no_phrase,
                 "No phrase, as without a terminal or with --no-password")
      ->excludes(written);
  choose(*create, invocation,
         [&invocation, created] { return create_wallet(invocation, *created); });

  const auto imported = std::make_shared<ImportedWallet>();
  CLI::App* import = add_command(group, {"import", "Make a wallet from a phrase or a key file",
                                         "aitbc wallet import alice --phrase-file alice.phrase"});
  add_new_options(*import, *imported);
  CLI::Option* phrase =
      import->add_option("--phrase-file", imported->phrase_file,
                         "The words of BIP-39, mode 0600 (default: they are typed)");
  import->add_option("--key-file", imported->key_file, "64 hexadecimal digits, mode 0600")
      ->excludes(phrase);
  choose(*import, invocation,
         [&invocation, imported] { return import_wallet(invocation, *imported); });
}

void add_changing(CLI::App& group, Invocation& invocation) {
  const auto changed = std::make_shared<ChangedWallet>();
  CLI::App* change = add_command(
      group, {"passwd", "Change the password of a wallet", "aitbc wallet passwd alice"});
  change->add_option("NAME", changed->name, "The wallet's name")->required();
  add_password_option(*change, changed->password_file);
  CLI::Option* fresh = change->add_option("--new-password-file", changed->new_password_file,
                                          "Read the new password from here (else a prompt)");
  change->add_flag("--no-password", changed->no_password, "Unencrypted; on devnets only")
      ->excludes(fresh);
  choose(*change, invocation,
         [&invocation, changed] { return change_password(invocation, *changed); });
}

}  // namespace

void add_wallet_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group =
      add_group(root, {"wallet", "Keys that own money on this machine", "aitbc wallet list"});
  add_making(*group, invocation);
  add_changing(*group, invocation);
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
