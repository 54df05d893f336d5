#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shoal::loadgen {

/// What one request does.
enum class OperationKind : std::uint8_t { get, put, head, list, remove };

inline constexpr std::array operation_kinds{OperationKind::get, OperationKind::put, OperationKind::head,
                                            OperationKind::list, OperationKind::remove};

/// As the command line and the tables have it.
constexpr std::string_view name_of(OperationKind kind) {
  constexpr std::array<std::string_view, operation_kinds.size()> names{"get", "put", "head", "list", "delete"};
  return names[static_cast<std::size_t>(kind)];
}

constexpr bool is_write(OperationKind kind) { return kind == OperationKind::put || kind == OperationKind::remove; }

/// One request that is to be made: `key` counts within the worker that makes it.
struct Operation {
  OperationKind kind = OperationKind::get;
  std::uint64_t key = 0;
};

}  // namespace shoal::loadgen
