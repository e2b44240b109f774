// Chains in files, and chains executed again.

#include <fstream>

#include <catch2/catch.hpp>

#include "cli/block_file.hpp"
#include "cli/block_source.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;
using test::ChainBuilder;

namespace {

// Every second block has one.
std::optional<aitbc::Certificate> certificate_of(const ChainBuilder& chain,
                                                 const Applied& applied) {
  const Checkpoint block = checkpoint_of(tip_of(applied.block.header()));
  if (block.height % 2 != 0) return std::nullopt;
  return aitbc::Certificate{
      Vote::Kind::commit,
      block,
      {sign(chain.params().genesis_hash, Vote::commit(block), chain.ledger.authorities[0])}};
}

void write_chain(const std::string& path, const ChainBuilder& chain) {
  auto writer = BlockFileWriter::create(path, {hash_of(chain.genesis()), 1, chain.blocks.size()});
  REQUIRE(writer.has_value());
  for (const Applied& applied : chain.blocks) {
    REQUIRE(writer->add({applied.block.block(), certificate_of(chain, applied)}));
  }
  REQUIRE(writer->finish());
}

Status read_all(const std::string& path) {
  AITBC_TRY_ASSIGN(BlockFileReader reader, BlockFileReader::open(path));
  for (;;) {
    AITBC_TRY_ASSIGN(const auto block, reader.next());
    if (!block) return ok();
  }
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("a chain comes out of a file as it went in") {
  const test::TempDir folder;
  ChainBuilder chain;
  for (int i = 0; i < 5; ++i) chain.append();
  write_chain(folder.file("c"), chain);
  auto reader = BlockFileReader::open(folder.file("c"));
  REQUIRE(reader.has_value());
  CHECK(reader->header() == BlockFileHeader{hash_of(chain.genesis()), 1, 5});
  for (const Applied& applied : chain.blocks) {
    const auto block = reader->next();
    REQUIRE((block && *block));
    CHECK((*block)->block == applied.block.block());
    CHECK((*block)->certificate == certificate_of(chain, applied));
  }
  CHECK_FALSE((*reader->next()).has_value());
}

TEST_CASE("a file of blocks that was cut, lengthened or never was one is refused") {
  const test::TempDir folder;
  ChainBuilder chain;
  chain.append();
  chain.append();
  write_chain(folder.file("good"), chain);
  const std::string good = bytes_of(folder.file("good"));
  const auto status_of = [&](const std::string& bytes) {
    std::ofstream(folder.file("bad"), std::ios::binary) << bytes;
    return read_all(folder.file("bad"));
  };
  CHECK(status_of(good).has_value());
  for (std::size_t size = 0; size < good.size(); size += 13) {
    INFO(size);
    CHECK_FALSE(status_of(good.substr(0, size)).has_value());
  }
  CHECK_FALSE(status_of(good + "x").has_value());
  std::string huge = good;
  huge.replace(64, 4, "\xff\xff\xff\xff");  // the length of the first block
  const Status refused = status_of(huge);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.find("over the limit") != std::string::npos);
  std::string newer = good;
  newer[15] = 3;
  CHECK(status_of(newer).error().detail.find("version 3") != std::string::npos);
}

TEST_CASE("an export that is not finished leaves nothing behind") {
  const test::TempDir folder;
  {
    ChainBuilder chain;
    chain.append();
    auto writer = BlockFileWriter::create(folder.file("c"), {hash_of(chain.genesis()), 1, 2});
    REQUIRE(writer.has_value());
    CHECK(writer->add({chain.blocks[0].block.block(), {}}));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a file of another chain is no source") {
  const test::TempDir folder;
  ChainBuilder chain;
  chain.append();
  write_chain(folder.file("c"), chain);
  CHECK(static_cast<bool>(file_source(folder.file("c"), hash_of(chain.genesis()))));
  const auto other = file_source(folder.file("c"), GenesisHash{});
  REQUIRE_FALSE(static_cast<bool>(other));
  CHECK(other.error().error.code == Errc::wrong_genesis);
  const auto missing =
      database_source(folder.file("none.db"), chain.genesis(), Certificates::leave);
  REQUIRE_FALSE(static_cast<bool>(missing));
  CHECK_FALSE(std::filesystem::exists(folder.file("none.db")));
}
