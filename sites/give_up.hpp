#pragma once
// Machines that are gone for good. What a network had there is forgotten here, so that `up` and
// `down --purge` ask them nothing any more; what may still be there is told. Authorities of the
// genesis that went with them are noted in the network's folder, as later files lack them, too. Any
// thread; the note changes under the network's lock.

#include <set>
#include <string>
#include <vector>

#include "sites/layout.hpp"
#include "sites/provider.hpp"

namespace aitbc::sites {

// What a command was told to give up.
struct GiveUp {
  std::vector<std::string> sites;  // of the network file of the last up()
  bool force = false;              // also when those that stay are no quorum
};

// What may be left at a site that was given up.
struct GivenUp {
  std::string site;
  std::string way;     // by which its machine was reached
  std::string folder;  // of the network there
  std::vector<std::string> nodes;
  std::vector<std::string> keys;     // of nodes whose key and sign-guard are there alone
  std::set<std::string> of_genesis;  // of these
};

// Of the sites that the last network file has. bad_config for one that it does not have; refused
// for one whose machine answers. All are asked at once.
Result<std::vector<GivenUp>> give_up(const Manifest& last, const GiveUp&, Providers&);

// The authorities of the genesis that were given up, with these.
Result<std::set<std::string>> given_up_authorities(const Layout&, const std::vector<GivenUp>&,
                                                   Transport&);
Status note_given_up(const Layout&, const std::vector<GivenUp>&, Transport&);

}  // namespace aitbc::sites
