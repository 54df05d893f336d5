#include <cstddef>
#include <cstdint>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/s3/xml_reader.h"

/// Whatever is accepted is UTF-8 without NUL, within the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  constexpr s3::XmlLimits limits{.bytes_max = 4096, .elements_max = 32, .depth_max = 4};
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto document = s3::XmlDocument::parse(text, "R", limits);
  if (!document) return 0;
  std::size_t elements = 1;
  for (s3::XmlElement element : document->root().children()) {
    ++elements;
    CHECK(is_utf8(element.text()));
    elements += element.children().size();
  }
  CHECK(elements <= limits.elements_max);
  return 0;
}
