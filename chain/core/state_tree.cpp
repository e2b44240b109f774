#include "chain/core/state_tree.hpp"

#include <algorithm>
#include <bit>

#include "chain/core/hash_lanes.hpp"

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

ShortInput leaf_input(const Address& address, const Account& account) {
  const auto balance = big_endian(account.balance.units());
  const auto nonce = big_endian(account.nonce);
  return {"aitbc/account/1", {address.view(), balance, nonce}};
}

ShortInput inner_input(std::uint8_t bit, const Hash& zero, const Hash& one) {
  return {"aitbc/accounts-node/1", {ByteView(&bit, 1), zero.view(), one.view()}};
}

// One line of memory that will be read soon.
void fetch(const void* where) { __builtin_prefetch(where); }

// Takes inputs one by one and hashes them side by side, as many at a time as stay in the cache.
class HashBatch {
 public:
  // For so many inputs: of a block with one payment they are few, and room for all costs more.
  explicit HashBatch(std::size_t inputs)
      : inputs_(std::min(inputs, batch_max)), hashes_(inputs_.size()), to_(inputs_.size()) {}

  // `to` is written by the next flush() at the latest.
  void add(const ShortInput& input, Hash& to) {
    inputs_[size_] = input;
    to_[size_++] = &to;
    if (size_ == inputs_.size()) flush();
  }
  void flush() {
    const std::span hashes = std::span(hashes_).first(size_);
    HashLanes().hash_all(std::span(inputs_).first(size_), hashes);
    for (std::size_t i = 0; i < hashes.size(); ++i) *to_[i] = hashes[i];
    size_ = 0;
  }

 private:
  static constexpr std::size_t batch_max = 256;
  std::vector<ShortInput> inputs_;
  std::vector<Hash> hashes_;
  std::vector<Hash*> to_;
  std::size_t size_ = 0;
};

}  // namespace

std::optional<Account> check_proof(const AccountProof& proof, const Address& address,
                                   const Hash& root) {
  if (!proof.leaf) {
    const bool empty = proof.path.empty() && root == Hash{};
    return empty ? std::optional(Account{}) : std::nullopt;
  }
  const auto& [owner, account] = *proof.leaf;
  if (account == Account{}) return std::nullopt;
  Hash node = hash_of(leaf_input(owner, account));
  for (std::size_t i = proof.path.size(); i-- > 0;) {
    const auto& [bit, sibling] = proof.path[i];
    if (i > 0 && bit <= proof.path[i - 1].bit) return std::nullopt;
    // The walk follows the asked address; the hashes follow the leaf: they must agree.
    if (bit_of(address, bit) != bit_of(owner, bit)) return std::nullopt;
    const bool side = bit_of(owner, bit);
    node = hash_of(side ? inner_input(bit, sibling, node) : inner_input(bit, node, sibling));
  }
  if (node != root) return std::nullopt;
  return owner == address ? account : Account{};
}

// In the order of the addresses each leaf branches off from the one before it, below or above the
// branches that lead there: those are a stack, and what is built once is never walked again.
StateTree::StateTree(std::vector<AccountProof::Leaf> accounts) : leaves_(std::move(accounts)) {
  std::erase_if(leaves_, [](const Leaf& leaf) { return leaf.account == Account{}; });
  std::sort(leaves_.begin(), leaves_.end(),
            [](const Leaf& a, const Leaf& b) { return a.address < b.address; });
  const auto same = [](const Leaf& a, const Leaf& b) { return a.address == b.address; };
  leaves_.erase(std::unique(leaves_.begin(), leaves_.end(), same), leaves_.end());
  size_ = leaves_.size();
  if (leaves_.empty()) return;
  const auto link_of = [](std::size_t leaf) { return static_cast<Link>(leaf * 2 + 1); };
  inners_.reserve(size_);
  hashes_.reserve(size_);
  root_ = link_of(0);
  std::vector<Link> branches;  // from the root to the last leaf
  for (std::size_t i = 1; i < leaves_.size(); ++i) {
    const std::uint8_t bit = first_difference(leaves_[i - 1].address, leaves_[i].address);
    Link below = link_of(i - 1);
    while (!branches.empty() && inners_[branches.back() / 2].bit > bit) {
      below = branches.back();
      branches.pop_back();
    }
    const Link added = make_inner(bit, below, link_of(i));
    (branches.empty() ? root_ : inners_[branches.back() / 2].child[1]) = added;
    branches.push_back(added);
  }
}

StateTree::Link StateTree::find_nearest(const Address& address) const {
  Link link = root_;
  while (link != none && !is_leaf(link)) {
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

std::vector<Account> StateTree::at(std::span<const Address> addresses) const {
  std::vector<Account> accounts(addresses.size());
  if (root_ == none) return accounts;
  std::vector<Link> links(addresses.size(), root_);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < links.size(); ++i) {
      if (is_leaf(links[i])) continue;
      const Inner& inner = inners_[links[i] / 2];
      const Link next = inner.child[bit_of(addresses[i], inner.bit)];
      links[i] = next;
      moved = true;
      if (is_leaf(next)) {
        fetch(&leaves_[next / 2]);
      } else {
        fetch(&inners_[next / 2]);
      }
    }
  }
  for (std::size_t i = 0; i < links.size(); ++i) {
    const Leaf& leaf = leaves_[links[i] / 2];
    if (leaf.address == addresses[i]) accounts[i] = leaf.account;
  }
  return accounts;
}

Account StateTree::exchange(const Address& address, const Account& account) {
  const Link nearest = find_nearest(address);
  const bool present = nearest != none && leaves_[nearest / 2].address == address;
  const Account before = present ? leaves_[nearest / 2].account : Account{};
  if (account == Account{}) {
    if (present) erase(address);
  } else if (present) {
    leaves_[nearest / 2].account = account;
    mark_stale(address);
  } else {
    insert(address, account, nearest);
  }
  return before;
}

void StateTree::mark_stale(const Address& address) {
  for (Link link = root_; !is_leaf(link);) {
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
  const Inner inner{{zero, one}, bit, true};
  if (!free_inners_.empty()) {
    const std::uint32_t index = free_inners_.back();
    free_inners_.pop_back();
    inners_[index] = inner;
    return index * 2;
  }
  inners_.push_back(inner);
  hashes_.emplace_back();
  return static_cast<Link>(inners_.size() - 1) * 2;
}

void StateTree::insert(const Address& address, const Account& account, Link nearest) {
  ++size_;
  const Link leaf = make_leaf(address, account);
  if (nearest == none) {
    root_ = leaf;
    return;
  }
  const std::uint8_t bit = first_difference(address, leaves_[nearest / 2].address);
  // Branches on lower bits stay above the new node; the first on a higher bit becomes its child.
  std::optional<Link> above;
  Link below = root_;
  while (!is_leaf(below) && inners_[below / 2].bit < bit) {
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
  while (!is_leaf(link)) {
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

StateTree::Stale StateTree::find_stale() const {
  Stale stale;
  if (root_ == none || is_leaf(root_) || !inners_[root_ / 2].stale) return stale;
  stale.nodes.push_back(root_ / 2);
  std::vector<std::uint32_t> below;
  for (std::size_t begin = 0; begin < stale.nodes.size();) {
    stale.levels.push_back(stale.nodes.size());
    below.clear();
    for (; begin < stale.levels.back(); ++begin) {
      for (const Link child : inners_[stale.nodes[begin]].child) {
        if (is_leaf(child)) {
          fetch(&leaves_[child / 2]);
        } else {
          fetch(&inners_[child / 2]);
          fetch(&hashes_[child / 2]);
          below.push_back(child / 2);
        }
      }
    }
    for (const std::uint32_t node : below) {
      if (inners_[node].stale) stale.nodes.push_back(node);
    }
  }
  return stale;
}

// In the order in which the nodes are, and their children.
std::vector<Hash> StateTree::hash_leaves_below(const Stale& stale) const {
  std::size_t count = 0;
  for (const std::uint32_t node : stale.nodes) {
    for (const Link child : inners_[node].child) {
      if (is_leaf(child)) ++count;
    }
  }
  std::vector<Hash> hashes(count);
  HashBatch batch(count);
  auto next = hashes.begin();
  for (const std::uint32_t node : stale.nodes) {
    for (const Link child : inners_[node].child) {
      if (!is_leaf(child)) continue;
      const Leaf& leaf = leaves_[child / 2];
      batch.add(leaf_input(leaf.address, leaf.account), *next++);
    }
  }
  batch.flush();
  return hashes;
}

// From the deepest level up: the nodes of one level do not depend on each other.
void StateTree::refresh() const {
  const Stale stale = find_stale();
  std::vector<Hash> leaves = hash_leaves_below(stale);
  HashBatch batch(stale.nodes.size());
  for (std::size_t level = stale.levels.size(); level-- > 0;) {
    const std::size_t begin = level == 0 ? 0 : stale.levels[level - 1];
    const std::span nodes(&stale.nodes[begin], stale.levels[level] - begin);
    // Backwards, as the hashes of the leaves are taken from their end.
    for (std::size_t i = nodes.size(); i-- > 0;) {
      const Inner& inner = inners_[nodes[i]];
      const Hash* below[2];
      std::size_t taken = 0;
      for (const std::size_t side : {std::size_t{1}, std::size_t{0}}) {
        const Link child = inner.child[side];
        below[side] = is_leaf(child) ? &leaves[leaves.size() - ++taken] : &hashes_[child / 2];
      }
      batch.add(inner_input(inner.bit, *below[0], *below[1]), hashes_[nodes[i]]);
      leaves.resize(leaves.size() - taken);
      inner.stale = false;
    }
    batch.flush();
  }
}

// Of a node that is fresh.
Hash StateTree::hash_of(Link link) const {
  if (!is_leaf(link)) return hashes_[link / 2];
  const Leaf& leaf = leaves_[link / 2];
  return aitbc::hash_of(leaf_input(leaf.address, leaf.account));
}

Hash StateTree::root() const {
  if (root_ == none) return Hash{};
  refresh();
  return hash_of(root_);
}

AccountProof StateTree::prove(const Address& address) const {
  AccountProof proof;
  Link link = root_;
  if (link == none) return proof;
  refresh();
  while (!is_leaf(link)) {
    const Inner& inner = inners_[link / 2];
    const bool side = bit_of(address, inner.bit);
    proof.path.push_back({inner.bit, hash_of(inner.child[!side])});
    link = inner.child[side];
  }
  proof.leaf = AccountProof::Leaf{leaves_[link / 2].address, leaves_[link / 2].account};
  return proof;
}

}  // namespace aitbc
