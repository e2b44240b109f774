#pragma once
// The files of the explorer (rpc/web), as the build put them into the program. Constants; any
// thread.

#include <span>
#include <string_view>

namespace aitbc::rpc {

struct WebFile {
  std::string_view path;  // below rpc/web, e.g. "views/block.js"
  std::string_view contents;
};
std::span<const WebFile> web_files();

}  // namespace aitbc::rpc
