#pragma once

#include <string>

#include <gmock/gmock.h>

#include "shoal/base/result.h"

namespace shoal {

/// How a failed expectation shows an Error.
inline void PrintTo(const Error& error, std::ostream* out) { *out << to_string(error.code) << ": " << error.message; }

/// How a failed expectation shows a Result.
template <typename T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  if (!result) {
    PrintTo(result.error(), out);
  } else {
    *out << "a value";
  }
}

namespace testing {

/// `EXPECT_THAT(result, IsOk())`: it holds a value. Tells the error if not.
MATCHER(IsOk, negation ? "is an error" : "is a value") {
  if (!arg.has_value()) {
    *result_listener << "which is the error " << to_string(arg.error().code) << ": " << arg.error().message;
  }
  return arg.has_value();
}

/// `EXPECT_THAT(result, HasError(ErrorCode::no_such_key))`
MATCHER_P(HasError, code, "is the error " + std::string(to_string(code))) {
  if (arg.has_value()) {
    *result_listener << "which is a value";
    return false;
  }
  *result_listener << "which is the error " << to_string(arg.error().code) << ": " << arg.error().message;
  return arg.error().code == code;
}

/// `EXPECT_THAT(result, IsOkAnd(Eq(3)))`: it holds a value that matches.
MATCHER_P(IsOkAnd, matcher, "is a value that matches") {
  if (!arg.has_value()) {
    *result_listener << "which is the error " << to_string(arg.error().code) << ": " << arg.error().message;
    return false;
  }
  return ::testing::ExplainMatchResult(matcher, *arg, result_listener);
}

}  // namespace testing
}  // namespace shoal
