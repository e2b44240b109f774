#include "sync/faults.hpp"

#include <algorithm>

#include "chain/core/text.hpp"

namespace aitbc::sync {

namespace {

constexpr std::uint32_t million = 1'000'000;

// A clock that stepped back since makes no fault last longer than it may.
bool lasts(const Fault& fault, Time now) {
  return fault.until > now && fault.until <= now + limits::fault_time_max;
}

Status check_span(const std::string& what, Duration span, Duration most) {
  if (span >= Duration{0} && span <= most) return ok();
  return error(Errc::bad_request, what + ": expected 0 to " + std::to_string(most.count()) +
                                      " ms, got " + std::to_string(span.count()));
}

Status check_rule(const LinkRule& rule) {
  AITBC_TRY(check_span("delay_ms", rule.delay, limits::link_delay_max));
  AITBC_TRY(check_span("jitter_ms", rule.jitter, limits::link_delay_max));
  if (std::max({rule.loss_ppm, rule.duplicate_ppm, rule.reorder_ppm}) > million) {
    return error(Errc::bad_request, "fault: expected at most 1000000 of a million messages");
  }
  if (rule.is_plain()) {
    return error(Errc::bad_request, "fault: its rule does nothing to messages");
  }
  return ok();
}

Status check_peers(const std::vector<std::string>& named, const std::vector<std::string>& peers) {
  for (const std::string& url : named) {
    if (std::find(peers.begin(), peers.end(), url) != peers.end()) continue;
    return error(Errc::bad_request, "fault: " + url + " is no peer of this node; its peers are: " +
                                        (peers.empty() ? "none" : joined(peers)));
  }
  return ok();
}

struct CheckKind {
  const std::vector<std::string>& peers;

  Status operator()(const LinkFault& fault) const {
    AITBC_TRY(check_rule(fault.rule));
    AITBC_TRY(check_peers(fault.out, peers));
    AITBC_TRY(check_peers(fault.in, peers));
    if (fault.out.empty() && fault.in.empty()) {
      return error(Errc::bad_request, "fault: expected peers in \"out\" or \"in\"");
    }
    return ok();
  }
  Status operator()(const ClockFault& fault) const {
    AITBC_TRY(check_span("offset_ms", std::chrono::abs(fault.offset), limits::clock_fault_max));
    if (static_cast<std::uint32_t>(std::abs(fault.drift_ppm)) > limits::clock_drift_ppm_max) {
      return error(Errc::bad_request, "drift_ppm: expected at most " +
                                          std::to_string(limits::clock_drift_ppm_max) +
                                          " either way");
    }
    if (fault == ClockFault{}) return error(Errc::bad_request, "fault: its clock is right");
    return ok();
  }
  Status operator()(const DiskFault& fault) const {
    AITBC_TRY(check_span("delay_ms", fault.delay, limits::link_delay_max));
    if (fault == DiskFault{}) return error(Errc::bad_request, "fault: its disk is well");
    return ok();
  }
  Status operator()(const Lie&) const { return ok(); }
  Status operator()(const DoubleSign&) const { return ok(); }
};

bool names(const std::vector<std::string>& urls, const std::string& url) {
  return std::find(urls.begin(), urls.end(), url) != urls.end();
}

}  // namespace

Status Faults::check(const Fault& fault, Time now) const {
  if (fault.id.empty() || fault.id.size() > limits::node_id_bytes_max ||
      fault.what.size() > limits::fault_text_bytes_max) {
    return error(Errc::bad_request, "fault: expected an id of 1 to " +
                                        std::to_string(limits::node_id_bytes_max) + " bytes");
  }
  if (!lasts(fault, now)) {
    return error(Errc::bad_request,
                 "for_ms: expected 1 to " + std::to_string(limits::fault_time_max.count()));
  }
  return std::visit(CheckKind{peers_}, fault.kind);
}

Status Faults::add(Fault fault, Time now) {
  AITBC_TRY(check(fault, now));
  std::erase_if(faults_,
                [&](const Fault& other) { return other.id == fault.id || !lasts(other, now); });
  if (faults_.size() >= limits::faults_max) {
    return error(Errc::overloaded, "fault: this node has " + std::to_string(limits::faults_max) +
                                       " already; heal some, or wait until they end");
  }
  faults_.push_back(std::move(fault));
  return ok();
}

std::size_t Faults::heal(const std::optional<std::string>& id, Time now) {
  std::erase_if(faults_, [&](const Fault& fault) { return !lasts(fault, now); });
  return std::erase_if(faults_, [&](const Fault& fault) { return !id || fault.id == *id; });
}

std::vector<Fault> Faults::active(Time now) const {
  std::vector<Fault> active;
  for (const Fault& fault : faults_) {
    if (lasts(fault, now)) active.push_back(fault);
  }
  return active;
}

std::optional<Time> Faults::next_end(Time now) const {
  std::optional<Time> end;
  for (const Fault& fault : faults_) {
    if (lasts(fault, now)) end = std::min(end.value_or(fault.until), fault.until);
  }
  return end;
}

template <class Kind, class Function>
void Faults::each(Time now, const Function& function) const {
  for (const Fault& fault : faults_) {
    const auto* kind = std::get_if<Kind>(&fault.kind);
    if (kind != nullptr && lasts(fault, now)) function(*kind, fault);
  }
}

LinkRules Faults::links(const std::string& peer, Time now) const {
  LinkRules rules;
  each<LinkFault>(now, [&](const LinkFault& link, const Fault&) {
    if (names(link.out, peer)) rules.out = rules.out + link.rule;
    if (names(link.in, peer)) rules.in = rules.in + link.rule;
  });
  return rules;
}

Time Faults::clock(Time now) const {
  Time shown = now;
  each<ClockFault>(now, [&](const ClockFault& clock, const Fault& fault) {
    const Duration age = std::max(now - fault.since, Duration{0});
    shown += clock.offset + age * clock.drift_ppm / std::int64_t{million};
  });
  return shown;
}

bool Faults::disk_full(Time now) const {
  bool full = false;
  each<DiskFault>(now, [&](const DiskFault& disk, const Fault&) { full = full || disk.full; });
  return full;
}

Duration Faults::disk_delay(Time now) const {
  Duration delay{0};
  each<DiskFault>(now, [&](const DiskFault& disk, const Fault&) { delay += disk.delay; });
  return delay;
}

std::optional<Lie> Faults::lie(Time now) const {
  std::optional<Lie> lie;
  each<Lie>(now, [&](Lie told, const Fault&) { lie = told; });
  return lie;
}

bool Faults::double_signs(Time now) const {
  bool signs = false;
  each<DoubleSign>(now, [&](const DoubleSign&, const Fault&) { signs = true; });
  return signs;
}

}  // namespace aitbc::sync
