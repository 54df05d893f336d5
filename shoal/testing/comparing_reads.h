#pragma once

#include <optional>
#include <utility>

#include "shoal/model/conditional_reads.h"

namespace shoal::testing {

/// ConditionalReads of a store that has none. Compares versions by stat(), so that tests hold a question, and let it
/// fail, as that.
class ComparingReads final : public ConditionalReads {
 public:
  explicit ComparingReads(ObjectStore& store) : store_(store) {}

  Task<Result<std::optional<ObjectInfoPtr>>> stat(ObjectKey key) override { return store_.stat(std::move(key)); }
  Task<Result<std::optional<Object>>> get_unless(ObjectKey key, ObjectInfoPtr known) override {
    CO_TRY_ASSIGN(std::optional<ObjectInfoPtr> present, co_await store_.stat(key));
    if (!present) co_return std::optional<Object>();
    if (known == nullptr || (*present)->version != known->version) co_return co_await store_.get(std::move(key));
    Object object;
    object.info = std::move(known);
    co_return std::optional<Object>(std::move(object));
  }

 private:
  ObjectStore& store_;
};

}  // namespace shoal::testing
