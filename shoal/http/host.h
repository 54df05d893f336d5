#pragma once

#include <string_view>

namespace shoal::http {

/// Whether the text is a Host value as we accept it: a name of letters, digits and `-._~`, an IPv4 address, or an IPv6
/// address in brackets; then perhaps a colon and a port. Never empty. Narrower than RFC 3986's reg-name: no percent
/// encoding and no sub-delimiters, which no DNS name has.
bool is_host(std::string_view text);

}  // namespace shoal::http
