#include "shoal/sim/simulated_network.h"

#include <string>

#include <gtest/gtest.h>

#include "shoal/io/run_blocking.h"

namespace shoal::sim {
namespace {

using namespace std::chrono_literals;

class SimulatedNetworkTest : public ::testing::Test {
 protected:
  std::unique_ptr<net::Stream> accept() {
    auto accepted = io::run_blocking(loop_, listener_->accept());
    EXPECT_TRUE(accepted.has_value());
    return std::move(accepted->stream);
  }

  Result<std::string> read(net::Stream& stream, std::size_t bytes = 100) {
    std::string text(bytes, '\0');
    auto budget = net::ProgressBudget::once(1s);
    auto taken = io::run_blocking(loop_, stream.read_some(MutableByteSpan(reinterpret_cast<std::byte*>(text.data()), text.size()), budget));
    if (!taken) return std::unexpected(taken.error());
    text.resize(*taken);
    return text;
  }

  Result<void> write(net::Stream& stream, std::string_view text) {
    net::GatherList list;
    list.add(text);
    auto budget = net::ProgressBudget::once(1s);
    return io::run_blocking(loop_, stream.write(list, budget));
  }

  io::EventLoop loop_;
  ManualClock clock_;
  SimulatedNetwork network_{loop_, clock_};
  std::unique_ptr<net::Listener> listener_ = network_.listener();
};

TEST_F(SimulatedNetworkTest, CarriesBytesBothWays) {
  auto client = network_.connect();
  auto stream = accept();
  client->send("hello");
  EXPECT_EQ(read(*stream, 3).value(), "hel");
  EXPECT_EQ(read(*stream).value(), "lo");
  EXPECT_TRUE(write(*stream, "world").has_value());
  EXPECT_EQ(client->receive(2), "wo");
  EXPECT_EQ(client->receive(), "rld");
  EXPECT_EQ(stream->bytes_received(), 5U);
  EXPECT_EQ(stream->bytes_sent(), 5U);
}

TEST_F(SimulatedNetworkTest, TheEndComesAfterTheBytes) {
  auto client = network_.connect();
  auto stream = accept();
  client->send("last");
  client->finish();
  EXPECT_EQ(read(*stream).value(), "last");
  EXPECT_EQ(read(*stream).value(), "");
  EXPECT_TRUE(write(*stream, "answer").has_value());
  stream->close();
  EXPECT_EQ(client->receive(), "answer");
  EXPECT_TRUE(client->server_finished());
  EXPECT_FALSE(client->was_reset());
}

TEST_F(SimulatedNetworkTest, AResetLosesWhatIsUnderWay) {
  auto client = network_.connect();
  auto stream = accept();
  client->send("lost");
  client->reset();
  EXPECT_EQ(read(*stream).error().code, ErrorCode::closed);
  EXPECT_EQ(write(*stream, "more").error().code, ErrorCode::closed);

  auto other = network_.connect();
  stream = accept();
  EXPECT_TRUE(write(*stream, "lost").has_value());
  stream->abort();
  EXPECT_TRUE(other->was_reset());
  EXPECT_EQ(other->receive(), "");
}

TEST_F(SimulatedNetworkTest, ClosingWithUnreadBytesResets) {
  auto client = network_.connect();
  auto stream = accept();
  client->send("unread");
  stream.reset();
  EXPECT_TRUE(client->was_reset());
}

TEST_F(SimulatedNetworkTest, TheSameSeedSplitsAlike) {
  auto pieces = [this](std::uint64_t seed) {
    auto client = network_.connect({.seed = seed});
    auto stream = accept();
    client->send(std::string(1'000, 'x'));
    std::vector<std::size_t> sizes;
    for (std::size_t sum = 0; sum < 1'000; sum += sizes.back()) sizes.push_back(read(*stream).value().size());
    return sizes;
  };
  EXPECT_EQ(pieces(7), pieces(7));
  EXPECT_NE(pieces(7), pieces(8));
  EXPECT_EQ(pieces(0), std::vector<std::size_t>(10, 100));
}

TEST_F(SimulatedNetworkTest, AClosedListenerRefuses) {
  listener_->close();
  auto client = network_.connect();
  EXPECT_EQ(io::run_blocking(loop_, listener_->accept()).error().code, ErrorCode::closed);
}

}  // namespace
}  // namespace shoal::sim
