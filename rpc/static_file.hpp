#pragma once
// A file that never changes while the program runs, as browsers ask for it: again only if they do
// not have it (RFC 9110, 13.1.2), and compressed if they can take that (12.5.3). Immutable; any
// thread.

#include <string>
#include <string_view>

#include "rpc/http.hpp"

namespace aitbc::rpc {

class StaticFile {
 public:
  // `contents` must outlive it. `varies`: what else of the request chooses this file; a field's
  // name, or empty.
  StaticFile(std::string_view media, std::string_view contents, std::string_view varies = {});

  // 200, or a 304 without a body. Whoever keeps a copy asks each time whether it still holds, so
  // that a page is never made of the files of two programs.
  HttpResponse answer(const HttpRequest&) const;

 private:
  std::string_view media_, contents_;
  std::string compressed_;  // by gzip; empty: that would be no shorter
  std::string tag_;         // of the contents, in hexadecimal
  std::string vary_;
};

}  // namespace aitbc::rpc
