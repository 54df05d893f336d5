#include "shoal/origin/checksum_trailer.h"

#include <fmt/format.h>

#include "shoal/s3/checksum.h"

namespace shoal::origin {

std::string ChecksumTrailer::before_body() const { return fmt::format("{:x}\r\n", body_bytes_); }

std::string ChecksumTrailer::after_body(std::string_view value) const {
  return fmt::format("\r\n0\r\n{}:{}\r\n\r\n", s3::checksum_header(algorithm_), value);
}

std::uint64_t ChecksumTrailer::framed_bytes() const {
  std::string of_nothing = s3::ChecksumState(algorithm_).finish();
  return before_body().size() + body_bytes_ + after_body(of_nothing).size();
}

}  // namespace shoal::origin
