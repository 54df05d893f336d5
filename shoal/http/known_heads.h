#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <boost/container/static_vector.hpp>

#include "shoal/http/request_head.h"

namespace shoal::http {

/// The heads of requests without a body that were read last. Clients repeat them: within a second the next request
/// mostly differs in its target, in the signature at the end of Authorization and, where an AWS SDK sent it, in the
/// number that the SDK gives each call (amz-sdk-invocation-id) alone. Then it is read by comparing bytes instead of
/// line by line.
///
/// What it reads is what RequestParser would have read. Not for several threads at once.
class KnownHeads {
 public:
  /// Reads the head that `buffer` starts with into `head`, all of it, if it is one that was remembered but for what may
  /// differ. False says nothing but that it has to be read line by line. `limits` are those under which heads were
  /// remembered.
  bool read(std::string_view buffer, const RequestLimits& limits, RequestHead& head);

  /// `head` was read line by line from the start of `buffer`. Gives its lines their likeness, if it is one to remember.
  void remember(std::string_view buffer, RequestHead& head);

 private:
  /// What may be anything without white space, of the same length.
  struct Open {
    std::size_t at = 0;
    std::size_t bytes = 0;
  };
  /// Positions count from the end of the target.
  struct Known {
    std::string text;  // the whole head
    std::size_t method_bytes = 0;
    std::size_t rest_at = 0;                        // in the text: behind the target
    boost::container::static_vector<Open, 2> open;  // in order
    std::size_t host_at = 0;
    std::size_t host_bytes = 0;
    Version version = Version::http_1_1;
    bool keep_alive = false;
    HeaderFields headers;

    std::string_view method() const { return std::string_view(text).substr(0, method_bytes); }
    std::string_view rest() const { return std::string_view(text).substr(rest_at); }
    bool is_repeated_by(std::string_view method, std::string_view rest) const;
  };

  std::array<Known, 8> heads_;
  std::size_t last_ = 0;  // the one that was repeated or remembered last
};

}  // namespace shoal::http
