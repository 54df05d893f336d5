// A hit of the second tier next to a raw read of as many bytes from the same files, in turn, in one run.
//
//   flash_bench DIRECTORY [objects] [seconds for each figure]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "shoal/base/check.h"
#include "shoal/base/random.h"
#include "shoal/flash/flash_cache.h"
#include "shoal/io/aligned_buffer.h"
#include "shoal/io/event_loop.h"
#include "shoal/io/join.h"
#include "shoal/io/local_disk.h"
#include "shoal/io/run_blocking.h"
#include "shoal/testing/comparing_reads.h"
#include "shoal/testing/in_memory_store.h"

namespace shoal::bench {
namespace {

using flash::FlashCache;

constexpr std::size_t in_flight_many = 32;
constexpr int rounds = 3;

ObjectKey key_of(std::uint64_t number) {
  return {"bucket", fmt::format("training/shard-{:04}/{:08}", number % 512, number)};
}

Body body_of(std::uint64_t number, std::uint64_t bytes) {
  BufferRef buffer = BufferRef::allocate(bytes);
  Random(number).fill(buffer->bytes());
  return Body(std::move(buffer));
}

/// All objects, as if a memory cache were about to evict them.
class Objects final : public EvictionPreview {
 public:
  Objects(std::uint64_t count, std::uint64_t bytes) : count_(count), bytes_(bytes) {}

  void preview_evictions(std::uint64_t, FunctionRef<bool(const EvictionCandidate&)> visit) override {
    while (next_ < count_) {
      ObjectKey key = key_of(next_);
      ObjectInfo info;
      info.size = bytes_;
      info.etag = "0123456789abcdef0123456789abcdef";
      // Who stops here may not have taken it: it is offered again.
      if (!visit({ObjectKeyView(key), &info, body_of(next_, bytes_), std::chrono::milliseconds(0)})) return;
      ++next_;
    }
  }

  void tell_evictions(std::function<void(const EvictionCandidate&)>) override {}

 private:
  const std::uint64_t count_;
  const std::uint64_t bytes_;
  std::uint64_t next_ = 0;
};

/// What many reads took, each by itself.
struct Times {
  std::vector<double> microseconds;
  double per_second = 0;

  double percentile(double share) {
    auto at = microseconds.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(microseconds.size() - 1));
    std::nth_element(microseconds.begin(), at, microseconds.end());
    return *at;
  }
};

using ReadOne = std::function<Task<void>(Random*)>;

Task<void> read_on(ReadOne read, Times* times, Random* random, MonotonicTime until) {
  const Clock& clock = system_clock();
  for (MonotonicTime begin = clock.monotonic(); begin < until;) {
    co_await read(random);
    MonotonicTime end = clock.monotonic();
    times->microseconds.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
    begin = end;
  }
}

Task<void> read_for(ReadOne read, std::size_t in_flight, std::chrono::duration<double> time, Times* times) {
  Random random(times->microseconds.size() + 1);
  MonotonicTime begin = system_clock().monotonic();
  MonotonicTime until = begin + std::chrono::duration_cast<std::chrono::nanoseconds>(time);
  std::size_t before = times->microseconds.size();
  std::vector<Task<void>> readers;
  for (std::size_t i = 0; i < in_flight; ++i) readers.push_back(read_on(read, times, &random, until));
  co_await io::join_all(std::move(readers));
  std::chrono::duration<double> took = system_clock().monotonic() - begin;
  times->per_second =
      std::max(times->per_second, static_cast<double>(times->microseconds.size() - before) / took.count());
}

struct Subject {
  FlashCache* cache;
  std::vector<std::unique_ptr<io::File>> files;
  std::uint64_t file_bytes;
  std::uint64_t objects;
  std::uint64_t object_bytes;
};

Task<void> read_raw(Subject* subject, Random* random) {
  std::uint64_t bytes = io::align_up(subject->object_bytes);
  io::AlignedBuffer buffer(bytes);
  io::File* file = subject->files[random->below(subject->files.size())].get();
  std::uint64_t offset = io::align_down(random->below(subject->file_bytes - bytes));
  auto got = co_await file->read(offset, buffer.span());
  CHECK(got && *got == bytes);
}

Task<void> read_hit(Subject* subject, Random* random) {
  auto object = co_await subject->cache->get(key_of(random->below(subject->objects)));
  CHECK(object && *object && (*object)->from_flash && (*object)->body.size() == subject->object_bytes);
}

Task<void> check_all(Subject* subject) {
  for (std::uint64_t i = 0; i < subject->objects; i += 7) {
    auto object = co_await subject->cache->get(key_of(i));
    CHECK(object && *object && (*object)->body == body_of(i, subject->object_bytes));
  }
}

void measure(io::EventLoop& loop, io::Disk* disk, const std::string& directory, std::uint64_t objects,
             std::uint64_t object_bytes, double seconds) {
  testing::InMemoryStore below;
  testing::ComparingReads comparing(below);
  MemoryAccount account("flash");
  FlashCache::Options options;
  options.log.directory = fmt::format("{}/{}", directory, object_bytes);
  options.log.segment_bytes = 64_MiB;
  options.log.capacity = 2 * objects * (object_bytes + 1_KiB) + 4 * options.log.segment_bytes;
  options.log.account = &account;
  FlashCache cache({below, comparing}, *disk, system_clock(), options);
  io::run_blocking(loop, cache.open());
  Objects source(objects, object_bytes);
  std::uint64_t written = io::run_blocking(loop, cache.feed(&source, UINT64_MAX / 4));
  ::sync();  // what is read comes from the disk

  Subject subject{&cache, {}, 0, objects, object_bytes};
  auto names = io::run_blocking(loop, disk->list(options.log.directory));
  for (const std::string& name : *names) {
    io::OpenOptions direct;
    direct.direct_reads = true;
    auto file = io::run_blocking(loop, disk->open(options.log.directory + "/" + name, direct));
    std::uint64_t size = *io::run_blocking(loop, (*file)->size());
    if (size < 32_MiB) continue;  // the last one
    subject.file_bytes = size;
    subject.files.push_back(*std::move(file));
  }
  CHECK_MSG(!subject.files.empty(), "more objects are needed");
  fmt::print("{} objects of {} bytes, {} MiB written, {} bytes of memory an object\n", objects, object_bytes,
             written >> 20, cache.stats().index_bytes / objects);
  io::run_blocking(loop, check_all(&subject));
  for (std::size_t in_flight : {std::size_t{1}, in_flight_many}) {
    Times raw, hits;
    for (int round = 0; round < rounds; ++round) {
      std::chrono::duration<double> time(seconds / rounds);
      io::run_blocking(loop,
                       read_for([&](Random* random) { return read_raw(&subject, random); }, in_flight, time, &raw));
      io::run_blocking(loop,
                       read_for([&](Random* random) { return read_hit(&subject, random); }, in_flight, time, &hits));
    }
    double raw_median = raw.percentile(0.5), hit_median = hits.percentile(0.5);
    fmt::print(
        "  {:2} in flight: raw read p50 {:.0f} p99 {:.0f} us, {:.0f}/s; flash hit p50 {:.0f} p99 {:.0f} us, "
        "{:.0f}/s; hit / raw: p50 {:.2f}, rate {:.2f}\n",
        in_flight, raw_median, raw.percentile(0.99), raw.per_second, hit_median, hits.percentile(0.99), hits.per_second,
        hit_median / raw_median, raw.per_second / hits.per_second);
  }
  io::run_blocking(loop, cache.close());
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: flash_bench DIRECTORY [objects] [seconds]\n");
    return 2;
  }
  std::uint64_t objects = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 50'000;
  double seconds = argc > 3 ? std::strtod(argv[3], nullptr) : 6;
  io::EventLoopGroup loops({.loops = 1});
  loops.start();
  {
    std::unique_ptr<io::Disk> disk = io::open_local_disk(loops[0], io::LocalDiskOptions());
    for (std::uint64_t bytes : {4_KiB, 64_KiB}) {
      measure(loops[0], disk.get(), argv[1], std::max<std::uint64_t>(objects * 4_KiB / bytes, 2'000), bytes, seconds);
    }
  }
  loops.stop();
  return 0;
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) { return shoal::bench::main(argc, argv); }
