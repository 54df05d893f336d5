#include "shoal/origin/s3_origin.h"

#include <utility>

namespace shoal::origin {

S3Origin::S3Origin(io::EventLoop& loop, io::Timers& timers, const Clock& clock, net::Connector& connector,
                   s3::Md5Queue& digests, OriginOptions options)
    : options_(std::move(options)),
      clock_(clock),
      digests_(digests),
      pool_(loop, timers, connector, options_.connections),
      client_(timers, clock, pool_, options_),
      versions_(clock.wall()) {}

S3Origin::~S3Origin() = default;

}  // namespace shoal::origin
