#pragma once
// A transaction in a file, on its way between those who sign it: {"genesis_hash", "transaction"},
// the transaction as the API has it. The genesis hash tells a file for another chain from one that
// was changed. Pure functions; any thread.

#include <span>
#include <string>
#include <vector>

#include "chain/core/apply.hpp"

namespace aitbc::cli {

std::string print_tx_file(const Params& params, const SignedTx& tx);
// wrong_genesis for another chain; bad_signature, also where the body was changed after signing.
Result<SignedTx> parse_tx_file(const Params& params, std::string_view text);

// refused for a key that is no party to it or has signed already, and where no signature is
// missing: a witness holds exactly as many as the policy asks for.
Result<SignedTx> add_signature(const GenesisHash& chain, SignedTx tx, const KeyPair& key);
// One transaction with the signatures of all, of equal keys once, and no more than it needs.
// refused unless all are the same transaction. At least one.
Result<SignedTx> combine(std::span<const SignedTx> txs);

std::size_t signatures_missing(const SignedTx& tx);
// Those that have not signed, ascending.
std::vector<PublicKey> silent_keys(const SignedTx& tx);

}  // namespace aitbc::cli
