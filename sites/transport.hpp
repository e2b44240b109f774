#pragma once
// Programs and files on one host. A file that is put is whole or not there at all, whatever is
// killed when. Thread-safe as long as two threads do not put the same file.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/crypto.hpp"
#include "sites/command.hpp"
#include "sites/layout.hpp"

namespace aitbc::sites {

// Permissions of what is made; 'secret' is for keys and for the folders that hold them.
enum class Mode : unsigned { file = 0644, secret_file = 0600, folder = 0755, secret_folder = 0700 };

// How far a file that grows was read.
struct Mark {
  std::uint64_t file = 0;  // which one has the name: it may be replaced
  std::uint64_t offset = 0;
  bool begun = false;
};
struct Growth {
  std::string bytes;
  Mark mark;         // for the next time
  bool cut = false;  // the file began before these bytes
};

// A right that lasts as long as this value, and no longer than its process and the way to there.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  virtual ~Lock() = default;
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual Result<Output> run(const Command&) = 0;
  // Durable on return; replaces what was there.
  virtual Status put(const std::filesystem::path& to, std::string_view bytes, Mode) = 0;
  // not_found; too_large over `bytes_max`.
  virtual Result<std::string> get(const std::filesystem::path&, std::size_t bytes_max) = 0;
  // What was appended since; at the first time at most the last `bytes_max`. From the beginning
  // again when the file was cut or replaced; nothing where there is none.
  virtual Result<Growth> read_on(const std::filesystem::path&, const Mark&,
                                 std::size_t bytes_max) = 0;
  // With its parents; ok if it is there.
  virtual Status make_folder(const std::filesystem::path&, Mode) = 0;
  virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // With all that is in it; ok if it is not there.
  virtual Status remove_tree(const std::filesystem::path&) = 0;
  virtual Result<bool> exists(const std::filesystem::path&) = 0;
  // The names of what is in a folder, in order; none if there is no such folder.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path&) = 0;
  // The public half of the key in a file; the other half stays there. not_found; bad_config if the
  // file does not hold 64 hexadecimal digits.
  virtual Result<PublicKey> public_key(const std::filesystem::path&) = 0;
  // The same, of a new random key if there is none.
  virtual Result<PublicKey> make_key(const std::filesystem::path&) = 0;
  // To change the network there, for `holder` (lock.hpp). in_use; does not wait.
  virtual Result<std::unique_ptr<Lock>> lock(const Layout&, const std::string& holder) = 0;
};

// This machine.
class LocalTransport final : public Transport {
 public:
  explicit LocalTransport(const Clock& clock) : clock_(clock) {}

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
  Result<std::unique_ptr<Lock>> lock(const Layout&, const std::string& holder) override;

 private:
  const Clock& clock_;
};

}  // namespace aitbc::sites
