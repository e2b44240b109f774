#include "sites/remote/host.hpp"

#include <poll.h>

#include <array>
#include <tuple>

namespace aitbc::sites::remote {

namespace {

// For what the other machine itself carries out with a deadline of its own, or at once.
constexpr Duration usual_patience{20'000};
constexpr Duration farewell_patience{1'000};
constexpr std::size_t complaint_bytes_max = 2'048;

template <class... Parts>
Encoder request(Op op, const Parts&... parts) {
  Encoder out;
  out.integer(static_cast<std::uint8_t>(op));
  [[maybe_unused]] const auto add = [&](const auto& part) {
    using Part = std::decay_t<decltype(part)>;
    if constexpr (std::is_same_v<Part, std::filesystem::path>) {
      encode_path(out, part);
    } else if constexpr (std::is_same_v<Part, std::string_view>) {
      encode_text(out, part);
    } else if constexpr (std::is_same_v<Part, Mode>) {
      out.integer(static_cast<std::uint32_t>(part));
    } else if constexpr (std::is_unsigned_v<Part>) {
      out.integer(part);
    } else {
      encode(out, part);
    }
  };
  (add(parts), ...);
  return out;
}

std::tuple<> nothing(Decoder&) { return {}; }

// Of a network there; given back by word, as the end of a connection may be long in coming.
class FarLock final : public Lock {
 public:
  FarLock(std::unique_ptr<Session> session, std::filesystem::path network)
      : session_(std::move(session)), network_(std::move(network)) {}
  ~FarLock() override {
    // Best effort: else it ends with the session.
    static_cast<void>(session_->call(request(Op::unlock, network_).bytes(), farewell_patience));
  }

 private:
  const std::unique_ptr<Session> session_;
  const std::filesystem::path network_;
};

}  // namespace

// ---- one session --------------------------------------------------------------------------------

Result<std::unique_ptr<Session>> Session::open(const std::vector<std::string>& argv,
                                               const Clock& clock, Duration patience) {
  AITBC_TRY_ASSIGN(Conversation program, Conversation::begin(argv));
  std::unique_ptr<Session> session(new Session(std::move(program), clock));
  const Time deadline = clock.now() + patience;
  const Status greeted = expect_line(session->program_.out, greeting, clock, deadline);
  if (greeted) return session;
  std::string said = greeted.error().detail;
  if (const std::string complaint = session->complaint(); !complaint.empty()) {
    said += "; " + complaint;
  }
  return error(greeted.error().code == Errc::timeout ? Errc::timeout : Errc::unreachable,
               "'" + argv[0] + "' gave no connection: " + said);
}

Session::~Session() {
  // It ends by itself when nobody asks any more; so the connection below it is left in order.
  program_.in.close();
  program_.out.close();
  pollfd ended{program_.exit.get(), POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(farewell_patience.count())) > 0) program_.reap();
}

Result<Buffer> Session::call(ByteView request, Duration patience) {
  const Time deadline = clock_.now() + patience;
  Status sent = send_frame(program_.in, request, clock_, deadline);
  if (sent) {
    auto answer = receive_frame(program_.out, clock_, deadline);
    if (answer) return answer;
    sent = answer.error();
  }
  const std::string why = complaint();
  return error(sent.error().code, why.empty() ? sent.error().detail : why);
}

std::string Session::complaint() {
  std::string text(complaint_bytes_max, '\0');
  const ssize_t got = ::read(program_.err.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// ---- asking -------------------------------------------------------------------------------------

Result<std::unique_ptr<Session>> Host::connect() {
  auto session = dial_();
  if (session) return session;
  return error(session.error().code, name_ + ": " + session.error().detail);
}

Result<Host::Lease> Host::take() {
  {
    std::unique_lock lock(mutex_);
    // Whoever has one gives it back by its own deadline.
    returned_.wait(lock, [&] { return !idle_.empty() || open_ < limits::remote_sessions_max; });
    if (!idle_.empty()) {
      Lease lease{std::move(idle_.back()), true};
      idle_.pop_back();
      return lease;
    }
    ++open_;
  }
  auto session = connect();
  if (session) return Lease{std::move(*session), false};
  give_back(nullptr);
  return session.error();
}

void Host::give_back(std::unique_ptr<Session> session) {
  {
    const std::lock_guard lock(mutex_);
    if (session) {
      idle_.push_back(std::move(session));
    } else {
      --open_;
    }
  }
  returned_.notify_one();
}

void Host::hang_up() {
  std::vector<std::unique_ptr<Session>> unused;
  const std::lock_guard lock(mutex_);
  open_ -= idle_.size();
  unused.swap(idle_);
}

Result<Buffer> Host::ask(const Encoder& request, Duration patience, Repeat repeat) {
  while (true) {
    AITBC_TRY_ASSIGN(Lease lease, take());
    auto answer = lease.session->call(request.bytes(), patience);
    if (answer) {
      give_back(std::move(lease.session));
      return answer;
    }
    lease.session.reset();
    give_back(nullptr);
    if (lease.used && answer.error().code == Errc::io && repeat == Repeat::once) continue;
    const Errc code = answer.error().code == Errc::io ? Errc::unreachable : answer.error().code;
    return error(code, name_ + ": " + answer.error().detail);
  }
}

template <class Read>
auto Host::opened(const Buffer& answer, Read read)
    -> Result<decltype(read(std::declval<Decoder&>()))> {
  Decoder in(answer);
  if (in.integer<std::uint8_t>() == reply_failed) {
    const Error refused = decode_error(in);
    AITBC_TRY(in.finish("refusal"));
    return error(refused.code, name_ + ": " + refused.detail);
  }
  auto value = read(in);
  AITBC_TRY(in.finish("answer"));
  return value;
}

template <class Read>
auto Host::ask_for(const Encoder& request, Duration patience, Read read)
    -> Result<decltype(read(std::declval<Decoder&>()))> {
  const bool runs = request.bytes().front() == static_cast<std::uint8_t>(Op::run);
  AITBC_TRY_ASSIGN(const Buffer answer,
                   ask(request, patience, runs ? Repeat::never : Repeat::once));
  return opened(answer, read);
}

Status Host::ask_done(const Encoder& request) {
  const auto answer = ask_for(request, usual_patience, nothing);
  return answer ? ok() : Status(answer.error());
}

// ---- what is asked ------------------------------------------------------------------------------

Result<Machine> Host::machine() {
  return ask_for(request(Op::hello), usual_patience, decode_machine);
}

Result<Output> Host::run(const Command& command) {
  return ask_for(request(Op::run, command), command.timeout + usual_patience, decode_output);
}

Status Host::put(const std::filesystem::path& to, std::string_view bytes, Mode mode) {
  return ask_done(request(Op::put, to, mode, bytes));
}

Result<std::string> Host::get(const std::filesystem::path& path, std::size_t bytes_max) {
  return ask_for(request(Op::get, path, std::uint64_t{bytes_max}), usual_patience,
                 [](Decoder& in) { return decode_text(in, limits::remote_frame_bytes_max); });
}

Result<Growth> Host::read_on(const std::filesystem::path& path, const Mark& mark,
                             std::size_t bytes_max) {
  return ask_for(request(Op::read_on, path, mark, std::uint64_t{bytes_max}), usual_patience,
                 decode_growth);
}

Status Host::make_folder(const std::filesystem::path& path, Mode mode) {
  return ask_done(request(Op::make_folder, path, mode));
}

Status Host::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ask_done(request(Op::rename, from, to));
}

Status Host::remove_tree(const std::filesystem::path& path) {
  return ask_done(request(Op::remove_tree, path));
}

Result<bool> Host::exists(const std::filesystem::path& path) {
  return ask_for(request(Op::exists, path), usual_patience,
                 [](Decoder& in) { return in.integer<std::uint8_t>() != 0; });
}

Result<std::vector<std::string>> Host::list(const std::filesystem::path& path) {
  return ask_for(request(Op::list, path), usual_patience, [](Decoder& in) {
    std::vector<std::string> names(in.count(limits::remote_frame_bytes_max, 4));
    for (std::string& name : names) name = decode_text(in, limits::remote_text_bytes_max);
    return names;
  });
}

Result<PublicKey> Host::public_key(const std::filesystem::path& path) {
  return ask_for(request(Op::public_key, path), usual_patience,
                 [](Decoder& in) { return in.fixed<PublicKey>(); });
}

Result<PublicKey> Host::make_key(const std::filesystem::path& path) {
  return ask_for(request(Op::make_key, path), usual_patience,
                 [](Decoder& in) { return in.fixed<PublicKey>(); });
}

Result<std::unique_ptr<Lock>> Host::lock(const Layout& network, const std::string& holder) {
  AITBC_TRY_ASSIGN(auto session, connect());
  const auto answer = session->call(
      request(Op::lock, network.root(), std::string_view(holder)).bytes(), usual_patience);
  if (!answer) {
    const Errc code = answer.error().code == Errc::io ? Errc::unreachable : answer.error().code;
    return error(code, name_ + ": " + answer.error().detail);
  }
  AITBC_TRY(opened(*answer, nothing));
  return std::unique_ptr<Lock>(std::make_unique<FarLock>(std::move(session), network.root()));
}

Status Host::start(const NodeSpec& spec) { return ask_done(request(Op::start, spec)); }

Result<Stopped> Host::stop(const NodeSpec& spec, Duration patience) {
  return ask_for(request(Op::stop, spec, static_cast<std::uint64_t>(patience.count())),
                 patience + usual_patience, [](Decoder& in) {
                   const auto how = in.integer<std::uint8_t>();
                   if (how > static_cast<std::uint8_t>(Stopped::killed)) in.fail();
                   return static_cast<Stopped>(how);
                 });
}

Status Host::kill(const NodeSpec& spec) { return ask_done(request(Op::kill, spec)); }
Status Host::pause(const NodeSpec& spec) { return ask_done(request(Op::pause, spec)); }
Status Host::resume(const NodeSpec& spec) { return ask_done(request(Op::resume, spec)); }

Result<RunState> Host::state(const NodeSpec& spec) {
  return ask_for(request(Op::state, spec), usual_patience, [](Decoder& in) {
    const auto state = in.integer<std::uint8_t>();
    if (state > static_cast<std::uint8_t>(RunState::stopped)) in.fail();
    return static_cast<RunState>(state);
  });
}

Result<std::optional<ProcessFacts>> Host::facts(const NodeSpec& spec) {
  return ask_for(request(Op::facts, spec), usual_patience,
                 [](Decoder& in) -> std::optional<ProcessFacts> {
                   if (in.integer<std::uint8_t>() == 0) return std::nullopt;
                   return decode_facts(in);
                 });
}

Result<std::string> Host::drift(const NodeSpec& spec) {
  return ask_for(request(Op::drift, spec), usual_patience,
                 [](Decoder& in) { return decode_text(in, limits::remote_text_bytes_max); });
}

std::string Host::log_tail(const NodeSpec& spec, std::size_t lines) {
  const auto text =
      ask_for(request(Op::log_tail, spec, static_cast<std::uint32_t>(lines)), usual_patience,
              [](Decoder& in) { return decode_text(in, limits::remote_frame_bytes_max); });
  return text ? *text : "(" + text.error().detail + ")";
}

Result<std::size_t> Host::kill_all_in(const std::filesystem::path& folder) {
  return ask_for(request(Op::kill_all_in, folder), usual_patience,
                 [](Decoder& in) -> std::size_t { return in.integer<std::uint64_t>(); });
}

}  // namespace aitbc::sites::remote
