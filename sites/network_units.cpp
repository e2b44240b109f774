// Which nodes systemd runs, and by which unit: what the network file asks for, where it can be.

#include "sites/export/export.hpp"
#include "sites/network.hpp"
#include "sites/units.hpp"

namespace aitbc::sites {

NodeSpec Network::spec_of(const Member& member, const std::string& program) const {
  const std::string& id = member.node.id;
  NodeSpec spec = spec_of(member.provider, member.layout, id);
  spec.program = program;
  const ServiceManager manager = member.provider.services;
  if (manager == ServiceManager::none || member.site.service == Manifest::Service::none) {
    return spec;
  }
  spec.unit = Unit{unit_name(manifest_.network, id),
                   unit_header(spec.folder, manifest_.network) + "\n" +
                       unit_text(manifest_, member.node, {program, member.layout}, {manager})};
  return spec;
}

Status Network::check_service(const Member& member) {
  const Manifest::Site& site = member.site;
  if (member.provider.services != ServiceManager::none) {
    return site.service == Manifest::Service::none
               ? ok()
               : check_place(site, {member.provider.program, member.layout});
  }
  if (site.service != Manifest::Service::systemd) return ok();
  return error(Errc::bad_manifest,
               "site " + site.name +
                   ": service: systemd, but there is none that would run nodes of the user there. "
                   "It takes root, or a user whose services live without his session "
                   "('loginctl enable-linger USER'); else say 'service: none'");
}

}  // namespace aitbc::sites
