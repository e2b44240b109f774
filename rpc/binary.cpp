#include "rpc/binary.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t tx_bytes_min = 1 + 8 + 8 + 32 + 8 + 2 + 2;  // without a key or a signature

template <class Item, class Write>
Buffer encode_list(std::span<const Item> items, Write write) {
  Encoder out;
  out.integer(static_cast<std::uint32_t>(items.size()));
  for (const Item& item : items) write(out, item);
  return std::move(out).bytes();
}

struct ListBounds {
  std::string_view what;
  std::size_t items_max;
  std::size_t item_bytes_min;
};

template <class Item, class Read>
Result<std::vector<Item>> decode_list(ByteView bytes, ListBounds bounds, Read read) {
  Decoder in(bytes);
  const auto announced = Decoder(bytes).integer<std::uint32_t>();
  if (announced > bounds.items_max) {
    return error(Errc::bad_encoding, std::string(bounds.what) + ": expected at most " +
                                         std::to_string(bounds.items_max) + ", got " +
                                         std::to_string(announced));
  }
  const std::size_t count = in.count(bounds.items_max, bounds.item_bytes_min);
  std::vector<Item> items;
  items.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) items.push_back(read(in));
  AITBC_TRY(in.finish(bounds.what));
  return items;
}

}  // namespace

Buffer encode_headers(std::span<const SealedHeader> headers) {
  return encode_list(headers, [](Encoder& out, const SealedHeader& item) { encode(out, item); });
}

Result<std::vector<SealedHeader>> decode_headers(ByteView bytes, std::size_t headers_max) {
  return decode_list<SealedHeader>(bytes, {"headers", headers_max, sealed_header_bytes},
                                   [](Decoder& in) { return decode_sealed_header(in); });
}

Buffer encode_txs(std::span<const SignedTx> txs) {
  return encode_list(txs, [](Encoder& out, const SignedTx& item) { encode(out, item); });
}

Result<std::vector<SignedTx>> decode_txs(ByteView bytes, std::size_t txs_max) {
  return decode_list<SignedTx>(bytes, {"transactions", txs_max, tx_bytes_min},
                               [](Decoder& in) { return decode_signed_tx(in); });
}

Buffer encode_ids(std::span<const TxId> ids) {
  return encode_list(ids, [](Encoder& out, const TxId& item) { out.fixed(item); });
}

Result<std::vector<TxId>> decode_ids(ByteView bytes, std::size_t ids_max) {
  return decode_list<TxId>(bytes, {"ids", ids_max, TxId::size},
                           [](Decoder& in) { return in.fixed<TxId>(); });
}

}  // namespace aitbc::rpc
