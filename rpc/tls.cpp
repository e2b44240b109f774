#include "rpc/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "rpc/ip.hpp"

namespace aitbc::rpc {

namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Session = std::unique_ptr<SSL, Free>;

// What the library says last; the queue of this thread is empty afterwards.
std::string library_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

Result<Context> new_context(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method));
  if (context == nullptr) return error(Errc::io, "TLS: " + library_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // Who wants to go on with a session opens a connection anew; renegotiation only serves attacks.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// The library's own socket would raise SIGPIPE when the peer is gone.
int bio_write(BIO* bio, const char* data, int size) {
  const auto moved = static_cast<Channel*>(BIO_get_data(bio))
                         ->write(data, static_cast<std::size_t>(std::max(size, 0)));
  BIO_clear_retry_flags(bio);
  if (moved.blocked) BIO_set_retry_write(bio);
  return moved.bytes == 0 ? -1 : static_cast<int>(moved.bytes);
}

int bio_read(BIO* bio, char* data, int size) {
  const auto moved = static_cast<Channel*>(BIO_get_data(bio))
                         ->read(data, static_cast<std::size_t>(std::max(size, 0)));
  BIO_clear_retry_flags(bio);
  if (moved.blocked) BIO_set_retry_read(bio);
  if (moved.bytes == 0 && !moved.blocked) return 0;
  return moved.bytes == 0 ? -1 : static_cast<int>(moved.bytes);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "aitbc channel");
    AITBC_CHECK(made != nullptr);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    return made;
  }();
  return method;
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(Session session, int socket)
      : plain_(plain_channel(socket)), session_(std::move(session)) {
    BIO* bio = BIO_new(bio_method());
    AITBC_CHECK(bio != nullptr);
    BIO_set_data(bio, plain_.get());
    SSL_set_bio(session_.get(), bio, bio);  // the session owns it now
  }

  Moved read(char* data, std::size_t size) override {
    return moved(
        [&](std::size_t& count) { return SSL_read_ex(session_.get(), data, size, &count); });
  }
  Moved write(const char* data, std::size_t size) override {
    return moved(
        [&](std::size_t& count) { return SSL_write_ex(session_.get(), data, size, &count); });
  }
  void finish() override {
    // After a fatal error the library forbids it.
    if (!failed_ && SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
    ERR_clear_error();
    plain_->finish();
  }
  std::string problem() const override { return problem_; }

 private:
  template <class Call>
  Moved moved(Call call) {
    if (failed_) return {};
    ERR_clear_error();
    std::size_t count = 0;
    const int result = call(count);
    if (result == 1) return {count, std::nullopt};
    switch (SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return {0, Need::read};
      case SSL_ERROR_WANT_WRITE:
        return {0, Need::write};
      case SSL_ERROR_ZERO_RETURN:
        break;
      default:
        const long verdict = SSL_get_verify_result(session_.get());
        problem_ = verdict == X509_V_OK ? library_error() : X509_verify_cert_error_string(verdict);
    }
    ERR_clear_error();
    failed_ = true;
    return {};
  }

  std::unique_ptr<Channel> plain_;
  Session session_;
  std::string problem_;
  bool failed_ = false;
};

Session new_session(const Context& context) {
  Session session(SSL_new(context.get()));
  AITBC_CHECK(session != nullptr);  // only without memory
  return session;
}

class OpenSslServer final : public TlsServer {
 public:
  explicit OpenSslServer(Context context) : context_(std::move(context)) {}
  std::unique_ptr<Channel> accept(int socket) const override {
    Session session = new_session(context_);
    SSL_set_accept_state(session.get());
    return std::make_unique<TlsChannel>(std::move(session), socket);
  }

 private:
  Context context_;
};

Hash fingerprint_of(X509* certificate) {
  Hash fingerprint;
  unsigned size = Hash::size;
  const bool done = X509_digest(certificate, EVP_sha256(), fingerprint.data.data(), &size) == 1;
  return done ? fingerprint : Hash{};
}

// Called in place of the library's own verdict when there are pins.
int accept_pinned(X509_STORE_CTX* store, void* pins) {
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  const auto& known = *static_cast<const std::vector<Hash>*>(pins);
  const bool found =
      leaf != nullptr && std::find(known.begin(), known.end(), fingerprint_of(leaf)) != known.end();
  X509_STORE_CTX_set_error(store, found ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return found ? 1 : 0;
}

class OpenSslClient final : public TlsClient {
 public:
  OpenSslClient(Context context, std::vector<Hash> pins)
      : context_(std::move(context)), pins_(std::move(pins)) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (!pins_.empty()) {
      SSL_CTX_set_cert_verify_callback(context_.get(), accept_pinned, &pins_);
    }
  }
  std::unique_ptr<Channel> connect(int socket, const std::string& host) const override {
    Session session = new_session(context_);
    SSL_set_connect_state(session.get());
    if (IpAddress::parse(host)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), host.c_str());
    } else {
      SSL_set1_host(session.get(), host.c_str());
      std::string name = host;  // the library's own macro for this has a cast that we do not allow
      SSL_ctrl(session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    }
    return std::make_unique<TlsChannel>(std::move(session), socket);
  }

 private:
  Context context_;
  std::vector<Hash> pins_;
};

}  // namespace

Result<std::shared_ptr<const TlsServer>> TlsServer::load(const std::string& certificate,
                                                         const std::string& key) {
  AITBC_TRY_ASSIGN(Context context, new_context(TLS_server_method()));
  SSL_CTX_set_num_tickets(context.get(), 0);
  const auto wrong = [](const std::string& what) {
    return error(Errc::bad_config, what + ": " + library_error());
  };
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return wrong("tls.certificate: cannot read a PEM certificate from " + certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return wrong("tls.key: cannot use " + key + " as the PEM key of " + certificate);
  }
  return std::shared_ptr<const TlsServer>(std::make_shared<OpenSslServer>(std::move(context)));
}

Result<Hash> parse_pin(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ':') digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (const auto pin = Hash::parse(digits)) return *pin;
  return error(Errc::bad_config,
               "expected the SHA-256 fingerprint of a certificate, as openssl x509 -fingerprint "
               "-sha256 prints it, got '" +
                   std::string(text.substr(0, 120)) + "'");
}

Result<std::shared_ptr<const TlsClient>> TlsClient::make(const TlsTrust& trust) {
  AITBC_TRY_ASSIGN(Context context, new_context(TLS_client_method()));
  if (trust.ca_file) {
    if (SSL_CTX_load_verify_locations(context.get(), trust.ca_file->c_str(), nullptr) != 1) {
      return error(Errc::bad_config, "cannot read PEM certificates of a CA from " + *trust.ca_file +
                                         ": " + library_error());
    }
  } else if (SSL_CTX_set_default_verify_paths(context.get()) != 1) {
    return error(Errc::bad_config, "cannot read the system's certificates: " + library_error());
  }
  return std::shared_ptr<const TlsClient>(
      std::make_shared<OpenSslClient>(std::move(context), trust.pins));
}

}  // namespace aitbc::rpc
