#include "cli/nonce_memory.hpp"

#include <filesystem>

#include "cli/file.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration turn_time_max{10'000};
constexpr Duration turn_pause{5};
constexpr std::size_t nonce_file_bytes_max = 256;

Result<FileLock> take_turn(Invocation& invocation, const std::string& path) {
  const Time deadline = invocation.clock.now() + turn_time_max;
  for (;;) {
    auto lock = FileLock::take(path, path);
    if (lock || lock.error().code != Errc::in_use) return lock;
    const Time now = invocation.clock.now();
    if (now >= deadline) {
      return error(Errc::timeout, "another payment from this account has not ended within " +
                                      std::to_string(turn_time_max.count()) + " ms (" + path + ")");
    }
    invocation.clock.sleep_until(now + turn_pause);
  }
}

Result<Nonce> read_next(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return Nonce{0};
  AITBC_TRY_ASSIGN(const std::string text, read_file(path, nonce_file_bytes_max));
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(rpc::ObjectReader reader, rpc::ObjectReader::open(json, path));
  AITBC_TRY_ASSIGN(const Nonce next, reader.integer("next_nonce"));
  AITBC_TRY(reader.finish());
  return next;
}

Result<std::string> folder_for(const Invocation& invocation, const GenesisHash& chain) {
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  return home + "/nonces/" + chain.hex();
}

}  // namespace

Status NonceMemory::forget(Invocation& invocation, const GenesisHash& chain) {
  AITBC_TRY_ASSIGN(const std::string folder, folder_for(invocation, chain));
  std::error_code failed;
  std::filesystem::remove_all(folder, failed);
  if (failed) return error(Errc::io, "cannot remove " + folder + ": " + failed.message());
  return ok();
}

Result<NonceMemory> NonceMemory::open(Invocation& invocation, const GenesisHash& chain,
                                      const Address& account) {
  AITBC_TRY_ASSIGN(const std::string folder, folder_for(invocation, chain));
  AITBC_TRY(make_folder(folder));
  const std::string path = folder + "/" + to_text(account);
  AITBC_TRY_ASSIGN(FileLock lock, take_turn(invocation, path + ".lock"));
  AITBC_TRY_ASSIGN(const Nonce next, read_next(path + ".json"));
  return NonceMemory(std::move(lock), path + ".json", next);
}

Status NonceMemory::used(Nonce nonce) {
  next_ = nonce + 1;
  rpc::ObjectWriter out;
  out.integer("next_nonce", next_);
  return write_file(path_, std::move(out).finish(), {Access::owner, Existing::replace});
}

}  // namespace aitbc::cli
