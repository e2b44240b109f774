#include <algorithm>

#include "rpc/explorer.hpp"
#include "rpc/web_files.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view page_path = "index.html";
constexpr std::string_view folder = "/explorer/";
constexpr std::size_t file_bytes_max = 64;  // of a name
constexpr std::string_view script_type = "text/javascript; charset=utf-8";

std::string_view media_of(std::string_view path) {
  if (path.ends_with(".html")) return html_type;
  if (path.ends_with(".css")) return css_type;
  if (path.ends_with(".svg")) return "image/svg+xml";
  return script_type;
}

HttpResponse file_response(const WebFile& file) {
  HttpResponse response;
  response.content_type = media_of(file.path);
  response.body = file.contents;
  return response;
}

const WebFile* find_file(std::string_view path) {
  const auto files = web_files();
  const auto found = std::find_if(files.begin(), files.end(),
                                  [path](const WebFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

Result<HttpResponse> page(const Call&) { return explorer_page(); }

Result<HttpResponse> file(const Call& call) {
  const std::string path = call.request.path.substr(folder.size());
  const WebFile* found = path == page_path ? nullptr : find_file(path);
  if (found == nullptr) return error(Errc::not_found, "the explorer has no file " + path);
  return file_response(*found);
}

constexpr Parameter file_parameters[] = {
    {.name = "file",
     .in = Parameter::In::path,
     .kind = Parameter::Kind::text,
     .description = "Its name.",
     .max = file_bytes_max,
     .required = true},
};
constexpr Errc file_errors[] = {Errc::not_found};

constexpr Route file_row(std::string_view pattern, std::string_view summary) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = file,
          .summary = summary,
          .parameters = file_parameters,
          .answer = "Page",
          .errors = file_errors,
          .media = script_type};
}

constexpr Route routes[] = {
    {.method = "GET",
     .pattern = "/explorer",
     .handler = page,
     .summary = "The explorer: the chain and its nodes as a page.",
     .parameters = {},
     .answer = "Page",
     .media = html_type},
    file_row("/explorer/{file}", "What that page consists of."),
    file_row("/explorer/views/{file}", "One view of it."),
};

}  // namespace

bool wants_page(const HttpRequest& request) {
  return request.accept.find("text/html") != std::string::npos;
}

HttpResponse explorer_page() {
  const WebFile* found = find_file(page_path);
  AITBC_CHECK(found != nullptr);  // the build puts it there
  HttpResponse response = file_response(*found);
  response.fields = {{"Vary", "Accept"}};
  return response;
}

std::span<const Route> explorer_routes() { return routes; }

}  // namespace aitbc::rpc
