#include "sites/healing.hpp"

#include <algorithm>

#include "rpc/json.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

std::string text_of(const Healing& healing) {
  rpc::Json json;
  json["id"] = healing.id;
  json["what"] = healing.what;
  json["node"] = healing.node;
  json["resume"] = healing.how == Healing::How::resume;
  json["until_ms"] = to_unix_ms(healing.until);
  return rpc::dump(json) + "\n";
}

Result<Healing> parse(const std::string& text) {
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(rpc::ObjectReader reader, rpc::ObjectReader::open(json));
  Healing healing;
  AITBC_TRY_ASSIGN(healing.id, reader.text("id", limits::node_id_bytes_max));
  AITBC_TRY_ASSIGN(healing.what, reader.text("what", limits::fault_text_bytes_max));
  AITBC_TRY_ASSIGN(healing.node, reader.text("node", limits::node_id_bytes_max));
  AITBC_TRY_ASSIGN(const bool resume, reader.boolean("resume"));
  AITBC_TRY_ASSIGN(const auto until, reader.integer("until_ms"));
  healing.how = resume ? Healing::How::resume : Healing::How::start;
  healing.until = from_unix_ms(static_cast<std::int64_t>(until));
  return healing;
}

}  // namespace

Status Healings::put(const Healing& healing) {
  AITBC_TRY(files_.make_folder(folder_, Mode::secret_folder));
  return files_.put(file(healing.id), text_of(healing), Mode::file);
}

std::vector<Healing> Healings::all() const {
  std::vector<Healing> all;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    if (entry.path().extension() != ".json") continue;
    const auto text = files_.get(entry.path(), limits::network_file_bytes_max);
    auto healing = text ? parse(*text) : Result<Healing>(text.error());
    if (healing) all.push_back(std::move(*healing));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

std::optional<Healing> Healings::find(const std::string& id) const {
  for (Healing& healing : all()) {
    if (healing.id == id) return std::move(healing);
  }
  return std::nullopt;
}

Status Healings::drop(const std::string& id) { return files_.remove_tree(file(id)); }

Status Healings::drop_of(const std::string& node, const std::string& spared) {
  for (const Healing& healing : all()) {
    if (healing.node == node && healing.id != spared) AITBC_TRY(drop(healing.id));
  }
  return ok();
}

Status Healings::drop_all() {
  for (const Healing& healing : all()) AITBC_TRY(drop(healing.id));
  return ok();
}

}  // namespace aitbc::sites
