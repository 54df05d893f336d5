#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "shoal/base/check.h"
#include "shoal/s3/range.h"

/// The input is the size of an object and a Range header. Whatever is accepted lies inside the object.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::s3;
  std::uint64_t object_size = 0;
  if (size < sizeof object_size) return 0;
  std::memcpy(&object_size, data, sizeof object_size);
  std::string_view header(reinterpret_cast<const char*>(data) + sizeof object_size, size - sizeof object_size);
  auto inside = [object_size](ByteRange range) {
    return range.length > 0 && range.offset < object_size && range.length <= object_size - range.offset;
  };
  if (auto range = resolve_range(header, object_size)) CHECK(!*range || inside(**range));
  if (auto range = resolve_copy_range(header, object_size)) CHECK(inside(*range));
  return 0;
}
