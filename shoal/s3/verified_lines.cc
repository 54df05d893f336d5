#include "shoal/s3/verified_lines.h"

#include <cstring>

#include "shoal/base/text.h"
#include "shoal/s3/canonical_request.h"

namespace shoal::s3 {
namespace {

/// Whether what a request says about its signature depends on the value of this line.
bool counts(std::string_view name, std::string_view signed_headers) {
  return starts_with_ignoring_ascii_case(name, "x-amz-") || equals_ignoring_ascii_case(name, "date") ||
         is_signed(signed_headers, name);
}

}  // namespace

std::string_view VerifiedLines::keep(std::string_view text) {
  std::size_t at = texts_.size();
  texts_ += text;
  return std::string_view(texts_).substr(at);
}

void VerifiedLines::remember(std::span<const http::HeaderField> lines, std::uint64_t likeness,
                             std::string_view signature, std::string_view signed_headers, const Said& said) {
  lines_.clear();
  likeness_ = 0;
  compared_.clear();
  bool found = false;
  for (const http::HeaderField& line : lines) {
    Line kept{static_cast<std::uint32_t>(line.name.size()), static_cast<std::uint32_t>(line.value.size()), 0, false};
    std::string_view same = line.value;
    if (equals_ignoring_ascii_case(line.name, "authorization")) {
      // What has something behind the signature is taken apart each time.
      if (line.value.size() < signature.size() || signature.end() != line.value.end()) break;
      same.remove_suffix(signature.size());
      authorization_ = lines_.size();
      found = true;
    } else if (!counts(line.name, signed_headers)) {
      same = {};
      kept.any_value = true;
    }
    kept.compared_bytes = static_cast<std::uint32_t>(line.name.size() + same.size());
    compared_.append(line.name).append(same);
    lines_.push_back(kept);
  }
  if (!found || lines_.size() != lines.size()) {
    lines_.clear();
    return;
  }
  likeness_ = likeness;
  texts_.clear();
  texts_.reserve(said.access_key_to_region.size() + said.signing_start.size() + said.canonical_rest.size());
  said_ = said;
  said_.access_key_to_region = keep(said.access_key_to_region);
  auto part = [&](std::string_view of_request) {
    auto at = static_cast<std::size_t>(of_request.data() - said.access_key_to_region.data());
    return said_.access_key_to_region.substr(at, of_request.size());
  };
  said_.access_key = part(said.access_key);
  said_.date = part(said.date);
  said_.region = part(said.region);
  said_.signing_start = keep(said.signing_start);
  said_.canonical_rest = keep(said.canonical_rest);
}

std::optional<std::string_view> VerifiedLines::signature_of(std::span<const http::HeaderField> lines) const {
  if (lines_.empty() || lines.size() != lines_.size()) return std::nullopt;
  const char* expected = compared_.data();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const http::HeaderField& line = lines[i];
    const Line& kept = lines_[i];
    if (line.name.size() != kept.name_bytes) return std::nullopt;
    if (!kept.any_value && line.value.size() != kept.value_bytes) return std::nullopt;
    std::size_t of_value = kept.compared_bytes - kept.name_bytes;
    if (std::memcmp(line.name.data(), expected, kept.name_bytes) != 0) return std::nullopt;
    if (std::memcmp(line.value.data(), expected + kept.name_bytes, of_value) != 0) return std::nullopt;
    expected += kept.compared_bytes;
  }
  return signature_in(lines[authorization_]);
}

std::optional<std::string_view> VerifiedLines::signature_of_like(const http::HeaderFields& lines) const {
  if (likeness_ == 0 || likeness_ != lines.likeness()) return std::nullopt;
  return signature_in(lines[authorization_]);
}

std::string_view VerifiedLines::signature_in(const http::HeaderField& authorization) const {
  return authorization.value.substr(lines_[authorization_].compared_bytes - lines_[authorization_].name_bytes);
}

}  // namespace shoal::s3
