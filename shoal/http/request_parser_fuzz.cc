// A head read whole, the same head read byte by byte, from memory that moves, and the same head behind others that are
// known must come to the same end; and what the parser lets through must hold what its header promises.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/base/check.h"
#include "shoal/http/grammar.h"
#include "shoal/http/request_parser.h"

namespace {

using shoal::http::HeaderField;
using shoal::http::ParseOutcome;
using shoal::http::RequestHead;
using shoal::http::RequestParser;

void check_accepted(const RequestHead& head, std::string_view input) {
  CHECK(head.head_bytes <= input.size());
  CHECK(input.substr(0, head.head_bytes).ends_with("\r\n\r\n"));
  CHECK(shoal::http::is_token(head.method));
  CHECK(head.target == "*" || head.target.starts_with('/'));
  CHECK(head.headers.count("content-length") <= 1 && head.headers.count("transfer-encoding") <= 1);
  CHECK(head.headers.count("content-length") + head.headers.count("transfer-encoding") <= 1);
  for (HeaderField field : head.headers) {
    CHECK(shoal::http::is_token(field.name) && shoal::http::is_field_value(field.value));
    CHECK(field.name.data() >= input.data() && field.value.data() + field.value.size() <= input.data() + input.size());
  }
}

void check_same(const RequestHead& a, const RequestHead& b) {
  CHECK(a.method == b.method && a.target == b.target && a.version == b.version && a.host == b.host);
  CHECK(a.head_bytes == b.head_bytes && a.framing == b.framing && a.content_length == b.content_length);
  CHECK(a.keep_alive == b.keep_alive && a.expect_continue == b.expect_continue);
  CHECK(a.headers.size() == b.headers.size());
  for (std::size_t i = 0; i < a.headers.size(); ++i) {
    CHECK(a.headers[i].name == b.headers[i].name && a.headers[i].value == b.headers[i].value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const shoal::http::RequestLimits limits{.head_bytes_max = 512, .target_bytes_max = 64, .header_count_max = 8};
  RequestParser whole(limits);
  ParseOutcome outcome = whole.parse(input);

  RequestParser pieces(limits);
  ParseOutcome piecewise = ParseOutcome::need_more;
  std::string received;
  for (std::size_t bytes = 0; bytes < size && piecewise == ParseOutcome::need_more; ++bytes) {
    std::string moved;
    moved.reserve(bytes + 1);
    moved.append(received).push_back(input[bytes]);
    received = std::move(moved);
    piecewise = pieces.parse(received);
  }
  CHECK(outcome == piecewise);
  CHECK(whole.error_status() == pieces.error_status());
  if (outcome == ParseOutcome::complete) {
    check_accepted(whole.head(), input);
    check_same(whole.head(), pieces.head());
  }

  // One after the other, by a parser that knows those before.
  shoal::http::KnownHeads known;
  RequestParser informed(limits, &known);
  while (outcome == ParseOutcome::complete) {
    informed.restart();
    CHECK(informed.parse(input) == outcome);
    check_same(whole.head(), informed.head());
    input.remove_prefix(whole.head().head_bytes);
    whole.restart();
    outcome = whole.parse(input);
  }
  informed.restart();
  CHECK(informed.parse(input) == outcome && informed.error_status() == whole.error_status());
  return 0;
}
