#include "cli/status_view.hpp"

#include "chain/core/limits.hpp"
#include "cli/output.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

template <class Id>
std::string short_hash(const Id& id) {
  return hash_text(id).substr(0, short_hash_digits);
}

std::string seconds_text(Duration duration) {
  const auto tenths = duration.count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

// Of the faults that it has on purpose.
std::vector<std::string> fault_ids(const sites::NodeReport& report) {
  std::vector<std::string> ids;
  if (!report.answer) return ids;
  for (const Fault& fault : report.answer->faults) ids.push_back(fault.id);
  return ids;
}

void write_answer(rpc::ObjectWriter& row, const NodeStatus& answer) {
  row.integer("height", answer.head.height)
      .text("head", hash_text(answer.head.id))
      .integer("justified_height", answer.justified.height)
      .integer("final_height", answer.final.height)
      .text("state_root", hash_text(answer.state_root))
      .integer("mempool", answer.mempool_txs)
      .integer("reorgs", answer.reorgs)
      .integer("evidence", answer.evidence);
  answer.clock_offset ? row.signed_integer("clock_offset_ms", answer.clock_offset->count())
                      : row.null("clock_offset_ms");
}

std::string node_json(const sites::NodeReport& report) {
  rpc::ObjectWriter row;
  row.text("node", report.node)
      .text("site", report.site)
      .text("url", report.url)
      .text("state", report.state.text())
      .text("process", report.process ? name(*report.process) : "unknown")
      .boolean("authority", report.authority);
  if (report.answer) {
    write_answer(row, *report.answer);
  } else {
    row.null("height").null("head").null("justified_height").null("final_height");
    row.null("state_root").null("mempool").null("reorgs").null("evidence").null("clock_offset_ms");
  }
  if (report.round_trip) {
    row.integer("round_trip_ms", static_cast<std::uint64_t>(report.round_trip->count()));
  } else {
    row.null("round_trip_ms");
  }
  rpc::ArrayWriter faults;
  for (const std::string& id : fault_ids(report)) faults.text(id);
  row.json("faults", std::move(faults).finish()).text("detail", report.detail);
  return std::move(row).finish();
}

void write_status(rpc::ObjectWriter& out, const sites::NetworkStatus& status) {
  rpc::ArrayWriter nodes;
  for (const sites::NodeReport& report : status.nodes) nodes.json(node_json(report));
  out.text("network", status.network).text("chain_id", status.chain_id);
  if (status.genesis_hash) {
    out.text("genesis_hash", hash_text(*status.genesis_hash));
  } else {
    out.null("genesis_hash");
  }
  out.boolean("in_sync", status.all_in_sync());
  if (status.best) {
    out.integer("height", status.best->height).text("head", hash_text(status.best->id));
  } else {
    out.null("height").null("head");
  }
  out.json("nodes", std::move(nodes).finish());
}

std::string one_peer_json(const PeerStatus& peer) {
  rpc::ObjectWriter row;
  row.text("url", peer.url).text("node", peer.node_id).text("state", peer.state.text());
  if (peer.head) {
    row.integer("height", peer.head->height).text("head", hash_text(peer.head->id));
  } else {
    row.null("height").null("head");
  }
  if (peer.round_trip) {
    row.integer("round_trip_ms", static_cast<std::uint64_t>(peer.round_trip->count()));
  } else {
    row.null("round_trip_ms");
  }
  if (peer.clock_offset) {
    row.signed_integer("clock_offset_ms", peer.clock_offset->count());
  } else {
    row.null("clock_offset_ms");
  }
  row.integer("invalid", peer.invalid).text("last_error", peer.last_error);
  return std::move(row).finish();
}

}  // namespace

std::string alarms(const NodeStatus& answer) {
  std::string text;
  if (answer.finality_conflict) text += ", finality_conflict";
  if (answer.evidence > 0) text += ", evidence " + std::to_string(answer.evidence);
  if (answer.clock_offset && std::chrono::abs(*answer.clock_offset) > limits::clock_offset_warn) {
    const bool red = std::chrono::abs(*answer.clock_offset) > limits::clock_offset_red;
    text += ", clock " + std::to_string(answer.clock_offset->count()) + " ms " +
            (red ? "(red)" : "(warn)");
  }
  return text;
}

std::string state_text(const sites::NodeReport& report) {
  std::string text = report.state.text();
  for (const std::string& id : fault_ids(report)) text += ", " + id;
  return report.answer ? text + alarms(*report.answer) : text;
}

std::string status_table(const sites::NetworkStatus& status) {
  Table table({"NODE", "SITE", "URL", "HEIGHT", "FINAL", "HEAD", "PENDING", "STATE"});
  for (const sites::NodeReport& report : status.nodes) {
    const bool known = report.answer.has_value();
    table.add({report.node, report.site, report.url,
               known ? std::to_string(report.answer->head.height) : "-",
               known ? std::to_string(report.answer->final.height) : "-",
               known ? short_hash(report.answer->head.id) : "-",
               known ? std::to_string(report.answer->mempool_txs) : "-", state_text(report)});
  }
  return table.text();
}

std::string status_json(const sites::NetworkStatus& status) {
  rpc::ObjectWriter out;
  write_status(out, status);
  return std::move(out).finish();
}

std::string up_json(const sites::NetworkStatus& status, std::size_t changes,
                    std::string_view given_up) {
  rpc::ObjectWriter out;
  out.integer("changes", changes).json("given_up", given_up);
  write_status(out, status);
  return std::move(out).finish();
}

std::string process_table(const std::vector<sites::NodeProcess>& processes) {
  Table table({"NODE", "SITE", "STATE", "PID", "UPTIME", "CPU", "MEMORY", "URL"});
  for (const sites::NodeProcess& process : processes) {
    const auto& facts = process.facts;
    table.add({process.node, process.site, std::string(name(process.state)),
               facts ? std::to_string(facts->pid) : "-", facts ? seconds_text(facts->uptime) : "-",
               facts ? seconds_text(facts->cpu_time) : "-",
               facts ? std::to_string(facts->rss_bytes / 1024) + " KiB" : "-", process.url});
  }
  return table.text();
}

std::string process_json(const std::string& network,
                         const std::vector<sites::NodeProcess>& processes) {
  rpc::ArrayWriter rows;
  for (const sites::NodeProcess& process : processes) {
    rpc::ObjectWriter row;
    row.text("node", process.node)
        .text("site", process.site)
        .text("url", process.url)
        .text("state", name(process.state));
    if (const auto& facts = process.facts) {
      row.integer("pid", static_cast<std::uint64_t>(facts->pid))
          .integer("uptime_ms", static_cast<std::uint64_t>(facts->uptime.count()))
          .integer("cpu_ms", static_cast<std::uint64_t>(facts->cpu_time.count()))
          .integer("rss_bytes", facts->rss_bytes);
    } else {
      row.null("pid").null("uptime_ms").null("cpu_ms").null("rss_bytes");
    }
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.text("network", network).json("nodes", std::move(rows).finish());
  return std::move(out).finish();
}

std::string peer_table(const sites::NetworkStatus& status) {
  Table table({"NODE", "STATE", "PEER", "URL", "ROUND TRIP", "CLOCK", "STATE OF PEER"});
  for (const sites::NodeReport& report : status.nodes) {
    if (!report.answer || report.answer->peers.empty()) {
      table.add({report.node, report.state.text(), "-"});
      continue;
    }
    for (const PeerStatus& peer : report.answer->peers) {
      table.add({report.node, report.state.text(), peer.node_id.empty() ? "?" : peer.node_id,
                 peer.url, peer.round_trip ? std::to_string(peer.round_trip->count()) + " ms" : "-",
                 peer.clock_offset ? std::to_string(peer.clock_offset->count()) + " ms" : "-",
                 peer.state.text()});
    }
  }
  return table.text();
}

std::string peer_json(const sites::NetworkStatus& status) {
  rpc::ArrayWriter nodes;
  for (const sites::NodeReport& report : status.nodes) {
    rpc::ArrayWriter peers;
    if (report.answer) {
      for (const PeerStatus& peer : report.answer->peers) peers.json(one_peer_json(peer));
    }
    rpc::ObjectWriter row;
    row.text("node", report.node)
        .text("url", report.url)
        .text("state", report.state.text())
        .json("peers", std::move(peers).finish());
    nodes.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.text("network", status.network)
      .boolean("in_sync", status.all_in_sync())
      .json("nodes", std::move(nodes).finish());
  return std::move(out).finish();
}

}  // namespace aitbc::cli
