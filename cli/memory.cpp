#include "cli/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

namespace aitbc::cli {

namespace {

constexpr std::size_t thread_stack_bytes = 1024 * 1024;
constexpr int arenas_max = 2;
constexpr int trim_threshold_bytes = 256 * 1024;

// Code alone: nobody has written there. Of data, what the linker wrote would be lost.
int drop_code(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<ElfW(Addr)>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & (PF_X | PF_W)) != PF_X) continue;
    const ElfW(Addr) begin = (object->dlpi_addr + part.p_vaddr) & ~(page - 1);
    const ElfW(Addr) end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
    // The kernel's own object has none of these pages, and says so: that is all right.
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

// Each thread may otherwise get an arena and keep what it once needed.
void stay_small() {
  ::mallopt(M_ARENA_MAX, arenas_max);
  ::mallopt(M_TRIM_THRESHOLD, trim_threshold_bytes);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return;
  ::pthread_attr_setstacksize(&attributes, thread_stack_bytes);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

void give_back() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(drop_code, nullptr);
}

}  // namespace aitbc::cli
