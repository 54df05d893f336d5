#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/http/header_fields.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {

/// The header lines of one request that was verified, and what they say. Clients repeat them: within a second the next
/// request mostly differs in its target and its signature alone. This saves taking them apart again; nothing here says
/// that the next request is right, and its signature is computed as that of any other.
class VerifiedLines {
 public:
  /// What the lines say besides the signature. Views into what is kept here or, for remember(), into the request.
  struct Said {
    std::string_view access_key, date, region;
    std::string_view access_key_to_region;  ///< "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1"
    std::string_view signing_start;         ///< of the string to sign, up to the hash of the canonical request
    std::string_view canonical_rest;        ///< of the canonical request, behind the line of the query
    std::chrono::sys_seconds signed_at;
    std::optional<Sha256::Value> payload_sha256;  ///< none: the payload is not signed
  };

  /// Lines of this `likeness`, whose Authorization ends with `signature`, a part of it, and names `signed_headers`.
  void remember(std::span<const http::HeaderField> lines, std::uint64_t likeness, std::string_view signature,
                std::string_view signed_headers, const Said& said);

  /// The signature that `lines` have, if nothing else differs that anything of `said()` depends on: the names of all,
  /// in their order, and the values of those that are signed, that begin with x-amz-, or that say the time. It is as
  /// long as the one that was remembered, and proves nothing.
  std::optional<std::string_view> signature_of(std::span<const http::HeaderField> lines) const;
  /// The same of lines that are known to be like those that were remembered, for next to nothing; others have to be
  /// looked at.
  std::optional<std::string_view> signature_of_like(const http::HeaderFields& lines) const;
  /// What signature_of() had a signature of has this likeness too.
  void set_likeness(std::uint64_t likeness) { likeness_ = likeness; }

  const Said& said() const { return said_; }

 private:
  struct Line {
    std::uint32_t name_bytes;
    std::uint32_t value_bytes;
    std::uint32_t compared_bytes;  ///< of name and value together
    bool any_value;
  };

  std::string_view keep(std::string_view text);
  std::string_view signature_in(const http::HeaderField& authorization) const;

  std::vector<Line> lines_;  // none: nothing is remembered
  std::string compared_;     // what has to be the same of each line, one behind the other
  std::string texts_;        // of said_
  std::size_t authorization_ = 0;
  std::uint64_t likeness_ = 0;  // of lines_, if they have one
  Said said_;
};

}  // namespace shoal::s3
