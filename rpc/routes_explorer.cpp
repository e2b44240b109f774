#include <algorithm>
#include <vector>

#include "rpc/explorer.hpp"
#include "rpc/static_file.hpp"
#include "rpc/web_files.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view page_path = "index.html";
constexpr std::string_view folder = "/explorer/";
constexpr std::size_t file_bytes_max = 64;  // of a name
constexpr std::string_view svg_type = "image/svg+xml";
constexpr std::string_view script_type = "text/javascript; charset=utf-8";

std::string_view media_of(std::string_view path) {
  if (path.ends_with(".html")) return html_type;
  if (path.ends_with(".css")) return css_type;
  if (path.ends_with(".svg")) return svg_type;
  return script_type;
}

struct Served {
  std::string_view path;
  StaticFile file;
};

// Made when the first of them is asked for.
const StaticFile* find_file(std::string_view path) {
  static const std::vector<Served> all = [] {
    std::vector<Served> made;
    for (const WebFile& file : web_files()) {
      // A program gets something else where a browser gets the page.
      const std::string_view varies = file.path == page_path ? "Accept" : "";
      made.push_back({file.path, StaticFile(media_of(file.path), file.contents, varies)});
    }
    return made;
  }();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [path](const Served& served) { return served.path == path; });
  return found == all.end() ? nullptr : &found->file;
}

Result<HttpResponse> page(const Call& call) { return explorer_page(call.request); }

Result<HttpResponse> file(const Call& call) {
  const std::string path = call.request.path.substr(folder.size());
  const StaticFile* found = path == page_path ? nullptr : find_file(path);
  if (found == nullptr) return error(Errc::not_found, "the explorer has no file " + path);
  return found->answer(call.request);
}

// The page itself tells nothing: what it shows it has to ask for, with a key where one is needed.
bool to_everybody(const HttpRequest&) { return true; }

constexpr Parameter file_parameters[] = {
    {.name = "file",
     .in = Parameter::In::path,
     .kind = Parameter::Kind::text,
     .description = "Its name.",
     .max = file_bytes_max,
     .required = true},
};
constexpr std::string_view other_types[] = {css_type, svg_type};
constexpr Errc file_errors[] = {Errc::not_found};

constexpr Route file_row(std::string_view pattern, std::string_view summary,
                         std::span<const std::string_view> other_media = {}) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = file,
          .summary = summary,
          .parameters = file_parameters,
          .answer = "Page",
          .errors = file_errors,
          .media = script_type,
          .other_media = other_media,
          .kept = true,
          .is_open = to_everybody};
}

constexpr Route explorer_rows[] = {
    {.method = "GET",
     .pattern = "/explorer",
     .handler = page,
     .summary = "The explorer: the chain and its nodes as a page.",
     .parameters = {},
     .answer = "Page",
     .media = html_type,
     .kept = true,
     .is_open = to_everybody},
    file_row("/explorer/{file}", "What that page consists of.", other_types),
    file_row("/explorer/views/{file}", "One view of it."),
};

}  // namespace

bool wants_page(const HttpRequest& request) {
  return request.accept.find("text/html") != std::string::npos;
}

HttpResponse explorer_page(const HttpRequest& request) {
  const StaticFile* found = find_file(page_path);
  AITBC_CHECK(found != nullptr);  // the build puts it there
  return found->answer(request);
}

std::span<const Route> explorer_routes() { return explorer_rows; }

}  // namespace aitbc::rpc
