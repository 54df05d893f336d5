#include "bench/engine/objects.h"

#include <cstring>
#include <numeric>
#include <utility>

#include "shoal/base/check.h"
#include "shoal/base/random.h"

namespace shoal::bench {
namespace {

constexpr std::size_t noise_bytes = 1 << 20;
constexpr std::uint32_t first_class = 1'440'764;  // ImageNet's first
constexpr std::uint32_t first_file = 10'000;
constexpr std::uint32_t first_missing_file = 50'000;
constexpr std::uint32_t whole_every = 64;

constexpr std::string_view pattern = "train/n00000000/n00000000_00000.JPEG";
constexpr std::size_t directory_at = 7, file_at = 17, index_at = 26;

/// Decimal, with leading zeros.
void put_digits(char* at, std::size_t digits, std::uint32_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

ObjectSet::ObjectSet(std::uint32_t count, std::uint32_t body_bytes)
    : count_(count), body_bytes_(body_bytes), noise_(noise_bytes + body_bytes), versions_(count) {
  CHECK(body_bytes >= sizeof(Stamp));
  Random random(20'260'101);
  random.fill(noise_);
}

std::uint64_t ObjectSet::bytes() const { return std::uint64_t{count_} * (pattern.size() + body_bytes_); }

std::string_view ObjectSet::name(std::uint32_t number, NameBuffer& buffer) const {
  std::memcpy(buffer.data(), pattern.data(), pattern.size());
  std::uint32_t index = first_file;
  if (number >= count_) {
    number -= count_;
    index = first_missing_file;
  }
  std::uint32_t object_class = first_class + number / directory_objects;
  put_digits(buffer.data() + directory_at, 8, object_class);
  std::memcpy(buffer.data() + file_at, buffer.data() + directory_at, 8);
  put_digits(buffer.data() + index_at, 5, index + number % directory_objects);
  return {buffer.data(), pattern.size()};
}

std::string_view ObjectSet::directory(std::uint32_t number, NameBuffer& buffer) const {
  return name(number, buffer).substr(0, file_at - 1);
}

ByteSpan ObjectSet::noise(Stamp stamp) const {
  std::uint64_t mixed = (std::uint64_t{stamp.version} << 32 | stamp.number) * 0x9e3779b97f4a7c15ULL;
  return ByteSpan(noise_).subspan(mixed >> 44, body_bytes_);
}

void ObjectSet::fill_body(std::uint32_t number, MutableByteSpan into) const {
  CHECK(into.size() == body_bytes_);
  Stamp own = stamp(number);
  std::memcpy(into.data(), noise(own).data(), into.size());
  std::memcpy(into.data(), &own, sizeof own);
}

void ObjectSet::check(std::uint32_t number, ByteSpan body) const {
  Stamp own = stamp(number);
  bool right = body.size() == body_bytes_ && std::memcmp(body.data(), &own, sizeof own) == 0;
  CHECK_MSG(right, "a system answered with another body");
  if (number % whole_every == 0) check_whole(number, body);
}

void ObjectSet::check_whole(std::uint32_t number, ByteSpan body) const {
  Stamp own = stamp(number);
  bool right = body.size() == body_bytes_ && std::memcmp(body.data(), &own, sizeof own) == 0;
  ByteSpan rest = noise(own).subspan(sizeof own);
  right = right && std::memcmp(body.data() + sizeof own, rest.data(), rest.size()) == 0;
  CHECK_MSG(right, "a system answered with another body");
}

std::vector<std::uint32_t> ObjectSet::shuffled(std::uint64_t seed) const {
  std::vector<std::uint32_t> numbers(count_);
  std::iota(numbers.begin(), numbers.end(), 0);
  Random random(seed);
  for (std::uint32_t i = count_; i > 1; --i) std::swap(numbers[i - 1], numbers[random.below(i)]);
  return numbers;
}

}  // namespace shoal::bench
