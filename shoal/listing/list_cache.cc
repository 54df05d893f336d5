#include "shoal/listing/list_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal::listing {
namespace {

/// Puts what comes next at the end of the page, as far as it has room.
void append(ListPage& page, ListPage next, std::size_t items_max) {
  std::size_t taken = std::min(next.items.size(), items_max - page.items.size());
  page.truncated = next.truncated || taken < next.items.size();
  page.items.insert(page.items.end(), next.items.begin(), next.items.begin() + static_cast<std::ptrdiff_t>(taken));
  page.texts.absorb(std::move(next.texts));
}

}  // namespace

Task<Result<ListPage>> ListCache::list(ListRequest request) {
  ListPage page;
  std::optional<ListRequest> missing = index_.fill(request, page);
  ++(missing ? stats_.misses : stats_.hits);
  auto asked = missing ? questions_.find(key_of(*missing)) : questions_.end();
  if (asked != questions_.end()) {
    CO_TRY(co_await join(asked->second));
    missing = index_.fill(request, page);
  }
  while (missing) {
    CO_TRY_ASSIGN(ListPage answer, co_await ask(*std::move(missing)));
    bool can_go_on = answer.truncated && !answer.items.empty();
    append(page, std::move(answer), request.items_max);
    if (!can_go_on || page.items.size() == request.items_max) break;
    missing = index_.fill(request, page);
  }
  co_return page;
}

Task<Result<void>> ListCache::join(std::shared_ptr<Question> question) {
  if (!co_await question->waiters.wait()) co_return failure(ErrorCode::cancelled, "gave up waiting for a listing");
  bool is_ours = question->error && question->error->code != ErrorCode::cancelled;  // not that the asker gave up
  if (is_ours) co_return failure(*question->error);
  co_return Result<void>();
}

Task<Result<ListPage>> ListCache::ask(ListRequest request) {
  auto question = std::make_shared<Question>();
  std::string key = key_of(request);
  bool is_first = questions_.try_emplace(key, question).second;
  ListIndex::Question noted(index_, request);
  Result<ListPage> answer = co_await store_.list(std::move(request));
  if (answer) noted.keep(*answer);
  if (is_first) questions_.erase(key);
  if (!answer) question->error = answer.error();
  question->waiters.wake_all();
  co_return answer;
}

/// Each part has its length in front, so that no two requests have the same.
std::string ListCache::key_of(const ListRequest& request) {
  std::string key;
  for (const std::string* part : {&request.bucket, &request.prefix, &request.delimiter, &request.after}) {
    key += std::to_string(part->size());
    key += ' ';
    key += *part;
  }
  return key + ' ' + std::to_string(request.items_max);
}

}  // namespace shoal::listing
