#include "shoal/loadgen/list_checker.h"

#include <optional>

#include <fmt/format.h>

namespace shoal::loadgen {
namespace {

constexpr std::string_view key_start = "<Key>";
constexpr std::string_view key_end = "</Key>";

}  // namespace

Result<void> check_list_page(std::string_view document, const ObjectNames& names, ExpectedPage expected) {
  auto wrong = [](std::string what) { return failure(ErrorCode::corrupt, std::move(what)); };
  if (document.find("</ListBucketResult>") == std::string_view::npos) return wrong("the list does not come to its end");
  std::uint64_t seen = 0;
  std::uint64_t next = expected.first;
  for (;;) {
    std::size_t start = document.find(key_start);
    if (start == std::string_view::npos) break;
    document.remove_prefix(start + key_start.size());
    std::string_view name = document.substr(0, document.find(key_end));
    std::optional<std::uint64_t> number = names.number_of(name);
    if (!number) return wrong(fmt::format("the list has '{}', which is not ours", name.substr(0, 200)));
    if (*number < next) return wrong(fmt::format("the list has '{}' where it does not belong", name));
    if (*number > next && !expected.may_lack) return wrong(fmt::format("the list lacks objects before '{}'", name));
    next = *number + 1;
    ++seen;
  }
  if (seen > expected.count) return wrong(fmt::format("the list has {} keys, {} were asked for", seen, expected.count));
  if (seen < expected.count && !expected.may_lack) {
    return wrong(fmt::format("the list has {} keys instead of {}", seen, expected.count));
  }
  return {};
}

}  // namespace shoal::loadgen
