#pragma once
// The far end: does on this machine what a command on another one asks for, through the same files
// and processes as there. It has no state, so it may end at any moment.

#include "sites/remote/wire.hpp"

namespace aitbc::sites::remote {

struct Served {
  Transport& transport;
  Supervisor& supervisor;
  Machine machine;  // but for its time
  Clock& clock;
};

// The answer to one request: bad_encoding for what is none.
Buffer answer(const Served& served, ByteView request);

// Greets, and answers until the other side is gone. One thread.
Status serve(const Served& served, const Descriptor& in, const Descriptor& out);

}  // namespace aitbc::sites::remote
