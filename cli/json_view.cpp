#include "cli/json_view.hpp"

#include <algorithm>
#include <cctype>

#include "cli/output.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

std::string text_of(const rpc::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  return rpc::dump(value);
}

void add_fields(const rpc::Json& object, const std::string& prefix,
                std::vector<std::vector<std::string>>& rows) {
  for (const auto& [name, value] : object.items()) {
    const std::string path = prefix.empty() ? name : prefix + "." + name;
    if (value.is_object()) {
      add_fields(value, path, rows);
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        add_fields(value[i], path + "[" + std::to_string(i) + "]", rows);
      }
    } else {
      rows.push_back({path, text_of(value)});
    }
  }
}

}  // namespace

Result<std::string> fields_of(std::string_view json) {
  AITBC_TRY_ASSIGN(const rpc::Json document, rpc::parse_json(json));
  std::vector<std::vector<std::string>> rows;
  if (document.is_object()) add_fields(document, "", rows);
  if (rows.empty()) return std::string();
  Table table(rows.front());
  for (std::size_t i = 1; i < rows.size(); ++i) table.add(rows[i]);
  return table.text();
}

Result<std::string> rows_of(std::string_view json, std::string_view list,
                            const std::vector<std::string>& columns) {
  AITBC_TRY_ASSIGN(const rpc::Json document, rpc::parse_json(json));
  const auto rows = document.is_object() ? document.find(list) : document.end();
  if (!document.is_object() || rows == document.end() || !rows->is_array()) {
    return error(Errc::bad_json, "the answer has no list '" + std::string(list) + "'");
  }
  std::vector<std::string> titles = columns;
  for (std::string& title : titles) {
    std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) {
      return static_cast<char>(c == '_' ? ' ' : std::toupper(c));
    });
  }
  Table table(titles);
  for (const rpc::Json& row : *rows) {
    std::vector<std::string> cells;
    for (const std::string& column : columns) {
      const bool there = row.is_object() && row.contains(column);
      cells.push_back(there ? text_of(row.at(column)) : "-");
    }
    table.add(std::move(cells));
  }
  return table.text();
}

Result<std::uint64_t> number_in(std::string_view json, std::string_view field) {
  AITBC_TRY_ASSIGN(const rpc::Json document, rpc::parse_json(json));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(document));
  return reader.integer(field);
}

}  // namespace aitbc::cli
