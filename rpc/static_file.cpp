#include "rpc/static_file.hpp"

#include <zlib.h>

#include <algorithm>

#include "chain/core/crypto.hpp"
#include "rpc/http_list.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view tag_domain = "aitbc/static-file/1";
constexpr std::size_t tag_digits = 32;
constexpr int gzip_window = 15 + 16;  // the largest one, with gzip's own head and end
constexpr int memory_level = 8;       // zlib's default

std::string gzip(std::string_view text) {
  z_stream stream{};
  AITBC_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                           Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  AITBC_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);  // the bound holds all of it
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// "gzip" or "*", unless its weight is nought.
bool takes_gzip(std::string_view codings) {
  while (!codings.empty()) {
    std::string_view coding = next_part(codings, ',');
    const std::string_view name = next_part(coding, ';');
    if (name != "gzip" && name != "*") continue;
    const std::string_view weight = trimmed(coding);
    return !weight.starts_with("q=0") || weight.find_first_of("123456789") != weight.npos;
  }
  return false;
}

// Whether the tag is one of the list; a proxy may have weakened it.
bool is_known(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    std::string_view known = next_part(list, ',');
    if (known.starts_with("W/")) known.remove_prefix(2);
    if (known == tag || known == "*") return true;
  }
  return false;
}

}  // namespace

StaticFile::StaticFile(std::string_view media, std::string_view contents, std::string_view varies)
    : media_(media),
      contents_(contents),
      compressed_(gzip(contents)),
      tag_(hash(tag_domain, {as_bytes(contents)}).hex().substr(0, tag_digits)),
      vary_((varies.empty() ? "" : std::string(varies) + ", ") + "Accept-Encoding") {
  if (compressed_.size() >= contents.size()) compressed_.clear();
}

HttpResponse StaticFile::answer(const HttpRequest& request) const {
  const bool compress = !compressed_.empty() && takes_gzip(request.accept_encoding);
  const std::string_view body = compress ? std::string_view(compressed_) : contents_;
  // Two forms of one file are two things to whoever keeps them.
  const std::string tag = "\"" + tag_ + (compress ? "-gzip\"" : "\"");
  HttpResponse response;
  response.content_type = media_;
  response.fields = {{"ETag", tag}, {"Cache-Control", "no-cache"}, {"Vary", vary_}};
  if (is_known(request.if_none_match, tag)) {
    response.status = 304;
    // Of what is not sent; the library would say that there is nothing.
    response.fields.emplace_back("Content-Length", std::to_string(body.size()));
    return response;
  }
  if (compress) response.fields.emplace_back("Content-Encoding", "gzip");
  response.body = body;
  return response;
}

}  // namespace aitbc::rpc
