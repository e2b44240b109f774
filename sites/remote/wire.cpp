#include "sites/remote/wire.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace aitbc::sites::remote {

namespace {

constexpr std::size_t frame_head_bytes = 4;

Error gone() { return error(Errc::io, "the other side of the connection is gone"); }

// timeout after the deadline.
Status wait_for(const Descriptor& descriptor, short event, const Clock& clock,
                std::optional<Time> deadline) {
  while (true) {
    int timeout = -1;
    if (deadline) {
      const auto left = (*deadline - clock.now()).count();
      if (left <= 0) return error(Errc::timeout, "no answer came in time");
      timeout = static_cast<int>(std::min(left, Duration::rep{1'000}));
    }
    pollfd wait{descriptor.get(), event, 0};
    const int ready = ::poll(&wait, 1, timeout);
    if (ready > 0) return ok();
    if (ready < 0 && errno != EINTR) return error(Errc::io, std::strerror(errno));
  }
}

Status read_exactly(const Descriptor& from, std::span<Byte> bytes, const Clock& clock,
                    std::optional<Time> deadline) {
  while (!bytes.empty()) {
    const ssize_t got = ::read(from.get(), bytes.data(), bytes.size());
    if (got == 0) return gone();
    if (got > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    } else if (errno == EAGAIN) {
      AITBC_TRY(wait_for(from, POLLIN, clock, deadline));
    } else if (errno != EINTR) {
      return gone();
    }
  }
  return ok();
}

void encode_duration(Encoder& out, Duration duration) {
  out.integer(static_cast<std::uint64_t>(duration.count()));
}

Duration decode_duration(Decoder& in) {
  return Duration{static_cast<Duration::rep>(in.integer<std::uint64_t>())};
}

void encode_texts(Encoder& out, const std::vector<std::string>& texts) {
  out.integer(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) encode_text(out, text);
}

std::vector<std::string> decode_texts(Decoder& in) {
  std::vector<std::string> texts(in.count(limits::remote_words_max, 4));
  for (std::string& text : texts) text = decode_text(in, limits::remote_text_bytes_max);
  return texts;
}

}  // namespace

void encode_text(Encoder& out, std::string_view text) { out.blob(as_bytes(text)); }

std::string decode_text(Decoder& in, std::size_t bytes_max) {
  return std::string(aitbc::as_text(in.blob(bytes_max)));
}

void encode_path(Encoder& out, const std::filesystem::path& path) {
  encode_text(out, path.string());
}

std::filesystem::path decode_path(Decoder& in) {
  return decode_text(in, limits::remote_text_bytes_max);
}

void encode(Encoder& out, const Command& command) {
  encode_texts(out, command.argv);
  encode_text(out, command.input);
  encode_duration(out, command.timeout);
  out.integer(static_cast<std::uint64_t>(command.output_bytes_max));
}

Command decode_command(Decoder& in) {
  Command command;
  command.argv = decode_texts(in);
  command.input = decode_text(in, limits::remote_frame_bytes_max);
  command.timeout = decode_duration(in);
  command.output_bytes_max = in.integer<std::uint64_t>();
  return command;
}

void encode(Encoder& out, const Output& output) {
  out.integer(static_cast<std::uint32_t>(output.exit_code));
  encode_text(out, output.out);
  encode_text(out, output.err);
  out.integer(static_cast<std::uint8_t>(output.cut));
}

Output decode_output(Decoder& in) {
  Output output;
  output.exit_code = static_cast<int>(in.integer<std::uint32_t>());
  output.out = decode_text(in, limits::remote_frame_bytes_max);
  output.err = decode_text(in, limits::remote_frame_bytes_max);
  output.cut = in.integer<std::uint8_t>() != 0;
  return output;
}

void encode(Encoder& out, const Mark& mark) {
  out.integer(mark.file);
  out.integer(mark.offset);
  out.integer(static_cast<std::uint8_t>(mark.begun));
}

Mark decode_mark(Decoder& in) {
  Mark mark;
  mark.file = in.integer<std::uint64_t>();
  mark.offset = in.integer<std::uint64_t>();
  mark.begun = in.integer<std::uint8_t>() != 0;
  return mark;
}

void encode(Encoder& out, const Growth& growth) {
  encode_text(out, growth.bytes);
  encode(out, growth.mark);
  out.integer(static_cast<std::uint8_t>(growth.cut));
}

Growth decode_growth(Decoder& in) {
  Growth growth;
  growth.bytes = decode_text(in, limits::remote_frame_bytes_max);
  growth.mark = decode_mark(in);
  growth.cut = in.integer<std::uint8_t>() != 0;
  return growth;
}

void encode(Encoder& out, const NodeSpec& spec) {
  encode_path(out, spec.folder);
  encode_text(out, spec.program);
  encode_texts(out, spec.arguments);
  out.integer(static_cast<std::uint8_t>(spec.unit.has_value()));
  if (!spec.unit) return;
  encode_text(out, spec.unit->name);
  encode_text(out, spec.unit->text);
}

NodeSpec decode_spec(Decoder& in) {
  NodeSpec spec;
  spec.folder = decode_path(in);
  spec.program = decode_text(in, limits::remote_text_bytes_max);
  spec.arguments = decode_texts(in);
  if (in.integer<std::uint8_t>() == 0) return spec;
  Unit& unit = spec.unit.emplace();
  unit.name = decode_text(in, limits::remote_text_bytes_max);
  unit.text = decode_text(in, limits::remote_text_bytes_max);
  return spec;
}

void encode(Encoder& out, const Machine& machine) {
  for (const auto* text : {&machine.home, &machine.program, &machine.user, &machine.system}) {
    encode_text(out, *text);
  }
  out.integer(static_cast<std::uint8_t>(machine.services));
  encode_duration(out, machine.time.time_since_epoch());
}

Machine decode_machine(Decoder& in) {
  Machine machine;
  for (auto* text : {&machine.home, &machine.program, &machine.user, &machine.system}) {
    *text = decode_text(in, limits::remote_text_bytes_max);
  }
  const auto services = in.integer<std::uint8_t>();
  if (services > static_cast<std::uint8_t>(ServiceManager::user)) in.fail();
  machine.services = static_cast<ServiceManager>(services);
  machine.time = Time(decode_duration(in));
  return machine;
}

void encode(Encoder& out, const ProcessFacts& facts) {
  out.integer(static_cast<std::uint32_t>(facts.pid));
  encode_text(out, facts.program);
  encode_duration(out, facts.uptime);
  encode_duration(out, facts.cpu_time);
  out.integer(facts.rss_bytes);
}

ProcessFacts decode_facts(Decoder& in) {
  ProcessFacts facts;
  facts.pid = static_cast<int>(in.integer<std::uint32_t>());
  facts.program = decode_text(in, limits::remote_text_bytes_max);
  facts.uptime = decode_duration(in);
  facts.cpu_time = decode_duration(in);
  facts.rss_bytes = in.integer<std::uint64_t>();
  return facts;
}

void encode(Encoder& out, const Error& error) {
  out.integer(static_cast<std::uint16_t>(error.code));
  encode_text(out, error.detail.substr(0, limits::remote_text_bytes_max));
}

Error decode_error(Decoder& in) {
  const auto code = static_cast<Errc>(in.integer<std::uint16_t>());
  return error(code, decode_text(in, limits::remote_text_bytes_max));
}

Status send_bytes(const Descriptor& to, ByteView bytes, const Clock& clock,
                  std::optional<Time> deadline) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(to.get(), bytes.data(), bytes.size());
    if (put > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      AITBC_TRY(wait_for(to, POLLOUT, clock, deadline));
    } else if (errno != EINTR) {
      return gone();
    }
  }
  return ok();
}

Status send_frame(const Descriptor& to, ByteView frame, const Clock& clock,
                  std::optional<Time> deadline) {
  if (frame.size() > limits::remote_frame_bytes_max) {
    return error(Errc::too_large, "more than " + std::to_string(limits::remote_frame_bytes_max) +
                                      " bytes for one request to another machine");
  }
  Encoder head;
  head.integer(static_cast<std::uint32_t>(frame.size()));
  AITBC_TRY(send_bytes(to, head.bytes(), clock, deadline));
  return send_bytes(to, frame, clock, deadline);
}

Result<Buffer> receive_frame(const Descriptor& from, const Clock& clock,
                             std::optional<Time> deadline) {
  std::array<Byte, frame_head_bytes> head{};
  AITBC_TRY(read_exactly(from, head, clock, deadline));
  Decoder in(head);
  const std::size_t size = in.integer<std::uint32_t>();
  if (size > limits::remote_frame_bytes_max) {
    return error(Errc::too_large, "the other side sends more than " +
                                      std::to_string(limits::remote_frame_bytes_max) + " bytes");
  }
  Buffer frame(size);
  AITBC_TRY(read_exactly(from, frame, clock, deadline));
  return frame;
}

Status expect_line(const Descriptor& from, std::string_view line, const Clock& clock,
                   Time deadline) {
  std::string said;
  const std::string wanted = std::string(line) + "\n";
  while (said.size() < limits::remote_noise_bytes_max) {
    Byte next = 0;
    const Status read = read_exactly(from, {&next, 1}, clock, deadline);
    if (!read) return error(read.error().code, said.empty() ? read.error().detail : said);
    said += static_cast<char>(next);
    const bool at_line =
        said.size() == wanted.size() ||
        (said.size() > wanted.size() && said[said.size() - wanted.size() - 1] == '\n');
    if (at_line && said.ends_with(wanted)) return ok();
  }
  return error(Errc::io, said);
}

}  // namespace aitbc::sites::remote
