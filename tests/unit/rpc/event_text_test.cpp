#include "rpc/event_text.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;
using rpc::EventReader;
using rpc::ToldEvent;

namespace {

std::vector<std::string> read(EventReader& reader, std::string_view bytes) {
  std::vector<std::string> texts;
  const std::vector<ToldEvent> events = reader.read(bytes).value();
  for (const ToldEvent& event : events) texts.push_back(event.type + "=" + event.data);
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("events are read out of pieces of any size, and the last id is kept") {
  const std::string stream =
      "retry: 1000\nid: a-1\n\n"
      "id: a-2\nevent: head\ndata: {\"height\":1}\n\n"
      ": a sign of life\nid: a-3\n\n"
      "event: final\r\ndata:{\r\ndata: }\r\nid: a-4\r\n\r\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EventReader reader;
    Texts all;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      for (std::string& text : read(reader, stream.substr(at, size))) all.push_back(text);
    }
    CHECK(all == Texts{"head={\"height\":1}", "final={\n}"});
    CHECK(reader.last_id() == "a-4");
  }
}

TEST_CASE("half an event of an ended connection is forgotten, its id is not") {
  EventReader reader;
  CHECK(read(reader, "id: a-1\nevent: head\ndata: 1\n\nevent: reorg\ndata: ha").size() == 1);
  reader.begin();
  CHECK(reader.last_id() == "a-1");
  CHECK(read(reader, "data: 2\n\n") == Texts{"=2"});
}

TEST_CASE("an event without an end is refused") {
  EventReader reader;
  CHECK(reader.read("data: " + std::string(rpc::event_bytes_max - 10, 'x')).has_value());
  CHECK(reader.read("xxxxxxxxxx").error().code == Errc::too_large);
  EventReader lines;
  const std::string line = "data: " + std::string(rpc::event_bytes_max / 2, 'x') + "\n";
  CHECK(lines.read(line).has_value());
  CHECK(lines.read(line).error().code == Errc::too_large);
}
