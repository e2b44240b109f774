#pragma once
// Another machine, through the same program there: every question is passed on as it is. Questions
// of several threads go over several sessions, at most `remote_sessions_max`, which stay open for
// the next one. A session that broke while nobody used it is replaced; all that is asked may be
// asked twice, but for run(). Errors of the connection are `unreachable` or `timeout` and name the
// machine. Thread-safe.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "sites/remote/wire.hpp"

namespace aitbc::sites::remote {

// One run of the program there. One thread at a time.
class Session {
 public:
  // Starts `argv` and waits for its greeting. unreachable, with what it said instead.
  static Result<std::unique_ptr<Session>> open(const std::vector<std::string>& argv,
                                               const Clock& clock, Duration patience);
  ~Session();

  // io or timeout: it is of no use any more.
  Result<Buffer> call(ByteView request, Duration patience);

 private:
  Session(Conversation program, const Clock& clock) : program_(std::move(program)), clock_(clock) {}
  // What it said on its standard error, at most a few lines of it.
  std::string complaint();

  Conversation program_;
  const Clock& clock_;
};

class Host final : public Transport, public Supervisor {
 public:
  using Dial = std::function<Result<std::unique_ptr<Session>>()>;

  Host(std::string name, Dial dial) : name_(std::move(name)), dial_(std::move(dial)) {}

  const std::string& name() const { return name_; }
  Result<Machine> machine();
  // Ends the sessions that nobody uses.
  void hang_up();

  Result<Output> run(const Command&) override;
  Status put(const std::filesystem::path& to, std::string_view bytes, Mode) override;
  Result<std::string> get(const std::filesystem::path&, std::size_t bytes_max) override;
  Result<Growth> read_on(const std::filesystem::path&, const Mark&, std::size_t bytes_max) override;
  Status make_folder(const std::filesystem::path&, Mode) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove_tree(const std::filesystem::path&) override;
  Result<bool> exists(const std::filesystem::path&) override;
  Result<std::vector<std::string>> list(const std::filesystem::path&) override;
  Result<PublicKey> public_key(const std::filesystem::path&) override;
  Result<PublicKey> make_key(const std::filesystem::path&) override;
  // Over a session of its own, which it lasts as long as.
  Result<std::unique_ptr<Lock>> lock(const Layout&, const std::string& holder) override;

  Status start(const NodeSpec&) override;
  Result<Stopped> stop(const NodeSpec&, Duration patience) override;
  Status kill(const NodeSpec&) override;
  Status pause(const NodeSpec&) override;
  Status resume(const NodeSpec&) override;
  Result<RunState> state(const NodeSpec&) override;
  Result<std::optional<ProcessFacts>> facts(const NodeSpec&) override;
  Result<std::string> drift(const NodeSpec&) override;
  std::string log_tail(const NodeSpec&, std::size_t lines) override;
  Result<std::size_t> kill_all_in(const std::filesystem::path& folder) override;

 private:
  struct Lease {
    std::unique_ptr<Session> session;
    bool used = false;  // it was open already
  };
  enum class Repeat { never, once };

  Result<std::unique_ptr<Session>> connect();
  Result<Lease> take();
  void give_back(std::unique_ptr<Session> session);
  Result<Buffer> ask(const Encoder& request, Duration patience, Repeat repeat);
  // The good answer, read by `read`.
  template <class Read>
  auto opened(const Buffer& answer, Read read) -> Result<decltype(read(std::declval<Decoder&>()))>;
  template <class Read>
  auto ask_for(const Encoder& request, Duration patience, Read read)
      -> Result<decltype(read(std::declval<Decoder&>()))>;
  Status ask_done(const Encoder& request);

  const std::string name_;
  const Dial dial_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Session>> idle_;
  std::size_t open_ = 0;
};

}  // namespace aitbc::sites::remote
