#pragma once

#include <cstdint>
#include <memory>

#include "shoal/base/wait_list.h"
#include "shoal/model/arriving_reader.h"

namespace shoal::cache {

/// The body of an object while it arrives from the store below, and afterwards, for all who read it meanwhile. What has
/// come they share; the end of it they get once the whole is verified and has been given to the cache, so that who has
/// all of it finds the object there. One loop.
class ArrivingBody final : public ArrivingReader {
 public:
  /// `arriving` gives `size` bytes.
  ArrivingBody(std::shared_ptr<ArrivingReader> arriving, std::uint64_t size)
      : arriving_(std::move(arriving)), size_(size) {}

  /// As it is now: readers go on with this, which may lie somewhere else, or fail.
  void finish(Result<Body> whole);

  Task<Result<Body>> read(std::uint64_t offset, std::uint64_t length) override;
  Task<Result<Body>> read_some(std::uint64_t offset, std::uint64_t length) override;

 private:
  Result<Body> part_of_whole(std::uint64_t offset, std::uint64_t length) const;

  std::shared_ptr<ArrivingReader> arriving_;  // null: it is finished
  const std::uint64_t size_;
  Result<Body> whole_;
  WaitList finished_;
};

}  // namespace shoal::cache
