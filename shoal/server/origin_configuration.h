#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/base/result.h"
#include "shoal/cache/coherence.h"
#include "shoal/origin/origin_options.h"
#include "shoal/server/configuration.h"
#include "shoal/server/s3_origin_group.h"
#include "shoal/service/several_stores.h"

namespace shoal::server {

/// What [origin] says, as the origin takes it; without credentials and accounts. invalid_argument names the option.
Result<origin::OriginOptions> origin_options_of(const Configuration& configuration);
/// How [origin] says that connections to it are made.
S3OriginGroup::Connecting origin_connecting_of(const Configuration& configuration);

/// One of origin.others: its name, and the settings as they would be if it were the first.
struct OtherOrigin {
  std::string name;
  Configuration configuration;
};
/// In their order. invalid_argument for what is wrong with one of them.
Result<std::vector<OtherOrigin>> other_origins_of(const Configuration& configuration);
/// origin.places: member 1 is the first of the others.
Result<std::vector<service::SeveralStores::Place>> origin_places_of(const Configuration& configuration);

/// What [origin] says of what may be seen of each bucket.
Result<cache::CoherenceRules> coherence_rules_of(const Configuration& configuration);

/// "owned", "immutable", "revalidate 5s" or "events 1h", these two perhaps with "stale 1h" behind.
Result<cache::Coherence> parse_coherence(std::string_view text);

/// What who tells of events has to know, from events.token_file, which nobody else may be able to read.
Result<s3::SecretKey> load_events_token(const Configuration& configuration);

/// The keys for the origin: SHOAL_ORIGIN_ACCESS_KEY, SHOAL_ORIGIN_SECRET_KEY and perhaps SHOAL_ORIGIN_SESSION_TOKEN of
/// `environment`, or without these origin.credentials_file, which nobody else may be able to read; or none, if there is
/// neither. Errors never repeat a secret.
Result<origin::OriginCredentials> load_origin_credentials(const Configuration& configuration,
                                                          const std::map<std::string, std::string>& environment);

}  // namespace shoal::server
