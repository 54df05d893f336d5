// What the index costs an object: memory of the process, and the time of a look-up, an insertion and a listing.
//
//     index_memory [OBJECTS]
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "shoal/base/check.h"
#include "shoal/base/random.h"
#include "shoal/storage/listing.h"
#include "shoal/storage/shard_index.h"

namespace shoal::storage {
namespace {

std::uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  CHECK(file != nullptr);
  unsigned long total = 0, resident = 0;
  CHECK(std::fscanf(file, "%lu %lu", &total, &resident) == 2);
  std::fclose(file);
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// 50 bytes, as data sets name their files.
std::string name_of(std::uint64_t number) {
  std::uint64_t shuffled = number * 0x9e3779b97f4a7c15ULL >> 44;  // 20 bits: neighbours are loaded far apart
  return fmt::format("train/n{:08}/images-26/n{:08}_{:09}.JPEG", shuffled % 1000, shuffled % 1000, number);
}

IndexEntry entry_of(std::uint64_t number) {
  IndexEntry entry;
  entry.sequence = Sequence(number + 1);
  entry.location.segment = SegmentId(static_cast<std::uint32_t>(number / 60'000 + 1));
  entry.location.position = static_cast<std::uint32_t>(number % 60'000 * 270);
  entry.location.head_bytes = 190;
  entry.size = 4'000 + number % 100;
  entry.location.bytes = static_cast<std::uint32_t>((entry.location.head_bytes + entry.size + 15) / 16 * 16);
  entry.etag = fmt::format("{:016x}{:016x}", number * 0x9e3779b97f4a7c15ULL, number * 0xbf58476d1ce4e5b9ULL);
  entry.last_modified = WallTime(std::chrono::milliseconds(1'790'000'000'000 + static_cast<std::int64_t>(number)));
  entry.owner = "owner";
  return entry;
}

template <typename Function>
double nanoseconds_each(std::uint64_t count, Function function) {
  auto began = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - began).count() /
         static_cast<double>(count);
}

int run(std::uint64_t objects) {
  ::malloc_trim(0);
  std::uint64_t before = resident_bytes();
  std::vector<ShardIndex> shards(shard_count);
  auto shard_of_name = [&](const std::string& name) -> ShardIndex& {
    return shards[shard_of(ObjectKeyView("bucket", name).slot()).value()];
  };
  double put = nanoseconds_each(objects, [&] {
    for (std::uint64_t i = 0; i < objects; ++i) {
      std::string name = name_of(i);
      shard_of_name(name).put({"bucket", name}, entry_of(i));
    }
  });
  ::malloc_trim(0);
  double bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(objects);

  constexpr std::uint64_t looks = 500'000;
  Random random(1);
  double find = nanoseconds_each(looks, [&] {
    for (std::uint64_t i = 0; i < looks; ++i) {
      std::uint64_t number = random.below(objects);
      std::string name = name_of(number);
      std::optional<IndexEntry> entry = shard_of_name(name).find({"bucket", name});
      CHECK(entry && entry->sequence == Sequence(number + 1));
    }
  });
  double locate = nanoseconds_each(looks, [&] {
    for (std::uint64_t i = 0; i < looks; ++i) {
      std::uint64_t number = random.below(objects);
      std::string name = name_of(number);
      ObjectKeyView key("bucket", name);
      std::optional<ObjectPlace> place = shards[shard_of(key.slot()).value()].locate(key);
      CHECK(place && place->sequence == Sequence(number + 1));
    }
  });
  double miss = nanoseconds_each(looks, [&] {
    for (std::uint64_t i = 0; i < looks; ++i) {
      std::string name = name_of(objects + i);
      ObjectKeyView key("bucket", name);
      CHECK(!shards[shard_of(key.slot()).value()].locate(key));
    }
  });
  double naming = nanoseconds_each(looks, [&] {
    std::uint64_t named = 0;
    for (std::uint64_t i = 0; i < looks; ++i) named += name_of(random.below(objects)).size();
    CHECK(named > 0);
  });
  std::vector<const ShardIndex*> all;
  for (const ShardIndex& shard : shards) all.push_back(&shard);
  constexpr std::uint64_t lists = 5'000;
  double list = nanoseconds_each(lists, [&] {
    for (std::uint64_t i = 0; i < lists; ++i) {
      ListRequest request;
      request.bucket = "bucket";
      request.prefix = fmt::format("train/n{:08}/", random.below(1000));
      request.items_max = 1000;
      std::vector<MissingPage> missing;
      CHECK(list_shards(all, request, &missing).items.size() == std::min<std::uint64_t>(1000, objects / 1100) ||
            objects < 1'500'000);
    }
  });
  fmt::print("objects                {}\n", objects);
  fmt::print("memory an object       {:.1f} bytes (process, names of {} bytes)\n", bytes, name_of(0).size());
  fmt::print("put                    {:.0f} ns (without making the name, which takes {:.0f})\n", put - naming, naming);
  fmt::print("find, all fields       {:.0f} ns\n", find - naming);
  fmt::print("find, its place        {:.0f} ns\n", locate - naming);
  fmt::print("find what is not there {:.0f} ns\n", miss - naming);
  fmt::print("list 1,000 of a prefix {:.0f} us\n", list / 1'000);
  return 0;
}

}  // namespace
}  // namespace shoal::storage

int main(int argc, char** argv) {
  return shoal::storage::run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 5'000'000);
}
