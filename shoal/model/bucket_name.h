#pragma once

#include <string_view>

namespace shoal {

/// Whether `name` may be the name of a bucket: 3 to 63 of [a-z0-9.-], beginning and ending with a letter or digit, no
/// "..", ".-" or "-.", not an IPv4 address
/// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
bool is_bucket_name(std::string_view name);

}  // namespace shoal
