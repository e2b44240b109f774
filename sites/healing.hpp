#pragma once
// What brings a killed or paused node back when its time is over: a record in the network's folder,
// and a process that waits for it. Whoever takes the node in hand meanwhile (stop, start, up)
// removes the record, and then nothing happens any more. Any thread; records change under the
// network's lock.

#include <optional>
#include <string>
#include <vector>

#include "sites/layout.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites {

struct Healing {
  enum class How { start, resume };
  std::string id;    // of the fault
  std::string what;  // for people
  std::string node;
  How how = How::start;
  Time until;
};

class Healings {
 public:
  Healings(const Layout& layout, Transport& files) : folder_(layout.chaos()), files_(files) {}

  Status put(const Healing&);
  std::vector<Healing> all() const;  // a file that cannot be read is none
  std::optional<Healing> find(const std::string& id) const;
  Status drop(const std::string& id);
  // Those of the node, but that of `spared`.
  Status drop_of(const std::string& node, const std::string& spared);
  Status drop_all();

 private:
  std::filesystem::path file(const std::string& id) const { return folder_ / (id + ".json"); }

  std::filesystem::path folder_;
  Transport& files_;
};

}  // namespace aitbc::sites
