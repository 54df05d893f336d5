#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110 section 5.6.7), for years 1 to 9999.
std::string format_http_date(std::chrono::sys_seconds time);
/// The same without a string.
std::array<char, 29> http_date_text(std::chrono::sys_seconds time);

/// Reads any of the three forms of RFC 9110 section 5.6.7: IMF-fixdate, that of RFC 850, and that of asctime(). `now`
/// settles the century of RFC 850's two-digit year: the latest that is not more than 50 years ahead. The name of the
/// day has to be one, but need not be the right one. A leap second counts as the second after it.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace shoal::http
