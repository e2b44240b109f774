#pragma once
// The explorer (rpc/web): a page that asks its own node, by the routes that everybody has. Any
// thread.

#include "rpc/route.hpp"

namespace aitbc::rpc {

std::span<const Route> explorer_routes();
// Whether the client is a browser that opens a page, and not a program.
bool wants_page(const HttpRequest&);
HttpResponse explorer_page(const HttpRequest&);

}  // namespace aitbc::rpc
