#include "shoal/loadgen/object_names.h"

#include <array>

#include "shoal/base/bytes.h"
#include "shoal/base/hash.h"
#include "shoal/base/text.h"
#include "shoal/http/uri.h"

namespace shoal::loadgen {
namespace {

constexpr std::size_t digit_count = 10;

void append_digits(std::string& out, std::uint64_t number) {
  std::array<char, digit_count> digits;
  for (std::size_t i = digit_count; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  out.append(digits.data(), digits.size());
}

}  // namespace

ObjectNames::ObjectNames(std::string_view bucket, std::string_view prefix)
    : prefix_(prefix), bucket_path_("/"), prefix_hash_(hash64(as_bytes(prefix))) {
  http::append_percent_encoded(bucket_path_, bucket, http::Slash::encode);
  path_start_ = bucket_path_ + "/";
  http::append_percent_encoded(path_start_, prefix, http::Slash::keep);
}

std::string ObjectNames::name_of(std::uint64_t number) const {
  std::string name = prefix_;
  append_digits(name, number);
  return name;
}

void ObjectNames::append_path(std::string& out, std::uint64_t number) const {
  out.append(path_start_);
  append_digits(out, number);
}

std::optional<std::uint64_t> ObjectNames::number_of(std::string_view name) const {
  if (!name.starts_with(prefix_) || name.size() != prefix_.size() + digit_count) return std::nullopt;
  return parse_decimal(name.substr(prefix_.size()));
}

std::uint64_t ObjectNames::hash_of(std::uint64_t number) const {
  return hash64(std::as_bytes(std::span(&number, 1)), prefix_hash_);
}

}  // namespace shoal::loadgen
