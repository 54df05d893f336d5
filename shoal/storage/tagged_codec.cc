#include "shoal/storage/tagged_codec.h"

#include <fmt/format.h>

namespace shoal::storage {
namespace {

constexpr int varint_bits = 7;
constexpr std::uint64_t varint_more = 0x80;

std::uint64_t tag_of(std::uint32_t number, FieldNeed need) {
  return std::uint64_t{number} * 2 + (need == FieldNeed::required ? 1 : 0);
}

}  // namespace

void append_varint(std::string& to, std::uint64_t value) {
  while (value >= varint_more) {
    to.push_back(static_cast<char>((value & (varint_more - 1)) | varint_more));
    value >>= varint_bits;
  }
  to.push_back(static_cast<char>(value));
}

void FieldWriter::bytes(std::uint32_t number, std::string_view value, FieldNeed need) {
  append_varint(encoded_, tag_of(number, need));
  append_varint(encoded_, value.size());
  encoded_.append(value);
}

void FieldWriter::text(std::uint32_t number, std::string_view value, FieldNeed need) {
  if (!value.empty()) bytes(number, value, need);
}

void FieldWriter::integer(std::uint32_t number, std::uint64_t value, FieldNeed need) {
  std::string encoded;
  append_varint(encoded, value);
  bytes(number, encoded, need);
}

void FieldWriter::pair(std::uint32_t number, std::string_view first, std::string_view second, FieldNeed need) {
  std::string encoded;
  append_varint(encoded, first.size());
  encoded.append(first).append(second);
  bytes(number, encoded, need);
}

Result<std::uint64_t> Field::as_integer() const {
  std::string_view rest = value;
  std::optional<std::uint64_t> integer = take_varint(rest);
  if (!integer || !rest.empty()) return failure(ErrorCode::corrupt, fmt::format("field {} is no integer", number));
  return *integer;
}

Result<std::pair<std::string_view, std::string_view>> Field::as_pair() const {
  std::string_view rest = value;
  std::optional<std::uint64_t> first_bytes = take_varint(rest);
  if (!first_bytes || *first_bytes > rest.size()) {
    return failure(ErrorCode::corrupt, fmt::format("field {} is no pair", number));
  }
  return std::pair(rest.substr(0, *first_bytes), rest.substr(*first_bytes));
}

Result<std::optional<Field>> FieldReader::next() {
  if (rest_.empty()) return std::nullopt;
  std::optional<std::uint64_t> tag = take_varint(rest_);
  if (!tag || *tag / 2 > UINT32_MAX) return failure(ErrorCode::corrupt, "a field has no valid tag");
  std::optional<std::uint64_t> length = take_varint(rest_);
  if (!length || *length > rest_.size()) return failure(ErrorCode::corrupt, "a field is longer than its record");
  Field field;
  field.number = static_cast<std::uint32_t>(*tag / 2);
  field.required = *tag % 2 != 0;
  field.value = rest_.substr(0, *length);
  rest_.remove_prefix(*length);
  return field;
}

Result<void> skip_unknown(const Field& field) {
  if (!field.required) return {};
  return failure(ErrorCode::not_supported,
                 fmt::format("field {} was written by a newer version, which marked it as necessary", field.number));
}

}  // namespace shoal::storage
