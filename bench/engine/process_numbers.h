#pragma once

#include <cstdint>
#include <string>

namespace shoal::bench {

/// Memory of this process that is its own: what it allocated, without mapped files.
std::uint64_t own_memory_bytes();

/// What this process has given the disk so far, whoever of its threads did, and without what was deleted before it got
/// there.
std::uint64_t written_bytes();

/// What the files below a directory occupy. Files may come and go meanwhile.
std::uint64_t occupied_bytes(const std::string& directory);

/// Makes the files below a directory durable and takes them out of the page cache, so that the next measurement begins
/// with an idle disk and reads from it.
void flush_files(const std::string& directory);

/// What can still be stored where a directory is.
std::uint64_t free_disk_bytes(const std::string& directory);

/// What can still be allocated on this machine.
std::uint64_t free_memory_bytes();

}  // namespace shoal::bench
