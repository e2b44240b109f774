#include "cli/verify.hpp"

namespace aitbc::cli {

namespace {

Error at_height(Height height, const Error& failure) {
  const std::string prefix = "block " + std::to_string(height);
  if (failure.detail.rfind(prefix, 0) == 0) return failure;
  return error(failure.code, prefix + ": " + failure.detail);
}

}  // namespace

Verifier::Verifier(const Genesis& genesis)
    : params_(params_of(genesis)), state_(State::of(genesis)), parent_{genesis_tip(params_), {}} {}

Status Verifier::add(const Block& block) {
  const Height height = parent_.tip.height + 1;
  auto checked = CheckedBlock::check(params_, block);
  if (!checked) return at_height(height, checked.error());
  auto effects = apply_block(params_, parent_, state_, *checked);
  if (!effects) return at_height(height, effects.error());
  parent_.advance(block.header(), state_.authorities().size());
  txs_ += block.txs.size();
  return ok();
}

}  // namespace aitbc::cli
