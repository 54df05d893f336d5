#include "shoal/sim/directory_tree.h"

#include <utility>

#include "shoal/io/disk.h"

namespace shoal::sim {
namespace {

/// One spelling for one file: "./data//x/" and "data/x" are the same.
std::string normal(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  std::string result;
  for (char c : path) {
    if (c != '/' || result.empty() || result.back() != '/') result += c;
  }
  if (result.size() > 1 && result.back() == '/') result.pop_back();
  return result;
}

bool is_root(std::string_view path) { return path.empty() || path == "." || path == "/"; }

bool is_child(std::string_view path, std::string_view directory) {
  return io::parent_directory(path) == (directory.empty() ? "." : directory) && !is_root(path);
}

}  // namespace

DirectoryTree::FilePointer DirectoryTree::find(const std::string& path) const {
  auto found = seen_.find(normal(path));
  return found == seen_.end() ? nullptr : found->second;
}

bool DirectoryTree::is_directory(const std::string& path) const {
  std::string name = normal(path);
  if (is_root(name)) return true;
  auto found = seen_.find(name);
  return found != seen_.end() && !found->second;
}

Result<DirectoryTree::FilePointer> DirectoryTree::create(const std::string& path) {
  TRY(check_parent(path));
  std::string name = normal(path);
  if (is_root(name) || seen_.contains(name)) return failure(ErrorCode::file_exists, "create " + path);
  auto file = std::make_shared<FileImage>();
  seen_[name] = file;
  unsynced_.push_back({Change::Kind::add, io::parent_directory(name), name, {}, file});
  return file;
}

Result<void> DirectoryTree::create_directory(const std::string& path) {
  TRY(check_parent(path));
  std::string name = normal(path);
  if (is_root(name) || seen_.contains(name)) return failure(ErrorCode::file_exists, "create directory " + path);
  seen_[name] = nullptr;
  unsynced_.push_back({Change::Kind::add, io::parent_directory(name), name, {}, nullptr});
  return {};
}

Result<void> DirectoryTree::rename(const std::string& from, const std::string& to) {
  TRY(check_parent(to));
  FilePointer file = find(from);
  if (!file) return failure(ErrorCode::no_such_file, "rename " + from);
  if (is_directory(to)) return failure(ErrorCode::io_error, "rename " + from + " to " + to + ": Is a directory");
  std::string source = normal(from);
  std::string target = normal(to);
  if (source == target) return {};
  seen_.erase(source);
  seen_[target] = file;
  unsynced_.push_back({Change::Kind::rename, io::parent_directory(target), target, source, file});
  return {};
}

Result<void> DirectoryTree::remove(const std::string& path) {
  std::string name = normal(path);
  auto found = seen_.find(name);
  if (found == seen_.end()) return failure(ErrorCode::no_such_file, "remove " + path);
  if (!found->second) {
    for (const auto& [other, file] : seen_) {
      if (is_child(other, name)) return failure(ErrorCode::conflict, "remove " + path + ": Directory not empty");
    }
  }
  FilePointer file = found->second;
  seen_.erase(found);
  unsynced_.push_back({Change::Kind::remove, io::parent_directory(name), name, {}, file});
  return {};
}

Result<std::vector<std::string>> DirectoryTree::list(const std::string& directory) const {
  if (!is_directory(directory)) return failure(ErrorCode::no_such_file, "list " + directory);
  std::string name = normal(directory);
  std::vector<std::string> names;
  for (const auto& [path, file] : seen_) {
    if (is_child(path, name)) names.push_back(path.substr(path.rfind('/') + 1));
  }
  return names;  // sorted, as the map is and all have the same prefix
}

Result<void> DirectoryTree::sync_directory(const std::string& directory) {
  if (!is_directory(directory)) return failure(ErrorCode::no_such_file, "sync " + directory);
  std::string name = normal(directory);
  if (name.empty()) name.push_back('.');
  std::vector<Change> others;
  for (Change& change : unsynced_) {
    if (change.directory == name) {
      apply(change, durable_);
    } else {
      others.push_back(std::move(change));
    }
  }
  unsynced_ = std::move(others);
  return {};
}

DirectoryTree DirectoryTree::after_power_cut(Random& random) const {
  std::map<std::string, std::uint64_t> changes_of;
  for (const Change& change : unsynced_) ++changes_of[change.directory];
  std::map<std::string, std::uint64_t> surviving_of;
  for (const auto& [directory, changes] : changes_of) surviving_of[directory] = random.below(changes + 1);

  Entries entries = durable_;
  for (const Change& change : unsynced_) {
    std::uint64_t& surviving = surviving_of[change.directory];
    if (surviving == 0) continue;
    --surviving;
    apply(change, entries);
  }

  DirectoryTree survivor;
  for (const auto& [path, file] : entries) {  // parents come before children
    std::string parent = io::parent_directory(path);
    if (!is_root(parent) && !survivor.seen_.contains(parent)) continue;
    survivor.seen_[path] = file ? std::make_shared<FileImage>(file->after_power_cut(random)) : nullptr;
  }
  survivor.durable_ = survivor.seen_;
  return survivor;
}

std::uint64_t DirectoryTree::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [path, file] : seen_) sum += file ? file->allocated() : 0;
  return sum;
}

Result<void> DirectoryTree::check_parent(const std::string& path) const {
  std::string parent = io::parent_directory(normal(path));
  if (is_directory(parent)) return {};
  return failure(ErrorCode::no_such_file, path + ": the directory does not exist");
}

void DirectoryTree::apply(const Change& change, Entries& entries) {
  switch (change.kind) {
    case Change::Kind::add:
      entries[change.path] = change.file;
      break;
    case Change::Kind::remove:
      if (auto found = entries.find(change.path); found != entries.end() && found->second == change.file) {
        entries.erase(found);
      }
      break;
    case Change::Kind::rename:
      if (auto found = entries.find(change.old_path); found != entries.end() && found->second == change.file) {
        entries.erase(found);
      }
      entries[change.path] = change.file;
      break;
  }
}

}  // namespace shoal::sim
