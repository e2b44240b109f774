#include "cli/block_file.hpp"

#include <unistd.h>

#include <cstdio>

namespace aitbc::cli {

namespace {

constexpr std::string_view magic = "aitbc-blocks";
constexpr std::uint32_t block_file_version = 2;
constexpr std::size_t file_header_bytes = 12 + 4 + GenesisHash::size + 8 + 8;
constexpr std::size_t encoded_block_bytes_max = limits::block_bytes_max + 4'096;
constexpr std::size_t encoded_certificate_bytes_max = limits::authorities_max * 256;

Error unwritable(const std::string& path) { return error(Errc::io, "cannot write " + path); }

void write_bytes(std::ofstream& out, ByteView bytes) {
  const std::string_view text = as_text(bytes);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace

BlockFileWriter::BlockFileWriter(std::string path, std::uint64_t count)
    : path_(std::move(path)),
      temporary_(path_ + ".new." + std::to_string(::getpid())),
      out_(temporary_, std::ios::binary | std::ios::trunc),
      missing_(count) {}

BlockFileWriter::~BlockFileWriter() {
  // A moved-from writer has no name left.
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

Result<BlockFileWriter> BlockFileWriter::create(const std::string& path,
                                                const BlockFileHeader& header) {
  BlockFileWriter writer(path, header.count);
  Encoder encoder;
  encoder.raw(as_bytes(magic));
  encoder.integer(block_file_version);
  encoder.fixed(header.genesis);
  encoder.integer(header.first);
  encoder.integer(header.count);
  write_bytes(writer.out_, encoder.bytes());
  if (!writer.out_) return error(Errc::bad_config, "cannot write " + path);
  return writer;
}

Status BlockFileWriter::add(const CertifiedBlock& block) {
  AITBC_CHECK(missing_ > 0);
  --missing_;
  Encoder encoder;
  encoder.blob(encode(block.block));
  encoder.blob(block.certificate ? encode(*block.certificate) : Buffer{});
  write_bytes(out_, encoder.bytes());
  if (!out_) return unwritable(path_);
  return ok();
}

Status BlockFileWriter::finish() {
  AITBC_CHECK(missing_ == 0);
  out_.close();
  if (!out_ || std::rename(temporary_.c_str(), path_.c_str()) != 0) return unwritable(path_);
  temporary_.clear();
  return ok();
}

Error BlockFileReader::broken(const std::string& why) const {
  return error(Errc::bad_encoding, path_ + ": " + why);
}

Result<Buffer> BlockFileReader::take(std::size_t bytes) {
  Buffer buffer(bytes);
  in_.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(bytes));
  if (in_.gcount() != static_cast<std::streamsize>(bytes)) {
    return broken("ends in the middle, after block " + std::to_string(header_.first + read_) +
                  " of " + std::to_string(header_.first + header_.count));
  }
  return buffer;
}

Result<BlockFileReader> BlockFileReader::open(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Errc::bad_config, "cannot read " + path);
  BlockFileReader reader(path, std::move(in));
  auto bytes = reader.take(file_header_bytes);
  if (!bytes || as_text(*bytes).substr(0, magic.size()) != magic) {
    return reader.broken("is no file of exported blocks");
  }
  Decoder decoder(*bytes);
  decoder.take(magic.size());
  const auto found = decoder.integer<std::uint32_t>();
  if (found != block_file_version) {
    return reader.broken("has version " + std::to_string(found) + ", this program reads " +
                         std::to_string(block_file_version));
  }
  reader.header_.genesis = decoder.fixed<GenesisHash>();
  reader.header_.first = decoder.integer<Height>();
  reader.header_.count = decoder.integer<std::uint64_t>();
  AITBC_TRY(decoder.finish("a file of exported blocks"));
  return reader;
}

Result<Buffer> BlockFileReader::take_blob(const char* what, std::size_t bytes_max) {
  AITBC_TRY_ASSIGN(const Buffer size_bytes, take(4));
  Decoder decoder(size_bytes);
  const auto size = decoder.integer<std::uint32_t>();
  if (size > bytes_max) return broken("holds " + std::string(what) + " over the limit");
  return take(size);
}

Result<std::optional<CertifiedBlock>> BlockFileReader::next() {
  if (read_ == header_.count) {
    if (in_.peek() != std::ifstream::traits_type::eof()) {
      return broken("goes on after its last block");
    }
    return std::optional<CertifiedBlock>();
  }
  AITBC_TRY_ASSIGN(const Buffer bytes, take_blob("a block", encoded_block_bytes_max));
  auto block = decode_block(ByteView(bytes));
  if (!block) return broken(block.error().detail);
  CertifiedBlock found{std::move(*block), {}};
  AITBC_TRY_ASSIGN(const Buffer votes, take_blob("a certificate", encoded_certificate_bytes_max));
  if (!votes.empty()) {
    auto certificate = decode_certificate(ByteView(votes));
    if (!certificate) return broken(certificate.error().detail);
    found.certificate = std::move(*certificate);
  }
  ++read_;
  return std::optional(std::move(found));
}

}  // namespace aitbc::cli
