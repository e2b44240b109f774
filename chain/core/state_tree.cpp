#include "chain/core/state_tree.hpp"

#include <algorithm>
#include <bit>

#include "chain/core/crypto.hpp"

namespace aitbc {

namespace {

bool bit_of(const Address& address, std::uint8_t bit) {
  return (address.data[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

// The first bit in which two different addresses differ.
std::uint8_t first_difference(const Address& a, const Address& b) {
  const auto [left, right] = std::mismatch(a.data.begin(), a.data.end(), b.data.begin());
  AITBC_CHECK(left != a.data.end());
  const auto byte = static_cast<unsigned>(left - a.data.begin());
  const auto differing = static_cast<Byte>(*left ^ *right);
  return static_cast<std::uint8_t>(byte * 8 + static_cast<unsigned>(std::countl_zero(differing)));
}

Hash leaf_hash(const Address& address, const Account& account) {
  Encoder out;
  out.integer(account.balance.units());
  out.integer(account.nonce);
  return hash("aitbc/account/1", {address.view(), out.bytes()});
}

Hash inner_hash(std::uint8_t bit, const Hash& zero, const Hash& one) {
  return hash("aitbc/accounts-node/1", {ByteView(&bit, 1), zero.view(), one.view()});
}

}  // namespace

std::optional<Account> check_proof(const AccountProof& proof, const Address& address,
                                   const Hash& root) {
  if (!proof.leaf) {
    const bool empty = proof.path.empty() && root == Hash{};
    return empty ? std::optional(Account{}) : std::nullopt;
  }
  const auto& [owner, account] = *proof.leaf;
  if (account == Account{}) return std::nullopt;
  Hash node = leaf_hash(owner, account);
  for (std::size_t i = proof.path.size(); i-- > 0;) {
    const auto& [bit, sibling] = proof.path[i];
    if (i > 0 && bit <= proof.path[i - 1].bit) return std::nullopt;
    // The walk follows the asked address; the hashes follow the leaf: they must agree.
    if (bit_of(address, bit) != bit_of(owner, bit)) return std::nullopt;
    node = bit_of(owner, bit) ? inner_hash(bit, sibling, node) : inner_hash(bit, node, sibling);
  }
  if (node != root) return std::nullopt;
  return owner == address ? account : Account{};
}

StateTree::Link StateTree::find_nearest(const Address& address) const {
  Link link = root_;
  while (link != none && link % 2 == 0) {
    const Inner& inner = inners_[link / 2];
    link = inner.child[bit_of(address, inner.bit)];
  }
  return link;
}

Account StateTree::at(const Address& address) const {
  const Link nearest = find_nearest(address);
  if (nearest == none || leaves_[nearest / 2].address != address) return {};
  return leaves_[nearest / 2].account;
}

void StateTree::set(const Address& address, const Account& account) {
  const Link nearest = find_nearest(address);
  const bool present = nearest != none && leaves_[nearest / 2].address == address;
  if (account == Account{}) {
    if (present) erase(address);
  } else if (present) {
    leaves_[nearest / 2].account = account;
    mark_stale(address);
  } else {
    insert(address, account);
  }
}

void StateTree::reserve(std::size_t accounts) {
  leaves_.reserve(accounts);
  inners_.reserve(accounts);
}

void StateTree::mark_stale(const Address& address) {
  for (Link link = root_; link % 2 == 0;) {
    const Inner& inner = inners_[link / 2];
    inner.stale = true;
    link = inner.child[bit_of(address, inner.bit)];
  }
}

StateTree::Link StateTree::make_leaf(const Address& address, const Account& account) {
  if (!free_leaves_.empty()) {
    const std::uint32_t index = free_leaves_.back();
    free_leaves_.pop_back();
    leaves_[index] = {address, account};
    return index * 2 + 1;
  }
  leaves_.push_back({address, account});
  return static_cast<Link>(leaves_.size() - 1) * 2 + 1;
}

StateTree::Link StateTree::make_inner(std::uint8_t bit, Link zero, Link one) {
  const Inner inner{{zero, one}, bit, true, {}};
  if (!free_inners_.empty()) {
    const std::uint32_t index = free_inners_.back();
    free_inners_.pop_back();
    inners_[index] = inner;
    return index * 2;
  }
  inners_.push_back(inner);
  return static_cast<Link>(inners_.size() - 1) * 2;
}

void StateTree::insert(const Address& address, const Account& account) {
  ++size_;
  const Link nearest = find_nearest(address);
  const Link leaf = make_leaf(address, account);
  if (nearest == none) {
    root_ = leaf;
    return;
  }
  const std::uint8_t bit = first_difference(address, leaves_[nearest / 2].address);
  // Branches on lower bits stay above the new node; the first on a higher bit becomes its child.
  std::optional<Link> above;
  Link below = root_;
  while (below % 2 == 0 && inners_[below / 2].bit < bit) {
    const Inner& inner = inners_[below / 2];
    inner.stale = true;
    above = below;
    below = inner.child[bit_of(address, inner.bit)];
  }
  const bool side = bit_of(address, bit);
  const Link added = side ? make_inner(bit, below, leaf) : make_inner(bit, leaf, below);
  if (above) {
    Inner& parent = inners_[*above / 2];
    parent.child[bit_of(address, parent.bit)] = added;
  } else {
    root_ = added;
  }
}

void StateTree::erase(const Address& address) {
  --size_;
  mark_stale(address);
  std::optional<Link> grandparent;
  std::optional<Link> parent;
  Link link = root_;
  while (link % 2 == 0) {
    grandparent = parent;
    parent = link;
    const Inner& inner = inners_[link / 2];
    link = inner.child[bit_of(address, inner.bit)];
  }
  free_leaves_.push_back(link / 2);
  if (!parent) {
    root_ = none;
    return;
  }
  const Inner& gone = inners_[*parent / 2];
  const Link sibling = gone.child[!bit_of(address, gone.bit)];
  if (grandparent) {
    Inner& keeper = inners_[*grandparent / 2];
    keeper.child[bit_of(address, keeper.bit)] = sibling;
  } else {
    root_ = sibling;
  }
  free_inners_.push_back(*parent / 2);
}

Hash StateTree::hash_of(Link link) const {
  if (link % 2 == 0) return fresh_hash(link);
  const Leaf& leaf = leaves_[link / 2];
  return leaf_hash(leaf.address, leaf.account);
}

// Depth is bounded by the 256 bits of an address, in practice by about 2 log2(n).
const Hash& StateTree::fresh_hash(Link link) const {
  const Inner& inner = inners_[link / 2];
  if (inner.stale) {
    inner.hash = inner_hash(inner.bit, hash_of(inner.child[0]), hash_of(inner.child[1]));
    inner.stale = false;
  }
  return inner.hash;
}

Hash StateTree::root() const { return root_ == none ? Hash{} : hash_of(root_); }

AccountProof StateTree::prove(const Address& address) const {
  AccountProof proof;
  Link link = root_;
  if (link == none) return proof;
  while (link % 2 == 0) {
    const Inner& inner = inners_[link / 2];
    const bool side = bit_of(address, inner.bit);
    proof.path.push_back({inner.bit, hash_of(inner.child[!side])});
    link = inner.child[side];
  }
  proof.leaf = AccountProof::Leaf{leaves_[link / 2].address, leaves_[link / 2].account};
  return proof;
}

}  // namespace aitbc
