#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::s3 {

/// "20130524T000000Z", the only form of X-Amz-Date.
std::string format_amz_date(std::chrono::sys_seconds time);
std::optional<std::chrono::sys_seconds> parse_amz_date(std::string_view text);

/// The Date header of a request signed without X-Amz-Date: "Fri, 24 May 2013 00:00:00 GMT", with GMT, UTC or a zero
/// offset (as Python writes it), or the form above. The name of the day is not looked at.
std::optional<std::chrono::sys_seconds> parse_date_header(std::string_view text);

}  // namespace shoal::s3
