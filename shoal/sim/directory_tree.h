#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/random.h"
#include "shoal/base/result.h"
#include "shoal/sim/file_image.h"

namespace shoal::sim {

/// The names of a simulated file system, twice: as they are seen, and as they are durable. A change of names becomes
/// durable when the directory that it happened in (a rename: the one it went to) is synced; until then a power cut
/// keeps, in each directory, the changes up to some point.
class DirectoryTree {
 public:
  using FilePointer = std::shared_ptr<FileImage>;

  /// The file; nothing if there is none or a directory has the name.
  FilePointer find(const std::string& path) const;
  bool is_directory(const std::string& path) const;

  Result<FilePointer> create(const std::string& path);
  Result<void> create_directory(const std::string& path);
  Result<void> rename(const std::string& from, const std::string& to);
  Result<void> remove(const std::string& path);
  Result<std::vector<std::string>> list(const std::string& directory) const;
  Result<void> sync_directory(const std::string& directory);

  /// The tree after a power cut now, with the surviving content of each surviving file.
  DirectoryTree after_power_cut(Random& random) const;

  /// Space taken by the files that have a name.
  std::uint64_t bytes() const;

 private:
  /// A file, or a directory where there is no pointer.
  using Entries = std::map<std::string, FilePointer>;

  struct Change {
    enum class Kind { add, remove, rename };
    Kind kind;
    std::string directory;  ///< Whose sync makes it durable.
    std::string path;
    std::string old_path;  ///< Of a rename.
    FilePointer file;
  };

  Result<void> check_parent(const std::string& path) const;
  static void apply(const Change& change, Entries& entries);

  Entries seen_;
  Entries durable_;
  std::vector<Change> unsynced_;  ///< In the order in which they happened.
};

}  // namespace shoal::sim
