#include "agent/ui/site.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

namespace sluice::ui {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Sources that say what they were asked.
struct Asked {
  std::vector<std::string> values;
  std::string text;
  int64_t since = -1;
};

Sources sources(Asked& asked, bool with_agent = true) {
  Sources made;
  made.graph = [&asked](const std::vector<std::string>& namespaces) {
    asked.values = namespaces;
    return base::Result<picture::Page>({"The graph", "<p>g</p>", "", "", {}, "graph"});
  };
  made.matrix = [&asked](const std::vector<std::string>& ports, const std::string& protocol) {
    asked.values = ports;
    asked.text = protocol;
    return base::Result<picture::Page>(base::Error("no agent answers at <here>"));
  };
  if (!with_agent) return made;
  made.flows = [&asked](int64_t since) {
    asked.since = since;
    return base::Result<std::vector<std::string>>({R"({"id": "a"})", R"({"id": "b"})"});
  };
  made.why = [&asked](const std::string& event) {
    asked.text = event;
    return event == "gone" ? base::Result<Sources::Why>(base::Error("no such record"))
                           : base::Result<Sources::Why>(Sources::Why{"because", "kind: x\n"});
  };
  return made;
}

serve::HttpAnswer ask(const Site& site, std::string_view path, std::string_view query = "",
                      std::string_view host = "localhost:9620") {
  return site.answer({path, query, host});
}

TEST(Site, PagesAreServedWithoutAScriptOfTheirOwn) {
  Asked asked;
  const Site site(sources(asked));
  const auto page = ask(site, "/graph", "namespace=a&port=1&namespace=b&namespace=");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("<script src=\"/graph.js\"></script>"));
  EXPECT_THAT(page.body, HasSubstr("<link rel=\"stylesheet\" href=\"/graph.css\">"));
  EXPECT_THAT(page.body, HasSubstr("<a href=\"/graph\" aria-current=\"page\">"));
  EXPECT_THAT(page.body, Not(HasSubstr("<style")));
  EXPECT_THAT(asked.values, ElementsAre("a", "b"));
  EXPECT_THAT(ask(site, "/").body, HasSubstr("<h1>What is denied now</h1>"));
  for (const char* file : {"/page.css", "/flows.css", "/flows.js", "/graph.js", "/matrix.css", "/problem.js"})
    EXPECT_GT(ask(site, file).body.size(), 50u) << file;
  EXPECT_EQ(ask(site, "/flows.js").content_type, "text/javascript; charset=utf-8");
}

TEST(Site, WhatCannotBeHadIsSaid) {
  Asked asked;
  const auto page = ask(Site(sources(asked)), "/matrix", "port=80&port=http&protocol=UDP");
  EXPECT_THAT(page.body, HasSubstr("no agent answers at &lt;here&gt;"));
  EXPECT_THAT(page.body, HasSubstr("{\"triesAgain\":false}"))
      << "the agent answers: it is for something else";
  EXPECT_THAT(asked.values, ElementsAre("80", "http"));
  EXPECT_EQ(asked.text, "UDP");
  EXPECT_THAT(ask(Site(sources(asked, false)), "/matrix").body, HasSubstr("{\"triesAgain\":false}"));
  Sources away = sources(asked);
  away.flows = [](int64_t) {
    return base::Result<std::vector<std::string>>(base::Error("no agent answers"));
  };
  EXPECT_THAT(ask(Site(away), "/matrix").body, HasSubstr("{\"triesAgain\":true}"));
}

TEST(Site, RecordsAndReasons) {
  Asked asked;
  const Site site(sources(asked));
  const auto flows = ask(site, "/flows", "since=12");
  EXPECT_EQ(flows.content_type, "application/json");
  EXPECT_EQ(boost::json::parse(flows.body).at("flows").as_array().size(), 2u);
  EXPECT_EQ(boost::json::parse(flows.body).at("problem"), "");
  EXPECT_EQ(asked.since, 12);
  for (const char* wrong : {"", "since=", "since=-1", "since=1x", "since=99999999999999999999"})
    EXPECT_EQ(ask(site, "/flows", wrong).status, 400u) << wrong;
  EXPECT_EQ(boost::json::parse(ask(site, "/why", "event=a-1").body).at("text"), "because");
  EXPECT_EQ(asked.text, "a-1");
  EXPECT_EQ(boost::json::parse(ask(site, "/why", "event=gone").body).at("problem"), "no such record");
}

TEST(Site, NobodyAsksInAnotherName) {
  Asked asked;
  const Site site(sources(asked));
  for (const char* host : {"", "evil.example", "evil.example:9620"})
    for (const char* path : {"/", "/graph", "/flows", "/page.css"})
      EXPECT_EQ(ask(site, path, "", host).status, 403u);
}

TEST(Site, EveryAnswerIsGuarded) {
  Asked asked;
  const Site site(sources(asked));
  for (const char* path : {"/", "/matrix", "/flows", "/graph.js", "/nothing", "/favicon.ico", "", "*"}) {
    std::map<std::string, std::string> headers;
    for (const auto& [name, value] : ask(site, path).headers) headers[name] = value;
    EXPECT_THAT(headers["Content-Security-Policy"], HasSubstr("default-src 'none'")) << path;
    EXPECT_THAT(headers["Content-Security-Policy"], Not(HasSubstr("unsafe"))) << path;
    EXPECT_EQ(headers["X-Content-Type-Options"], "nosniff") << path;
    EXPECT_EQ(headers["Cross-Origin-Resource-Policy"], "same-origin") << path;
    EXPECT_EQ(headers["Cache-Control"], "no-store") << path;
    EXPECT_FALSE(headers.contains("Access-Control-Allow-Origin")) << path;
  }
}

TEST(Site, WithoutAnAgentThereAreItsPicturesAlone) {
  Asked asked;
  const Site site(sources(asked, false));
  const auto page = ask(site, "/");
  EXPECT_THAT(page.body, HasSubstr("<h1>The graph</h1>"));
  EXPECT_THAT(page.body, Not(HasSubstr("href=\"/\"")));
  EXPECT_EQ(ask(site, "/flows", "since=0").status, 404u);
  EXPECT_EQ(ask(site, "/why", "event=a").status, 404u);
  EXPECT_EQ(ask(site, "/nothing").status, 404u);
}

}  // namespace
}  // namespace sluice::ui
