#pragma once
// How single values are spelled in JSON: hashes as 0x and lower-case hexadecimal, keys and
// signatures as hexadecimal alone, addresses as bech32m, amounts as integers, times as ISO 8601 in
// UTC with a Z. Each has one spelling; a reader that meets another one says which field, and what
// it expected. Pure functions; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "chain/core/address.hpp"
#include "chain/core/block.hpp"
#include "chain/core/genesis.hpp"
#include "chain/core/time.hpp"
#include "chain/protocol.hpp"

namespace aitbc::rpc {

class ObjectReader;
class ObjectWriter;

// Of what is read, where no limit of the chain holds.
inline constexpr std::size_t word_bytes_max = 64;  // one of a few words
inline constexpr std::size_t name_bytes_max = 256;
inline constexpr std::size_t sentence_bytes_max = 4'096;

// Years 1970 to 9999, exactly as to_iso() prints it.
std::optional<Time> parse_iso(std::string_view text);

// The required field `name` of an object. bad_json, or bad_address for an address that is none.
Status read_hex(ObjectReader&, std::string_view name, std::string_view prefix, std::span<Byte> out);
template <class Hash>
Result<Hash> read_hash(ObjectReader& reader, std::string_view name) {
  Hash hash;
  AITBC_TRY(read_hex(reader, name, hash_prefix, hash.data));
  return hash;
}
template <class Value>
Result<Value> read_hex(ObjectReader& reader, std::string_view name) {
  Value value;
  AITBC_TRY(read_hex(reader, name, {}, value.data));
  return value;
}
Result<Address> read_address(ObjectReader&, std::string_view name);
Result<Amount> read_amount(ObjectReader&, std::string_view name);
Result<Time> read_time(ObjectReader&, std::string_view name);
Result<Duration> read_ms(ObjectReader&, std::string_view name);

// Whole seconds, or with decimals.
std::string seconds_json(Duration);
// wrong_chain unless the required field "chain_id" names the chain.
Status check_chain(const Params&, ObjectReader&);

// Whether the required field is null.
Result<bool> is_null(ObjectReader&, std::string_view name);

std::string keys_json(std::span<const PublicKey>);
Result<std::vector<PublicKey>> read_keys(ObjectReader&, std::string_view name, std::size_t most);

// The fields "change" (add, remove) and "key".
void write_change(ObjectWriter&, const AuthorityChange&);
Result<AuthorityChange> read_change(ObjectReader&);

// {"kind": "commit", "block", "votes"}, as certificate_json() prints it.
Result<Certificate> read_certificate(ObjectReader);

// Votes as the field "votes" carries them.
std::string votes_array(std::span<const SignedVote>);
Result<std::vector<SignedVote>> read_votes(ObjectReader&);
// Likewise "evidence", and "runs" with "sightings".
std::string evidence_array(std::span<const Evidence>);
Result<std::vector<Evidence>> read_evidence(ObjectReader&);
void write_keys(ObjectWriter&, const SyncAnswer&);
Status read_keys(ObjectReader&, SyncAnswer&);

// Ways to peers, as the field "links" carries them; nodes from before it was there say none.
std::string links_array(std::span<const PeerLink>);
Result<std::vector<PeerLink>> read_links(ObjectReader&);

// Milliseconds below zero as well, or null.
Result<std::optional<Duration>> read_signed_ms(ObjectReader&, std::string_view name);

// Faults as the field "faults" carries them.
std::string faults_array(std::span<const Fault>);
Result<std::vector<Fault>> read_faults(ObjectReader&);

// {"height", "slot", "hash"}
std::string tip_json(const Tip&);
Result<Tip> read_tip(ObjectReader);

}  // namespace aitbc::rpc
