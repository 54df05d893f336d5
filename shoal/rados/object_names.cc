#include "shoal/rados/object_names.h"

#include <array>

#include <fmt/format.h>

#include "shoal/base/random.h"
#include "shoal/base/text.h"

namespace shoal::rados {
namespace {

constexpr char escape = '\x01';
constexpr std::string_view end_of_name = "\x01\x01";
constexpr char first_escaped = '\x02';  // stands for 00; the next one for 01

/// RADOS refuses names beyond 2,048 bytes (osd_max_object_name_len).
constexpr std::size_t readable_bytes_max = 1'500;

}  // namespace

std::string escaped(std::string_view name) {
  std::string result;
  result.reserve(name.size());
  for (char c : name) {
    if (c == '\0' || c == escape) {
      result += escape;
      result += static_cast<char>(first_escaped + c);
    } else {
      result += c;
    }
  }
  return result;
}

std::optional<std::string> unescaped(std::string_view escaped_name) {
  std::string result;
  result.reserve(escaped_name.size());
  for (std::size_t i = 0; i < escaped_name.size(); ++i) {
    if (escaped_name[i] != escape) {
      result += escaped_name[i];
      continue;
    }
    if (++i == escaped_name.size()) return std::nullopt;
    if (escaped_name[i] != first_escaped && escaped_name[i] != first_escaped + 1) return std::nullopt;
    result += static_cast<char>(escaped_name[i] - first_escaped);
  }
  return result;
}

std::string random_name() {
  std::array<std::byte, 16> bytes;
  fill_with_secure_random(bytes);
  return to_hex(bytes);
}

std::string root_object() { return "shoal.root"; }

std::string head_object(std::string_view bucket_id, std::string_view name) {
  std::string readable = escaped(name);
  // Names of hardly anything but NUL: Base64 is never longer than 1,368 bytes.
  if (readable.size() > readable_bytes_max) return fmt::format("{}.b.{}", bucket_id, to_base64(as_bytes(name)));
  return fmt::format("{}.o.{}", bucket_id, readable);
}

std::string stripe_object(std::string_view bucket_id, std::string_view generation, std::uint64_t index) {
  return fmt::format("{}.s.{}.{}", bucket_id, generation, index);
}

std::string index_object(std::string_view bucket_id, std::uint32_t shard) {
  return fmt::format("{}.index.{}", bucket_id, shard);
}

std::string uploads_object(std::string_view bucket_id) { return fmt::format("{}.uploads", bucket_id); }

std::string upload_object(std::string_view bucket_id, std::string_view upload_id) {
  return fmt::format("{}.u.{}", bucket_id, upload_id);
}

std::string upload_key(std::string_view name, std::string_view upload_id) {
  return fmt::format("{}{}{}", escaped(name), end_of_name, upload_id);
}

}  // namespace shoal::rados
