#pragma once
// The far end: does on this machine what a command on another one asks for, through the same files
// and processes as there. All its state is what it has locked, so it may end at any moment.

#include <map>

#include "sites/remote/wire.hpp"

namespace aitbc::sites::remote {

struct Served {
  Transport& transport;
  Supervisor& supervisor;
  Machine machine;  // but for its time
  Clock& clock;
};

// The locks of one connection, by the folders of the networks; they end with it.
using Held = std::map<std::filesystem::path, std::unique_ptr<Lock>>;

// The answer to one request: bad_encoding for what is none.
Buffer answer(const Served& served, Held& held, ByteView request);

// Greets, and answers until the other side is gone. One thread.
Status serve(const Served& served, const Descriptor& in, const Descriptor& out);

}  // namespace aitbc::sites::remote
