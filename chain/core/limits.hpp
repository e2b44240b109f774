#pragma once
// Every bound of the system, by name. A limit of the rules (a block that breaks it is invalid) says
// so; the others are local and may differ between nodes.

#include <cstddef>
#include <cstdint>

#include "chain/core/time.hpp"

namespace aitbc::limits {

// ---- rules of the chain -------------------------------------------------------------------------
inline constexpr std::uint64_t supply_max =
    (std::uint64_t{1} << 53) - 1;  // exact in any JSON reader
inline constexpr std::size_t policy_keys_max = 15;
inline constexpr std::size_t block_txs_max = 10'000;
inline constexpr std::size_t block_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t authorities_max = 100;
inline constexpr std::size_t genesis_accounts_max = 10'000'000;
inline constexpr std::size_t chain_id_bytes_max = 64;
inline constexpr std::uint64_t depth_max_max = 1'024;  // so that a fork is one branch to offer
inline constexpr std::uint64_t slots_ahead_max = 1;    // of the importer's clock
inline constexpr std::uint64_t ballot_blocks = 1'000;  // in which ballots on a change count

// ---- receipts: rules of the chain --------------------------------------------------------------
// With its signatures a transaction stays below 6 KiB, so that submit_batch_max and sync_txs_max of
// them fit in http_body_bytes_max.
inline constexpr std::size_t receipt_bytes_max = 4 * 1024;
inline constexpr std::size_t receipt_id_bytes_max = 64;
inline constexpr std::size_t job_id_bytes_max = 128;
inline constexpr std::size_t canonical_depth_max = 8;  // with what is around it, json_depth_max
inline constexpr std::size_t coordinators_max = 100;
inline constexpr std::uint32_t coordinator_ppm_max = 1'000'000;
inline constexpr std::size_t address_bytes_max = 90;  // of its text: BIP-350's bound

// ---- mempool ------------------------------------------------------------------------------------
inline constexpr std::size_t mempool_txs_max = 100'000;
inline constexpr std::size_t mempool_gap_txs_max = mempool_txs_max / 2;  // then next nonces only
inline constexpr std::uint64_t nonce_gap_max = 1'000;   // ahead of the account's nonce
inline constexpr std::size_t verified_txs_min = 1'024;  // then those that are gone are forgotten
inline constexpr std::size_t refused_signatures_max = 256;  // that are known again

// ---- finality -----------------------------------------------------------------------------------
inline constexpr std::size_t votes_kept_max = 64;  // of a voter and a kind, above the final block
inline constexpr std::size_t sign_guard_bytes_max = 4 * 1024;
inline constexpr std::uint64_t governance_kept = 4'096;   // blocks below the final one
inline constexpr std::size_t justified_kept_max = 64;     // justified blocks that are remembered
inline constexpr std::size_t seals_compared_max = 1'024;  // sealed headers, to be compared
inline constexpr std::size_t votes_compared_max = 128;    // of a voter and a kind, likewise
inline constexpr std::size_t doubtful_kept_max = 256;     // committed blocks, not final here
inline constexpr std::size_t evidence_of_key_max = 8;     // kept; the first ones
inline constexpr std::size_t evidence_max = authorities_max * evidence_of_key_max;
inline constexpr std::size_t unlocked_max = 64;  // pieces of evidence set aside on one node

// ---- storage ------------------------------------------------------------------------------------
inline constexpr std::size_t side_blocks_max = 1'000;    // losing blocks kept to be shown
inline constexpr std::size_t replaced_txs_max = 10'000;  // verdicts kept to be shown
inline constexpr std::size_t wal_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t writer_cache_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t reader_cache_bytes_max = 256 * 1024;  // of each reader
inline constexpr Duration storage_wait_max{5'000};  // for a lock that a foreign tool holds

// ---- HTTP ---------------------------------------------------------------------------------------
inline constexpr std::size_t http_body_bytes_max = 8 * 1024 * 1024;
inline constexpr std::size_t http_header_bytes_max = 16 * 1024;
inline constexpr std::size_t http_uri_bytes_max = 4 * 1024;
inline constexpr std::size_t http_threads_min = 3;            // requests that are being handled
inline constexpr std::size_t http_threads_max = 64;           // on a machine of many cores
inline constexpr std::size_t readers_max = http_threads_max;  // a request holds one at most
inline constexpr std::size_t http_waits_max = 512;            // handlers that wait
inline constexpr std::size_t http_streams_max = 256;          // connections that are told news
inline constexpr Duration http_ping_time{30'000};  // of silence, then the client is asked
// Of silence on an event stream: below any proxy's patience.
inline constexpr Duration http_heartbeat_time{15'000};
inline constexpr Duration http_client_retry{1'000};           // of an event stream that has ended
inline constexpr Duration http_stream_retry{100};             // when the node is busy
inline constexpr std::size_t http_inbound_bytes_max = 1'024;  // of a message on a stream
// Of what happened on a node, for those who listen: more than two full blocks make.
inline constexpr std::size_t events_kept_max = 65'536;
// Of the events of a node, with what they tell; a full block makes 20 MiB of them.
inline constexpr std::size_t events_bytes_max = 48 * 1024 * 1024;
inline constexpr std::size_t events_old_bytes_max = 64 * 1024;  // of those that are not fresh
inline constexpr Duration events_fresh_time{60'000};  // and then their listeners had time
inline constexpr std::size_t trace_stages_max = 64;   // of a transaction, the newest
inline constexpr std::size_t feed_batch_max = 256;    // given out at once
inline constexpr std::size_t feed_texts_max = 1'024;  // kept, of each form
inline constexpr std::size_t http_connections_max = 1'024;
inline constexpr Duration http_request_time_max{10'000};  // from first byte to whole body
inline constexpr Duration http_idle_time_max{60'000};     // a silent kept-alive connection
inline constexpr std::size_t http_buffered_bytes_max = 64 * 1024 * 1024;  // of requests or answers
// Answers that are given out again without being worked out.
inline constexpr std::size_t prepared_answers_max = 64;
inline constexpr std::size_t prepared_head_bytes_max = 512;  // of the request
inline constexpr std::size_t prepared_bytes_max = 8 * 1024;
inline constexpr std::size_t api_keys_max = 1'000;
inline constexpr std::size_t api_key_bytes_max = 128;
inline constexpr std::size_t api_key_name_bytes_max = 64;
inline constexpr std::size_t origins_max = 64;
inline constexpr std::size_t proxies_max = 64;
inline constexpr std::size_t rate_clients_max = 10'000;  // whose requests are counted at a time
inline constexpr std::uint32_t rate_per_minute = 200;
inline constexpr std::uint32_t rate_per_minute_max = 10'000'000;
inline constexpr Duration http_thread_rest_time{5'000};  // a thread without work ends after it
inline constexpr std::size_t genesis_bytes_max = 64 * 1024 * 1024;  // as JSON, from another node
inline constexpr std::size_t json_depth_max = 16;
inline constexpr std::size_t page_items_max = 1'000;         // rows in one answer
inline constexpr std::size_t range_bytes_max = 1024 * 1024;  // of blocks in one answer

inline constexpr std::size_t receipt_body_bytes_max = 64 * 1024;  // of one, as it is handed in

// ---- devnets ------------------------------------------------------------------------------------
inline constexpr std::size_t dev_name_bytes_max = 50;      // shorter than any address
inline constexpr std::size_t dev_requests_max = 10'000;    // unsigned requests, to know repeats
inline constexpr std::uint64_t dev_grant = 1'000'000;      // at most, to a name that cannot pay
inline constexpr Duration dev_inclusion_time_max{15'000};  // a faucet waits for its block

// ---- node ---------------------------------------------------------------------------------------
inline constexpr std::size_t inbox_items_max = 4'096;    // work waiting for the core thread
inline constexpr std::size_t submit_batch_max = 1'024;   // transactions in one durable commit
inline constexpr Duration submit_time_max{5'000};        // a caller waits for durability
inline constexpr std::size_t branch_blocks_max = 4'096;  // blocks offered in one import
inline constexpr std::size_t peers_max = 128;

// ---- sync ---------------------------------------------------------------------------------------
inline constexpr Duration poll_interval{10'000};    // a long poll's wait, or the pause of polling
inline constexpr std::size_t sync_txs_max = 1'000;  // ids named, or bodies asked for, at once
inline constexpr std::size_t refused_txs_max = 10'000;  // of a peer, kept to be tried again
inline constexpr Duration refused_retry_time{10'000};   // unless the head moves before
inline constexpr std::size_t sync_votes_max = 2 * authorities_max * votes_kept_max;
inline constexpr std::size_t push_bytes_max = 1024 * 1024;  // of bodies that come with an answer
inline constexpr std::size_t headers_max = 1'000;           // in one answer
inline constexpr std::size_t range_blocks_max = 256;        // asked for at once
inline constexpr Duration connect_time_max{2'000};          // to find the address, and to reach it
inline constexpr std::size_t lookups_max = 256;             // host names being looked up
inline constexpr Duration answer_time_max{10'000};          // beyond the wait of a long poll
inline constexpr Duration backoff_min{500};
inline constexpr Duration backoff_max{10'000};
inline constexpr Duration future_wait_max{60'000};  // until a peer's block is due
inline constexpr std::size_t ranges_max = 4;        // under way or waiting for one before
inline constexpr std::size_t probe_headers = 16;    // a step of the search for an ancestor
inline constexpr std::size_t peers_few = 8;  // all of them are followed, with polls that are held
inline constexpr std::size_t followed_max = 5;    // of more
inline constexpr std::size_t sampled_max = 16;    // of more, that are asked at once
inline constexpr std::size_t glances_max = 8;     // at once, at peers that are not followed
inline constexpr Duration glance_time{600'000};   // between two at one of them
inline constexpr Duration lane_rest_time{2'000};  // a lane without work ends after it
inline constexpr std::size_t polls_held_max = 4;  // of a peer, at once
inline constexpr Duration poll_stagger{150};      // of round trip, for one more of them
inline constexpr std::size_t askers_max = 256;    // of which is known what they were told
inline constexpr std::size_t asker_bytes_max = 64;
inline constexpr std::uint64_t sync_interval_s_max = 3'600;
inline constexpr Duration poll_pause{10};             // gathers what comes close together
inline constexpr Duration distrust_time{60'000};      // after an answer that broke a rule
inline constexpr Duration clock_sample_time{60'000};  // a sample of a peer's clock is kept
inline constexpr Duration clock_offset_warn{250};
inline constexpr Duration clock_offset_red{500};
inline constexpr Duration clock_offset_max{1'000};  // from the median, for sealing
inline constexpr Duration clock_step_min{250};      // between two rounds, to be told
inline constexpr std::size_t silent_polls_max = 3;  // until a key counts as not heard
inline constexpr std::size_t key_runners_max = 4;   // processes of one key that are remembered
inline constexpr std::size_t claim_text_bytes_max = 128;
inline constexpr Duration runner_check_time_max{5'000};  // for peers to say who else runs the key

// ---- faults on purpose --------------------------------------------------------------------------
inline constexpr Duration fault_time_max{24 * 3'600'000};  // then it ends by itself
inline constexpr std::size_t faults_max = 64;              // on one node at a time
inline constexpr std::size_t fault_text_bytes_max = 256;
inline constexpr Duration link_delay_max{60'000};  // also of jitter and of a slow disk
inline constexpr Duration clock_fault_max{3'600'000};
inline constexpr std::uint32_t clock_drift_ppm_max = 100'000;
inline constexpr Duration link_queue_time_max{10'000};  // a throttled link's backlog, then it drops
inline constexpr Duration link_reorder_time{250};       // later messages overtake one by so much

// ---- checks -------------------------------------------------------------------------------------
inline constexpr std::size_t violations_max = 1'000;  // told in one report

// ---- scenarios ----------------------------------------------------------------------------------
inline constexpr std::size_t scenario_steps_max = 200;
inline constexpr Duration scenario_wait_max{600'000};       // of one step
inline constexpr std::size_t scenario_txs_max = 1'000'000;  // acknowledged in one scenario

// ---- sites --------------------------------------------------------------------------------------
inline constexpr std::size_t manifest_bytes_max = 1024 * 1024;
inline constexpr std::size_t manifest_values_max = 100'000;  // keys, lists, texts
inline constexpr std::size_t manifest_text_bytes_max = 256;  // of one value
inline constexpr std::size_t node_id_bytes_max = 32;
inline constexpr std::size_t network_nodes_max = authorities_max;
inline constexpr std::size_t network_sites_max = 100;
inline constexpr std::size_t network_file_bytes_max = 1024 * 1024;  // a copy or a config
inline constexpr std::size_t command_output_bytes_max = 1024 * 1024;
inline constexpr std::size_t remote_frame_bytes_max = 32 * 1024 * 1024;  // said to a host at once
inline constexpr std::size_t remote_text_bytes_max = 16 * 1024;          // a path, a word
inline constexpr std::size_t remote_words_max = 256;                     // of a command
inline constexpr std::size_t remote_noise_bytes_max = 64 * 1024;  // of a login shell, at first
inline constexpr std::size_t remote_sessions_max = 8;             // at once, of one host

}  // namespace aitbc::limits
