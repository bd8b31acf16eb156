#include "agent/picture/graphviz.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>

#include "agent/base/fd.h"

namespace sluice::picture {
namespace {

using base::Error;
using base::Result;

// The ABI of this soname; gvc.h and cgraph.h have the functions below.
constexpr char kLibrary[] = "libgvc.so.6";
// Of its plugins the two that are needed, beside it in the folder graphviz/. Not pango's, which would be asked how wide
// a text is: it needs fonts, depends on which there are, and reads a font's name after it was freed (found by
// AddressSanitizer, graphviz 2.42). Without it graphviz reckons with tables of its own.
constexpr const char* kPlugins[] = {"gvplugin_core", "gvplugin_dot_layout"};

struct GraphvizContext;
struct GraphvizGraph;
struct GraphvizPlugin {  // lt_symlist_t
  const char* name;
  void* library;
};

std::string
    graphviz_errors;  // the last, one line; graphviz tells them to a function without an argument of ours

int note_error(char* text) {
  for (const char* at = text; *at != '\0'; ++at) graphviz_errors += *at == '\n' ? ' ' : *at;
  return 0;
}

struct Library {
  GraphvizContext* (*new_context)(const GraphvizPlugin*, int) = nullptr;
  int (*free_context)(GraphvizContext*) = nullptr;
  int (*lay_out)(GraphvizContext*, GraphvizGraph*, const char*) = nullptr;
  int (*free_layout)(GraphvizContext*, GraphvizGraph*) = nullptr;
  int (*render)(GraphvizContext*, GraphvizGraph*, const char*, char**, unsigned*) = nullptr;
  void (*free_render)(char*) = nullptr;
  GraphvizGraph* (*read)(const char*) = nullptr;
  int (*close)(GraphvizGraph*) = nullptr;
  int (*(*tell_errors_to)(int (*)(char*)))(char*) = nullptr;
  std::array<GraphvizPlugin, std::size(kPlugins) + 1> plugins{};  // the last one ends the list
};

template <typename Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

bool find_functions(void* handle, Library& library) {
  return find(handle, "gvContextPlugins", library.new_context) &&
         find(handle, "gvFreeContext", library.free_context) && find(handle, "gvLayout", library.lay_out) &&
         find(handle, "gvFreeLayout", library.free_layout) && find(handle, "gvRenderData", library.render) &&
         find(handle, "gvFreeRenderData", library.free_render) && find(handle, "agmemread", library.read) &&
         find(handle, "agclose", library.close) && find(handle, "agseterrf", library.tell_errors_to);
}

bool find_plugins(Library& library) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(library.free_context), &info) == 0) return false;
  const std::string path = info.dli_fname, folder = path.substr(0, path.rfind('/') + 1) + "graphviz/";
  for (size_t i = 0; i < std::size(kPlugins); ++i) {
    void* handle = dlopen((folder + "lib" + kPlugins[i] + ".so.6").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return false;
    // Its name is read for its end alone.
    library.plugins[i] = {"gvplugin_LTX_library", nullptr};
    if (!find(handle, (std::string(kPlugins[i]) + "_LTX_library").c_str(), library.plugins[i].library))
      return false;
  }
  return true;
}

// Never unloaded.
Result<Library> load() {
  void* handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Error("needs graphviz to draw, and " + std::string(kLibrary) +
                 " is not there: install it (Debian: libgvc6), or take -o dot");
  Library library;
  if (!find_functions(handle, library) || !find_plugins(library))
    return Error(std::string(kLibrary) + " is not graphviz as it is known: take -o dot");
  return library;
}

Result<std::string> rendered(const Library& library, GraphvizContext* context, GraphvizGraph* graph) {
  if (library.lay_out(context, graph, "dot") != 0)
    return Error("graphviz could not lay it out: " + graphviz_errors);
  char* data = nullptr;
  unsigned length = 0;
  const bool drawn = library.render(context, graph, "svg", &data, &length) == 0;
  std::string svg(drawn ? data : "", drawn ? length : 0);
  if (drawn) library.free_render(data);
  library.free_layout(context, graph);
  if (svg.empty()) return Error("graphviz could not draw it: " + graphviz_errors);
  return svg;
}

Result<std::string> drawn_here(const std::string& dot) {
  const auto library = load();
  if (!library) return library.error();
  graphviz_errors.clear();
  library->tell_errors_to(note_error);
  const std::unique_ptr<GraphvizContext, int (*)(GraphvizContext*)> context(
      library->new_context(library->plugins.data(), 0), library->free_context);
  if (!context) return Error("graphviz could not be started: take -o dot");
  const std::unique_ptr<GraphvizGraph, int (*)(GraphvizGraph*)> graph(library->read(dot.c_str()),
                                                                      library->close);
  if (!graph) return Error("graphviz could not read it: " + graphviz_errors);
  return rendered(*library, context.get(), graph.get());
}

constexpr unsigned kMostSeconds = 120;
constexpr char kDrawn = 'd', kRefused = 'r';

void write_all(const base::Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<size_t>(count));
  }
}

std::string read_all(const base::Fd& fd) {
  std::string all;
  char part[1 << 16];
  while (true) {
    const ssize_t count = ::read(fd.get(), part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return all;
    all.append(part, static_cast<size_t>(count));
  }
}

// Never returns.
[[noreturn]] void draw_and_tell(const std::string& dot, const base::Fd& to) {
  std::signal(SIGALRM, SIG_DFL);
  for (const int down : {SIGSEGV, SIGABRT, SIGBUS}) std::signal(down, SIG_DFL);
  // What the C library says of a heap that was written over is nothing for people.
  if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0)
    ::dup2(nowhere, STDERR_FILENO);
  alarm(kMostSeconds);
  const auto svg = drawn_here(dot);
  write_all(to, svg ? std::string_view(&kDrawn, 1) : std::string_view(&kRefused, 1));
  write_all(to, svg ? *svg : svg.error().message());
  _exit(0);
}

}  // namespace

// In a process of its own: where arrows with a text run within a rank of boxes, graphviz 2.42 writes beyond what it has
// (flat_edges()), and would take its caller down.
Result<std::string> svg_of(const std::string& dot) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error::from_errno(errno, "graphviz: pipe");
  base::Fd from(ends[0]), to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error::from_errno(errno, "graphviz: fork");
  if (child == 0) draw_and_tell(dot, to);
  to = base::Fd();
  const std::string told = read_all(from);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || told.empty())
    return Error("graphviz went down over it, or took more than " + std::to_string(kMostSeconds) +
                 " s: choose namespaces with --namespace, or take -o dot");
  if (told.front() == kRefused) return Error(told.substr(1));
  return told.substr(1);
}

}  // namespace sluice::picture
