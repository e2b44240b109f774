#include "chain/protocol.hpp"

namespace aitbc {

std::string SyncState::text() const {
  switch (kind) {
    case Kind::in_sync:
      return "in_sync";
    case Kind::behind:
      return "behind " + std::to_string(number);
    case Kind::ahead:
      return "ahead " + std::to_string(number);
    case Kind::diverged:
      return "diverged at " + std::to_string(number);
    case Kind::paused:
      return "paused: " + why;
    case Kind::unreachable:
      return "unreachable";
    case Kind::wrong_genesis:
      return "wrong_genesis";
    case Kind::stopped:
      return "stopped";
  }
  AITBC_CHECK(false && "a SyncState outside its enumerators");
}

std::string_view name(Imported::Kind kind) {
  switch (kind) {
    case Imported::Kind::exists:
      return "exists";
    case Imported::Kind::extended:
      return "imported";
    case Imported::Kind::reorganised:
      return "reorganised";
    case Imported::Kind::side:
      return "side";
  }
  AITBC_CHECK(false && "an Imported outside its enumerators");
}

}  // namespace aitbc
