// Site: what `sluicectl ui` answers: pages, and the JSON that their scripts ask for (agent/picture/flows_page.h).
//
// Laws:
//  1. It reads and changes nothing; each answer is made anew.
//  2. Who asks in another host's name gets nothing (guard.h). No answer may be read by another site's page (no CORS,
//     same-origin), framed, or kept by the browser; a page runs the scripts of this site alone.
//  3. What cannot be had is said on the page; where it is for an agent that is away, the page tries again.
//
// It calls its sources on the thread that asks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/picture/page.h"
#include "agent/serve/http.h"

namespace sluice::ui {

// Where answers come from. Each may take its time, a bounded one.
struct Sources {
  std::function<base::Result<picture::Page>(const std::vector<std::string>& namespaces)> graph;
  // `ports`: numbers and names; none: those that pods name. `protocol`: empty: TCP.
  std::function<base::Result<picture::Page>(const std::vector<std::string>& ports,
                                            const std::string& protocol)>
      matrix;
  // The two of an agent; null where there is none. Records since then (milliseconds since 1970), each as JSON.
  std::function<base::Result<std::vector<std::string>>(int64_t since)> flows;
  struct Why {
    std::string text, fix;  // `fix`: YAML, may be empty
  };
  std::function<base::Result<Why>(const std::string& event)> why;
};

class Site {
 public:
  explicit Site(Sources sources) : sources_(std::move(sources)) {}
  serve::HttpAnswer answer(const serve::HttpRequest& request) const;

 private:
  serve::HttpAnswer content(const serve::HttpRequest& request) const;
  serve::HttpAnswer page(const std::string& path, const base::Result<picture::Page>& made) const;
  serve::HttpAnswer flows(std::string_view query) const;
  serve::HttpAnswer why(std::string_view query) const;
  std::string navigation(const std::string& path) const;

  const Sources sources_;
};

}  // namespace sluice::ui
