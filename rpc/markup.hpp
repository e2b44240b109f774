#pragma once
// Text inside HTML and XML. Pure; any thread.

#include <string>
#include <string_view>

namespace aitbc::rpc {

// As text or as an attribute. What XML 1.0 cannot hold at all becomes a question mark.
std::string markup_text(std::string_view text);

}  // namespace aitbc::rpc
