#include "shoal/io/await_memory.h"

#include <optional>
#include <utility>

#include "shoal/io/suspend.h"

namespace shoal::io {

Task<Result<MemoryPromise>> await_memory(MemoryBudget* budget, MemoryUse use, std::uint64_t bytes) {
  if (budget == nullptr) co_return MemoryPromise();
  using Answer = std::optional<MemoryPromise>;
  if (Answer promise = budget->try_promise(use, bytes)) co_return *std::move(promise);
  Answer promise = co_await suspend<Answer>([&](Resume<Answer> resume) {
    auto answer = [resume = std::move(resume)](Answer given) mutable { std::move(resume)(std::move(given)); };
    budget->promise(use, bytes, std::move(answer));
  });
  if (!promise) co_return failure(ErrorCode::overloaded, "waited too long for memory");
  co_return *std::move(promise);
}

}  // namespace shoal::io
