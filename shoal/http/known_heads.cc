#include "shoal/http/known_heads.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "shoal/base/text.h"
#include "shoal/http/grammar.h"

namespace shoal::http {
namespace {

/// Longer heads are not remembered: nobody sends them often.
constexpr std::size_t known_bytes_max = 4096;
/// The digits of an HMAC-SHA256, as AWS Signature Version 4 writes it.
constexpr std::size_t signature_bytes = 64;

std::uint64_t next_likeness() {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

bool is_same(std::string_view a, std::string_view b, std::size_t from, std::size_t to) {
  return a.substr(from, to - from) == b.substr(from, to - from);
}

constexpr std::string_view authorization = "authorization";
constexpr std::string_view invocation_id = "amz-sdk-invocation-id";

/// Whether the name stands anywhere in the value of Authorization, as that of a signed line does.
bool is_named_by(std::string_view value, std::string_view name) {
  for (std::size_t at = 0; at + name.size() <= value.size(); ++at) {
    if (equals_ignoring_ascii_case(value.substr(at, name.size()), name)) return true;
  }
  return false;
}

/// How many bytes at the end of the line's value may differ. What was found out about a head's lines holds for all that
/// have their likeness (HeaderFields), so nothing that is signed may differ but the signature itself.
std::size_t open_bytes_of(const HeaderField& line, const HeaderFields& lines) {
  if (lines.count(line.name) != 1) return 0;
  std::size_t bytes = 0;
  if (equals_ignoring_ascii_case(line.name, authorization)) {
    bytes = signature_bytes;
  } else if (equals_ignoring_ascii_case(line.name, invocation_id)) {
    auto claim = lines.find(authorization);
    if (claim && !is_named_by(*claim, invocation_id)) bytes = line.value.size();
  }
  // No white space: a value would end before it, and at its end it is not part of it.
  bool may_differ = line.value.size() >= bytes && is_token(line.value.substr(line.value.size() - bytes));
  return may_differ ? bytes : 0;
}

}  // namespace

bool KnownHeads::Known::is_repeated_by(std::string_view other_method, std::string_view other_rest) const {
  std::string_view known = rest();
  // No text: nothing is remembered here.
  if (known.empty() || other_method != method() || other_rest.size() < known.size()) return false;
  std::size_t compared = 0;
  for (const Open& stretch : open) {
    if (!is_same(known, other_rest, compared, stretch.at)) return false;
    if (!is_token(other_rest.substr(stretch.at, stretch.bytes))) return false;
    compared = stretch.at + stretch.bytes;
  }
  return is_same(known, other_rest, compared, known.size());
}

bool KnownHeads::read(std::string_view buffer, const RequestLimits& limits, RequestHead& head) {
  std::string_view visible = buffer.substr(0, std::min(buffer.size(), limits.head_bytes_max));
  std::size_t method_end = visible.find(' ');
  if (method_end == std::string_view::npos) return false;
  std::size_t target_end = visible.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) return false;
  std::string_view method = visible.substr(0, method_end);
  std::string_view rest = visible.substr(target_end);
  if (!heads_[last_].is_repeated_by(method, rest)) {
    auto repeated =
        std::ranges::find_if(heads_, [&](const Known& known) { return known.is_repeated_by(method, rest); });
    if (repeated == heads_.end()) return false;
    last_ = static_cast<std::size_t>(repeated - heads_.begin());
  }
  std::string_view target = visible.substr(method_end + 1, target_end - method_end - 1);
  if (target.size() > limits.target_bytes_max || !target.starts_with('/') || !is_target(target)) return false;

  const Known& known = heads_[last_];
  head.method = method;
  head.target = target;
  head.version = known.version;
  head.headers.repeat(known.headers, rest.data());
  head.head_bytes = target_end + known.rest().size();
  head.host = rest.substr(known.host_at, known.host_bytes);
  head.framing = BodyFraming::none;
  head.content_length.reset();
  head.keep_alive = known.keep_alive;
  head.expect_continue = false;
  return true;
}

void KnownHeads::remember(std::string_view buffer, RequestHead& head) {
  if (head.framing != BodyFraming::none || head.content_length || head.head_bytes > known_bytes_max) return;
  last_ = (last_ + 1) % heads_.size();
  Known& known = heads_[last_];
  known.text = buffer.substr(0, head.head_bytes);
  known.method_bytes = head.method.size();
  known.rest_at = static_cast<std::size_t>(head.target.end() - buffer.begin());
  known.version = head.version;
  known.keep_alive = head.keep_alive;
  std::string_view rest = buffer.substr(known.rest_at, head.head_bytes - known.rest_at);
  known.host_bytes = head.host.size();
  known.host_at = head.host.empty() ? 0 : static_cast<std::size_t>(head.host.begin() - rest.begin());

  head.headers.set_likeness(next_likeness());
  known.open.clear();
  known.headers.clear();
  known.headers.set_likeness(head.headers.likeness());
  for (HeaderField field : head.headers) {
    known.headers.append(rest, field);
    std::size_t open_bytes = open_bytes_of(field, head.headers);
    if (open_bytes == 0) continue;
    known.open.push_back({static_cast<std::size_t>(field.value.end() - rest.begin()) - open_bytes, open_bytes});
  }
}

}  // namespace shoal::http
