#pragma once

#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/loadgen/load_options.h"

namespace shoal::loadgen {

/// Requests on the bucket itself, each on a connection of its own. Blocks.
class BucketClient {
 public:
  /// The options outlive it.
  explicit BucketClient(const LoadOptions& options) : options_(options) {}

  /// Returns whether the bucket had to be made. Fails with access_denied or io_error.
  Result<bool> make_sure_it_exists();
  /// Removes the bucket, which has to be empty.
  Result<void> remove();

 private:
  struct Answer {
    int status = 0;
    std::string text;
  };
  Result<Answer> ask(std::string_view method, std::string_view body = {});
  Error refusal(std::string_view attempt, const Answer& answer) const;

  const LoadOptions& options_;
};

}  // namespace shoal::loadgen
