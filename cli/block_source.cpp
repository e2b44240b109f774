#include "cli/block_source.hpp"

#include <algorithm>
#include <filesystem>

#include "chain/sqlite_snapshot.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

// `lowest_at` answers with the lowest certificate at or above a height.
template <class LowestAt>
Outcome<std::vector<CertifiedBlock>> certified(std::vector<Block> blocks, Certificates certificates,
                                               const LowestAt& lowest_at) {
  std::vector<CertifiedBlock> found;
  for (Block& block : blocks) found.push_back({std::move(block), {}});
  if (certificates == Certificates::leave || found.empty()) return found;
  const Height first = found.front().block.header().height;
  for (Height height = first; height < first + found.size();) {
    auto certificate = lowest_at(height);
    if (!certificate) return certificate.error();
    const auto& lowest = *certificate;
    if (!lowest || lowest->block.height < height || lowest->block.height >= first + found.size()) {
      break;
    }
    height = lowest->block.height + 1;
    found[lowest->block.height - first].certificate = *lowest;
  }
  return found;
}

class NodeSource final : public BlockSource {
 public:
  NodeSource(rpc::Client client, const SyncAnswer& answer, Certificates certificates)
      : client_(std::move(client)),
        head_(answer.head),
        final_(answer.final.height),
        last_{answer.genesis_hash.data},
        certificates_(certificates) {}

  std::optional<Tip> head() const override { return head_; }
  Height final() const override { return final_; }

  Outcome<std::vector<CertifiedBlock>> next() override {
    if (next_ > head_.height) return std::vector<CertifiedBlock>();
    const std::size_t limit =
        std::min<std::size_t>(limits::range_blocks_max, head_.height - next_ + 1);
    AITBC_TRY_ASSIGN(auto blocks, asked(client_.blocks(next_, limit)));
    if (blocks.empty()) return changed();
    for (const Block& block : blocks) {
      if (block.header().parent != last_) return changed();
      last_ = id_of(block.header());
    }
    next_ += blocks.size();
    if (next_ > head_.height && last_ != head_.id) return changed();
    return certified(std::move(blocks), certificates_,
                     [this](Height height) { return asked(client_.certificate(height)); });
  }

 private:
  Failure changed() const {
    return {error(Errc::broken_branch, client_.url() + " left the chain of " + hash_text(head_.id) +
                                           " meanwhile: try again"),
            Origin::node};
  }

  rpc::Client client_;
  Tip head_;
  Height final_;
  BlockId last_;
  Certificates certificates_;
  Height next_ = 1;
};

class DatabaseSource final : public BlockSource {
 public:
  DatabaseSource(std::unique_ptr<ReaderPool> pool, std::unique_ptr<Snapshot> snapshot,
                 const Tip& head, Certificates certificates)
      : pool_(std::move(pool)),
        snapshot_(std::move(snapshot)),
        head_(head),
        certificates_(certificates) {}

  std::optional<Tip> head() const override { return head_; }

  Outcome<std::vector<CertifiedBlock>> next() override {
    AITBC_TRY_ASSIGN(auto blocks,
                     snapshot_->blocks(next_, limits::range_blocks_max, limits::range_bytes_max));
    next_ += blocks.size();
    return certified(std::move(blocks), certificates_,
                     [this](Height height) { return snapshot_->finality_of(height); });
  }

 private:
  std::unique_ptr<ReaderPool> pool_;
  std::unique_ptr<Snapshot> snapshot_;  // ends before its pool
  Tip head_;
  Certificates certificates_;
  Height next_ = 1;
};

class FileSource final : public BlockSource {
 public:
  explicit FileSource(BlockFileReader reader) : reader_(std::move(reader)) {}

  std::optional<Tip> head() const override { return std::nullopt; }

  Outcome<std::vector<CertifiedBlock>> next() override {
    std::vector<CertifiedBlock> blocks;
    std::size_t bytes = 0;
    while (blocks.size() < limits::range_blocks_max && bytes < limits::range_bytes_max) {
      AITBC_TRY_ASSIGN(auto block, reader_.next());
      if (!block) break;
      bytes += encode(block->block).size();
      blocks.push_back(std::move(*block));
    }
    return blocks;
  }

 private:
  BlockFileReader reader_;
};

}  // namespace

Outcome<Source> node_source(rpc::Client client, const GenesisHash& genesis,
                            Certificates certificates) {
  AITBC_TRY_ASSIGN(const SyncAnswer answer, asked(client.sync({})));
  if (answer.genesis_hash != genesis) {
    return error(Errc::wrong_genesis, client.url() + " runs on genesis " +
                                          hash_text(answer.genesis_hash) + ", expected " +
                                          hash_text(genesis));
  }
  return Source(std::make_unique<NodeSource>(std::move(client), answer, certificates));
}

Outcome<Source> database_source(const std::string& path, const Genesis& genesis,
                                Certificates certificates) {
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) {
    return error(Errc::bad_config, "there is no database " + path);
  }
  auto pool = std::make_unique<ReaderPool>(path, hash_of(genesis), std::make_shared<PoolIndex>());
  AITBC_TRY_ASSIGN(auto snapshot, pool->snapshot());
  AITBC_TRY_ASSIGN(Tip head, snapshot->head());
  if (head.height == 0) head = genesis_tip(params_of(genesis));
  return Source(
      std::make_unique<DatabaseSource>(std::move(pool), std::move(snapshot), head, certificates));
}

Outcome<Source> file_source(const std::string& path, const GenesisHash& genesis) {
  AITBC_TRY_ASSIGN(BlockFileReader reader, BlockFileReader::open(path));
  const BlockFileHeader& header = reader.header();
  if (header.genesis != genesis) {
    return error(Errc::wrong_genesis, path + " holds blocks of genesis " +
                                          hash_text(header.genesis) + ", not of " +
                                          hash_text(genesis));
  }
  if (header.first != 1) {
    return error(Errc::bad_height,
                 path + " begins at block " + std::to_string(header.first) + ", not at block 1");
  }
  return Source(std::make_unique<FileSource>(std::move(reader)));
}

}  // namespace aitbc::cli
