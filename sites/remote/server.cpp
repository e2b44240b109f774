#include "sites/remote/server.hpp"

#include "sites/lock.hpp"

namespace aitbc::sites::remote {

namespace {

Buffer refusal(const Error& error) {
  Encoder out;
  out.integer(reply_failed);
  encode(out, error);
  return std::move(out).bytes();
}

// `encode_value` adds the value to a good answer.
template <class T, class EncodeValue>
Buffer reply(const Result<T>& result, EncodeValue encode_value) {
  if (!result) return refusal(result.error());
  Encoder out;
  out.integer(reply_done);
  encode_value(out, *result);
  return std::move(out).bytes();
}

Buffer reply(const Status& status) {
  if (!status) return refusal(status.error());
  Encoder out;
  out.integer(reply_done);
  return std::move(out).bytes();
}

// Of a request, after its first byte. Nothing is done before all of it was read.
class Request {
 public:
  Request(const Served& served, Held& held, Decoder in)
      : served_(served), held_(held), in_(std::move(in)) {}

  Buffer files(Op op);
  Buffer locks(Op op);
  Buffer keys(Op op);
  Buffer processes(Op op);

 private:
  // What was read is whole: then it is done.
  template <class Do>
  Buffer once_read(Do action) {
    if (const Status read = in_.finish("request"); !read) return refusal(read.error());
    return action();
  }

  const Served& served_;
  Held& held_;
  Decoder in_;
};

Buffer Request::files(Op op) {
  Transport& files = served_.transport;
  if (op == Op::run) {
    const Command command = decode_command(in_);
    return once_read([&] {
      return reply(files.run(command), [](Encoder& out, const Output& o) { encode(out, o); });
    });
  }
  const std::filesystem::path path = decode_path(in_);
  if (op == Op::put) {
    const auto mode = static_cast<Mode>(in_.integer<std::uint32_t>());
    const std::string bytes = decode_text(in_, limits::remote_frame_bytes_max);
    return once_read([&] { return reply(files.put(path, bytes, mode)); });
  }
  if (op == Op::get) {
    const std::size_t bytes_max = in_.integer<std::uint64_t>();
    return once_read([&] {
      return reply(files.get(path, bytes_max),
                   [](Encoder& out, const std::string& bytes) { encode_text(out, bytes); });
    });
  }
  if (op == Op::read_on) {
    const Mark mark = decode_mark(in_);
    const std::size_t bytes_max = in_.integer<std::uint64_t>();
    return once_read([&] {
      return reply(files.read_on(path, mark, bytes_max),
                   [](Encoder& out, const Growth& growth) { encode(out, growth); });
    });
  }
  if (op == Op::make_folder) {
    const auto mode = static_cast<Mode>(in_.integer<std::uint32_t>());
    return once_read([&] { return reply(files.make_folder(path, mode)); });
  }
  if (op == Op::rename) {
    const std::filesystem::path to = decode_path(in_);
    return once_read([&] { return reply(files.rename(path, to)); });
  }
  if (op == Op::remove_tree) return once_read([&] { return reply(files.remove_tree(path)); });
  if (op == Op::exists) {
    return once_read([&] {
      return reply(files.exists(path),
                   [](Encoder& out, bool there) { out.integer(static_cast<std::uint8_t>(there)); });
    });
  }
  return once_read([&] {
    return reply(files.list(path), [](Encoder& out, const std::vector<std::string>& names) {
      out.integer(static_cast<std::uint32_t>(names.size()));
      for (const std::string& name : names) encode_text(out, name);
    });
  });
}

Buffer Request::locks(Op op) {
  const std::filesystem::path network = decode_path(in_);
  if (op == Op::unlock) {
    return once_read([&] {
      held_.erase(network);
      return reply(ok());
    });
  }
  const std::string holder = decode_text(in_, limits::remote_text_bytes_max);
  return once_read([&] {
    auto taken = served_.transport.lock(Layout::at(network), this_command() + " for " + holder);
    if (!taken) return refusal(taken.error());
    held_.insert_or_assign(network, std::move(*taken));
    return reply(ok());
  });
}

Buffer Request::keys(Op op) {
  const std::filesystem::path path = decode_path(in_);
  return once_read([&] {
    const auto key =
        op == Op::make_key ? served_.transport.make_key(path) : served_.transport.public_key(path);
    return reply(key, [](Encoder& out, const PublicKey& value) { out.fixed(value); });
  });
}

Buffer Request::processes(Op op) {
  Supervisor& nodes = served_.supervisor;
  if (op == Op::kill_all_in) {
    const std::filesystem::path folder = decode_path(in_);
    return once_read([&] {
      return reply(nodes.kill_all_in(folder), [](Encoder& out, std::size_t count) {
        out.integer(static_cast<std::uint64_t>(count));
      });
    });
  }
  const NodeSpec spec = decode_spec(in_);
  switch (op) {
    case Op::start:
      return once_read([&] { return reply(nodes.start(spec)); });
    case Op::stop: {
      const Duration patience{static_cast<Duration::rep>(in_.integer<std::uint64_t>())};
      return once_read([&] {
        return reply(nodes.stop(spec, patience), [](Encoder& out, Stopped how) {
          out.integer(static_cast<std::uint8_t>(how));
        });
      });
    }
    case Op::kill:
      return once_read([&] { return reply(nodes.kill(spec)); });
    case Op::pause:
      return once_read([&] { return reply(nodes.pause(spec)); });
    case Op::resume:
      return once_read([&] { return reply(nodes.resume(spec)); });
    case Op::state:
      return once_read([&] {
        return reply(nodes.state(spec), [](Encoder& out, RunState state) {
          out.integer(static_cast<std::uint8_t>(state));
        });
      });
    case Op::facts:
      return once_read([&] {
        return reply(nodes.facts(spec), [](Encoder& out, const std::optional<ProcessFacts>& facts) {
          out.integer(static_cast<std::uint8_t>(facts.has_value()));
          if (facts) encode(out, *facts);
        });
      });
    case Op::drift:
      return once_read([&] {
        return reply(nodes.drift(spec),
                     [](Encoder& out, const std::string& words) { encode_text(out, words); });
      });
    default: {
      const std::size_t lines = in_.integer<std::uint32_t>();
      return once_read([&] {
        Encoder out;
        out.integer(reply_done);
        encode_text(out, nodes.log_tail(spec, lines));
        return std::move(out).bytes();
      });
    }
  }
}

}  // namespace

Buffer answer(const Served& served, Held& held, ByteView request) {
  Decoder in(request);
  const auto number = in.integer<std::uint8_t>();
  if (in.failed() || number > static_cast<std::uint8_t>(Op::last)) {
    return refusal(error(Errc::bad_encoding, "there is no such request"));
  }
  const auto op = static_cast<Op>(number);
  if (op == Op::hello) {
    Machine machine = served.machine;
    machine.time = served.clock.now();
    return reply(Result<Machine>(machine), [](Encoder& out, const Machine& m) { encode(out, m); });
  }
  Request rest(served, held, std::move(in));
  if (op < Op::lock) return rest.files(op);
  if (op < Op::make_key) return rest.locks(op);
  if (op < Op::start) return rest.keys(op);
  return rest.processes(op);
}

Status serve(const Served& served, const Descriptor& in, const Descriptor& out) {
  const std::string first = std::string(greeting) + "\n";
  AITBC_TRY(send_bytes(out, as_bytes(first), served.clock, {}));
  Held held;
  while (true) {
    const auto request = receive_frame(in, served.clock, {});
    if (!request) return request.error().code == Errc::io ? ok() : Status(request.error());
    AITBC_TRY(send_frame(out, answer(served, held, *request), served.clock, {}));
  }
}

}  // namespace aitbc::sites::remote
