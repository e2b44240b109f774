#include "chain/core/limits.hpp"
#include "sites/export/export.hpp"

namespace aitbc::sites {

namespace {

// Longest first: Apache takes the first that fits. A node that was restarted is asked again at
// once.
std::string pass_lines(const Manifest& manifest, const Manifest::Site& site) {
  std::string out;
  for (const PublicRoute& route : public_routes(site)) {
    std::string words;
    if (route.kind == PublicRoute::Kind::streams) words = " upgrade=websocket";
    if (route.kind == PublicRoute::Kind::events) words = " flushpackets=on";
    out += "  ProxyPass \"" + route.path + "\" \"http://" +
           upstream_of(*manifest.find(route.node)) + route.at_node + "\" retry=0 timeout=" +
           std::to_string(proxy_patience(manifest, route.kind).count() / 1'000) + words + "\n";
  }
  return out;
}

// All else of this host is nobody's business, whatever files the server has.
std::string refuse_others(const Manifest::Site& site) {
  std::string ours;
  for (const PublicRoute& route : public_routes(site)) {
    using Kind = PublicRoute::Kind;
    if (route.kind == Kind::streams || route.kind == Kind::events) continue;
    ours += (ours.empty() ? "" : "|") + route.path.substr(1) +
            (route.kind == PublicRoute::Kind::page ? "(?:/|$)" : "");
  }
  return "  RedirectMatch 404 \"^/(?!" + ours + ")\"\n";
}

std::string host_begin(const Manifest::Site& site, const Listening& listening) {
  return "<VirtualHost " + text(listening, "*") + ">\n" +
         (site.domain.empty() ? "" : "  ServerName " + site.domain + "\n");
}

std::string redirect_host(const Manifest::Site& site, const ExportOptions& options) {
  const std::uint16_t port = options.tls->listening.port;
  return host_begin(site, options.listening) +
         "  UseCanonicalName Off\n  RewriteEngine On\n  RewriteRule \"^/?(.*)\" "
         "\"https://%{SERVER_NAME}" +
         (port == 443 ? "" : ":" + std::to_string(port)) + "/$1\" [R=301,L,NE]\n</VirtualHost>\n\n";
}

std::string host(const Manifest& manifest, const Manifest::Site& site,
                 const ExportOptions& options) {
  std::string out = host_begin(site, options.tls ? options.tls->listening : options.listening);
  if (options.tls) {
    out += "  SSLEngine On\n  SSLProtocol -all +TLSv1.2 +TLSv1.3\n  SSLCertificateFile " +
           options.tls->certificate + "\n  SSLCertificateKeyFile " + options.tls->key +
           "\n  Header always set Strict-Transport-Security \"max-age=31536000\"\n";
  }
  out +=
      "  ProxyRequests Off\n  ProxyPreserveHost On\n  ProxyAddHeaders On\n"
      "  RequestHeader set X-Forwarded-Proto " +
      std::string(options.tls ? "https" : "http") + "\n  LimitRequestBody " +
      std::to_string(limits::http_body_bytes_max) + "\n  AllowEncodedSlashes NoDecode\n";
  return out + refuse_others(site) + pass_lines(manifest, site) + "</VirtualHost>\n";
}

// Debian's server listens on the usual ports already.
std::string listen_line(const Listening& listening, std::uint16_t usual) {
  if (listening.address.empty() && listening.port == usual) return {};
  return "Listen " +
         (listening.address.empty() ? std::to_string(listening.port) : text(listening, "")) + "\n";
}

}  // namespace

std::vector<ExportedFile> apache_files(const Manifest& manifest, const ExportOptions& options) {
  std::vector<ExportedFile> files;
  for (const Manifest::Site& site : manifest.sites) {
    if (site.nodes.empty()) continue;
    std::string out = export_marker(manifest) + "# On the machine of site " + site.name +
                      ": /etc/apache2/sites-available/. It needs Apache 2.4.47 and\n"
                      "# a2enmod alias headers proxy proxy_http" +
                      (options.tls ? " rewrite ssl" : "") + "\n\n";
    std::string listens = listen_line(options.listening, 80);
    if (options.tls) listens += listen_line(options.tls->listening, 443);
    if (!listens.empty()) out += listens + "\n";
    if (options.tls) out += redirect_host(site, options);
    files.push_back({site.name + ".conf", out + host(manifest, site, options)});
  }
  return files;
}

}  // namespace aitbc::sites
