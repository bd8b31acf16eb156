#include "agent/compile/services.h"

#include <algorithm>

namespace sluice::compile {

void ServiceTable::write(const std::set<ServiceKey>& changed, const LocalRules::Changes& rulesets) {
  const bool was_whole = whole();
  for (const auto& [id, content] : rulesets.removed) whole_.erase(id);
  for (RulesetId id : rulesets.added)
    if (const RulesetContent& content = local_.ruleset(id)->content;
        content.tiers && content.direction == model::Direction::kEgress)
      whole_.insert(id);
  std::set<ServiceKey> stale = changed;
  if (whole() != was_whole) frontends_.collect_all(stale);
  if (whole() || was_whole) spread(stale);

  std::set<ServiceKey> keys = stale;
  for (const auto& [id, content] : rulesets.removed) {
    egress_.erase(id);
    open_.erase(id);
    for (IdentityId identity : named_)
      for (auto& [name_class, by_name] : live_.at(identity).by_name)
        if (by_name.allowing.erase(id) > 0)
          writer_.set_rule({id, image::named(identity, name_class)}, std::nullopt);
    auto allowed = allowed_by_.extract(id);
    if (allowed.empty()) continue;
    for (IdentityId identity : allowed.mapped()) {
      Live& live = live_.at(identity);
      writer_.set_rule({id, identity}, std::nullopt);
      live.allowing.erase(id);
      if (live.allowing.empty()) keys.insert(live.keys.begin(), live.keys.end());
    }
  }
  for (const ServiceKey& key : stale) assign(key);
  for (const ServiceKey& key : stale)
    if (identity_of_.contains(key)) set_names(key, names_.classes_at(key.address));
  for (RulesetId id : rulesets.added) {
    const LiveRuleset& ruleset = *local_.ruleset(id);
    if (ruleset.content.direction != model::Direction::kEgress) continue;
    egress_.insert(id);
    if (ruleset.default_ref != Ref::none() || whole_.contains(id)) open_.insert(id);
    for (IdentityId identity : rated_by(id)) {
      Live& live = live_.at(identity);
      rate(identity, live, id);
      if (live.allowing.size() == 1) keys.insert(live.keys.begin(), live.keys.end());
    }
  }
  writer_.write_rules();
  for (const ServiceKey& key : keys) write(key);
}

std::optional<std::set<BackendAddress>> ServiceTable::endpoints_at(const net::Ip& ip, net::Protocol protocol,
                                                                   net::Port port) const {
  auto endpoints = endpoints_of({false, ip, protocol, port});
  if (endpoints || !addresses_.is_node(ip)) return endpoints;
  return endpoints_of({true, net::Cidr::everything(ip.family()).base(), protocol, port});
}

// An address of the node answers node ports too, also where another Service or a host port claims it.
std::optional<std::set<BackendAddress>> ServiceTable::endpoints_of(const ServiceKey& key) const {
  const bool at_node = key.node_port || addresses_.is_node(key.address);
  auto endpoints = frontends_.endpoints_of(key, at_node);
  if ((!endpoints && !whole()) || key.node_port || !at_node) return endpoints;
  const net::Ip any = net::Cidr::everything(key.address.family()).base();
  const auto more = frontends_.endpoints_of({true, any, key.protocol, key.port}, true);
  if (endpoints && more) endpoints->insert(more->begin(), more->end());
  return endpoints ? endpoints : more;
}

std::optional<BackendSet> ServiceTable::backends_of(const ServiceKey& key) const {
  const auto endpoints = endpoints_of(key);
  if (!endpoints) return std::nullopt;
  BackendSet backends;
  for (const auto& [ip, port] : *endpoints) {
    Backend backend{addresses_.is_node(ip), {}, {}, key.protocol, port};
    if (!backend.node || whole()) backend.identity = addresses_.identity_of(ip);
    if (!backend.node) {
      const model::Pod* pod = pods_.owner(ip);
      backend.local = pod ? endpoint_of_(*pod) : EndpointId{};
    }
    backends.insert(backend);
  }
  return backends;
}

bool ServiceTable::beats_always_allowed(const ServiceKey& key) const {
  if (!key.node_port) return addresses_.is_node(key.address) || pods_.owner(key.address) != nullptr;
  const auto& own = addresses_.node_addresses();
  return std::any_of(own.begin(), own.end(),
                     [&](const net::Ip& ip) { return ip.family() == key.address.family(); });
}

Ref ServiceTable::ref_of(RulesetId ruleset, const BackendSet& backends) const {
  std::set<EndpointId> denied_at;  // 0: at an endpoint that is no pod of this node
  bool some_allowed = false;
  for (const Backend& backend : backends) {
    if (backend.node || rules_.allows(ruleset, backend.identity, backend.protocol, backend.port))
      some_allowed = true;
    else
      denied_at.insert(backend.local);
  }
  if (backends.empty()) return Ref::none();
  if (denied_at.empty()) return Ref::all();
  if (denied_at.size() == 1 && *denied_at.begin())
    return {some_allowed ? Ref::Kind::kSelfElsePartial : Ref::Kind::kSelfElseNone, {}, *denied_at.begin()};
  return some_allowed ? Ref{Ref::Kind::kPartial, {}, {}} : Ref::none();
}

// As ref_of(), with all tiers; none where the written face alone says the same.
Ref ServiceTable::ref_of_whole(const RulesetContent& ruleset, const Live& live) const {
  const WrittenFace& face = *live.written;
  const Face written{face.whole, face.protocol, face.port}, found{face.by_prefix, face.protocol, face.port};
  std::set<EndpointId> denied_at;  // 0: at an endpoint that would be denied to itself too
  bool some_allowed = live.backends.empty() && admits(ruleset, nullptr, &written, false);
  if (live.backends.empty() && !some_allowed) denied_at.insert(EndpointId{});
  static const IdentityContent nobody;
  for (const Backend& backend : live.backends) {
    const Face end{backend.identity ? identities_.content(backend.identity) : nobody, backend.protocol,
                   backend.port};
    if (admits(ruleset, &end, &written, false))
      some_allowed = true;
    else
      denied_at.insert(admits(ruleset, &end, &written, true) ? backend.local : EndpointId{});
  }
  const bool by_itself = admits(ruleset, nullptr, &found, false);
  if (denied_at.empty()) return by_itself ? Ref::none() : Ref::all();
  if (denied_at.size() == 1 && *denied_at.begin())
    return {some_allowed ? Ref::Kind::kSelfElsePartial : Ref::Kind::kSelfElseNone, {}, *denied_at.begin()};
  if (some_allowed) return {Ref::Kind::kPartial, {}, {}};
  return by_itself ? Ref::nothing() : Ref::none();
}

std::optional<WrittenFace> ServiceTable::written_face(const ServiceKey& key) const {
  if (!whole()) return std::nullopt;
  return WrittenFace{addresses_.by_prefix(key.address), addresses_.as_written(key.address), key.protocol,
                     key.port};
}

void ServiceTable::spread(std::set<ServiceKey>& stale) {
  std::set<ServiceKey> more;
  for (auto at = stale.lower_bound({true, {}, {}, {}}); at != stale.end(); ++at) {
    std::set<ServiceKey> now;
    if (whole())
      for (const net::Ip& ip : addresses_.node_addresses())
        if (ip.family() == at->address.family()) now.insert({false, ip, at->protocol, at->port});
    more.insert(now.begin(), now.end());
    if (auto old = spread_.find(*at); old != spread_.end())
      more.insert(old->second.begin(), old->second.end());
    if (now.empty())
      spread_.erase(*at);
    else
      spread_[*at] = std::move(now);
  }
  stale.merge(more);
}

void ServiceTable::assign(const ServiceKey& key) {
  // A node port is spread over the node's addresses there (law 4).
  auto backends = whole() && key.node_port ? std::nullopt : backends_of(key);
  const auto written = backends ? written_face(key) : std::nullopt;
  auto old = identity_of_.find(key);
  const IdentityId id = !backends ? IdentityId{} : written ? id_of(*backends, *written) : id_of(*backends);
  if (old != identity_of_.end() && old->second == id) return;
  if (old != identity_of_.end()) leave(key);
  if (!backends) return;
  auto [at, is_new] = live_.try_emplace(id);
  Live& live = at->second;
  live.keys.insert(key);
  identity_of_[key] = id;
  if (is_new) {
    live.backends = std::move(*backends);
    live.written = written;
    index(id, live.backends);
    for (RulesetId ruleset : rulesets_for(id, live.backends)) rate(id, live, ruleset);
  } else if (live.backends != *backends || live.written != written) {
    collision_ = "service " + id.to_text();
  }
}

void ServiceTable::set_names(const ServiceKey& key,
                             const std::map<NameClassId, const std::vector<PeerSetId>*>& classes) {
  const IdentityId id = identity_of_.at(key);
  Live& live = live_.at(id);
  for (auto at = live.by_name.begin(); at != live.by_name.end();) {
    ByName& by_name = at->second;
    if (classes.contains(at->first) || by_name.keys.erase(key) == 0 || !by_name.keys.empty()) {
      ++at;
      continue;
    }
    drop_rules(id, at->first, by_name);
    at = live.by_name.erase(at);
  }
  if (whole())
    for (const auto& [name_class, matching] : classes) {
      ByName& by_name = live.by_name[name_class];
      by_name.keys.insert(key);
      if (!by_name.matching.empty()) continue;
      by_name.matching = *matching;
      for (RulesetId ruleset : whole_) rate(id, live, name_class, by_name, ruleset);
    }
  if (live.by_name.empty())
    named_.erase(id);
  else
    named_.insert(id);
}

void ServiceTable::drop_rules(IdentityId id, NameClassId name_class, const ByName& by_name) {
  for (RulesetId ruleset : by_name.allowing)
    writer_.set_rule({ruleset, image::named(id, name_class)}, std::nullopt);
}

void ServiceTable::leave(const ServiceKey& key) {
  set_names(key, {});
  auto identity = identity_of_.find(key);
  auto live = live_.find(identity->second);
  live->second.keys.erase(key);
  if (live->second.keys.empty()) {
    for (RulesetId ruleset : live->second.allowing) {
      writer_.set_rule({ruleset, live->first}, std::nullopt);
      allowed_by_.at(ruleset).erase(live->first);
    }
    unindex(live->first, live->second.backends);
    live_.erase(live);
  }
  identity_of_.erase(identity);
}

void ServiceTable::index(IdentityId id, const BackendSet& backends) {
  for (const Backend& backend : backends) {
    if (backend.node || backend.local) near_.insert(id);
    if (!backend.node || whole()) reaching_[backend.identity].insert(id);
  }
}

void ServiceTable::unindex(IdentityId id, const BackendSet& backends) {
  near_.erase(id);
  for (const Backend& backend : backends) {
    auto at = reaching_.find(backend.identity);
    if (at == reaching_.end()) continue;
    at->second.erase(id);
    if (at->second.empty()) reaching_.erase(at);
  }
}

std::set<RulesetId> ServiceTable::rulesets_for(IdentityId id, const BackendSet& backends) const {
  if (near_.contains(id)) return egress_;
  std::set<RulesetId> rulesets = open_;
  for (const Backend& backend : backends)
    for (RulesetId ruleset : rules_.rulesets_naming(backend.identity))
      if (egress_.contains(ruleset)) rulesets.insert(ruleset);
  return rulesets;
}

ServiceTable::ServiceIds ServiceTable::rated_by(RulesetId ruleset) const {
  ServiceIds services;
  if (open_.contains(ruleset)) {
    for (const auto& [id, live] : live_) services.insert(id);
    return services;
  }
  services = near_;
  rules_.for_each_named_by(local_.ruleset(ruleset)->content, [&](IdentityId identity) {
    if (auto at = reaching_.find(identity); at != reaching_.end())
      services.insert(at->second.begin(), at->second.end());
  });
  return services;
}

void ServiceTable::rate(IdentityId id, Live& live, RulesetId ruleset) {
  const RulesetContent& content = local_.ruleset(ruleset)->content;
  for (auto& [name_class, by_name] : live.by_name) rate(id, live, name_class, by_name, ruleset);
  const Ref ref = content.tiers ? ref_of_whole(content, live) : ref_of(ruleset, live.backends);
  if (ref == Ref::none()) return;
  live.allowing.insert(ruleset);
  allowed_by_[ruleset].insert(id);
  writer_.set_rule({ruleset, id}, ref);
}

// As ref_of_whole(), with a name; where all is allowed, for a name only adds to what is allowed without.
void ServiceTable::rate(IdentityId id, const Live& live, NameClassId name_class, ByName& by_name,
                        RulesetId ruleset) {
  const LiveRuleset& known = *local_.ruleset(ruleset);
  if (!known.names_domains || known.content.direction != model::Direction::kEgress) return;
  const WrittenFace& face = *live.written;
  const IdentityContent with_name = face.whole.with_name(by_name.matching);
  const Face written{with_name, face.protocol, face.port};
  static const IdentityContent nobody;
  const bool allowed =
      live.backends.empty()
          ? admits(known.content, nullptr, &written, false)
          : std::all_of(live.backends.begin(), live.backends.end(), [&](const Backend& backend) {
              const Face end{backend.identity ? identities_.content(backend.identity) : nobody,
                             backend.protocol, backend.port};
              return admits(known.content, &end, &written, false);
            });
  if (!allowed) return;
  by_name.allowing.insert(ruleset);
  writer_.set_rule({ruleset, image::named(id, name_class)}, Ref::all());
}

void ServiceTable::write(const ServiceKey& key) {
  auto identity = identity_of_.find(key);
  bool listed = identity != identity_of_.end() &&
                (whole() || !live_.at(identity->second).allowing.empty() || beats_always_allowed(key));
  bool was_listed = writer_.services.find(key) != nullptr;
  writer_.services.set(key, listed ? std::optional(identity->second) : std::nullopt);
  if (key.node_port || listed == was_listed) return;
  size_t& count = listed_at_[key.address];
  listed ? ++count : --count;
  addresses_.set_service(key.address, count > 0);
  if (count == 0) listed_at_.erase(key.address);
}

}  // namespace sluice::compile
