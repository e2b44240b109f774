#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::uint64_t million = 1'000'000;

std::string texts_json(const std::vector<std::string>& texts) {
  ArrayWriter out;
  for (const std::string& text : texts) out.text(text);
  return std::move(out).finish();
}

struct WriteKind {
  ObjectWriter& out;

  void operator()(const LinkFault& link) const {
    const LinkRule& rule = link.rule;
    out.json("out", texts_json(link.out)).json("in", texts_json(link.in)).boolean("cut", rule.cut);
    out.signed_integer("delay_ms", rule.delay.count())
        .signed_integer("jitter_ms", rule.jitter.count())
        .integer("loss_ppm", rule.loss_ppm)
        .integer("duplicate_ppm", rule.duplicate_ppm)
        .integer("reorder_ppm", rule.reorder_ppm)
        .integer("bytes_per_second", rule.bytes_per_second);
  }
  void operator()(const ClockFault& clock) const {
    out.signed_integer("offset_ms", clock.offset.count())
        .signed_integer("drift_ppm", clock.drift_ppm);
  }
  void operator()(const DiskFault& disk) const {
    out.boolean("full", disk.full).signed_integer("delay_ms", disk.delay.count());
  }
  void operator()(Lie lie) const { out.text("lie", name(lie)); }
  void operator()(const DoubleSign&) const {}
};

void write_what(ObjectWriter& out, const Fault& fault) {
  out.text("id", fault.id).text("what", fault.what).text("kind", kind_name(fault));
}

// Absent is 0.
Result<std::uint64_t> count_of(ObjectReader& reader, std::string_view name, std::uint64_t most) {
  AITBC_TRY_ASSIGN(const auto value, reader.optional_integer(name, {0, most}));
  return value.value_or(0);
}

Result<Duration> span_of(ObjectReader& reader, std::string_view name, Duration most) {
  AITBC_TRY_ASSIGN(const auto ms, count_of(reader, name, static_cast<std::uint64_t>(most.count())));
  return Duration{static_cast<std::int64_t>(ms)};
}

Result<std::int64_t> signed_of(ObjectReader& reader, std::string_view name, std::int64_t most) {
  if (!reader.has(name)) return std::int64_t{0};
  AITBC_TRY_ASSIGN(const Json* value, reader.value(name));
  const bool fits = value->is_number_integer() && value->get<std::int64_t>() <= most &&
                    value->get<std::int64_t>() >= -most;
  if (fits) return value->get<std::int64_t>();
  return error(Errc::bad_json, reader.path_of(name) + ": expected a whole number from -" +
                                   std::to_string(most) + " to " + std::to_string(most));
}

Result<bool> flag_of(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const auto value, reader.optional_boolean(name));
  return value.value_or(false);
}

Result<std::vector<std::string>> urls_of(ObjectReader& reader, std::string_view name) {
  if (!reader.has(name)) return std::vector<std::string>();
  return reader.texts(name, limits::peers_max, limits::manifest_text_bytes_max);
}

using FaultKind = decltype(Fault::kind);

Result<FaultKind> read_link(ObjectReader& reader) {
  LinkFault link;
  LinkRule& rule = link.rule;
  AITBC_TRY_ASSIGN(link.out, urls_of(reader, "out"));
  AITBC_TRY_ASSIGN(link.in, urls_of(reader, "in"));
  AITBC_TRY_ASSIGN(rule.cut, flag_of(reader, "cut"));
  AITBC_TRY_ASSIGN(rule.delay, span_of(reader, "delay_ms", limits::link_delay_max));
  AITBC_TRY_ASSIGN(rule.jitter, span_of(reader, "jitter_ms", limits::link_delay_max));
  const auto chance = [&](std::string_view name, std::uint32_t& ppm) -> Status {
    AITBC_TRY_ASSIGN(const auto value, count_of(reader, name, million));
    ppm = static_cast<std::uint32_t>(value);
    return ok();
  };
  AITBC_TRY(chance("loss_ppm", rule.loss_ppm));
  AITBC_TRY(chance("duplicate_ppm", rule.duplicate_ppm));
  AITBC_TRY(chance("reorder_ppm", rule.reorder_ppm));
  AITBC_TRY_ASSIGN(rule.bytes_per_second, count_of(reader, "bytes_per_second", limits::supply_max));
  return FaultKind(std::move(link));
}

Result<FaultKind> read_clock(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const auto offset,
                   signed_of(reader, "offset_ms", limits::clock_fault_max.count()));
  AITBC_TRY_ASSIGN(const auto drift, signed_of(reader, "drift_ppm", limits::clock_drift_ppm_max));
  return FaultKind(ClockFault{Duration{offset}, static_cast<std::int32_t>(drift)});
}

Result<FaultKind> read_disk(ObjectReader& reader) {
  DiskFault disk;
  AITBC_TRY_ASSIGN(disk.full, flag_of(reader, "full"));
  AITBC_TRY_ASSIGN(disk.delay, span_of(reader, "delay_ms", limits::link_delay_max));
  return FaultKind(disk);
}

Result<FaultKind> read_lie(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string word, reader.text("lie", word_bytes_max));
  for (const Lie lie : {Lie::forged_head, Lie::garbage, Lie::withhold}) {
    if (word == name(lie)) return FaultKind(lie);
  }
  return error(Errc::bad_json, reader.path_of("lie") +
                                   ": expected forged-head, garbage or withhold, got " +
                                   json_text(word));
}

Result<Fault> read_fault(ObjectReader& reader) {
  Fault fault;
  AITBC_TRY_ASSIGN(fault.id, reader.text("id", limits::node_id_bytes_max));
  AITBC_TRY_ASSIGN(fault.what, reader.text("what", limits::fault_text_bytes_max));
  AITBC_TRY_ASSIGN(const std::string kind, reader.text("kind", word_bytes_max));
  Result<FaultKind> read = FaultKind(DoubleSign{});
  if (kind == "link") {
    read = read_link(reader);
  } else if (kind == "clock") {
    read = read_clock(reader);
  } else if (kind == "disk") {
    read = read_disk(reader);
  } else if (kind == "lie") {
    read = read_lie(reader);
  } else if (kind != "double-sign") {
    return error(Errc::bad_json, reader.path_of("kind") +
                                     ": expected link, clock, disk, lie or double-sign, got " +
                                     json_text(kind));
  }
  AITBC_TRY_ASSIGN(fault.kind, std::move(read));
  return fault;
}

Result<Fault> read_begun(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(Fault fault, read_fault(reader));
  AITBC_TRY_ASSIGN(fault.since, read_time(reader, "since"));
  AITBC_TRY_ASSIGN(fault.until, read_time(reader, "until"));
  return fault;
}

}  // namespace

std::string fault_json(const Fault& fault) {
  ObjectWriter out;
  write_what(out, fault);
  out.text("since", to_iso(fault.since)).text("until", to_iso(fault.until));
  std::visit(WriteKind{out}, fault.kind);
  return std::move(out).finish();
}

std::string faults_array(std::span<const Fault> faults) {
  ArrayWriter rows;
  for (const Fault& fault : faults) rows.json(fault_json(fault));
  return std::move(rows).finish();
}

Result<std::vector<Fault>> read_faults(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(auto rows, reader.objects("faults", limits::faults_max));
  std::vector<Fault> faults;
  for (ObjectReader& row : rows) {
    AITBC_TRY_ASSIGN(Fault fault, read_begun(row));
    faults.push_back(std::move(fault));
  }
  return faults;
}

std::string faults_json(std::span<const Fault> faults) {
  ObjectWriter out;
  out.json("faults", faults_array(faults));
  return std::move(out).finish();
}

Result<std::vector<Fault>> parse_faults(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  return read_faults(reader);
}

Result<Fault> parse_fault(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  return read_begun(reader);
}

std::string new_fault_json(const Fault& fault, Duration lasts) {
  ObjectWriter out;
  write_what(out, fault);
  out.signed_integer("for_ms", lasts.count());
  std::visit(WriteKind{out}, fault.kind);
  return std::move(out).finish();
}

Result<NewFault> parse_new_fault(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  NewFault fault;
  AITBC_TRY_ASSIGN(fault.fault, read_fault(reader));
  AITBC_TRY_ASSIGN(
      const auto ms,
      reader.integer("for_ms", {1, static_cast<std::uint64_t>(limits::fault_time_max.count())}));
  fault.lasts = Duration{static_cast<std::int64_t>(ms)};
  AITBC_TRY(reader.finish());
  return fault;
}

Result<std::optional<std::string>> parse_heal(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(auto id, reader.optional_text("id", limits::node_id_bytes_max));
  AITBC_TRY(reader.finish());
  return id;
}

Result<std::size_t> parse_healed(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(const auto healed, reader.integer("healed"));
  return std::size_t{healed};
}

}  // namespace aitbc::rpc
