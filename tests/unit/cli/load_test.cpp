#include <catch2/catch.hpp>

#include "cli/load_figures.hpp"

using namespace aitbc;
using cli::LoadTime;
using cli::NodeSight;
using cli::PaymentTimes;
using cli::Seen;

namespace {

const LoadTime load_begin{std::chrono::hours{1}};

LoadTime at(std::int64_t ms) { return load_begin + Duration{ms}; }

Tip block(Height height, Byte branch = 0) {
  Tip made;
  made.height = height;
  made.id.data[0] = static_cast<Byte>(height);
  made.id.data[1] = branch;
  return made;
}

Seen seen(std::int64_t ms, Height height, Byte branch = 0) {
  return {height, block(height, branch).id, at(ms)};
}

PaymentTimes payment(std::int64_t sent, std::int64_t answered, std::int64_t final) {
  return {at(sent), at(answered), {at(final), at(final)}};
}

}  // namespace

TEST_CASE("a block is included and final everywhere once the last node has it") {
  const std::vector<NodeSight> nodes{{{seen(10, 1), seen(20, 2)}, {seen(30, 1), seen(35, 2)}},
                                     {{seen(15, 1), seen(25, 2)}, {seen(28, 1)}}};
  const auto first = cli::reached(block(1), nodes);
  CHECK(first.included == at(15));
  CHECK(first.final == at(30));
  const auto second = cli::reached(block(2), nodes);
  CHECK(second.included == at(25));
  CHECK_FALSE(second.final);
  CHECK_FALSE(cli::reached(block(3), nodes).included);
}

TEST_CASE("a later head or final block stands for those below it") {
  const std::vector<NodeSight> nodes{{{seen(20, 4)}, {seen(30, 4)}}};
  CHECK(cli::reached(block(2), nodes).included == at(20));
  CHECK(cli::reached(block(2), nodes).final == at(30));
}

TEST_CASE("a block counts as included since its own branch is the node's") {
  const std::vector<NodeSight> nodes{
      {{seen(10, 1), seen(15, 2), seen(20, 2, 1), seen(30, 2), seen(40, 3)}, {}}};
  CHECK(cli::reached(block(2), nodes).included == at(30));
}

TEST_CASE("rates are between the first and the last, without the way to the first") {
  std::vector<PaymentTimes> payments;
  for (std::int64_t i = 0; i <= 100; ++i) payments.push_back(payment(0, 500 + i * 10, 1'500));
  payments.push_back(payment(0, 1'500, 2'500));
  const auto figures = cli::figures_of(payments);
  CHECK(figures.taken == 102);
  CHECK(figures.taken_per_s == 101);
  CHECK(figures.final_per_s == 1);
}

TEST_CASE("what came at once has the rate since it was sent") {
  const std::vector<PaymentTimes> payments(50, payment(0, 100, 2'000));
  const auto figures = cli::figures_of(payments);
  CHECK(figures.taken_per_s == 500);
  CHECK(figures.final_per_s == 25);
}

TEST_CASE("quantiles are of the time since it was sent") {
  std::vector<PaymentTimes> payments;
  for (std::int64_t i = 0; i < 100; ++i) payments.push_back(payment(i, 2 * i, 1'000 + i));
  const auto figures = cli::figures_of(payments);
  CHECK(figures.to_answer.p50 == 50);
  CHECK(figures.to_answer.p95 == 95);
  CHECK(figures.to_answer.p99 == 99);
  CHECK(figures.to_final.p99 == 1'000);
}

TEST_CASE("a payment that is not final everywhere counts as taken alone") {
  const std::vector<PaymentTimes> payments{payment(0, 10, 20), {at(0), at(10), {}}};
  const auto figures = cli::figures_of(payments);
  CHECK(figures.taken == 2);
  CHECK(figures.final == 1);
  CHECK(cli::figures_of({}).taken_per_s == 0);
}
