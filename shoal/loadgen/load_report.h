#pragma once

#include <string>

#include "shoal/loadgen/load_options.h"
#include "shoal/loadgen/load_run.h"

namespace shoal::loadgen {

// What a load found, one row for each kind of request. Times are in milliseconds, rates in requests and MiB a second.

/// For people.
std::string to_table(const LoadOptions& options, const LoadResult& result);
/// With a line of column names.
std::string to_csv(const LoadOptions& options, const LoadResult& result);
/// One object: the options, a list of rows, and what went wrong.
std::string to_json(const LoadOptions& options, const LoadResult& result);

}  // namespace shoal::loadgen
