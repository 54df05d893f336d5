#pragma once

#include <expected>
#include <string>
#include <utility>

#include "shoal/base/error.h"

namespace shoal {

/// A value, or why there is none.
template <typename T>
using Result = std::expected<T, Error>;

/// The one way to make a failed Result: `return failure(ErrorCode::disk_full, "append to segment 7");`
[[nodiscard]] inline std::unexpected<Error> failure(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}

/// Passes on the error of another Result: `return failure(std::move(other).error());`
[[nodiscard]] inline std::unexpected<Error> failure(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace shoal

#define SHOAL_CONCAT_INNER(a, b) a##b
#define SHOAL_CONCAT(a, b) SHOAL_CONCAT_INNER(a, b)

#define SHOAL_TRY_IMPL(result, expression, return_keyword) \
  auto result = (expression);                              \
  if (!result) return_keyword ::shoal::failure(std::move(result).error())

#define SHOAL_TRY_ASSIGN_IMPL(result, declaration, expression, return_keyword) \
  SHOAL_TRY_IMPL(result, expression, return_keyword);                          \
  declaration = *std::move(result)

/// Evaluates a Result; leaves the function with its error if it has one. Two statements: needs braces after `if`.
#define TRY(expression) SHOAL_TRY_IMPL(SHOAL_CONCAT(try_result_, __LINE__), expression, return)
/// The same, and declares or assigns the value: `TRY_ASSIGN(auto head, parse(bytes));`
#define TRY_ASSIGN(declaration, expression) \
  SHOAL_TRY_ASSIGN_IMPL(SHOAL_CONCAT(try_result_, __LINE__), declaration, expression, return)

/// For coroutines, which leave with co_return. The expression may contain co_await.
#define CO_TRY(expression) SHOAL_TRY_IMPL(SHOAL_CONCAT(try_result_, __LINE__), expression, co_return)
#define CO_TRY_ASSIGN(declaration, expression) \
  SHOAL_TRY_ASSIGN_IMPL(SHOAL_CONCAT(try_result_, __LINE__), declaration, expression, co_return)
