#pragma once
// A live node as the checks see it: over HTTP alone. One thread per object.

#include "chain/node_view.hpp"
#include "rpc/client.hpp"

namespace aitbc::cli {

class HttpView final : public NodeView {
 public:
  HttpView(std::string name, rpc::Client client)
      : name_(std::move(name)), client_(std::move(client)) {}

  const std::string& name() const override { return name_; }
  Result<Look> look() override;
  Result<std::vector<Block>> blocks(Height from, std::size_t limit) override;
  Result<std::optional<Certificate>> certificate(Height height) override;
  Result<Fate> fate(const TxId&) override;

 private:
  std::string name_;
  rpc::Client client_;
  std::optional<GenesisHash> genesis_;  // asked once
};

}  // namespace aitbc::cli
