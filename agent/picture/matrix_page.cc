#include "agent/picture/matrix_page.h"

#include <algorithm>
#include <map>
#include <set>

#include "agent/rehearse/ends.h"

namespace sluice::picture {

namespace json = boost::json;

using model::Cell;
using model::Matrix;

namespace {

constexpr std::string_view kGlyphs = "#.-?";  // by Cell; the script knows them too

// Which pods share a row and a column: of each class its members, by their place in the matrix.
struct Classes {
  std::vector<size_t> of;                    // of each pod
  std::vector<std::vector<size_t>> members;  // of each class, none empty
  std::vector<rehearse::PodClass> ends;      // of each class; empty: nothing explains them
};

Classes each_alone(size_t pods) {
  Classes classes;
  for (size_t i = 0; i < pods; ++i) {
    classes.of.push_back(i);
    classes.members.push_back({i});
  }
  return classes;
}

Cell cell_of(const Matrix& matrix, const Classes& classes, size_t from, size_t to) {
  const auto &sources = classes.members[from], &targets = classes.members[to];
  if (from != to) return matrix.cells[sources.front()][targets.front()];
  return sources.size() > 1 ? matrix.cells[sources[0]][sources[1]] : Cell::kSelf;
}

bool hold(const std::vector<Matrix>& matrices, const Classes& classes) {
  const size_t pods = classes.of.size();
  for (const Matrix& matrix : matrices)
    for (size_t from = 0; from < pods; ++from)
      for (size_t to = 0; to < pods; ++to)
        if (from != to &&
            matrix.cells[from][to] != cell_of(matrix, classes, classes.of[from], classes.of[to]))
          return false;
  return true;
}

// The number that a pod has for the matrix' named port; 0: it has none, or the port is not named.
uint16_t named_port(const Matrix& matrix, const model::Pod& pod) {
  if (!matrix.port_name.empty())
    for (const model::ContainerPort& port : pod.ports)
      if (port.name == matrix.port_name && port.protocol == matrix.protocol) return port.port.host();
  return 0;
}

// Pods of the matrices that the cluster's policies do not tell apart, nor the ports asked for; none where not all of
// them are the cluster's.
std::optional<Classes> classes_of(const std::vector<Matrix>& matrices, const model::Cluster& cluster) {
  const auto& pods = matrices.front().pods;
  rehearse::Ends ends = rehearse::ends_of({&cluster});
  std::map<model::ObjectName, size_t> class_of;
  for (size_t i = 0; i < ends.pods.size(); ++i)
    for (const model::Pod* pod : ends.pods[i].pods) class_of[pod->name] = i;
  std::map<std::pair<size_t, std::vector<uint16_t>>, size_t> places;
  Classes classes;
  for (size_t i = 0; i < pods.size(); ++i) {
    const auto found = class_of.find(pods[i]);
    if (found == class_of.end()) return std::nullopt;
    std::vector<uint16_t> ports;
    ports.reserve(matrices.size());
    for (const Matrix& matrix : matrices) ports.push_back(named_port(matrix, cluster.pods.at(pods[i])));
    const auto [at, is_new] = places.try_emplace({found->second, std::move(ports)}, classes.members.size());
    if (is_new) {
      classes.members.emplace_back();
      classes.ends.push_back(ends.pods[found->second]);
    }
    classes.members[at->second].push_back(i);
    classes.of.push_back(at->second);
  }
  return classes;
}

json::array cells_of(const Matrix& matrix, const Classes& classes) {
  json::array rows;
  for (size_t from = 0; from < classes.members.size(); ++from) {
    std::string row;
    for (size_t to = 0; to < classes.members.size(); ++to)
      row += kGlyphs[static_cast<size_t>(cell_of(matrix, classes, from, to))];
    rows.emplace_back(row);
  }
  return rows;
}

// Lists of names, each list once: a cell has the number of its own.
class Lists {
 public:
  size_t number(const std::vector<std::string>& names) {
    const auto [at, is_new] = numbers_.try_emplace(names, lists_.size());
    if (is_new) lists_.push_back(json::array(names.begin(), names.end()));
    return at->second;
  }
  json::array take() { return std::move(lists_); }

 private:
  std::map<std::vector<std::string>, size_t> numbers_;
  json::array lists_;
};

class Explanation {
 public:
  Explanation(const model::Cluster& cluster, const Classes& classes)
      : cluster_(cluster), sides_(cluster), classes_(classes) {}

  json::object data(const std::vector<Matrix>& matrices) {
    json::array ingress, egress;
    for (const auto& end : classes_.ends) {
      const model::Pod& pod = *end.there.front().pod;
      ingress.emplace_back(lists_.number(restricting(pod, model::Direction::kIngress)));
      egress.emplace_back(lists_.number(restricting(pod, model::Direction::kEgress)));
    }
    json::object data{{"ingress", std::move(ingress)}, {"egress", std::move(egress)}};
    if (classes_.ends.size() <= kExplained) {
      json::array rules;
      for (const Matrix& matrix : matrices) rules.emplace_back(rules_of(matrix));
      data["rules"] = std::move(rules);
    }
    data["lists"] = lists_.take();
    data["denies"] = json::array(denying_.begin(), denying_.end());
    return data;
  }

 private:
  // The policies that isolate it, and the ClusterNetworkPolicies that may deny it something.
  std::vector<std::string> restricting(const model::Pod& pod, model::Direction direction) const {
    std::vector<std::string> names = sides_.isolating(pod, direction);
    for (const model::ClusterNetworkPolicy* policy : sides_.tiers().of(pod, direction))
      if (std::ranges::any_of(policy->rules(direction),
                              [](const auto& rule) { return rule.action == model::Action::kDeny; }))
        names.push_back(model::called(*policy));
    std::ranges::sort(names);
    return names;
  }

  // The rules that let it through or, of ClusterNetworkPolicies, stop it; none where NetworkPolicies stop it for want of a
  // rule, or nobody decides.
  size_t deciding(const model::Pod& pod, model::Direction direction, const rehearse::Peer& peer,
                  const rehearse::Traffic& wanted) {
    rehearse::Traffic stopped = wanted;
    const auto denying = sides_.denying(pod, direction, peer, stopped);
    if (denying.empty()) return lists_.number(sides_.rules(pod, direction, peer, wanted));
    const size_t number = lists_.number(denying);
    denying_.insert(number);
    return number;
  }

  // [egress, ingress] of each pair, one after the other: a row a source.
  json::array rules_of(const Matrix& matrix) {
    json::array rows;
    for (const auto& from : classes_.ends) {
      json::array row;
      for (size_t to = 0; to < classes_.ends.size(); ++to)
        add_pair(matrix, from, classes_.ends[to], cluster_.pods.at(matrix.pods[classes_.members[to].front()]),
                 row);
      rows.push_back(std::move(row));
    }
    return rows;
  }

  void add_pair(const Matrix& matrix, const rehearse::PodClass& from, const rehearse::PodClass& to,
                const model::Pod& target_pod, json::array& row) {
    size_t egress = lists_.number({}), ingress = egress;
    if (const auto family = rehearse::family_of(from.there.front(), to.there.front())) {
      const auto &source = from.there.front(), &target = to.there.front();
      const rehearse::Peer a{source.pod, *source.address(*family)}, b{target.pod, *target.address(*family)};
      const auto wanted = wanted_of(matrix, target_pod);
      egress = deciding(*a.pod, model::Direction::kEgress, b, wanted);
      ingress = deciding(*b.pod, model::Direction::kIngress, a, wanted);
    }
    row.emplace_back(egress);
    row.emplace_back(ingress);
  }

  static rehearse::Traffic wanted_of(const Matrix& matrix, const model::Pod& target) {
    if (matrix.port_name.empty()) return rehearse::one(matrix.protocol, matrix.port);
    const uint16_t port = named_port(matrix, target);
    return port == 0 ? rehearse::Traffic() : rehearse::one(matrix.protocol, net::Port::from_host(port));
  }

  const model::Cluster& cluster_;
  const rehearse::Sides sides_;
  const Classes& classes_;
  Lists lists_;
  std::set<size_t> denying_;  // lists of rules that deny
};

constexpr std::string_view kMatrixControls = R"(<div class="bar">
<label>Port <select id="port"></select></label>
<label>From <input id="from" type="search" placeholder="part of a name" autocomplete="off"></label>
<label>To <input id="to" type="search" placeholder="part of a name" autocomplete="off"></label>
<label>Order <select id="order"><option value="name">by name</option><option value="reaches">reaches most first</option>
<option value="reached">reached by most first</option><option value="alike">alike side by side</option></select></label>
<label><input id="group" type="checkbox"> by namespace</label>
<span id="found" role="status"></span></div>
)";

constexpr std::string_view kMatrixLegend = R"(<details class="legend" open><summary>Legend</summary><ul>
<li><span class="key allow">#</span> passes, from the row to the column</li>
<li><span class="key deny">.</span> is stopped: a policy isolates one of the two, and no rule lets it through, or a
ClusterNetworkPolicy denies it</li>
<li><span class="key some">37</span> of namespaces: so many of a hundred pairs pass</li>
<li><span class="key self">-</span> itself &ensp; <span class="key none">?</span> no address family in common, or no port
of that name</li>
<li><span class="key mark"></span> a name with this mark: unprotected, no policy restricts its ingress; a column is
protected by the policies that a cell of it names, as ingress; a row by those it names as egress (Admin/NAME and
Baseline/NAME are ClusterNetworkPolicies)</li>
<li>keys: arrows, Home, End, Page up and down move; Enter shows what stands behind a cell</li></ul></details>
)";

}  // namespace

Page matrix_page(const std::vector<Matrix>& matrices, const model::Cluster* cluster) {
  const auto& pods = matrices.front().pods;
  Classes classes = each_alone(pods.size());
  if (cluster != nullptr)
    if (auto found = classes_of(matrices, *cluster)) {
      classes = std::move(*found);
      // Whoever answered told them apart: then so does the page.
      if (!hold(matrices, classes)) classes = each_alone(pods.size());
    }
  json::array names, ports;
  for (const auto& pod : pods) names.emplace_back(pod.to_text());
  for (const Matrix& matrix : matrices)
    ports.push_back(json::object{
        {"title", matrix.title()},
        {"protocol", matrix.protocol.to_text()},
        {"port", matrix.port_name.empty() ? std::to_string(matrix.port.host()) : matrix.port_name},
        {"cells", cells_of(matrix, classes)}});
  json::object data{{"pods", std::move(names)},
                    {"classes", json::array(classes.of.begin(), classes.of.end())},
                    {"ports", std::move(ports)}};
  if (cluster != nullptr && !classes.ends.empty())
    data["why"] = Explanation(*cluster, classes).data(matrices);
  Page page{
      "Who reaches whom: " + matrices.front().title(), "", kMatrixCss, kMatrixJs, std::move(data), "matrix"};
  if (matrices.size() > 1) page.title = "Who reaches whom, at " + std::to_string(matrices.size()) + " ports";
  page.body = std::string(kMatrixControls) +
              "<main><div id=\"grid\" class=\"grid\" role=\"grid\" aria-label=\"who reaches whom\"></div>\n"
              "<aside id=\"panel\" aria-live=\"polite\"></aside></main>\n" +
              std::string(kMatrixLegend);
  return page;
}

}  // namespace sluice::picture
