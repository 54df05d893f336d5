#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "shoal/model/arriving_reader.h"
#include "shoal/testing/in_memory_store.h"

namespace shoal::testing {

/// A store in memory that gives the bodies of small objects as if they were still arriving: who asks for some bytes
/// gets half of them.
class ArrivingStore final : public InMemoryStore {
 public:
  /// Objects from `arriving_bytes_min` on, up to Options::body_bytes_max, arrive.
  ArrivingStore(const Clock& clock, Options options, std::uint64_t arriving_bytes_min)
      : InMemoryStore(clock, options), arriving_bytes_min_(arriving_bytes_min) {}

  std::optional<Object> try_get(const ObjectKeyView&) override { return std::nullopt; }
  Task<Result<std::optional<Object>>> get(ObjectKey key) override {
    CO_TRY_ASSIGN(std::optional<Object> object, co_await InMemoryStore::get(std::move(key)));
    if (object && object->reader == nullptr && object->body.size() >= arriving_bytes_min_) {
      object->reader = std::make_shared<Reader>(std::move(object->body));
      object->body = Body();
    }
    co_return object;
  }

 private:
  class Reader final : public ArrivingReader {
   public:
    explicit Reader(Body body) : body_(std::move(body)) {}
    Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override {
      co_return body_.sub_body(offset, length);
    }
    Task<Result<Body>> read_some(std::uint64_t offset, std::uint64_t length) override {
      co_return body_.sub_body(offset, (length + 1) / 2);
    }

   private:
    const Body body_;
  };

  const std::uint64_t arriving_bytes_min_;
};

}  // namespace shoal::testing
