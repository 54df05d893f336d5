#pragma once

#include <string_view>

namespace shoal::http {

/// The reason phrase that goes with a status code (RFC 9110 section 15), "Unknown" for one that is not registered.
std::string_view reason_phrase(int status);

/// Whether a response with this status ends with its head, whatever the request was (RFC 9110 section 6.4.1).
constexpr bool status_has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace shoal::http
