#pragma once
// A run of canonical blocks in a file: a header (magic, version, genesis hash, first height, number
// of blocks), then each block in its canonical encoding behind its u32 length, and its certificate
// likewise, or a length of 0. Read and written as a stream, so a long chain needs no memory. One
// thread per object.

#include <fstream>
#include <optional>
#include <string>

#include "chain/core/block.hpp"
#include "chain/core/vote.hpp"

namespace aitbc::cli {

struct CertifiedBlock {
  Block block;
  std::optional<Certificate> certificate;  // the commits that made this very block final
};

struct BlockFileHeader {
  GenesisHash genesis;
  Height first = 1;
  std::uint64_t count = 0;
  bool operator==(const BlockFileHeader&) const = default;
};

// Writes beside the file and gives it its name in finish(): a cut export leaves nothing behind.
class BlockFileWriter {
 public:
  static Result<BlockFileWriter> create(const std::string& path, const BlockFileHeader& header);
  BlockFileWriter(BlockFileWriter&&) = default;
  ~BlockFileWriter();

  Status add(const CertifiedBlock& block);
  Status finish();

 private:
  BlockFileWriter(std::string path, std::uint64_t count);

  std::string path_, temporary_;
  std::ofstream out_;
  std::uint64_t missing_;  // blocks that the header promised
};

class BlockFileReader {
 public:
  // bad_encoding for anything that the writer did not write.
  static Result<BlockFileReader> open(const std::string& path);

  const BlockFileHeader& header() const { return header_; }
  // nullopt after the last block.
  Result<std::optional<CertifiedBlock>> next();

 private:
  BlockFileReader(std::string path, std::ifstream in)
      : path_(std::move(path)), in_(std::move(in)) {}
  Error broken(const std::string& why) const;
  Result<Buffer> take(std::size_t bytes);
  Result<Buffer> take_blob(const char* what, std::size_t bytes_max);

  std::string path_;
  std::ifstream in_;
  BlockFileHeader header_;
  std::uint64_t read_ = 0;
};

}  // namespace aitbc::cli
