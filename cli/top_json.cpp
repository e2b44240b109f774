#include "cli/top_view.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

void write_count(rpc::ObjectWriter& out, std::string_view name,
                 const std::optional<std::uint64_t>& count) {
  count ? out.integer(name, *count) : out.null(name);
}

void write_rates(rpc::ObjectWriter& out, const std::optional<TopRates>& rates) {
  if (!rates) {
    out.null("rates");
    return;
  }
  rpc::ObjectWriter row;
  row.integer("window_ms", static_cast<std::uint64_t>(rates->window.count()))
      .integer("blocks", rates->blocks)
      .integer("transactions", rates->txs);
  if (rates->to_final) {
    row.integer("time_to_final_ms", static_cast<std::uint64_t>(rates->to_final->count()));
  } else {
    row.null("time_to_final_ms");
  }
  out.json("rates", std::move(row).finish());
}

std::string node_row_json(const TopModel& model, const TopNode& node, Time now) {
  const bool known = node.report.has_value();
  const bool answers = known && node.report->answer.has_value();
  rpc::ObjectWriter row;
  row.text("node", node.id)
      .text("site", node.site)
      .text("url", node.url)
      .text("state", known ? node.report->state.text() : "unreachable")
      .text("process", known && node.report->process ? name(*node.report->process) : "unknown")
      .boolean("live", node.live);
  write_count(row, "height", node.height);
  write_count(row, "final_height", node.final_height);
  write_count(row, "lag", model.lag_of(node));
  write_count(row, "mempool",
              answers ? std::optional(node.report->answer->mempool_txs) : std::nullopt);
  write_rates(row, node.rates(now));
  return std::move(row).finish();
}

}  // namespace

std::string top_json(const TopModel& model, Time now) {
  rpc::ArrayWriter nodes;
  for (const TopNode& node : model.nodes()) nodes.json(node_row_json(model, node, now));
  rpc::ObjectWriter out;
  out.text("network", model.network()).text("chain_id", model.chain_id()).text("time", to_iso(now));
  write_count(out, "height", model.best());
  write_count(out, "final_height", model.best_final());
  const TopNode* const speaker = model.speaker();
  write_rates(out, speaker == nullptr ? std::nullopt : speaker->rates(now));
  out.json("nodes", std::move(nodes).finish());
  return std::move(out).finish();
}

}  // namespace aitbc::cli
