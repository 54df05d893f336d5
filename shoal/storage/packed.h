#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shoal/base/result.h"
#include "shoal/storage/tagged_codec.h"

namespace shoal::storage {

/// A varint with the length, then the text.
inline void append_text(std::string& to, std::string_view text) {
  append_varint(to, text.size());
  to.append(text);
}

/// Takes numbers and texts off a buffer that somebody may have damaged. After the first that is not there everything
/// reads as zero or empty: ask ok() once at the end, and count no further than that.
class PackedReader {
 public:
  explicit PackedReader(std::string_view packed) : rest_(packed) {}

  std::uint64_t number() {
    std::optional<std::uint64_t> number = ok_ ? take_varint(rest_) : std::nullopt;
    ok_ = number.has_value();
    return number.value_or(0);
  }
  std::string_view text() { return bytes(number()); }
  std::string_view bytes(std::uint64_t count) {
    ok_ = ok_ && count <= rest_.size();
    std::string_view text = rest_.substr(0, ok_ ? count : 0);
    rest_.remove_prefix(text.size());
    return text;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  /// corrupt unless everything was there, and nothing else.
  Result<void> finish(std::string_view what) const {
    if (ok_ && at_end()) return {};
    return failure(ErrorCode::corrupt, std::string(what) + " does not parse");
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace shoal::storage
