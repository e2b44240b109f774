#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/running.hpp"
#include "cli/terminal.hpp"
#include "cli/top_feed.hpp"
#include "cli/top_view.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration draw_pause{50};      // between two pictures
constexpr Duration clock_pause{1'000};  // then what depends on the time is drawn again
constexpr Duration escape_pause{50};    // what follows an escape comes sooner

// The signals that a terminal or an operator sends, as something to wait for. Made before any other
// thread, so that all inherit the mask; nodes that are started do not (sites::spawn).
class TopSignals {
 public:
  TopSignals() {
    ::sigemptyset(&set_);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT}) {
      ::sigaddset(&set_, each);
    }
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
    descriptor_ = sites::Descriptor(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
    AITBC_CHECK(descriptor_.is_open());
  }
  ~TopSignals() { release(); }
  TopSignals(const TopSignals&) = delete;
  TopSignals& operator=(const TopSignals&) = delete;

  // From here on they do what they do to other commands.
  void release() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  int get() const { return descriptor_.get(); }
  // 0: none.
  int next() const {
    signalfd_siginfo info{};
    const bool came = ::read(descriptor_.get(), &info, sizeof info) == sizeof info;
    return came ? static_cast<int>(info.ssi_signo) : 0;
  }
  // Until somebody lets this process and those of its job go on.
  void stop_here() const {
    ::kill(0, SIGTSTP);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_{}, before_{};
  sites::Descriptor descriptor_;
};

// The person's side: keys in, pictures out.
class TopShell {
 public:
  TopShell(TopModel& model, TopFeed& feed, Terminal& terminal, const TopSignals& signals,
           sites::Clock& clock, bool colours)
      : model_(model),
        feed_(feed),
        terminal_(terminal),
        signals_(signals),
        clock_(clock),
        painter_(colours) {}

  // Until the person leaves or the terminal is gone.
  void run() {
    while (!over_) {
      show_when_due();
      wait();
    }
  }

 private:
  void show_when_due() {
    const Time now = clock_.now();
    if (!changed_ && now < drawn_ + clock_pause) return;
    if (now < drawn_ + draw_pause) return;
    TopPicture picture = draw(model_, terminal_.size(), now);
    model_.fit(picture.scroll_max);
    if (!terminal_.write(painter_.paint(picture.screen))) over_ = true;
    drawn_ = now;
    changed_ = false;
  }

  void wait() {
    const Time now = clock_.now();
    Duration time = drawn_ + (changed_ ? draw_pause : clock_pause) - now;
    if (keys_.waits()) time = std::min(time, typed_ + escape_pause - now);
    std::array<pollfd, 3> sources{
        {{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}, {feed_.descriptor(), POLLIN, 0}}};
    const auto patience = static_cast<int>(std::max(time, Duration{0}).count());
    if (::poll(sources.data(), sources.size(), patience) < 0) return;
    if (sources[1].revents != 0) hear_signals();
    if (sources[0].revents != 0) {
      typed_ = clock_.now();
      press(keys_.read(terminal_.read(over_)));
    } else if (keys_.waits() && clock_.now() >= typed_ + escape_pause) {
      press(keys_.give_up());
    }
    if (sources[2].revents == 0) return;
    for (const TopNews& news : feed_.take()) model_.take(news, clock_.now());
    changed_ = true;
  }

  void hear_signals() {
    while (const int signal = signals_.next()) {
      if (signal == SIGWINCH) {
        changed_ = true;
      } else if (signal == SIGCONT) {
        redraw();
      } else if (signal == SIGTSTP) {
        suspend();
      } else {
        over_ = true;
      }
    }
  }

  void press(const std::vector<Key>& keys) {
    for (const Key& key : keys) {
      changed_ = true;
      const TopWish wish = model_.press(key);
      switch (wish.what) {
        case TopWish::What::nothing:
          break;
        case TopWish::What::quit:
          over_ = true;
          return;
        case TopWish::What::suspend:
          suspend();
          break;
        case TopWish::What::redraw:
          redraw();
          break;
        default:
          feed_.begin(wish);
      }
    }
    feed_.follow(model_.followed());
  }

  void suspend() {
    terminal_.leave();
    signals_.stop_here();
    redraw();
  }

  // Whoever had the terminal meanwhile may have left it in any state.
  void redraw() {
    terminal_.enter();
    painter_.forget();
    changed_ = true;
  }

  TopModel& model_;
  TopFeed& feed_;
  Terminal& terminal_;
  const TopSignals& signals_;
  sites::Clock& clock_;
  Painter painter_;
  KeyReader keys_;
  Time drawn_{}, typed_{};
  bool changed_ = true;
  bool over_ = false;
};

TopModel model_of(const sites::Manifest& manifest) {
  std::vector<TopNode> nodes;
  for (const auto& site : manifest.sites) {
    for (const auto& node : site.nodes) {
      TopNode& row = nodes.emplace_back();
      row.id = node.id;
      row.site = site.name;
      row.url = node.url();
    }
  }
  return {manifest.network, manifest.chain_id(), std::move(nodes)};
}

// Each round a line, until nobody reads them.
Verdict print_rounds(Invocation& invocation, bool once) {
  AITBC_TRY_ASSIGN(const auto addresses, asked_nodes(invocation));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  TopModel model = model_of(open->manifest());
  TopFeed feed({*open}, once ? std::vector<NodeAddress>() : addresses);
  for (;;) {
    pollfd news{feed.descriptor(), POLLIN, 0};
    static_cast<void>(::poll(&news, 1, -1));
    for (const TopNews& each : feed.take()) {
      const Time now = invocation.clock.now();
      model.take(each, now);
      const auto* const round = std::get_if<StatusNews>(&each);
      if (round == nullptr) continue;
      if (!round->status) return round->status.error();
      invocation.output.document(top_json(model, now));
      if (once || !invocation.output.wanted()) return Exit::done;
    }
  }
}

Verdict watch(Invocation& invocation) {
  AITBC_TRY(Terminal::check());
  TopSignals blocked;
  AITBC_TRY_ASSIGN(const auto addresses, asked_nodes(invocation));
  AITBC_TRY_ASSIGN(const auto rounds, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const auto logs, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const auto doing, OpenNetwork::of(invocation));
  const auto plain = invocation.environment("NO_COLOR");
  TopModel model = model_of(rounds->manifest());
  TopFeed feed({*rounds, logs.get(), doing.get()}, addresses);
  {
    Terminal terminal;
    TopShell(model, feed, terminal, blocked, invocation.clock, !plain || plain->empty()).run();
  }
  blocked.release();
  if (const auto wish = model.under_way()) {
    invocation.output.say("waiting for what was begun with node " + wish->node +
                          "; control-C leaves it as it is");
  }
  return Exit::done;
}

}  // namespace

void add_top_command(CLI::App& root, Invocation& invocation) {
  const auto once = std::make_shared<bool>(false);
  CLI::App* top = add_command(
      root, {"top", "The network live on the terminal, driven by keys (? shows them)",
             "aitbc top\n  aitbc top --json | jq -c '.nodes[] | [.node, .state, .height]'"});
  top->add_flag("--once", *once, "With --json: print one line and end");
  choose(*top, invocation, [&invocation, once]() -> Verdict {
    if (invocation.output.json()) return print_rounds(invocation, *once);
    if (*once) return error(Errc::bad_config, "--once is for --json; for people: aitbc status");
    return watch(invocation);
  });
}

}  // namespace aitbc::cli
