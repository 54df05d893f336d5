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

}  // namespace

bool KnownHeads::Known::is_repeated_by(std::string_view other_method, std::string_view other_rest) const {
  std::string_view known = rest();
  // No text: nothing is remembered here.
  if (known.empty() || other_method != method() || other_rest.size() < known.size()) return false;
  std::size_t open_end = open_at + open_bytes;
  // The open bytes are such that the value has no blanks at its end, which would not be part of it.
  return is_same(known, other_rest, 0, open_at) && is_same(known, other_rest, open_end, known.size()) &&
         (open_bytes == 0 || is_token(other_rest.substr(open_at, open_bytes)));
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
  known.open_at = known.open_bytes = 0;
  known.headers.clear();
  known.headers.set_likeness(head.headers.likeness());
  for (HeaderField field : head.headers) {
    known.headers.append(rest, field);
    constexpr std::string_view authorization = "authorization";
    bool may_differ = known.open_bytes == 0 && field.value.size() >= signature_bytes &&
                      equals_ignoring_ascii_case(field.name, authorization) &&
                      is_token(field.value.substr(field.value.size() - signature_bytes));
    if (!may_differ) continue;
    known.open_at = static_cast<std::size_t>(field.value.end() - rest.begin()) - signature_bytes;
    known.open_bytes = signature_bytes;
  }
}

}  // namespace shoal::http
