#include "sync/runner.hpp"

#include <pthread.h>

#include <algorithm>
#include <thread>

#include "chain/core/text.hpp"
#include "chain/journaled_store.hpp"
#include "sync/faulty_store.hpp"
#include "sync/held_polls.hpp"
#include "sync/key_log.hpp"
#include "sync/liar.hpp"
#include "sync/peer_io.hpp"
#include "sync/published.hpp"
#include "sync/queue.hpp"
#include "sync/replica.hpp"
#include "sync/time_of_day.hpp"
#include "sync/work.hpp"

namespace aitbc::sync {

class Runner::Core {
 public:
  Core(const Genesis& genesis, std::unique_ptr<FaultRegistry> faults,
       std::unique_ptr<Journal> journal, std::unique_ptr<Replica> replica, Log& log,
       std::function<void(const Error&)> on_failure)
      : genesis_(genesis),
        faults_(std::move(faults)),
        journal_(std::move(journal)),
        replica_(std::move(replica)),
        params_(replica_->chain().params()),
        verifier_(params_),
        log_(log),
        on_failure_(std::move(on_failure)) {
    publish();
  }
  ~Core() { stop(); }

  Status connect(std::vector<std::string> peers, rpc::Credentials credentials, std::uint64_t seed) {
    PeerIo::Options options;
    options.urls = std::move(peers);
    options.credentials = std::move(credentials);
    options.rules = [this](const std::string& peer) { return faults_->links(peer); };
    options.seed = seed;
    AITBC_TRY_ASSIGN(peer_io_, PeerIo::open(verifier_, std::move(options),
                                            [this](RequestId id, Result<Reply> reply) {
                                              inbox_.push_always(ReplyWork{id, std::move(reply)});
                                            }));
    return ok();
  }

  void start() {
    thread_ = std::jthread([this] { run(); });
  }

  void stop() {
    inbox_.close();  // first: whatever is asked from now on is told that the node stops
    journal_->close();
    faults_->stop();
    if (thread_.joinable()) thread_.join();
    if (peer_io_) peer_io_->stop();  // after the thread that sends through it
  }

  // For the core thread, which tells what came of it; if it takes no more, that is told at once.
  template <class WorkType>
  void post(WorkType work) {
    Work item(std::move(work));
    if (inbox_.push(std::move(item)) || inbox_.closed()) return;
    std::get<WorkType>(item).answer(
        error(Errc::inbox_full, "node: " + std::to_string(limits::inbox_items_max) +
                                    " requests are waiting; try again soon"));
  }

  const Genesis& genesis() const { return genesis_; }
  Verifier& verifier() { return verifier_; }
  const Params& params() const { return params_; }
  Published& published() { return published_; }
  const Journal& journal() const { return *journal_; }
  FaultRegistry& faults() { return *faults_; }
  bool is_authority() const { return replica_->authority() != nullptr; }
  void nudge() { inbox_.push_always(Nudge{}); }
  Reader& reader() { return replica_->chain().reader(); }

 private:
  void run();
  Status round();
  Status handle_all(std::span<Work> work, Time now);
  Status handle_submits(std::span<SubmitWork* const> submits);
  Status handle(Work& work, Time now);
  SyncAnswer answer(const SyncQuery& query, Time now);
  void send_all(std::vector<Send> sends);
  void note_changes(const Tip& before, std::uint64_t reorgs_before,
                    const std::optional<CheckedBlock>& sealed);
  void note_faults(std::span<const Fault> before, std::span<const Fault> now);
  void note_clock(Time now);
  Status set_peers(const std::vector<std::string>& urls, Time now);
  void publish(bool quiet = false);
  void fail(const Error& failure);

  const Genesis genesis_;
  // Both outlive the store in the replica.
  const std::unique_ptr<FaultRegistry> faults_;
  const std::unique_ptr<Journal> journal_;
  std::unique_ptr<Replica> replica_;
  const Params params_;
  Verifier verifier_;
  Log& log_;
  std::function<void(const Error&)> on_failure_;
  BoundedQueue<Work> inbox_{limits::inbox_items_max};
  Published published_;
  HeldPolls polls_;
  std::unique_ptr<PeerIo> peer_io_;  // null: it follows nobody
  std::uint64_t told_ = 0;           // answers to polls
  StateEvent told_state_;
  Told told_before_;
  KeyLog key_log_{log_};
  Time time_before_ = time_of_day();
  std::chrono::steady_clock::time_point steady_before_ = std::chrono::steady_clock::now();
  std::jthread thread_;
};

void Runner::Core::run() {
  pthread_setname_np(pthread_self(), "core");
  while (!inbox_.closed()) {
    if (const auto status = round(); !status) fail(status.error());
  }
  // Dropped, so that nobody waits for them.
  inbox_.take_all(Duration{0});
  polls_.drop();
}

// Stamps the time once, takes everything that waits, and publishes what came of it.
Status Runner::Core::round() {
  const Time before = faults_->now();
  const auto wake = replica_->next_wake(before);
  Duration patience = faults_->next_end().value_or(limits::poll_interval);
  if (wake) patience = std::min(patience, *wake - before);
  patience = polls_.patience(patience, PollWork::Clock::now());
  auto work = inbox_.take_all(std::clamp(patience, Duration{0}, limits::poll_interval));
  const Time now = faults_->now();
  note_clock(now);
  const Tip head = replica_->chain().head();
  const std::uint64_t reorgs = published_.status()->reorgs;
  const bool quiet = is_quiet(work);
  AITBC_TRY(handle_all(work, now));
  auto step = replica_->tick(now);
  if (!step && is_internal(step.error())) return step.error();
  if (step) send_all(std::move(step->sends));
  publish(quiet);
  polls_.answer(published_.status()->instance, replica_->chain().mempool().last_sequence(),
                PollWork::Clock::now(), [&](const SyncQuery& query) { return answer(query, now); });
  note_changes(head, reorgs, step ? step->sealed : std::nullopt);
  key_log_.note(*replica_);
  return ok();
}

// Somebody set the time of day, or the machine slept: the two clocks of this process went apart.
void Runner::Core::note_clock(Time now) {
  const auto steady = std::chrono::steady_clock::now();
  const Duration even = std::chrono::duration_cast<Duration>(steady - steady_before_);
  const Duration step = (now - time_before_) - even;
  steady_before_ = steady;
  time_before_ = now;
  if (std::chrono::abs(step) < limits::clock_step_min) return;
  log_.warn("clock_stepped", {{"by_ms", step.count()}});
  replica_->clock_stepped();
}

// Submissions that came together share one durable commit; the rest keeps its order around them.
Status Runner::Core::handle_all(std::span<Work> work, Time now) {
  std::vector<SubmitWork*> submits;
  std::size_t txs = 0;
  for (Work& item : work) {
    if (auto* submit = std::get_if<SubmitWork>(&item)) {
      submits.push_back(submit);
      txs += submit->txs.size();
      if (txs < limits::submit_batch_max) continue;
    }
    txs = 0;
    AITBC_TRY(handle_submits(std::exchange(submits, {})));
    if (!std::holds_alternative<SubmitWork>(item)) AITBC_TRY(handle(item, now));
  }
  return handle_submits(submits);
}

Status Runner::Core::handle_submits(std::span<SubmitWork* const> submits) {
  if (submits.empty()) return ok();
  std::vector<CheckedTx> txs;
  for (SubmitWork* submit : submits) {
    txs.insert(txs.end(), submit->txs.begin(), submit->txs.end());
  }
  const auto answers = replica_->submit(txs);
  publish();  // before the answers, so that whoever has one also sees what it did
  std::size_t first = 0;
  for (SubmitWork* submit : submits) {
    if (answers) {
      const auto begin = answers->begin() + static_cast<std::ptrdiff_t>(first);
      first += submit->txs.size();
      const auto end = answers->begin() + static_cast<std::ptrdiff_t>(first);
      submit->answer(rpc::TxAnswers(begin, end));
    } else {
      submit->answer(answers.error());
    }
  }
  if (!answers && is_internal(answers.error())) return answers.error();
  return ok();
}

Status Runner::Core::handle(Work& work, Time now) {
  const Chain& chain = replica_->chain();
  if (auto* import = std::get_if<ImportWork>(&work)) {
    const auto imported = replica_->import(import->branch, now);
    publish();
    import->answer(imported);
    if (!imported && is_internal(imported.error())) return imported.error();
  } else if (auto* poll = std::get_if<PollWork>(&work)) {
    polls_.hold(std::move(*poll));
  } else if (auto* prove = std::get_if<ProveWork>(&work)) {
    const State& state = chain.state();
    prove->answer(rpc::ProvenAccount{chain.head(), state.root(), state.accounts_root(),
                                     state.authorities_hash(), state.prove(prove->address)});
  } else if (auto* nonce = std::get_if<NonceWork>(&work)) {
    nonce->answer(chain.mempool().next_nonce(chain.state(), nonce->address));
  } else if (auto* votes = std::get_if<VotesWork>(&work)) {
    const auto added = replica_->add_votes(votes->votes);
    publish();
    votes->answer(added);
    if (!added && is_internal(added.error())) return added;
  } else if (auto* evidence = std::get_if<EvidenceWork>(&work)) {
    const auto added = replica_->add_evidence(evidence->evidence);
    publish();
    evidence->answer(added);
    if (!added && is_internal(added.error())) return added;
  } else if (auto* unlock = std::get_if<UnlockWork>(&work)) {
    const auto unlocked = replica_->unlock(now);
    publish();
    unlock->answer(unlocked);
    if (!unlocked && is_internal(unlocked.error())) return unlocked.error();
  } else if (auto* peers = std::get_if<PeersWork>(&work)) {
    peers->answer(set_peers(peers->urls, now));
  } else if (auto* shrink = std::get_if<ShrinkWork>(&work)) {
    replica_->shrink();
    shrink->answer(ok());
  } else if (auto* reply = std::get_if<ReplyWork>(&work)) {
    auto sends = replica_->on_reply(reply->id, std::move(reply->reply), now);
    if (sends) send_all(std::move(*sends));
    if (!sends && is_internal(sends.error())) return std::move(sends).error();
  }
  return ok();
}

// The carriers first: they refuse what is no URL, and have lanes before the first request.
Status Runner::Core::set_peers(const std::vector<std::string>& urls, Time now) {
  if (!peer_io_) return ok();
  AITBC_TRY(peer_io_->set_peers(urls));
  faults_->set_peers(urls);
  replica_->set_peers(urls, now);
  publish();
  log_.info("peers_set", {{"peers", joined(urls)}});
  return ok();
}

SyncAnswer Runner::Core::answer(const SyncQuery& query, Time now) {
  SyncAnswer answer = replica_->answer(query, now);
  if (const auto what = faults_->lie()) lie(*what, answer);
  if (is_authority() && faults_->double_signs()) {
    double_sign(replica_->authority()->key(), params_.genesis_hash, told_++, answer);
  }
  return answer;
}

void Runner::Core::send_all(std::vector<Send> sends) {
  for (Send& send : sends) peer_io_->send(std::move(send));
}

// With very many peers their status costs more than all else of a round that only answered some.
void Runner::Core::publish(bool quiet) {
  const Chain& chain = replica_->chain();
  Told told{replica_->peers_version(),
            chain.mempool().last_sequence(),
            chain.head(),
            chain.justified(),
            chain.final(),
            replica_->fitness(),
            faults_->active()};
  if (quiet && told == told_before_) return journal_->publish(faults_->now());
  told_before_ = std::move(told);
  auto status = std::make_shared<NodeStatus>(replica_->status());
  status->faults = told_before_.faults;
  if (const auto before = published_.status()) note_faults(before->faults, status->faults);
  StateEvent state = state_of(*status);
  published_.set(std::move(status));
  if (state != told_state_) journal_->note(told_state_ = std::move(state));
  journal_->publish(faults_->now());  // last: who hears of it also sees the status that it made
}

void Runner::Core::note_faults(std::span<const Fault> before, std::span<const Fault> now) {
  const auto note = [&](std::span<const Fault> some, std::span<const Fault> others,
                        const char* event) {
    for (const Fault& fault : some) {
      if (std::find(others.begin(), others.end(), fault) != others.end()) continue;
      log_.warn(event, {{"id", fault.id}, {"what", fault.what}, {"until", to_iso(fault.until)}});
    }
  };
  note(before, now, "fault_ended");
  note(now, before, "fault_began");
}

void Runner::Core::note_changes(const Tip& before, std::uint64_t reorgs_before,
                                const std::optional<CheckedBlock>& sealed) {
  const auto status = published_.status();
  if (sealed) {
    log_.info("block_sealed", {{"chain_id", params_.chain_id},
                               {"height", sealed->header().height},
                               {"slot", sealed->header().slot},
                               {"hash", hash_text(id_of(sealed->header()))},
                               {"parent_hash", hash_text(sealed->header().parent)},
                               {"proposer", sealed->header().proposer.hex()},
                               {"tx_count", sealed->txs.size()}});
  }
  if (status->reorgs != reorgs_before) {
    log_.warn("reorg", {{"height", status->head.height},
                        {"hash", hash_text(status->head.id)},
                        {"from_height", before.height},
                        {"from_hash", hash_text(before.id)}});
  } else if (status->head != before && !sealed) {
    log_.info("block_imported", {{"chain_id", params_.chain_id},
                                 {"height", status->head.height},
                                 {"hash", hash_text(status->head.id)},
                                 {"blocks", status->head.height - before.height}});
  }
}

void Runner::Core::fail(const Error& failure) {
  log_.error("storage_failed", {{"code", name(failure.code)}, {"detail", failure.detail}});
  inbox_.close();
  journal_->close();
  on_failure_(failure);
}

// ---- the public side ----------------------------------------------------------------------------

Runner::Runner(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Runner::~Runner() { stop(); }

Result<std::unique_ptr<Runner>> Runner::start(const Genesis& genesis, std::unique_ptr<Store> store,
                                              Options options, Log& log,
                                              std::function<void(const Error&)> on_failure) {
  const auto peers = options.sync ? std::move(options.peers) : std::vector<std::string>();
  auto faults = std::make_unique<FaultRegistry>(FaultRegistry::Options{
      peers, std::move(options.faults), std::move(options.keep_faults), time_of_day});
  if (genesis.devnet) store = std::make_unique<FaultyStore>(std::move(store), *faults);
  auto journal = std::make_unique<Journal>();
  store = std::make_unique<JournaledStore>(std::move(store), *journal);
  AITBC_TRY_ASSIGN(Chain chain, Chain::open(genesis, std::move(store)));
  chain.on_vote([told = journal.get()](const SignedVote& vote) { told->note(VoteEvent{vote}); });
  const std::uint64_t seed = std::hash<std::string>{}(options.instance);
  Replica::Options replica_options;
  replica_options.node_id = std::move(options.node_id);
  replica_options.site = std::move(options.site);
  replica_options.forced = options.forced;
  replica_options.agent = {peers, options.poll_only, options.poll_interval, seed, options.instance};
  replica_options.instance = std::move(options.instance);
  replica_options.authority = std::move(options.authority);
  AITBC_TRY_ASSIGN(auto replica,
                   Replica::create(std::move(chain), std::move(replica_options), faults->now()));
  auto core = std::make_unique<Core>(genesis, std::move(faults), std::move(journal),
                                     std::move(replica), log, std::move(on_failure));
  if (options.sync) AITBC_TRY(core->connect(peers, std::move(options.credentials), seed));
  core->start();
  return std::unique_ptr<Runner>(new Runner(std::move(core)));
}

void Runner::stop() { core_->stop(); }
const Genesis& Runner::genesis() const { return core_->genesis(); }
const Params& Runner::params() const { return core_->params(); }
std::shared_ptr<const NodeStatus> Runner::status() const { return core_->published().status(); }
Reader& Runner::reader() { return core_->reader(); }
Verifier& Runner::verifier() { return core_->verifier(); }

void Runner::submit_all(std::vector<CheckedTx> txs, rpc::Tell<rpc::TxAnswers> tell) {
  core_->post(SubmitWork{std::move(txs), Answer(std::move(tell))});
}

void Runner::import(std::vector<CheckedBlock> branch, rpc::Tell<Imported> tell) {
  core_->post(ImportWork{std::move(branch), Answer(std::move(tell))});
}

void Runner::add_votes(std::vector<SignedVote> votes, rpc::Tell<Done> tell) {
  core_->post(VotesWork{std::move(votes), Answer(std::move(tell))});
}

void Runner::add_evidence(std::vector<Evidence> evidence, rpc::Tell<Done> tell) {
  core_->post(EvidenceWork{std::move(evidence), Answer(std::move(tell))});
}

void Runner::unlock_authority(rpc::Tell<std::vector<EvidenceId>> tell) {
  core_->post(UnlockWork{Answer(std::move(tell))});
}

void Runner::set_peers(std::vector<std::string> urls, rpc::Tell<Done> tell) {
  core_->post(PeersWork{std::move(urls), Answer(std::move(tell))});
}

void Runner::sync(SyncQuery query, rpc::Tell<SyncAnswer> tell) {
  core_->post(PollWork{std::move(query), PollWork::Clock::now(), Answer(std::move(tell))});
}

void Runner::prove(const Address& address, rpc::Tell<rpc::ProvenAccount> tell) {
  core_->post(ProveWork{address, Answer(std::move(tell))});
}

void Runner::next_nonce(const Address& address, rpc::Tell<Nonce> tell) {
  core_->post(NonceWork{address, Answer(std::move(tell))});
}

void Runner::shrink(rpc::Tell<Done> tell) { core_->post(ShrinkWork{Answer(std::move(tell))}); }
const Journal& Runner::journal() const { return core_->journal(); }
std::vector<Fault> Runner::faults() const { return core_->faults().active(); }

Result<Fault> Runner::add_fault(Fault fault, Duration lasts) {
  if (std::holds_alternative<DoubleSign>(fault.kind) && !core_->is_authority()) {
    return error(Errc::bad_request, "fault: this node has no authority key to sign twice with");
  }
  auto begun = core_->faults().add(std::move(fault), lasts);
  if (begun) core_->nudge();
  return begun;
}

Result<std::size_t> Runner::heal(const std::optional<std::string>& id) {
  auto healed = core_->faults().heal(id);
  if (healed) core_->nudge();
  return healed;
}

void Runner::distort(std::vector<SealedHeader>& headers) const {
  if (const auto what = core_->faults().lie()) lie(*what, status()->head, headers);
}

void Runner::distort(std::vector<Block>& blocks) const {
  if (const auto what = core_->faults().lie()) lie(*what, status()->head, blocks);
}

void Runner::distort(std::vector<SignedTx>& txs) const {
  if (const auto what = core_->faults().lie()) lie(*what, txs);
}

}  // namespace aitbc::sync
