#pragma once
// One node as the checks see it: what it says of its chain, to be judged and not believed. One
// thread per object.

#include <string>

#include "chain/chain.hpp"

namespace aitbc {

class NodeView {
 public:
  struct Look {
    GenesisHash genesis;
    Tip head;
    Tip final;
    std::optional<Hash> state_root;  // after head, where the node tells
    std::uint64_t pending = 0;       // transactions that wait
  };
  struct Fate {
    enum class Kind { unknown, pending, included, replaced };
    Kind kind = Kind::unknown;
    Height height = 0;  // of the block, if included
  };

  virtual ~NodeView() = default;
  virtual const std::string& name() const = 0;
  virtual Result<Look> look() = 0;
  // Of the canonical chain; at least one if there is one.
  virtual Result<std::vector<Block>> blocks(Height from, std::size_t limit) = 0;
  // The lowest certificate of commits at or above the height.
  virtual Result<std::optional<Certificate>> certificate(Height height) = 0;
  virtual Result<Fate> fate(const TxId&) = 0;
};

// The owner of a chain in this process, in one of its pauses.
class ChainView final : public NodeView {
 public:
  ChainView(std::string name, const Chain& chain) : name_(std::move(name)), chain_(chain) {}

  const std::string& name() const override { return name_; }
  Result<Look> look() override;
  Result<std::vector<Block>> blocks(Height from, std::size_t limit) override;
  Result<std::optional<Certificate>> certificate(Height height) override;
  Result<Fate> fate(const TxId&) override;

 private:
  std::string name_;
  const Chain& chain_;
};

}  // namespace aitbc
