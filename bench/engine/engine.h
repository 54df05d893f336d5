#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engine/objects.h"

namespace shoal::bench {

/// How a system is opened. What an expert would derive from the rest of the workload, it gets too.
struct EngineOptions {
  std::string directory;
  std::uint64_t cache_bytes = 0;  ///< of bodies that were read; 0: only writing is measured
  bool direct_reads = false;      ///< past the page cache, or with a page cache of cache_bytes
  bool sync = true;               ///< writes are acknowledged when they are durable
  unsigned loops = 1;             ///< for systems with event loops: how many; the others take the threads they get
  std::uint64_t data_bytes = 0;   ///< of the whole object set
  std::uint32_t body_bytes = 0;
};

/// What a listing gave.
struct Listed {
  std::size_t count = 0;
  std::string first;
  std::string last;
};

/// One system under measurement, open; destroying it closes it in order. One thread calls. A failure stops the process
/// with a message, since there is nothing to measure then.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;  // threads and coroutines point here
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  /// Stores the present bodies of these objects: `writers` independent writers, each of which gives `batch` objects at
  /// once and waits until they are acknowledged.
  virtual void put(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned batch,
                   unsigned writers) = 0;

  /// Reads objects, `in_flight` at a time, and has each answer checked. How many were found.
  virtual std::uint64_t get(const ObjectSet& objects, std::span<const std::uint32_t> numbers, unsigned in_flight) = 0;

  /// The first names with this prefix, and their sizes, in memory.
  virtual Listed list(std::string_view prefix, std::size_t count_max) = 0;

  /// Returns when nothing goes on in the background that writes have caused.
  virtual void settle() = 0;
};

/// A system and how it is made.
struct System {
  const char* name;
  std::unique_ptr<Engine> (*open)(const EngineOptions& options);
  bool has_direct_reads;  ///< otherwise nothing can be said about cold reads
};

std::unique_ptr<Engine> open_log_store(const EngineOptions& options);
std::unique_ptr<Engine> open_rocksdb(const EngineOptions& options);
std::unique_ptr<Engine> open_blobdb(const EngineOptions& options);
std::unique_ptr<Engine> open_lmdb(const EngineOptions& options);
std::unique_ptr<Engine> open_leveldb(const EngineOptions& options);

/// In the order in which they are measured and printed; ours first.
inline constexpr System systems[] = {
    {"LogStore", open_log_store, true}, {"RocksDB", open_rocksdb, true},  {"BlobDB", open_blobdb, true},
    {"LMDB", open_lmdb, true},          {"LevelDB", open_leveldb, false},
};

}  // namespace shoal::bench
