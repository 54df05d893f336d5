#include "shoal/net/congestion_control.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "shoal/base/log.h"

namespace shoal::net {
namespace {

Result<void> set_name(int socket, const std::string& name) {
  if (::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0) {
    return {};
  }
  ErrorCode code = errno == ENOENT ? ErrorCode::invalid_argument : ErrorCode::io_error;
  return failure(code, "set TCP_CONGESTION to " + name + ": " + std::generic_category().message(errno));
}

/// Empty when the system does not say.
std::string name_of(int socket) {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  auto size = static_cast<socklen_t>(name.size() - 1);
  if (::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
  return name.data();
}

/// As TCP estimates it; a connection just accepted has the time of its handshake.
std::chrono::microseconds round_trip_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::chrono::microseconds::max();
  return std::chrono::microseconds(info.tcpi_rtt);
}

}  // namespace

Result<CongestionControl> CongestionControl::prepare(int listening_socket, const Options& options) {
  CongestionControl control;
  if (!options.name.empty()) {
    TRY(set_name(listening_socket, options.name));
    return control;
  }
  std::string of_system = name_of(listening_socket);
  if (options.near_name.empty() || of_system.empty() || options.near_name == of_system) return control;
  if (auto set = set_name(listening_socket, options.near_name); !set) {
    spdlog::warn("congestion control of near clients is the system's reason={}", log_value(set.error().message));
    return control;
  }
  control.far_name_ = std::move(of_system);
  control.near_round_trip_ = options.near_round_trip;
  return control;
}

void CongestionControl::choose(int socket) const {
  // From the near one to the far one and not the other way round: a socket once paced for BBR stays paced.
  if (far_name_.empty() || round_trip_of(socket) < near_round_trip_) return;
  auto set = set_name(socket, far_name_);
  if (!set) spdlog::debug("congestion control not changed reason={}", log_value(set.error().message));
}

}  // namespace shoal::net
