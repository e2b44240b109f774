#pragma once
// What a command and the same program on another machine say to each other over a pipe: requests
// and answers in turn, each a u32 length and that many bytes, in the canonical encoding. Both ends
// are the same build, so there is one version. Pure but for the functions at the end; any
// thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/codec.hpp"
#include "sites/clock.hpp"
#include "sites/descriptor.hpp"
#include "sites/supervisor.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites::remote {

// Written before the first frame, on a line of its own: what a login shell prints is left behind.
inline constexpr std::string_view greeting = "aitbc host 1";

enum class Op : std::uint8_t {
  hello,
  run,
  put,
  get,
  read_on,
  list,
  exists,
  make_folder,
  rename,
  remove_tree,
  lock,  // until unlock, or the end of the connection
  unlock,
  make_key,
  public_key,
  start,
  stop,
  kill,
  pause,
  resume,
  state,
  facts,
  drift,
  log_tail,
  kill_all_in,
  last = kill_all_in,
};

// What an answer begins with: an error follows, or what was asked for.
inline constexpr std::uint8_t reply_failed = 0, reply_done = 1;

// What there is to know of a machine before anything is put there.
struct Machine {
  std::string home;     // where networks are kept there, absolute
  std::string program;  // the file that nodes are run from
  std::string user;
  std::string system;  // as uname says: "Linux 6.1.0 x86_64"
  ServiceManager services = ServiceManager::none;
  Time time;  // its clock
};

void encode_text(Encoder& out, std::string_view text);
std::string decode_text(Decoder& in, std::size_t bytes_max);
void encode_path(Encoder& out, const std::filesystem::path& path);
std::filesystem::path decode_path(Decoder& in);

void encode(Encoder& out, const Command& command);
Command decode_command(Decoder& in);
void encode(Encoder& out, const Output& output);
Output decode_output(Decoder& in);
void encode(Encoder& out, const Mark& mark);
Mark decode_mark(Decoder& in);
void encode(Encoder& out, const Growth& growth);
Growth decode_growth(Decoder& in);
void encode(Encoder& out, const NodeSpec& spec);
NodeSpec decode_spec(Decoder& in);
void encode(Encoder& out, const Machine& machine);
Machine decode_machine(Decoder& in);
void encode(Encoder& out, const ProcessFacts& facts);
ProcessFacts decode_facts(Decoder& in);
void encode(Encoder& out, const Error& error);
Error decode_error(Decoder& in);

// With a deadline they need descriptors that do not block; without one the other side is waited for
// as long as it is there. timeout; io when the other side is gone; too_large.
Status send_bytes(const Descriptor& to, ByteView bytes, const Clock& clock,
                  std::optional<Time> deadline);
Status send_frame(const Descriptor& to, ByteView frame, const Clock& clock,
                  std::optional<Time> deadline);
Result<Buffer> receive_frame(const Descriptor& from, const Clock& clock,
                             std::optional<Time> deadline);

// Reads up to the line that is `line`; what came before it, at most `remote_noise_bytes_max`, is
// given back in the error when it does not come.
Status expect_line(const Descriptor& from, std::string_view line, const Clock& clock,
                   Time deadline);

}  // namespace aitbc::sites::remote
