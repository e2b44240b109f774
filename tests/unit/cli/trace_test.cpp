#include "cli/trace.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;
using cli::NodeTrace;
using TxStatus = TxEvent::Status;

namespace {

const Time trace_begin = from_unix_ms(1'700'000'000'000);

PublicKey key(Byte first) {
  PublicKey made;
  made.data[0] = first;
  return made;
}

NodeTrace node(const std::string& id, Byte authority, Duration ahead,
               std::vector<std::pair<TxStatus, Duration>> stages) {
  NodeTrace made{id, key(authority), ahead, rpc::TxTrace{id, trace_begin, {}}, {}};
  for (const auto& [status, after] : stages) {
    const bool placed = status == TxStatus::included || status == TxStatus::final;
    made.trace->stages.push_back(
        {status, trace_begin + ahead + after, placed ? Height{7} : 0, key(placed ? 2 : 0)});
  }
  return made;
}

std::vector<std::string> words(const std::vector<NodeTrace>& nodes) {
  std::vector<std::string> found;
  for (const cli::TraceRow& row : cli::join_traces(nodes)) {
    found.push_back(std::to_string(row.after.count()) + " " + std::string(row.stage) + " " +
                    row.node);
  }
  return found;
}

}  // namespace

TEST_CASE("traces of nodes with wrong clocks are one line of time") {
  const std::vector<NodeTrace> nodes = {
      node("1", 1, Duration{0},
           {{TxStatus::pending, Duration{0}},
            {TxStatus::included, Duration{1'300}},
            {TxStatus::final, Duration{1'900}}}),
      node("2", 2, Duration{5'000},
           {{TxStatus::pending, Duration{40}}, {TxStatus::included, Duration{1'210}}}),
      node("3", 3, Duration{-60'000}, {{TxStatus::included, Duration{1'340}}})};
  CHECK(words(nodes) == std::vector<std::string>{"0 received 1", "40 seen 2", "1210 sealed 2",
                                                 "1300 included 1", "1340 included 3",
                                                 "1900 final 1"});
  CHECK_FALSE(cli::is_over(nodes));
  CHECK(words({node("1", 1, {},
                    {{TxStatus::pending, Duration{0}},
                     {TxStatus::included, Duration{5}},
                     {TxStatus::pending, Duration{9}},
                     {TxStatus::replaced, Duration{12}}})}) ==
        std::vector<std::string>{"0 received 1", "5 included 1", "9 returned 1", "12 replaced 1"});
}

TEST_CASE("a trace is over when all who answer and remember have seen the end") {
  const NodeTrace done = node("1", 1, {}, {{TxStatus::final, Duration{3}}});
  const NodeTrace forgot = node("2", 2, {}, {});
  NodeTrace unknown{"3", {}, {}, {}, {}};
  CHECK(cli::is_over({done}));
  CHECK(cli::is_over({done, forgot}));
  CHECK_FALSE(cli::is_over({forgot}));
  CHECK_FALSE(cli::is_over({done, unknown}));
  unknown.problem = "connection refused";
  CHECK(cli::is_over({done, unknown}));
  CHECK_FALSE(cli::is_over({unknown}));
}
