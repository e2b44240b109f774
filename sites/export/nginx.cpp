#include <algorithm>

#include "chain/core/limits.hpp"
#include "sites/export/export.hpp"

namespace aitbc::sites {

namespace {

constexpr int idle_upstreams = 16;  // connections that a worker keeps to a node

std::string seconds_text(Duration duration) {
  return std::to_string(duration.count() / 1'000) + "s";
}

// A name for it that no other network's file in the same server has.
std::string upstream_name(const Manifest& manifest, const std::string& node) {
  return "aitbc-" + manifest.network + "-" + node;
}

std::string listen_lines(const Listening& listening, const std::string& words) {
  std::string lines =
      "  listen " +
      (listening.address.empty() ? std::to_string(listening.port) : text(listening, "")) + words +
      ";\n";
  if (listening.address.empty()) {
    lines += "  listen [::]:" + std::to_string(listening.port) + words + ";\n";
  }
  return lines;
}

// What the node is told of whom it answers: its own machine's trust is not the caller's.
std::string forwarded_lines() {
  return "    proxy_set_header Host $http_host;\n"
         "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
         "    proxy_set_header X-Forwarded-Proto $scheme;\n";
}

std::string location(const Manifest& manifest, const PublicRoute& route,
                     const std::string& matching) {
  const bool streams = route.kind == PublicRoute::Kind::streams;
  std::string out = "  location " + matching + " {\n    proxy_pass http://" +
                    upstream_name(manifest, route.node) + route.at_node +
                    (matching.ends_with('/') && !route.at_node.ends_with('/') ? "/" : "") + ";\n" +
                    forwarded_lines();
  if (streams) {
    out +=
        "    proxy_set_header Upgrade $http_upgrade;\n"
        "    proxy_set_header Connection \"upgrade\";\n";
  } else {
    out += "    proxy_set_header Connection \"\";\n";
  }
  if (streams || route.kind == PublicRoute::Kind::events) out += "    proxy_buffering off;\n";
  const std::string patience = seconds_text(proxy_patience(manifest, route.kind));
  out += "    proxy_read_timeout " + patience + ";\n";
  if (streams) out += "    proxy_send_timeout " + patience + ";\n";
  return out + "  }\n";
}

std::string locations(const Manifest& manifest, const Manifest::Site& site) {
  std::string out;
  for (const PublicRoute& route : public_routes(site)) {
    if (route.kind == PublicRoute::Kind::events) {
      out += location(manifest, route, "= " + route.path);
    } else if (route.kind == PublicRoute::Kind::page) {
      out += location(manifest, route, "= " + route.path);
      out += location(manifest, route, route.path + "/");
    } else {
      out += location(manifest, route, route.path);
    }
  }
  return out + "  location / {\n    return 404;\n  }\n";
}

std::string server_name(const Manifest::Site& site) {
  return "  server_name " + (site.domain.empty() ? "_" : site.domain) + ";\n";
}

std::string redirect(const Manifest::Site& site, const ExportOptions& options,
                     const std::string& words) {
  const std::uint16_t port = options.tls->listening.port;
  return "server {\n" + listen_lines(options.listening, words) + server_name(site) +
         "  return 301 https://$host" + (port == 443 ? "" : ":" + std::to_string(port)) +
         "$request_uri;\n}\n\n";
}

std::string server(const Manifest& manifest, const Manifest::Site& site,
                   const ExportOptions& options) {
  const std::string words = site.domain.empty() ? " default_server" : "";
  std::string out;
  if (options.tls) out += redirect(site, options, words);
  out += "server {\n";
  out += options.tls ? listen_lines(options.tls->listening, words + " ssl")
                     : listen_lines(options.listening, words);
  out += server_name(site);
  if (options.tls) {
    out += "  ssl_certificate " + options.tls->certificate + ";\n  ssl_certificate_key " +
           options.tls->key +
           ";\n  ssl_protocols TLSv1.2 TLSv1.3;\n  ssl_session_tickets off;\n"
           "  add_header Strict-Transport-Security \"max-age=31536000\" always;\n";
  }
  return out + "  server_tokens off;\n  client_max_body_size " +
         std::to_string(limits::http_body_bytes_max) +
         ";\n  proxy_http_version 1.1;\n  proxy_next_upstream off;\n\n" +
         locations(manifest, site) + "}\n";
}

}  // namespace

std::vector<ExportedFile> nginx_files(const Manifest& manifest, const ExportOptions& options) {
  std::vector<ExportedFile> files;
  for (const Manifest::Site& site : manifest.sites) {
    if (site.nodes.empty()) continue;
    std::string out = export_marker(manifest) + "# On the machine of site " + site.name +
                      ", inside of nginx's http block: /etc/nginx/conf.d/ is.\n\n";
    for (const Manifest::Node& node : site.nodes) {
      out += "upstream " + upstream_name(manifest, node.id) + " {\n  server " + upstream_of(node) +
             ";\n  keepalive " + std::to_string(idle_upstreams) + ";\n}\n\n";
    }
    files.push_back({site.name + ".conf", out + server(manifest, site, options)});
  }
  return files;
}

}  // namespace aitbc::sites
