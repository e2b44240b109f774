#include "sync/fault_registry.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace aitbc;
using sync::FaultRegistry;
using sync::Faults;

namespace {

const Time start = from_unix_ms(1'700'000'000'000);
const std::vector<std::string> peers{"http://a", "http://b"};

Fault fault_of(std::string id, decltype(Fault::kind) kind, Duration lasts = Duration{60'000}) {
  return {std::move(id), "for a test", start, start + lasts, std::move(kind)};
}

LinkFault cut_from(std::vector<std::string> urls) { return {{.cut = true}, urls, urls}; }

// What a node keeps between its runs, and the time.
struct Disk {
  Time now = start;
  std::vector<Fault> kept;
  bool full = false;

  FaultRegistry open(std::vector<std::string> urls = peers) {
    return FaultRegistry({std::move(urls), kept,
                          [this](std::span<const Fault> faults) {
                            if (full) return Status(error(Errc::disk_full, "full"));
                            kept.assign(faults.begin(), faults.end());
                            return ok();
                          },
                          [this] { return now; }});
  }
};

}  // namespace

TEST_CASE("a fault ends by itself, at its instant") {
  Faults faults(peers);
  REQUIRE(faults.add(fault_of("cut", cut_from({"http://b"})), start));
  CHECK(faults.links("http://a", start).is_plain());
  CHECK(faults.links("http://b", start).cut());
  CHECK(faults.next_end(start) == start + Duration{60'000});
  CHECK(faults.links("http://b", start + Duration{59'999}).cut());
  CHECK(faults.links("http://b", start + Duration{60'000}).is_plain());
  CHECK(faults.active(start + Duration{60'000}).empty());
  CHECK_FALSE(faults.next_end(start + Duration{60'000}));
}

TEST_CASE("a clock that steps back makes no fault last longer than a fault may") {
  Faults faults(peers);
  REQUIRE(faults.add(fault_of("cut", cut_from({"http://a"}), limits::fault_time_max), start));
  CHECK(faults.links("http://a", start).cut());
  CHECK(faults.links("http://a", start - Duration{1}).is_plain());
}

TEST_CASE("a directed link has a rule for each direction, and faults on it add up") {
  Faults faults(peers);
  REQUIRE(
      faults.add(fault_of("slow", LinkFault{{.delay = Duration{300}}, {"http://a"}, {}}), start));
  CHECK(faults.links("http://a", start).out.delay == Duration{300});
  CHECK(faults.links("http://a", start).in.is_plain());
  REQUIRE(faults.add(fault_of("more", LinkFault{{.delay = Duration{50}}, peers, peers}), start));
  CHECK(faults.links("http://a", start).out.delay == Duration{350});
  CHECK(faults.links("http://a", start).in.delay == Duration{50});
}

TEST_CASE("healing ends one fault, or all of them, and says how many") {
  Faults faults(peers);
  for (const char* id : {"1", "2", "3"}) REQUIRE(faults.add(fault_of(id, DoubleSign{}), start));
  CHECK(faults.heal("2", start) == 1);
  CHECK(faults.heal("2", start) == 0);
  CHECK(faults.active(start).size() == 2);
  CHECK(faults.heal(std::nullopt, start) == 2);
  CHECK_FALSE(faults.double_signs(start));
}

TEST_CASE("a fault of the same id replaces the one before") {
  Faults faults(peers);
  REQUIRE(faults.add(fault_of("disk", DiskFault{.full = true}), start));
  REQUIRE(faults.add(fault_of("disk", DiskFault{.delay = Duration{200}}), start));
  CHECK_FALSE(faults.disk_full(start));
  CHECK(faults.disk_delay(start) == Duration{200});
  CHECK(faults.active(start).size() == 1);
}

TEST_CASE("a clock is off by its offset, and drifts from the beginning of its fault") {
  Faults faults(peers);
  REQUIRE(faults.add(fault_of("clock", ClockFault{Duration{-2'000}, 200}), start));
  CHECK(faults.clock(start) == start - Duration{2'000});
  const Time later = start + Duration{50'000};
  CHECK(faults.clock(later) == later - Duration{2'000} + Duration{10});
  CHECK(faults.clock(start + Duration{60'000}) == start + Duration{60'000});
}

TEST_CASE("what cannot be a fault is refused") {
  Faults faults(peers);
  const auto code = [&](const Fault& fault) {
    const auto added = faults.add(fault, start);
    return added ? std::optional<Errc>() : std::optional(added.error().code);
  };
  CHECK(code(fault_of("", DoubleSign{})) == Errc::bad_request);
  CHECK(code(fault_of(std::string(33, 'x'), DoubleSign{})) == Errc::bad_request);
  CHECK(code(fault_of("1", DoubleSign{}, Duration{0})) == Errc::bad_request);
  CHECK(code(fault_of("1", DoubleSign{}, limits::fault_time_max + Duration{1})) ==
        Errc::bad_request);
  CHECK(code(fault_of("1", cut_from({"http://c"}))) == Errc::bad_request);
  CHECK(code(fault_of("1", cut_from({}))) == Errc::bad_request);
  CHECK(code(fault_of("1", LinkFault{{}, peers, peers})) == Errc::bad_request);
  CHECK(code(fault_of("1", LinkFault{{.loss_ppm = 1'000'001}, peers, {}})) == Errc::bad_request);
  CHECK(code(fault_of("1", LinkFault{{.delay = Duration{-1}}, peers, {}})) == Errc::bad_request);
  CHECK(code(fault_of("1", ClockFault{})) == Errc::bad_request);
  CHECK(code(fault_of("1", ClockFault{.drift_ppm = -100'001})) == Errc::bad_request);
  CHECK(code(fault_of("1", ClockFault{limits::clock_fault_max + Duration{1}, 0})) ==
        Errc::bad_request);
  CHECK(code(fault_of("1", DiskFault{})) == Errc::bad_request);
  for (std::size_t i = 0; i < limits::faults_max; ++i) {
    CHECK_FALSE(code(fault_of("n" + std::to_string(i), DoubleSign{})));
  }
  CHECK(code(fault_of("1", DoubleSign{})) == Errc::overloaded);
}

TEST_CASE("a node that is started again has the faults that have not ended, and no others") {
  Disk disk;
  {
    FaultRegistry first = disk.open();
    const auto cut = first.add(fault_of("cut", cut_from({"http://a"})), Duration{1'000});
    REQUIRE(cut);
    CHECK(cut->until == start + Duration{1'000});
    REQUIRE(first.add(fault_of("clock", ClockFault{Duration{500}, 0}), Duration{5'000}));
    REQUIRE(first.add(fault_of("lie", Lie::garbage), Duration{5'000}));
    REQUIRE(first.heal("lie"));
    CHECK(first.heal("lie").error().code == Errc::not_found);
    CHECK(first.heal(std::nullopt).value() == 2);
    CHECK(disk.kept.empty());
    REQUIRE(first.add(fault_of("cut", cut_from({"http://a"})), Duration{1'000}));
    REQUIRE(first.add(fault_of("clock", ClockFault{Duration{500}, 0}), Duration{5'000}));
  }
  disk.now = start + Duration{999};
  CHECK(disk.open().links("http://a").cut());
  CHECK(disk.open({"http://b"}).active().size() == 1);  // that peer is gone
  disk.now = start + Duration{1'000};
  FaultRegistry second = disk.open();
  CHECK(second.links("http://a").is_plain());
  CHECK(second.now() == disk.now + Duration{500});
  CHECK(second.next_end() == Duration{4'000});
}

TEST_CASE("a fault that cannot be kept does not begin") {
  Disk disk;
  FaultRegistry registry = disk.open();
  disk.full = true;
  CHECK(registry.add(fault_of("lie", Lie::withhold), Duration{1'000}).error().code ==
        Errc::disk_full);
  CHECK_FALSE(registry.lie());
}

TEST_CASE("who waits for a slow disk is let go when the node stops") {
  Disk disk;
  FaultRegistry registry = disk.open();
  registry.wait_for_disk();  // no fault: at once
  REQUIRE(registry.add(fault_of("disk", DiskFault{.delay = Duration{60'000}}), Duration{60'000}));
  const std::jthread stopper([&] { registry.stop(); });
  registry.wait_for_disk();
}

TEST_CASE("faults on links are for the peers that the node has by now") {
  Disk disk;
  FaultRegistry faults = disk.open();
  REQUIRE(faults.add(fault_of("cut", cut_from({"http://b"})), Duration{1'000}));
  faults.set_peers({"http://a", "http://c"});
  CHECK_FALSE(faults.add(fault_of("late", cut_from({"http://b"})), Duration{1'000}));
  REQUIRE(faults.add(fault_of("new", cut_from({"http://c"})), Duration{1'000}));
  CHECK(faults.links("http://c").cut());
  CHECK(faults.active().size() == 2);  // the first one goes on, for nobody
}
