#pragma once

#include <array>
#include <cstdint>

#include "shoal/http/header_fields.h"

namespace shoal::s3 {

/// Knows which header lines decide nothing: each has a name that says who sends a request and how, none of which is
/// there twice. A request with such lines is answered as its method and target alone say. Clients repeat their lines,
/// so this is found out once for those that are alike (HeaderFields::likeness). One owner at a time.
class PlainLines {
 public:
  /// False of lines without a likeness, whatever they are.
  bool are_plain(const http::HeaderFields& lines);

 private:
  struct Known {
    std::uint64_t likeness = 0;
    bool plain = false;
  };
  std::array<Known, 8> known_;  // by the likeness modulo their number
};

}  // namespace shoal::s3
