#pragma once
// The rows of the route table, by subject; router.cpp joins them. Constants; any thread.

#include "chain/core/limits.hpp"
#include "rpc/route.hpp"

namespace aitbc::rpc {

// Of paths. What is no hash is a transaction that is not found.
inline constexpr Parameter tx_id_parameter{.name = "id",
                                           .in = Parameter::In::path,
                                           .kind = Parameter::Kind::text,
                                           .description = "The hash of the transaction.",
                                           .max = limits::http_uri_bytes_max,
                                           .required = true};

// Of whoever asks for a page.
inline constexpr Errc page_errors[] = {Errc::out_of_range};

std::span<const Route> node_routes();     // health, network, sync, openapi
std::span<const Route> block_routes();    // head, blocks, headers, forks, genesis
std::span<const Route> account_routes();  // balances, histories, proofs
std::span<const Route> authority_routes();
std::span<const Route> chaos_routes();     // faults on purpose
std::span<const Route> docs_routes();      // openapi.json as a page
std::span<const Route> evidence_routes();  // of keys that signed twice, unlock
std::span<const Route> faucet_routes();    // of a devnet
std::span<const Route> feed_routes();      // blocks and transactions as they come
std::span<const Route> finality_routes();  // what is final and why, votes
std::span<const Route> import_routes();
std::span<const Route> info_routes();     // the chain as a whole, for the predecessor's tools
std::span<const Route> metrics_routes();  // for Prometheus
std::span<const Route> receipt_routes();  // of work, that were claimed
std::span<const Route> submit_routes();   // transactions
std::span<const Route> tx_routes();       // lookup, lists, mempool

// OpenAPI 3.1 of the rows.
std::string openapi_json(std::span<const Route>);
// The shapes that rows name, as the object "schemas" of OpenAPI.
std::string schemas_json();
// What stands for one of them elsewhere in the document.
std::string schema_reference(std::string_view name);

}  // namespace aitbc::rpc
