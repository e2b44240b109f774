#pragma once
// Programs and files on one host. A file that is put is whole or not there at all, whatever is
// killed when. Thread-safe as long as two threads do not put the same file.

#include <filesystem>
#include <string>
#include <string_view>

#include "sites/command.hpp"

namespace aitbc::sites {

// Permissions of what is made; 'secret' is for keys and for the folders that hold them.
enum class Mode : unsigned { file = 0644, secret_file = 0600, folder = 0755, secret_folder = 0700 };

class Transport {
 public:
  virtual ~Transport() = default;

  virtual Result<Output> run(const Command&) = 0;
  // Durable on return; replaces what was there.
  virtual Status put(const std::filesystem::path& to, std::string_view bytes, Mode) = 0;
  // not_found; too_large over `bytes_max`.
  virtual Result<std::string> get(const std::filesystem::path&, std::size_t bytes_max) = 0;
  // With its parents; ok if it is there.
  virtual Status make_folder(const std::filesystem::path&, Mode) = 0;
  virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // With all that is in it; ok if it is not there.
  virtual Status remove_tree(const std::filesystem::path&) = 0;
};

// This machine.
class LocalTransport final : public Transport {
 public:
  explicit LocalTransport(const Clock& clock) : clock_(clock) {}

  Result<Output> run(const Command&) override;
  Status put(const std::filesystem::path& to, std::string_view bytes, Mode) override;
  Result<std::string> get(const std::filesystem::path&, std::size_t bytes_max) override;
  Status make_folder(const std::filesystem::path&, Mode) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove_tree(const std::filesystem::path&) override;

 private:
  const Clock& clock_;
};

}  // namespace aitbc::sites
