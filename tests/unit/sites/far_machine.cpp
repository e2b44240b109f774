// The far end of a connection, as the real program has it: serves the machine that it runs on.
//   far_machine [noisy|silent|mute|dying]

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "chain/core/crypto.hpp"
#include "sites/provider.hpp"
#include "sites/remote/server.hpp"

int main(int argc, char** argv) {
  using namespace aitbc::sites;
  std::signal(SIGPIPE, SIG_IGN);
  aitbc::crypto_init();
  const char* how = argc > 1 ? argv[1] : "";
  // As a shell that greets whoever comes.
  if (std::strcmp(how, "noisy") == 0) std::puts("Welcome!\naitbc host 1 it is not\n");
  if (std::strcmp(how, "dying") == 0) std::fputs("Permission denied (publickey).\n", stderr);
  std::fflush(stdout);
  if (std::strcmp(how, "dying") == 0) return 255;
  if (std::strcmp(how, "mute") == 0) ::pause();
  SystemClock clock;
  LocalProviders providers("", clock);
  const Provider here = providers.here();
  const Descriptor in(::dup(0)), out(::dup(1));
  const remote::Machine machine{"/home/far", "/opt/aitbc", "somebody", "Linux", {}, {}};
  const remote::Served served{here.transport, here.supervisor, machine, clock};
  return remote::serve(served, in, out) ? 0 : 1;
}
