#include "rpc/client.hpp"

#include <algorithm>
#include <utility>

#include "rpc/binary.hpp"
#include "rpc/client_views.hpp"
#include "rpc/errors.hpp"
#include "rpc/http_client.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t range_span_max = limits::page_items_max;  // from start to end

HttpRequest get_request(std::string path, std::map<std::string, std::string> query = {}) {
  HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  request.accept = json_type;
  return request;
}

HttpRequest json_request(std::string method, std::string path, std::string body) {
  HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.content_type = json_type;
  request.accept = json_type;
  request.body = std::move(body);
  return request;
}

HttpRequest json_post(std::string path, std::string body) {
  return json_request("POST", std::move(path), std::move(body));
}

HttpRequest binary_post(std::string path, const Buffer& body) {
  HttpRequest request;
  request.method = "POST";
  request.path = std::move(path);
  request.content_type = binary_type;
  request.accept = json_type;
  request.body = as_text(body);
  return request;
}

// Seconds with three decimals, as the parameter `wait` reads them.
std::string seconds_text(Duration wait) {
  std::string decimals = std::to_string(wait.count() % 1'000);
  decimals.insert(0, 3 - decimals.size(), '0');
  return std::to_string(wait.count() / 1'000) + "." + decimals;
}

}  // namespace

struct Client::Connection {
  Connection(Url parsed, Limits call_limits, Credentials credentials)
      : http(std::move(parsed), std::move(credentials)),
        limits(call_limits),
        url(to_string(http.url())) {}

  struct Bounds {
    Duration extra{0};  // beyond the usual deadline
    std::size_t body_bytes_max = limits::http_body_bytes_max;
  };

  // Of a 200.
  Result<HttpResponse> answer(const HttpRequest& request, Bounds bounds) {
    AITBC_TRY_ASSIGN(
        HttpResponse answer,
        http.send(request, {limits.connect, limits.total + bounds.extra, bounds.body_bytes_max}));
    if (answer.status != 200) return error_from_answer(answer);
    return answer;
  }
  // Its body.
  Result<std::string> send(const HttpRequest& request, Bounds bounds) {
    AITBC_TRY_ASSIGN(HttpResponse answer, this->answer(request, bounds));
    return std::move(answer.body);
  }
  Result<std::string> send(const HttpRequest& request) { return send(request, {}); }

  HttpClient http;
  Limits limits;
  std::string url;
};

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::open(const std::string& url, Limits limits, Credentials credentials) {
  AITBC_TRY_ASSIGN(Url parsed, parse_url(url));
  return Client(std::make_unique<Connection>(std::move(parsed), limits, std::move(credentials)));
}

const std::string& Client::url() const { return connection_->url; }

void Client::cancel() { connection_->http.cancel(); }

Result<SyncAnswer> Client::sync(const SyncQuery& query) {
  // A node holds an answer back for no longer than this.
  const Duration wait = std::clamp(query.wait, Duration{0}, Duration{limits::poll_interval});
  HttpRequest request = get_request("/rpc/sync", {{"instance", query.instance},
                                                  {"cursor", std::to_string(query.cursor)},
                                                  {"wait", seconds_text(wait)}});
  if (!query.asker.empty()) request.query["asker"] = query.asker;
  request.accept = std::string(binary_type) + ", " + std::string(json_type);
  AITBC_TRY_ASSIGN(const HttpResponse answer, connection_->answer(request, {.extra = wait}));
  // A node from before answers in JSON whatever it is asked for.
  if (answer.content_type != binary_type) return parse_sync_answer(answer.body);
  return decode_sync_answer(as_bytes(answer.body));
}

Result<NodeStatus> Client::network() {
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(get_request("/rpc/network")));
  return parse_status(body);
}

Error Client::listen(const std::string& types, EventReader& reader, const Listener& listener) {
  HttpRequest request = get_request("/rpc/events", {{"types", types}});
  request.accept = event_stream_type;
  request.last_event_id = reader.last_id();
  reader.begin();
  Status read = ok();
  bool open = false;
  const auto answer = connection_->http.stream(
      request, {connection_->limits.connect, events_silence_max}, [&](std::string_view bytes) {
        if (!std::exchange(open, true)) listener.opened();
        const auto events = reader.read(bytes);
        if (!events) {
          read = events.error();
          return false;
        }
        for (const ToldEvent& event : *events) listener.told(event);
        return true;
      });
  if (!read) return read.error();
  if (!answer) return answer.error();
  if (answer->status != 200) return error_from_answer(*answer);
  return error(Errc::unreachable, connection_->url + ": the node ended its events");
}

Result<std::vector<SealedHeader>> Client::headers(Height from, std::size_t limit) {
  const std::size_t count = std::min(limit, limits::headers_max);
  if (count == 0) return std::vector<SealedHeader>();
  HttpRequest request = get_request(
      "/rpc/headers", {{"start", std::to_string(from)}, {"limit", std::to_string(count)}});
  request.accept = binary_type;
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(request));
  return decode_headers(as_bytes(body), count);
}

Result<std::vector<Block>> Client::blocks(Height from, std::size_t limit) {
  const std::size_t count = std::min(limit, range_span_max);
  if (count == 0) return std::vector<Block>();
  HttpRequest request =
      get_request("/rpc/blocks-range",
                  {{"start", std::to_string(from)}, {"end", std::to_string(from + count - 1)}});
  request.accept = binary_type;
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(request));
  return decode_blocks(as_bytes(body), count);
}

Result<std::vector<SignedTx>> Client::pending(std::span<const TxId> ids) {
  const HttpRequest request = binary_post("/rpc/sync/transactions", encode_ids(ids));
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(request));
  return decode_txs(as_bytes(body), ids.size());
}

Result<Genesis> Client::genesis() {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(get_request("/rpc/genesis"),
                                     {.body_bytes_max = limits::genesis_bytes_max}));
  return parse_genesis(body);
}

Result<TxId> Client::submit(const SignedTx& tx) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(binary_post("/rpc/sendTx", encode(tx))));
  return parse_taken(body);
}

Result<std::vector<Result<TxId>>> Client::submit_all(std::span<const SignedTx> txs) {
  std::vector<Result<TxId>> answers;
  while (!txs.empty()) {
    const auto batch = txs.first(std::min(txs.size(), limits::submit_batch_max));
    txs = txs.subspan(batch.size());
    const HttpRequest request = binary_post("/rpc/transactions", encode_txs(batch));
    AITBC_TRY_ASSIGN(const std::string body, connection_->send(request));
    AITBC_TRY_ASSIGN(std::vector<Result<TxId>> some, parse_batch_result(body, batch.size()));
    std::move(some.begin(), some.end(), std::back_inserter(answers));
  }
  return answers;
}

Result<Imported> Client::import(std::span<const Block> blocks) {
  const HttpRequest request = binary_post("/rpc/blocks/import", encode(blocks));
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(request));
  return parse_imported(body);
}

Status Client::add_votes(std::span<const SignedVote> votes) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(json_post("/rpc/votes", votes_json(votes))));
  return ok();
}

Result<std::vector<Fault>> Client::faults() {
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(get_request("/rpc/chaos")));
  return parse_faults(body);
}

Result<Fault> Client::add_fault(const Fault& fault, Duration lasts) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(json_post("/rpc/chaos", new_fault_json(fault, lasts))));
  return parse_fault(body);
}

Result<std::size_t> Client::heal(const std::optional<std::string>& id) {
  ObjectWriter order;
  if (id) order.text("id", *id);
  const HttpRequest request = json_post("/rpc/chaos/heal", std::move(order).finish());
  AITBC_TRY_ASSIGN(const std::string body, connection_->send(request));
  return parse_healed(body);
}

Status Client::add_evidence(std::span<const Evidence> evidence) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(json_post("/rpc/evidence", evidence_json(evidence))));
  return ok();
}

Status Client::set_peers(std::span<const std::string> urls) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(json_request("PUT", "/rpc/peers", peer_urls_json(urls))));
  return ok();
}

Result<std::string> Client::unlock_authority() {
  HttpRequest request;
  request.method = "POST";
  request.path = "/rpc/authority/unlock";
  return connection_->send(request);
}

Result<std::optional<Certificate>> Client::certificate(Height height) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(get_request("/rpc/finality/" + std::to_string(height))));
  return parse_certificate(body);
}

Result<Client::AccountView> Client::account(const Address& address) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(get_request("/rpc/account/" + to_text(address))));
  return parse_account_view(body);
}

Result<Client::TxView> Client::tx(const TxId& id) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(get_request("/rpc/tx/" + hash_text(id))));
  return parse_tx_view(body);
}

Result<Client::ProvenView> Client::prove(const Address& address) {
  AITBC_TRY_ASSIGN(const std::string body,
                   connection_->send(get_request("/rpc/proof/account/" + to_text(address))));
  AITBC_TRY_ASSIGN(const ProvenAccount proven, parse_proof(body));
  AITBC_TRY_ASSIGN(const Account account, check_account(proven, address));
  return ProvenView{account, proven.head, proven.state_root};
}

Result<std::string> Client::get(const std::string& path_and_query) {
  AITBC_TRY_ASSIGN(Target target, parse_target(path_and_query));
  return connection_->send(get_request(std::move(target.path), std::move(target.query)));
}

}  // namespace aitbc::rpc
