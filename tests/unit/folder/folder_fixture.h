// A folder of manifests in a temporary directory, and small ways to write into it as people and programs do.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sluice::source::folder {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-source-XXXXXX").string();
    path_ = mkdtemp(pattern.data()) ? pattern : "";
    EXPECT_FALSE(path_.empty());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code code;
    if (!path_.empty()) std::filesystem::remove_all(path_, code);
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // Opens, truncates, writes, closes.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(*this / name, std::ios::binary | std::ios::trunc) << text;
  }
  // Writes beside and renames over, as editors do.
  void replace(const std::string& name, const std::string& text) const {
    write(".tmp", text);
    rename(".tmp", name);
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(*this / from, *this / to);
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(*this / name); }
  void make_directory(const std::string& name) const { std::filesystem::create_directories(*this / name); }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, *this / name);
  }

 private:
  std::string path_;
};

// A pod whose label `v` tells its versions apart.
inline std::string pod(const std::string& name, const std::string& version = "1") {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: \"" + name + "\", labels: {v: \"" + version +
         "\"}}\n";
}
// The same pod, wrong in a way that still tells which it is.
inline std::string wrong_pod(const std::string& name) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: \"" + name + "\"}\nspec: []\n";
}

}  // namespace sluice::source::folder
