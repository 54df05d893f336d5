#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shoal/base/check.h"
#include "shoal/base/text.h"
#include "shoal/model/object_key.h"
#include "shoal/s3/object_documents.h"
#include "shoal/s3/request_documents.h"

/// The input is the body of a request. What is accepted keeps its limits; tags survive being written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  std::string_view xml(reinterpret_cast<const char*>(data), size);
  if (auto request = s3::parse_delete_objects(xml)) {
    CHECK(!request->objects.empty() && request->objects.size() <= 1000);
    for (const s3::DeleteTarget& target : request->objects) {
      CHECK(!target.key.empty() && target.key.size() <= object_name_bytes_max && is_utf8(target.key));
    }
  }
  if (auto parts = s3::parse_complete_multipart_upload(xml)) CHECK(!parts->empty() && parts->size() <= 10'000);
  if (auto tags = s3::parse_tagging(xml)) CHECK(s3::parse_tagging(s3::tagging_document(*tags)) == *tags);
  (void)s3::parse_create_bucket_configuration(xml);
  return 0;
}
