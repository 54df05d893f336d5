#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::http {

/// What `+` means in percent-encoded text: itself (paths, RFC 3986), or a space (queries as HTML forms write them).
enum class PlusSign : std::uint8_t { literal, space };

/// Replaces each `%XX` by its byte; nothing when a `%` is not followed by two hexadecimal digits. Decodes once only;
/// the result is opaque bytes and may hold anything, NUL and slashes included.
std::optional<std::string> percent_decode(std::string_view text, PlusSign plus = PlusSign::literal);
/// Appends the same; false where percent_decode() has nothing, and `out` is of no use then.
bool append_percent_decoded(std::string& out, std::string_view text, PlusSign plus = PlusSign::literal);

/// What percent_encode leaves readable besides the unreserved characters of RFC 3986 (letters, digits, `-._~`).
enum class Slash : std::uint8_t { encode, keep };

/// Percent-encodes every other byte, with upper-case hexadecimal digits: the form that SigV4 signs. `keep` is for whole
/// paths.
std::string percent_encode(std::string_view bytes, Slash slash);

/// The same, appended.
void append_percent_encoded(std::string& out, std::string_view bytes, Slash slash);

/// Appends `name=value`, both percent-encoded, to a query, with an `&` before it unless it is the first.
void append_query_parameter(std::string& query, std::string_view name, std::string_view value);

/// A request target in origin-form, cut at the first `?`. Both still percent-encoded.
struct TargetParts {
  std::string_view path;
  std::string_view query;  ///< without the `?`; empty when there is none
};
TargetParts split_target(std::string_view target);

/// One `name=value` of a query. The raw parts point into the query.
struct QueryParameter {
  std::string_view raw_name;
  std::string_view raw_value;
  bool has_value = false;  ///< `a=` has one, `a` has none
  std::string name;        ///< decoded
  std::string value;       ///< decoded
};

/// Cuts a query at every `&`, empty pieces left out; keeps the order and repeated names. Nothing when a piece is
/// malformed or there are more than `parameters_max`.
std::optional<std::vector<QueryParameter>> parse_query(std::string_view query, PlusSign plus,
                                                       std::size_t parameters_max = 256);

}  // namespace shoal::http
