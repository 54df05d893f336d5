#pragma once

#include <string>

#include "shoal/server/configuration.h"

namespace shoal::server {

/// The settings as a shoal.toml with the description of each as a comment.
std::string configuration_toml(Configuration configuration);

/// The text of docs/CONFIGURATION.md; a test compares the file with it.
std::string configuration_markdown();

}  // namespace shoal::server
