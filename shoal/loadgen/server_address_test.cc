#include "shoal/loadgen/server_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace shoal::loadgen {
namespace {

TEST(ServerAddressTest, HostHeaderLeavesOutTheUsualPort) {
  EXPECT_EQ(ServerAddress::resolve("http://127.0.0.1:9000")->host, "127.0.0.1:9000");
  EXPECT_EQ(ServerAddress::resolve("http://127.0.0.1:9000/")->host, "127.0.0.1:9000");
  EXPECT_EQ(ServerAddress::resolve("http://127.0.0.1")->host, "127.0.0.1");
  EXPECT_EQ(ServerAddress::resolve("http://[::1]:9000")->host, "[::1]:9000");
}

TEST(ServerAddressTest, AnAddressIsOneSocket) {
  auto server = ServerAddress::resolve("http://127.0.0.1:9000");
  ASSERT_TRUE(server.has_value());
  ASSERT_EQ(server->sockets.size(), 1u);
  EXPECT_EQ(server->sockets.front().address.ss_family, AF_INET);
  EXPECT_EQ(server->sockets.front().bytes, sizeof(sockaddr_in));
}

TEST(ServerAddressTest, WhatIsNoSuchUrlIsRefused) {
  for (std::string_view url :
       {"", "127.0.0.1:9000", "https://host", "http://", "http://:9000", "http://host:0", "http://host:70000",
        "http://host:x", "http://host/path", "http://user@host", "http://[::1", "http://[::1]9000"}) {
    auto server = ServerAddress::resolve(url);
    ASSERT_FALSE(server.has_value()) << url;
    EXPECT_EQ(server.error().code, ErrorCode::invalid_argument) << url;
  }
}

}  // namespace
}  // namespace shoal::loadgen
