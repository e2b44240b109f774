#include "sites/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <sstream>

#include "chain/core/limits.hpp"

namespace aitbc::sites {

namespace {

// Copies a tree of yaml-cpp; false when it is larger than any file of ours needs to be, which also
// ends what a file can unfold with aliases.
bool copy(const YAML::Node& from, const YAML::Mark& fallback, Document& to, std::size_t& room,
          std::size_t depth) {
  if (room == 0 || depth == 0) return false;
  --room;
  const YAML::Mark mark = from.IsNull() || from.Mark().is_null() ? fallback : from.Mark();
  to.line = mark.line + 1;
  to.column = mark.column + 1;
  bool fits = true;
  if (from.IsScalar()) {
    to.kind = Document::Kind::scalar;
    to.text = from.Scalar();
    to.quoted = from.Tag() == "!";
  } else if (from.IsSequence()) {
    to.kind = Document::Kind::list;
    for (const YAML::Node& item : from) {
      fits = fits && copy(item, mark, to.items.emplace_back(), room, depth - 1);
    }
  } else if (from.IsMap()) {
    to.kind = Document::Kind::mapping;
    for (const auto& entry : from) {
      Document& key = to.keys.emplace_back();
      Document& value = to.items.emplace_back();
      fits = fits && copy(entry.first, mark, key, room, depth - 1) &&
             copy(entry.second, entry.first.Mark(), value, room, depth - 1);
    }
  }
  return fits;
}

// Notes where a document begins.
class DocumentStart final : public YAML::EventHandler {
 public:
  std::optional<YAML::Mark> at;

  void OnDocumentStart(const YAML::Mark& mark) override { at = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// The library's own LoadAll() asks for documents until there is none, and there are texts of which
// its parser gives the same one for ever: "," is one.
std::optional<YAML::Mark> second_document(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  DocumentStart first, second;
  if (parser.HandleNextDocument(first)) parser.HandleNextDocument(second);
  return second.at;
}

}  // namespace

Result<Document> read_yaml(const std::string& text, std::string_view source) {
  if (text.size() > limits::manifest_bytes_max) {
    return error(Errc::bad_manifest, std::string(source) + ": the file has more than " +
                                         std::to_string(limits::manifest_bytes_max) + " bytes");
  }
  Document document;
  try {
    std::size_t room = limits::manifest_values_max;
    const YAML::Mark start;
    if (!copy(YAML::Load(text), start, document, room, limits::json_depth_max)) {
      return bad({&document, "", source}, "it holds more, or deeper, than such a file can");
    }
    if (const auto second = second_document(text)) {
      document.line = second->line + 1;
      return bad({&document, "", source}, "expected one YAML document, got another");
    }
  } catch (const YAML::Exception& failed) {
    document.line = failed.mark.line + 1;
    document.column = failed.mark.column + 1;
    return bad({&document, "", source}, "expected YAML: " + failed.msg);
  }
  return document;
}

}  // namespace aitbc::sites
