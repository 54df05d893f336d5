#include "shoal/net/congestion_control.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "shoal/io/file_descriptor.h"

namespace shoal::net {
namespace {

using namespace std::chrono_literals;

io::FileDescriptor new_socket() { return io::FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

std::string congestion_control_of(const io::FileDescriptor& socket) {
  char name[16] = {};
  socklen_t size = sizeof name - 1;
  EXPECT_EQ(::getsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
  return name;
}

/// What a connection over loopback has, once accepted.
std::string chosen(const CongestionControl::Options& options) {
  io::FileDescriptor listening = new_socket();
  auto control = CongestionControl::prepare(listening.get(), options);
  if (!control) return "error: " + control.error().message;

  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listening.get(), where, size), 0);
  EXPECT_EQ(::listen(listening.get(), 1), 0);
  EXPECT_EQ(::getsockname(listening.get(), where, &size), 0);
  io::FileDescriptor client = new_socket();
  EXPECT_EQ(::connect(client.get(), where, size), 0);
  io::FileDescriptor accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  control->choose(accepted.get());
  return congestion_control_of(accepted);
}

class CongestionControlTest : public testing::Test {
 protected:
  const std::string of_system_ = congestion_control_of(new_socket());
  const std::string other_ = of_system_ == "reno" ? "cubic" : "reno";  // every kernel has reno
};

TEST_F(CongestionControlTest, NothingSaidIsTheSystems) { EXPECT_EQ(chosen({}), of_system_); }

TEST_F(CongestionControlTest, ANearClientHasTheNearOne) {
  EXPECT_EQ(chosen({.near_name = other_, .near_round_trip = 1h}), other_);
}

TEST_F(CongestionControlTest, AFarClientHasTheSystems) {
  EXPECT_EQ(chosen({.near_name = other_, .near_round_trip = 0us}), of_system_);
}

TEST_F(CongestionControlTest, OneForAllIsForNearClientsToo) {
  EXPECT_EQ(chosen({.name = other_, .near_name = of_system_, .near_round_trip = 1h}), other_);
}

TEST_F(CongestionControlTest, ANearOneThatTheSystemLacksLeavesAllWithTheSystems) {
  EXPECT_EQ(chosen({.near_name = "carrier-pigeon", .near_round_trip = 1h}), of_system_);
}

TEST_F(CongestionControlTest, OneForAllThatTheSystemLacksIsAnError) {
  auto control = CongestionControl::prepare(new_socket().get(), {.name = "carrier-pigeon"});
  ASSERT_FALSE(control.has_value());
  EXPECT_EQ(control.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace shoal::net
