#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"
#include "sites/diagnosis/collect.hpp"

namespace aitbc::cli {

namespace {

std::string finding_json(const sites::Diagnosis& diagnosis) {
  rpc::ArrayWriter nodes;
  for (const std::string& node : diagnosis.nodes) nodes.text(node);
  rpc::ObjectWriter row;
  row.text("code", name(diagnosis.finding))
      .text("site", diagnosis.site)
      .json("nodes", std::move(nodes).finish())
      .text("about", diagnosis.about)
      .text("cause", diagnosis.cause)
      .text("cure", diagnosis.cure);
  if (diagnosis.follows_from) {
    row.integer("follows_from", *diagnosis.follows_from);
  } else {
    row.null("follows_from");
  }
  return std::move(row).finish();
}

std::string where(const sites::Diagnosis& diagnosis) {
  std::string text;
  if (!diagnosis.nodes.empty()) {
    text = (diagnosis.nodes.size() == 1 ? "node " : "nodes ") + joined(diagnosis.nodes);
  }
  if (!diagnosis.site.empty()) text += (text.empty() ? "site " : " at ") + diagnosis.site;
  return text;
}

// Numbered from 1, for "follows from".
std::string finding_text(const sites::Diagnosis& diagnosis, std::size_t number) {
  std::string text = std::to_string(number) + ". " + std::string(name(diagnosis.finding));
  if (const std::string place = where(diagnosis); !place.empty()) text += ": " + place;
  text += "\n   cause: " + diagnosis.cause;
  if (diagnosis.follows_from) {
    return text + "\n   cure:  follows from " + std::to_string(*diagnosis.follows_from + 1);
  }
  return text + "\n   cure:  " + diagnosis.cure;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Exit print(Output& output, const sites::Manifest& manifest,
           const std::vector<sites::Diagnosis>& found, const std::string& looked_at) {
  rpc::ArrayWriter rows;
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows.json(finding_json(found[i]));
    output.line(finding_text(found[i], i + 1));
  }
  rpc::ObjectWriter out;
  out.text("network", manifest.network)
      .boolean("healthy", found.empty())
      .integer("sites", manifest.sites.size())
      .integer("nodes", manifest.node_count())
      .json("findings", std::move(rows).finish());
  output.document(std::move(out).finish());
  if (!found.empty()) return Exit::negative;
  output.line("nothing is wrong: " + manifest.network + ", " +
              counted(manifest.node_count(), "node") + " at " +
              counted(manifest.sites.size(), "site") + "; looked at " + looked_at);
  return Exit::done;
}

struct DoctorOptions {
  std::optional<std::string> file;  // the network file
  std::vector<std::string> bases;   // of proxies
};

Verdict examine_machines(Invocation& invocation, const DoctorOptions& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, given.file));
  AITBC_TRY_ASSIGN(const rpc::Credentials credentials, credentials_of(invocation));
  AITBC_TRY_ASSIGN(auto routes, sites::ask_routes(open->manifest(), given.bases, credentials));
  sites::Symptoms symptoms = sites::look_at_machines(open->network());
  symptoms.routes = std::move(routes);
  return print(invocation.output, open->manifest(), sites::diagnose(symptoms),
               "ways, clocks, disks, memory, limits, ports, services, public paths, and who "
               "reaches the nodes that run");
}

Verdict explain_network(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(
      const auto found,
      sites::find_reasons(open->network(), invocation.clock, [&](const sites::Progress& step) {
        progress.step(step.text, step.done, step.total);
      }));
  progress.finish();
  return print(invocation.output, open->manifest(), found,
               "machines, processes, logs, clocks, keys, links, chain and waiting transactions");
}

}  // namespace

void add_diagnosis_commands(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<DoctorOptions>();
  CLI::App* doctor = add_command(
      root, {"doctor", "Before up: what the machines lack for the nodes, and what to do about it",
             "aitbc doctor -f network.yaml --json | jq '.findings[].code'"});
  doctor->add_option("-f,--file", given->file,
                     "The network file (default: ./network.yaml, else the network there is, else "
                     "three nodes on this machine)");
  doctor
      ->add_option("--base", given->bases,
                   "[SITE=]URL of a site's proxy (default: its domain); may be given again")
      ->allow_extra_args(false);
  add_credential_options(*doctor, invocation);
  choose(*doctor, invocation,
         [&invocation, given] { return examine_machines(invocation, *given); });

  CLI::App* why = add_command(
      root, {"why", "Why a network stands still, lags or has parted, and what to do about it",
             "aitbc why --json | jq -r '.findings[0].cure'"});
  choose(*why, invocation, [&invocation] { return explain_network(invocation); });
}

}  // namespace aitbc::cli
