#include "cli/invocation.hpp"

#include <filesystem>

namespace aitbc::cli {

Result<std::string> Invocation::home() const {
  std::optional<std::string> chosen = home_option ? home_option : environment("AITBC_HOME");
  if (!chosen || chosen->empty()) {
    const auto user = environment("HOME");
    if (!user || user->empty()) {
      return error(Errc::bad_config, "neither AITBC_HOME nor HOME is set: give --home DIR");
    }
    chosen = *user + "/.aitbc";
  }
  std::error_code failure;
  const auto absolute = std::filesystem::absolute(*chosen, failure);
  if (failure) return error(Errc::bad_config, "home " + *chosen + ": " + failure.message());
  return absolute.lexically_normal().string();
}

Result<Wallets> Invocation::wallets() const {
  AITBC_TRY_ASSIGN(const std::string folder, home());
  return Wallets(folder + "/wallets");
}

Progress Invocation::progress() const {
  return {output.talk_stream(), progress_kind(output.quiet())};
}

}  // namespace aitbc::cli
