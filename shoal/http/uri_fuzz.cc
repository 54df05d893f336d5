// What decodes also survives encoding and decoding again; dates and hosts are thrown in, being as small.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shoal/base/check.h"
#include "shoal/http/date.h"
#include "shoal/http/host.h"
#include "shoal/http/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::http;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  CHECK(percent_decode(percent_encode(input, Slash::encode)) == input);
  CHECK(percent_decode(percent_encode(input, Slash::keep)) == input);
  if (auto bytes = percent_decode(input)) {
    CHECK(bytes->size() <= input.size());
    CHECK(percent_decode(percent_encode(*bytes, Slash::encode)) == *bytes);
  }
  TargetParts parts = split_target(input);
  CHECK(parts.path.size() + parts.query.size() <= input.size());
  for (PlusSign plus : {PlusSign::literal, PlusSign::space}) {
    auto parameters = parse_query(parts.query, plus, 8);
    if (!parameters) continue;
    for (const QueryParameter& parameter : *parameters) {
      CHECK(percent_decode(parameter.raw_name, plus) == parameter.name);
      CHECK(parameter.has_value || parameter.raw_value.empty());
    }
  }
  const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
  if (auto time = parse_http_date(input, now); time && *time >= std::chrono::sys_seconds{}) {
    CHECK(parse_http_date(format_http_date(*time), now) == time);
  }
  is_host(input);
  return 0;
}
