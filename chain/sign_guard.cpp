#include "chain/sign_guard.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "chain/core/limits.hpp"
#include "chain/file_lock.hpp"

namespace aitbc {

namespace {

struct Record {
  GenesisHash chain;
  PublicKey key;
  Watermarks marks;
  KeyNotes notes;
  Hash place;  // where it was written, see place_of()
};

// The lock's file on this run of this machine. A copy has another one; so has every file after the
// machine was started again, when nobody can say any more which of two processes held it.
Hash place_of(const std::string& lock_path) {
  struct stat file {};
  if (::stat(lock_path.c_str(), &file) != 0) return {};
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  const std::string run{std::istreambuf_iterator<char>(boot), {}};
  if (run.empty()) return {};
  Encoder out;
  out.blob(as_bytes(run));
  out.integer(static_cast<std::uint64_t>(file.st_dev));
  out.integer(static_cast<std::uint64_t>(file.st_ino));
  return hash("aitbc/sign-guard-place/1", {out.bytes()});
}

Hash checksum_of(ByteView body) { return hash("aitbc/sign-guard/1", {body}); }

void encode(Encoder& out, const std::optional<Vote>& vote) {
  out.integer(static_cast<std::uint8_t>(vote.has_value()));
  if (vote) encode(out, *vote);
}

Buffer encode(const Record& record) {
  Encoder body;
  body.fixed(record.chain);
  body.fixed(record.key);
  body.integer(record.marks.sealed);
  encode(body, record.marks.prepare);
  encode(body, record.marks.commit);
  body.fixed(record.place);
  body.blob(as_bytes(record.notes.origin));
  body.integer(static_cast<std::uint32_t>(record.notes.unlocked.size()));
  for (const EvidenceId& id : record.notes.unlocked) body.fixed(id);
  Encoder out;
  out.blob(body.bytes());
  out.fixed(checksum_of(body.bytes()));
  return std::move(out).bytes();
}

Result<Record> decode_record(ByteView bytes) {
  Decoder in(bytes);
  const ByteView body = in.blob(limits::sign_guard_bytes_max);
  if (in.fixed<Hash>() != checksum_of(body)) in.fail();
  AITBC_TRY(in.finish("sign-guard"));
  Decoder fields(body);
  const auto vote = [&]() -> std::optional<Vote> {
    if (fields.integer<std::uint8_t>() == 0) return std::nullopt;
    return decode_vote(fields);
  };
  Record record;
  record.chain = fields.fixed<GenesisHash>();
  record.key = fields.fixed<PublicKey>();
  record.marks.sealed = fields.integer<std::uint64_t>();
  record.marks.prepare = vote();
  record.marks.commit = vote();
  record.place = fields.fixed<Hash>();
  record.notes.origin = as_text(fields.blob(limits::sign_guard_bytes_max));
  const std::size_t unlocked = fields.count(limits::unlocked_max, EvidenceId::size);
  for (std::size_t i = 0; i < unlocked; ++i) {
    record.notes.unlocked.push_back(fields.fixed<EvidenceId>());
  }
  AITBC_TRY(fields.finish("sign-guard"));
  return record;
}

Error failure(const std::string& path, const char* what) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return error(full ? Errc::disk_full : Errc::io,
               path + ": " + what + ": " + std::generic_category().message(errno));
}

Status write_and_sync(const std::string& path, int flags, ByteView bytes) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) return failure(path, "cannot open");
  const bool written = bytes.empty() || ::write(file, bytes.data(), bytes.size()) ==
                                            static_cast<ssize_t>(bytes.size());
  const bool synced = written && ::fsync(file) == 0;
  const auto status = synced ? ok() : Status(failure(path, "cannot make durable"));
  ::close(file);
  return status;
}

// A new file takes the old one's place, so that one of the two is always whole.
class FileSignGuard final : public SignGuard {
 public:
  FileSignGuard(std::string path, FileLock lock, Record record)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        record_(std::move(record)),
        place_(place_of(path_ + ".lock")),
        in_place_(place_ != Hash{} && record_.place == place_ && !record_.notes.origin.empty()) {}

  const Watermarks& marks() const override { return record_.marks; }
  const KeyNotes& notes() const override { return record_.notes; }
  bool in_place() const override { return in_place_; }

  Status raise(const Watermarks& marks) override {
    Record next = record_;
    next.marks = marks;
    return write(std::move(next));
  }

  Status note(KeyNotes notes) override {
    Record next = record_;
    next.notes = std::move(notes);
    next.place = place_;
    return write(std::move(next));
  }

 private:
  Status write(Record next) {
    const std::string fresh = path_ + ".new";
    AITBC_TRY(write_and_sync(fresh, O_WRONLY | O_CREAT | O_TRUNC, encode(next)));
    if (std::rename(fresh.c_str(), path_.c_str()) != 0) return failure(path_, "cannot replace");
    const auto folder = std::filesystem::path(path_).parent_path();
    AITBC_TRY(write_and_sync(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY, {}));
    record_ = std::move(next);
    return ok();
  }

  const std::string path_;
  FileLock lock_;
  Record record_;
  const Hash place_;
  const bool in_place_;  // as it was opened
};

}  // namespace

Result<std::unique_ptr<SignGuard>> open_sign_guard(const std::string& path,
                                                   const GenesisHash& chain, const PublicKey& key) {
  AITBC_TRY_ASSIGN(FileLock lock, FileLock::take(path + ".lock", path));
  Record record{chain, key, {}, {}, {}};
  std::error_code failed;
  const bool exists = std::filesystem::exists(path, failed);
  if (failed) return error(Errc::io, path + ": " + failed.message());
  if (exists) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    auto stored = decode_record(as_bytes(bytes));
    if (!stored) {
      return error(Errc::corrupt, path +
                                      ": what this key has signed cannot be read; bring back "
                                      "the file, or give the node a new authority key");
    }
    if (stored->chain != chain || stored->key != key) {
      return error(Errc::wrong_genesis, path + ": is of key " + stored->key.hex() + " on chain " +
                                            hash_text(stored->chain) + ", not of key " + key.hex() +
                                            " on chain " + hash_text(chain));
    }
    record = std::move(*stored);
  }
  auto guard = std::make_unique<FileSignGuard>(path, std::move(lock), std::move(record));
  if (!exists) AITBC_TRY(guard->raise({}));
  return std::unique_ptr<SignGuard>(std::move(guard));
}

Status Authority::promise_seal(Slot slot) {
  Watermarks marks = guard_->marks();
  AITBC_CHECK(slot > marks.sealed);
  marks.sealed = slot;
  return guard_->raise(marks);
}

std::vector<SignedVote> Authority::promised(const GenesisHash& chain) const {
  std::vector<SignedVote> votes;
  for (const auto& vote : {marks().prepare, marks().commit}) {
    if (vote) votes.push_back(sign(chain, *vote, key_));
  }
  return votes;
}

Result<SignedVote> Authority::vote(const GenesisHash& chain, const Vote& vote) {
  Watermarks marks = guard_->marks();
  marks.raise(vote);
  AITBC_TRY(guard_->raise(marks));
  return sign(chain, vote, key_);
}

Status Authority::learn(std::span<const SignedVote> votes) {
  Watermarks marks = guard_->marks();
  for (const SignedVote& each : votes) {
    if (each.voter != public_key()) continue;
    auto& mark = each.vote.kind == Vote::Kind::prepare ? marks.prepare : marks.commit;
    if (!mark || mark->target.height < each.vote.target.height) mark = each.vote;
  }
  return marks == guard_->marks() ? ok() : guard_->raise(marks);
}

Status Authority::begin(const std::string& origin) {
  KeyNotes notes = guard_->notes();
  notes.origin = origin;
  return guard_->note(std::move(notes));
}

bool Authority::has_unlocked(const EvidenceId& id) const {
  const auto& unlocked = guard_->notes().unlocked;
  return std::find(unlocked.begin(), unlocked.end(), id) != unlocked.end();
}

Status Authority::unlock(std::span<const EvidenceId> ids) {
  KeyNotes notes = guard_->notes();
  for (const EvidenceId& id : ids) {
    if (!has_unlocked(id)) notes.unlocked.push_back(id);
  }
  if (notes.unlocked.size() > limits::unlocked_max) {
    return error(Errc::refused, "authority: " + std::to_string(limits::unlocked_max) +
                                    " pieces of evidence were unlocked already; give the node a "
                                    "new key");
  }
  return notes == guard_->notes() ? ok() : guard_->note(std::move(notes));
}

}  // namespace aitbc
