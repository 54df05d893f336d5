#include "shoal/net/endpoint.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

TEST(EndpointTest, ReadsWhatItWrites) {
  for (std::string_view text : {"127.0.0.1:9000", "0.0.0.0:0", "[::1]:80", "[::]:65535"}) {
    auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
  EXPECT_EQ(Endpoint::parse("127.0.0.1:9000")->port(), 9000);
  EXPECT_EQ(Endpoint::parse("[::1]:9000")->address(), "::1");
}

TEST(EndpointTest, RefusesEverythingElse) {
  for (std::string_view text :
       {"", "9000", ":9000", "localhost:9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:1x", "::1:80", "[127.0.0.1]:80", "[]:80", "[::1]", "256.0.0.1:80"}) {
    EXPECT_FALSE(Endpoint::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace shoal::net
