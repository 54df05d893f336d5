#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/http/header_fields.h"
#include "shoal/model/body.h"
#include "shoal/net/connection_pool.h"

namespace shoal::origin {

/// What the origin answered.
struct OriginAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< lower-case name, value
  std::optional<std::uint64_t> content_length;               ///< as announced, also when no body follows
  Body body;
  /// Where the body comes, unread, if OriginRequest::leaves_open said so; otherwise it is `body`.
  std::optional<net::ConnectionPool::Lease> connection;

  /// The first value of a header; the name in lower case.
  std::optional<std::string_view> header(std::string_view name) const;
};

/// A copy of the header lines, with lower-case names.
std::vector<std::pair<std::string, std::string>> copy_headers(const http::HeaderFields& fields);

}  // namespace shoal::origin
