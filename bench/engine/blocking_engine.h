#pragma once

#include <memory>
#include <span>

#include "bench/engine/engine.h"

namespace shoal::bench {

/// What the peers have in common: their calls block, so whoever wants several in flight uses as many threads.
class BlockingEngine : public Engine {
 public:
  void put(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned batch, unsigned writers) final;
  std::uint64_t get(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned in_flight) final;

 protected:
  /// What one reading thread keeps between its calls.
  class Reader {
   public:
    virtual ~Reader() = default;
    /// Whether there is an object; checks its body.
    virtual bool get(const ObjectSet& objects, std::uint32_t number) = 0;
  };
  virtual std::unique_ptr<Reader> make_reader() = 0;

  /// Stores these objects at once. Several threads may call.
  virtual void put_batch(const ObjectSet& objects, std::span<const std::uint32_t> numbers) = 0;
};

}  // namespace shoal::bench
