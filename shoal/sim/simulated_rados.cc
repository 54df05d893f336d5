#include "shoal/sim/simulated_rados.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/io/suspend.h"

namespace shoal::sim {
namespace {

using rados::OmapCheck;
using rados::OmapPage;
using rados::OmapQuery;
using rados::ReadAnswer;
using rados::ReadOperation;
using rados::WriteOperation;
using Texts = std::map<std::string, std::string>;

auto timed_out() { return failure(ErrorCode::timed_out, "RADOS does not answer"); }
auto missing(const std::string& object) { return failure(ErrorCode::no_such_file, object); }
auto refused(const std::string& what) { return failure(ErrorCode::precondition_failed, what); }

bool has(const Texts& attributes, const rados::AttributeCheck& check) {
  auto found = attributes.find(check.name);
  return found != attributes.end() && found->second == check.value;
}

OmapPage page_of(const Texts& omap, const OmapQuery& query) {
  OmapPage page;
  for (auto entry = omap.upper_bound(query.after); entry != omap.end(); ++entry) {
    if (entry->first < query.prefix) continue;
    if (!entry->first.starts_with(query.prefix)) break;
    if (page.entries.size() == query.entries_max) {
      page.more = true;
      break;
    }
    page.entries.push_back(*entry);
  }
  return page;
}

bool holds(const Texts& omap, const OmapCheck& check) {
  auto found = omap.find(check.key);
  std::string_view stored = found == omap.end() ? std::string_view() : found->second;
  if (check.relation == OmapCheck::Relation::equal) return stored == check.value;
  // As OSDs do: bytes from 80 on are less than all others.
  return std::ranges::lexicographical_compare(
      stored, check.value, [](char a, char b) { return static_cast<signed char>(a) < static_cast<signed char>(b); });
}

void check_keys(const std::string& key) {
  CHECK_MSG(!key.empty() && key.find('\0') == std::string::npos, "librados takes keys as C strings");
}

}  // namespace

Result<ReadAnswer> SimulatedRados::read_now(const std::string& object, const ReadOperation& operation) const {
  auto found = objects_.find(object);
  if (found == objects_.end()) return missing(object);
  const StoredObject& stored = found->second;
  if (operation.only_if && !has(stored.attributes, *operation.only_if)) return refused(operation.only_if->name);
  if (operation.unless && has(stored.attributes, *operation.unless)) return refused(operation.unless->name);
  ReadAnswer answer;
  if (operation.attributes) answer.attributes = stored.attributes;
  if (!operation.data.empty() && operation.offset < stored.data.size()) {
    answer.data_bytes = std::min<std::uint64_t>(operation.data.size(), stored.data.size() - operation.offset);
    std::memcpy(operation.data.data(), stored.data.data() + operation.offset, answer.data_bytes);
  }
  for (const OmapQuery& query : operation.omap) answer.omap.push_back(page_of(stored.omap, query));
  return answer;
}

Result<void> SimulatedRados::write_now(const std::string& object, const WriteOperation& operation) {
  auto found = objects_.find(object);
  bool exists = found != objects_.end();
  if (operation.existence == WriteOperation::Existence::required && !exists) return missing(object);
  if (operation.existence == WriteOperation::Existence::forbidden && exists) {
    return failure(ErrorCode::file_exists, object);
  }
  static const StoredObject nothing;
  const StoredObject& stored = exists ? found->second : nothing;
  for (const auto& check : operation.attributes_are) {
    if (!has(stored.attributes, check)) return refused(check.name);
  }
  for (const OmapCheck& check : operation.omap_checks) {
    check_keys(check.key);
    if (!holds(stored.omap, check)) return refused(check.key);
  }
  if (operation.remove) {
    if (!exists) return missing(object);
    objects_.erase(found);
    return {};
  }
  StoredObject& target = objects_[object];
  if (operation.data) target.data = operation.data->to_string();
  for (const auto& [name, value] : operation.set_attributes) target.attributes[name] = value;
  for (const std::string& key : operation.remove_keys) target.omap.erase(key);
  for (const auto& [key, value] : operation.set_keys) {
    check_keys(key);
    target.omap[key] = value;
  }
  return {};
}

Task<Result<ReadAnswer>> SimulatedRados::read(std::string object, ReadOperation operation) {
  co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });
  ++reads_;
  if (unreachable_) co_return timed_out();
  co_return read_now(object, operation);
}

Task<Result<void>> SimulatedRados::write(std::string object, WriteOperation operation) {
  co_await io::suspend<void>([](io::Resume<void> resume) { std::move(resume)(); });
  ++writes_;
  if (unreachable_) co_return timed_out();
  if (!fault_ || --fault_->write > 0) co_return write_now(object, operation);
  Fault fault = *std::exchange(fault_, std::nullopt);
  failed_ = true;
  unreachable_ = fault.for_good;
  if (fault.done) static_cast<void>(write_now(object, operation));
  co_return timed_out();
}

void SimulatedRados::recover() {
  fault_.reset();
  failed_ = false;
  unreachable_ = false;
}

std::vector<std::string> SimulatedRados::object_names() const {
  std::vector<std::string> names;
  for (const auto& [name, object] : objects_) names.push_back(name);
  return names;
}

}  // namespace shoal::sim
