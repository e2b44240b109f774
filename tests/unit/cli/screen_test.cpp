// Keys, pictures and the bytes between them and a terminal.

#include "cli/screen.hpp"

#include <catch2/catch.hpp>

#include "cli/key.hpp"

using namespace aitbc::cli;

namespace {

using Name = Key::Name;

std::vector<Key> keys_of(std::string_view bytes) { return KeyReader().read(bytes); }

Screen screen_of(const std::vector<std::string>& texts, std::size_t columns = 10) {
  Screen screen{{columns, texts.size()}, {}};
  for (const std::string& text : texts) screen.lines.emplace_back(columns).add(text);
  return screen;
}

}  // namespace

TEST_CASE("no byte of a node reaches the terminal that it would obey") {
  CHECK(cells_of("in_sync") == "in_sync");
  CHECK(cells_of("a\x1b[2Jb\x07\r\n\t\x7f") == "a?[2Jb?????");
  CHECK(cells_of("\xc2\x9b"
                 "2J") == "?2J");  // CSI as one character
  CHECK(cells_of("\xe2\x80\xae"
                 "abc") == "?abc");                         // right to left from here
  CHECK(cells_of("\xe6\xbc\xa2\xf0\x9f\x98\x80") == "??");  // two cells wide each
  CHECK(cells_of("\x9b\xff") == "?");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const char c : cells_of(all)) CHECK((c >= 0x20 && c < 0x7f));
}

TEST_CASE("a line never grows beyond its width") {
  ScreenLine line(8);
  line.add("abc").pad_to(5).add("\x1b[31m", Style::bad).add("more");
  CHECK(line.text() == "abc  ?[3");
  CHECK(line.width() == 8);
  CHECK(line.spans().size() == 2);
}

TEST_CASE("only lines that changed are drawn") {
  Painter painter(true);
  const std::string all = painter.paint(screen_of({"one", "two", "three"}));
  CHECK(all ==
        "\x1b[?2026h\x1b[0m\x1b[2J\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[3;1Hthree\x1b[K"
        "\x1b[?2026l");
  CHECK(painter.paint(screen_of({"one", "two", "three"})).empty());
  CHECK(painter.paint(screen_of({"one", "2", "three"})) ==
        "\x1b[?2026h\x1b[2;1H2\x1b[K\x1b[?2026l");
  // The last cell of a full line would be erased.
  CHECK(painter.paint(screen_of({"one", "1234567890", "three"})) ==
        "\x1b[?2026h\x1b[2;1H1234567890\x1b[?2026l");
  painter.forget();
  CHECK(painter.paint(screen_of({"one"})).find("\x1b[2J") != std::string::npos);
  CHECK(painter.paint(screen_of({"one"}, 20)).find("\x1b[2J") != std::string::npos);
}

TEST_CASE("without colours what was coloured is bold at most") {
  Screen screen{{20, 1}, {}};
  screen.lines.emplace_back(20).add("ok", Style::good).add("bad", Style::bad);
  CHECK(Painter(true).paint(screen).find("\x1b[32mok\x1b[0m\x1b[1;31mbad\x1b[0m") !=
        std::string::npos);
  CHECK(Painter(false).paint(screen).find("ok\x1b[1mbad\x1b[0m") != std::string::npos);
}

TEST_CASE("keys are read however a terminal sends them") {
  CHECK(keys_of("jq?") ==
        std::vector<Key>{{Name::character, 'j'}, {Name::character, 'q'}, {Name::character, '?'}});
  CHECK(
      keys_of("\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~") ==
      std::vector<Key>{
          {Name::up}, {Name::down}, {Name::page_up}, {Name::page_down}, {Name::home}, {Name::end}});
  CHECK(keys_of("\x03\x1a\x0c\r") ==
        std::vector<Key>{{Name::interrupt}, {Name::suspend}, {Name::redraw}, {Name::enter}});
  // Other keys and characters are none.
  CHECK(keys_of("\x1b[1;5A\x1b[24~\x1bx\xc3\xa4\x7f").empty());
}

TEST_CASE("an escape is a key once nothing follows it, and a key may come in pieces") {
  KeyReader reader;
  CHECK(reader.read("\x1b").empty());
  CHECK(reader.waits());
  CHECK(reader.give_up() == std::vector<Key>{{Name::escape}});
  CHECK_FALSE(reader.waits());
  CHECK(reader.read("\x1b[").empty());
  CHECK(reader.waits());
  CHECK(reader.read("A") == std::vector<Key>{{Name::up}});
  CHECK(reader.read("\x1b\x1b[B") == std::vector<Key>{{Name::escape}, {Name::down}});
  CHECK(reader.read("\x1b[" + std::string(100, '0')).size() <= 100);
  CHECK(reader.give_up().empty());
  CHECK(reader.read("j") == std::vector<Key>{{Name::character, 'j'}});
}
