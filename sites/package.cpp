#include "sites/package.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>

#include "chain/core/crypto.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t id_digits = 16;
constexpr std::size_t package_bytes_max = 512 * 1024 * 1024;
constexpr Duration tar_patience{60'000};

// Parts of the C library fit only the kernel's loader and one another, so a machine's own are used.
bool is_of_c_library(std::string_view name) {
  constexpr std::array parts = {"ld-linux",   "libc.so",   "libm.so",      "libpthread.so",
                                "libdl.so",   "librt.so",  "libresolv.so", "libnss_",
                                "libutil.so", "libanl.so", "libmvec.so"};
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return name.starts_with(part); });
}

struct Parts {
  fs::path program;
  std::set<fs::path> libraries;
};

Result<Parts> parts_of_this() {
  Parts parts;
  std::error_code failed;
  parts.program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return error(Errc::io, "cannot find this program's own file: " + failed.message());
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    const fs::path file = line.substr(slash);
    const std::string name = file.filename().string();
    if (name.find(".so") == std::string::npos || is_of_c_library(name)) continue;
    if (!fs::exists(file, failed)) {
      return error(Errc::bad_config, file.string() +
                                         " was replaced since this program started: "
                                         "run the command again");
    }
    parts.libraries.insert(file);
  }
  return parts;
}

// The name that the program asks its loader for: what is mapped is the file behind the link.
Result<std::string> soname(const fs::path& library) {
  const std::string file = library.filename().string();
  std::error_code failed;
  std::string best = file;
  for (const auto& entry : fs::directory_iterator(library.parent_path(), failed)) {
    const std::string name = entry.path().filename().string();
    const bool links = entry.is_symlink(failed) && name.find(".so.") != std::string::npos &&
                       fs::weakly_canonical(entry.path(), failed) == library;
    if (links && name.size() < best.size()) best = name;
  }
  if (failed) return error(Errc::io, "cannot read " + library.parent_path().string());
  return best;
}

Status copy_to(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::copy_file(from, to, failed);
  if (!failed) fs::permissions(to, fs::perms(0755), failed);
  if (failed) {
    return error(Errc::io,
                 "cannot copy " + from.string() + " to " + to.string() + ": " + failed.message());
  }
  return ok();
}

Result<std::string> id_of(const Parts& parts) {
  std::ostringstream stamp;
  std::vector<fs::path> files(parts.libraries.begin(), parts.libraries.end());
  files.push_back(parts.program);
  for (const fs::path& file : files) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) {
      return error(Errc::io, "cannot look at " + file.string());
    }
    stamp << file.filename().string() << ' ' << info.st_size << ' ' << info.st_mtim.tv_sec << '.'
          << info.st_mtim.tv_nsec << '\n';
  }
  return sha256(as_bytes(stamp.str())).hex().substr(0, id_digits);
}

// What symbols there are for a debugger is most of it, and of no use over there.
Status strip(const fs::path& program, const Clock& clock) {
  const auto stripped =
      run({.argv = {"strip", "--strip-debug", program.string()}, .timeout = tar_patience}, clock);
  if (!stripped && stripped.error().code != Errc::bad_config) return stripped.error();
  return ok();
}

Status lay_out(const Parts& parts, const fs::path& folder, const Clock& clock) {
  std::error_code failed;
  fs::remove_all(folder, failed);
  fs::create_directories(folder / "bin", failed);
  fs::create_directories(folder / "lib", failed);
  if (failed) return error(Errc::io, "cannot make " + folder.string() + ": " + failed.message());
  AITBC_TRY(copy_to(parts.program, folder / "bin" / "aitbc"));
  AITBC_TRY(strip(folder / "bin" / "aitbc", clock));
  for (const fs::path& library : parts.libraries) {
    AITBC_TRY_ASSIGN(const std::string name, soname(library));
    AITBC_TRY(copy_to(library, folder / "lib" / name));
  }
  return ok();
}

}  // namespace

Result<std::string> package_id() {
  AITBC_TRY_ASSIGN(const Parts parts, parts_of_this());
  return id_of(parts);
}

Result<Package> make_package(const fs::path& folder, const Clock& clock) {
  AITBC_TRY_ASSIGN(const Parts parts, parts_of_this());
  AITBC_TRY_ASSIGN(const std::string id, id_of(parts));
  LocalTransport files(clock);
  const fs::path archive = folder / (id + ".tar.gz");
  auto there = files.get(archive, package_bytes_max);
  if (there) return Package{id, *std::move(there)};
  if (there.error().code != Errc::not_found) return there.error();

  AITBC_TRY(files.make_folder(folder, Mode::folder));
  const fs::path stage = folder / (".stage." + std::to_string(::getpid()));
  const fs::path part = stage / "package.tar.gz";
  AITBC_TRY(lay_out(parts, stage / "tree", clock));
  const auto packed =
      run({.argv = {"tar", "-C", (stage / "tree").string(), "--owner=0", "--group=0",
                    "--numeric-owner", "-czf", part.string(), "bin", "lib"},
           .timeout = tar_patience},
          clock);
  if (!packed) return packed.error();
  if (packed->exit_code != 0) return error(Errc::io, "tar: " + packed->err);
  AITBC_TRY(files.rename(part, archive));
  AITBC_TRY(files.remove_tree(stage));
  AITBC_TRY_ASSIGN(std::string bytes, files.get(archive, package_bytes_max));
  return Package{id, std::move(bytes)};
}

}  // namespace aitbc::sites
