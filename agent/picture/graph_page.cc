#include "agent/picture/graph_page.h"

#include "agent/model/tiers.h"
#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"

namespace sluice::picture {

namespace json = boost::json;

namespace {

json::array texts(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

json::object node_object(const Node& node) {
  json::object object{
      {"title", node.title()}, {"kind", to_text(node.kind)}, {"ns", node.ns}, {"names", texts(node.names)}};
  if (!node.has_gates()) return object;
  object["pods"] = node.pods;
  object["in"] = to_text(node.ingress);
  object["out"] = to_text(node.egress);
  object["inBy"] = texts(node.isolates_ingress);
  object["outBy"] = texts(node.isolates_egress);
  object["inAudit"] = texts(node.audits_ingress);
  object["outAudit"] = texts(node.audits_egress);
  return object;
}

// Those that anything of the graph names, as YAML.
json::object policies_of(const Graph& graph, const model::Cluster& cluster) {
  std::set<std::string> named;
  for (const Node& node : graph.nodes) {
    for (const auto* policies :
         {&node.isolates_ingress, &node.isolates_egress, &node.audits_ingress, &node.audits_egress})
      named.insert(policies->begin(), policies->end());
  }
  for (const Edge& edge : graph.edges)
    for (const std::string& rule : edge.rules) named.insert(rule.substr(0, rule.rfind(':')));
  json::object policies;
  for (const auto& [name, policy] : cluster.policies)
    if (named.contains(name.to_text()))
      policies[name.to_text()] = source::encode::to_yaml_document(source::encode::to_json_object(policy));
  for (const auto& [name, policy] : cluster.cluster_policies)
    if (named.contains(model::called(policy)))
      policies[model::called(policy)] =
          source::encode::to_yaml_document(source::encode::to_json_object(policy));
  return policies;
}

json::object data_of(const Graph& graph, const model::Cluster& cluster) {
  json::array nodes, edges;
  for (const Node& node : graph.nodes) nodes.push_back(node_object(node));
  for (const Edge& edge : graph.edges)
    edges.push_back(json::object{
        {"from", edge.from}, {"to", edge.to}, {"what", texts(edge.what())}, {"rules", texts(edge.rules)}});
  return {
      {"nodes", std::move(nodes)}, {"edges", std::move(edges)}, {"policies", policies_of(graph, cluster)}};
}

// From the element on: an XML prologue has no place in HTML.
std::string_view element_of(std::string_view svg) {
  const size_t at = svg.find("<svg");
  return at == svg.npos ? std::string_view() : svg.substr(at);
}

constexpr std::string_view kGraphControls = R"(<div class="bar">
<label>Search <input id="search" type="search" placeholder="name, port or policy" autocomplete="off"></label>
<label>Namespace <select id="namespace"><option value="">all</option></select></label>
<label>Show <select id="state"><option value="">all</option><option value="unprotected">unprotected</option>
<option value="closed">closed</option><option value="audit">in audit</option></select></label>
<span class="buttons"><button id="smaller" type="button" aria-label="smaller">&minus;</button>
<button id="fit" type="button">fit</button><button id="larger" type="button" aria-label="larger">+</button></span>
<span id="found" role="status"></span></div>
)";

constexpr std::string_view kGraphLegend = R"(<details class="legend" open><summary>Legend</summary><ul>
<li><span class="key in-rules"></span> who reaches it is said by rules</li>
<li><span class="key in-open"></span> unprotected: no policy restricts its ingress, everybody reaches it</li>
<li><span class="key in-closed"></span> closed: restricted, and no rule lets anybody in</li>
<li><span class="key audit"></span> dotted: policies in audit, which the box names, would restrict it; they decide nothing yet</li>
<li><span class="key in-mixed"></span> a namespace whose pods differ</li>
<li><span class="key other"></span> a group that a rule names as a whole, or addresses outside; as far as their own
policies let them</li>
<li>an arrow: a connection that rules allow, from who opens it; what no policy decides has none</li></ul></details>
)";

}  // namespace

Page graph_page(const Graph& graph, const std::string& svg, const model::Cluster& cluster) {
  std::string note;
  if (graph.by_namespace)
    note =
        "<p class=\"note\">" + std::to_string(graph.classes) +
        " kinds of pods would not be legible: namespaces are drawn as a whole, and those of one shape as one "
        "box. <code>--namespace</code> draws one in full.</p>\n";
  Page page{"Who may talk to whom", "", kGraphCss, kGraphJs, data_of(graph, cluster), "graph"};
  page.body = std::string(kGraphControls) + note +
              "<main><div id=\"picture\" class=\"picture\" role=\"group\" aria-label=\"graph\">" +
              std::string(element_of(svg)) +
              "</div>\n<aside id=\"panel\" aria-live=\"polite\"></aside></main>\n" +
              std::string(kGraphLegend);
  return page;
}

}  // namespace sluice::picture
