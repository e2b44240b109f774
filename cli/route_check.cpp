#include "cli/route_check.hpp"

#include <algorithm>

#include "cli/ask.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"
#include "sites/routes.hpp"

namespace aitbc::cli {

namespace {

Exit exit_of_routes(const std::vector<sites::AskedRoute>& all) {
  const auto any = [&](sites::RouteFinding::Kind kind) {
    return std::any_of(all.begin(), all.end(),
                       [&](const sites::AskedRoute& asked) { return asked.finding.kind == kind; });
  };
  if (any(sites::RouteFinding::Kind::wrong_node) || any(sites::RouteFinding::Kind::not_aitbc)) {
    return Exit::negative;
  }
  return any(sites::RouteFinding::Kind::unreachable) ? Exit::unreachable : Exit::done;
}

void print_routes(Output& output, const std::vector<sites::AskedRoute>& all) {
  Table table({"SITE", "ROUTE", "NODE", "VERDICT", "DETAIL"});
  rpc::ArrayWriter rows;
  for (const sites::AskedRoute& asked : all) {
    const sites::RouteFinding& finding = asked.finding;
    table.add({asked.route.site, asked.route.path, asked.route.node,
               std::string(name(finding.kind)), finding.detail});
    rpc::ObjectWriter row;
    row.text("site", asked.route.site)
        .text("route", asked.route.path)
        .text("url", asked.url)
        .text("expected", asked.expected);
    if (finding.answered.empty()) {
      row.json("answered", "null");
    } else {
      row.text("answered", finding.answered);
    }
    row.text("verdict", name(finding.kind)).text("detail", finding.detail);
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.boolean("holds", exit_of_routes(all) == Exit::done).json("routes", std::move(rows).finish());
  output.document(std::move(out).finish());
  output.line(table.text());
}

// Whose proxy nobody knows the place of.
void say_not_asked(Output& output, const sites::Manifest& manifest,
                   const std::vector<sites::AskedRoute>& all) {
  for (const sites::Manifest::Site& site : manifest.sites) {
    const bool asked = std::any_of(all.begin(), all.end(), [&](const sites::AskedRoute& each) {
      return each.route.site == site.name;
    });
    if (asked || site.nodes.empty()) continue;
    output.say("site " + site.name + " has no domain and no --base: not asked");
  }
}

}  // namespace

Verdict check_routes(Invocation& invocation, const RouteCheckOptions& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, given.file));
  AITBC_TRY_ASSIGN(const rpc::Credentials credentials, credentials_of(invocation));
  AITBC_TRY_ASSIGN(const std::vector<sites::AskedRoute> all,
                   sites::ask_routes(open->manifest(), given.bases, credentials));
  say_not_asked(invocation.output, open->manifest(), all);
  if (all.empty()) {
    return error(Errc::bad_config,
                 "no site has a domain, so say where its proxy is: --base [SITE=]URL");
  }
  print_routes(invocation.output, all);
  return exit_of_routes(all);
}

}  // namespace aitbc::cli
