#include "shoal/s3/error_document.h"

#include "shoal/s3/xml_writer.h"

namespace shoal::s3 {

std::string error_document(const S3Error& error, const ErrorContext& context) {
  XmlWriter xml = XmlWriter::without_namespace("Error");
  xml.element("Code", wire_name(error.code));
  xml.element("Message", std::string_view(error.message));
  if (!context.bucket.empty()) xml.element("BucketName", context.bucket);
  if (!context.key.empty()) xml.element("Key", context.key);
  xml.element("Resource", context.resource);
  xml.element("RequestId", context.request_id);
  xml.element("HostId", context.host_id);
  return xml.finish();
}

}  // namespace shoal::s3
