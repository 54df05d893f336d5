#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/bytes.h"
#include "shoal/base/result.h"

namespace shoal::storage {

/// A list of fields that can grow without a new format version: each is a tag, a length and bytes
/// (docs/STORAGE_FORMAT.md, "Fields").
///
///     tag     varint   number * 2 + (1 if a reader that does not know the number must refuse the record)
///     length  varint
///     bytes
///
/// A varint is a little-endian base-128 number (LEB128) of at most 64 bits, in its shortest form.
enum class FieldNeed { optional, required };

/// Builds a list of fields.
class FieldWriter {
 public:
  FieldWriter() { encoded_.reserve(usual_bytes); }
  void bytes(std::uint32_t number, std::string_view value, FieldNeed need = FieldNeed::optional);
  /// As bytes(), left out when empty.
  void text(std::uint32_t number, std::string_view value, FieldNeed need = FieldNeed::optional);
  /// The value as a varint.
  void integer(std::uint32_t number, std::uint64_t value, FieldNeed need = FieldNeed::optional);
  /// Two texts: a varint with the length of the first, the first, the second.
  void pair(std::uint32_t number, std::string_view first, std::string_view second,
            FieldNeed need = FieldNeed::optional);

  const std::string& encoded() const& { return encoded_; }
  std::string encoded() && { return std::move(encoded_); }

 private:
  static constexpr std::size_t usual_bytes = 160;

  std::string encoded_;
};

struct Field {
  std::uint32_t number = 0;
  bool required = false;
  std::string_view value;  ///< borrowed from the encoded list

  Result<std::uint64_t> as_integer() const;
  Result<std::pair<std::string_view, std::string_view>> as_pair() const;
};

/// Walks a list of fields that somebody else may have damaged: any input gives fields or corrupt, never more.
class FieldReader {
 public:
  explicit FieldReader(std::string_view encoded) : rest_(encoded) {}
  /// The next field; nothing at the end.
  Result<std::optional<Field>> next();

 private:
  std::string_view rest_;
};

/// not_supported if `field` must be understood, for readers that do not know its number.
Result<void> skip_unknown(const Field& field);

void append_varint(std::string& to, std::uint64_t value);
/// Takes a varint off the front of `from`; nothing if there is none in its shortest form.
inline std::optional<std::uint64_t> take_varint(std::string_view& from) {
  constexpr unsigned bits = 7;
  constexpr unsigned more = 0x80;
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (std::size_t i = 0; i < from.size(); ++i, shift += bits) {
    auto byte = static_cast<unsigned char>(from[i]);
    std::uint64_t digit = byte & (more - 1);
    if (shift > 63 || (shift == 63 && digit > 1)) return std::nullopt;
    value |= digit << shift;
    if (byte < more) {
      if (byte == 0 && i > 0) return std::nullopt;  // not the shortest form
      from.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace shoal::storage
