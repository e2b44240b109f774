#pragma once
// What the client reads out of answers that no one else reads, and what it makes of the text of a
// URL. Pure functions, for rpc/client.cpp.

#include <map>

#include "rpc/client.hpp"

namespace aitbc::rpc {

Result<TxId> parse_taken(std::string_view json);
// bad_json unless there are `expected` answers.
Result<std::vector<Result<TxId>>> parse_batch_result(std::string_view json, std::size_t expected);
Result<Client::AccountView> parse_account_view(std::string_view json);
Result<Client::TxView> parse_tx_view(std::string_view json);

// Path and query of a URL, decoded.
struct Target {
  std::string path;
  std::map<std::string, std::string> query;
};
// bad_request if it does not begin with a slash, or an escape is none.
Result<Target> parse_target(std::string_view text);

}  // namespace aitbc::rpc
