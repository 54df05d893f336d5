#include "shoal/io/socket_poller.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "shoal/io/polled_socket.h"

namespace shoal::io {
namespace {

using Direction = PolledSocket::Direction;

/// PolledSocket::call_after_others() to be awaited.
auto after_others(PolledSocket& socket) {
  return boost::asio::async_initiate<const boost::asio::deferred_t, void(bool)>(
      [&socket](auto handler) { socket.call_after_others(std::move(handler)); }, boost::asio::deferred);
}

/// Two connected sockets: the one that is polled, and the test's.
std::pair<FileDescriptor, FileDescriptor> connected() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// Polled sockets that are not ready yet, and their peers.
struct Connections {
  Connections(SocketPoller& poller, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto [polled, peer] = connected();
      sockets.push_back(std::make_unique<PolledSocket>(poller, std::move(polled)));
      sockets.back()->found_exhausted(Direction::read);
      peers.push_back(std::move(peer));
    }
  }
  void all_peers_send() {
    for (FileDescriptor& peer : peers) EXPECT_EQ(::send(peer.get(), "x", 1, 0), 1);
  }

  std::vector<std::unique_ptr<PolledSocket>> sockets;
  std::vector<FileDescriptor> peers;
};

/// One end of a connection is polled, the other one is the test's.
class SocketPollerTest : public testing::Test {
 protected:
  SocketPollerTest() {
    auto [polled, peer] = connected();
    socket_.emplace(poller_, std::move(polled));
    peer_ = std::move(peer);
  }

  void peer_sends(std::string_view text) { EXPECT_EQ(::send(peer_.get(), text.data(), text.size(), 0), text.size()); }
  /// As streams read: what there is, at most `bytes_max` bytes, and then it is known whether there may be more.
  std::string receive(std::size_t bytes_max) {
    std::string text(bytes_max, '\0');
    ssize_t bytes = ::recv(socket_->descriptor(), text.data(), text.size(), 0);
    if (bytes < static_cast<ssize_t>(bytes_max)) socket_->found_exhausted(Direction::read);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    return text;
  }
  /// Begins to wait; outcome_ tells the end of it.
  void begin_wait(Direction direction) { spawn(loop_, wait(this, direction)); }
  static Task<void> wait(SocketPollerTest* test, Direction direction) {
    test->outcome_.reset();
    bool ready = co_await test->socket_->wait(direction);
    test->outcome_ = ready;
  }
  void run_what_is_ready() {
    loop_.context().restart();
    while (loop_.context().poll() > 0) {
    }
  }

  EventLoop loop_;
  SocketPoller poller_{loop_, std::chrono::hours(1)};
  std::optional<PolledSocket> socket_;
  FileDescriptor peer_;
  std::optional<bool> outcome_;
};

TEST_F(SocketPollerTest, AWaitEndsWhenSomethingComes) {
  EXPECT_EQ(receive(10), "");
  begin_wait(Direction::read);
  run_what_is_ready();
  EXPECT_EQ(outcome_, std::nullopt);
  peer_sends("abc");
  run_what_is_ready();
  EXPECT_EQ(outcome_, true);
  EXPECT_EQ(receive(10), "abc");
  EXPECT_FALSE(socket_->may_be_ready(Direction::read));
}

TEST_F(SocketPollerTest, WhatCameBeforeTheWaitIsNotForgotten) {
  EXPECT_EQ(receive(10), "");
  peer_sends("abc");
  run_what_is_ready();
  EXPECT_TRUE(socket_->may_be_ready(Direction::read));
  EXPECT_EQ(receive(2), "ab");
  EXPECT_TRUE(socket_->may_be_ready(Direction::read)) << "there may be more";
}

TEST_F(SocketPollerTest, TheEndOfThePeerStaysToBeRead) {
  EXPECT_EQ(receive(10), "");
  begin_wait(Direction::read);
  peer_sends("abc");
  peer_ = FileDescriptor();
  run_what_is_ready();
  EXPECT_EQ(outcome_, true);
  EXPECT_EQ(receive(10), "abc");
  EXPECT_TRUE(socket_->may_be_ready(Direction::read));
}

TEST_F(SocketPollerTest, AWaitForRoomEndsWhenThePeerTakes) {
  std::string piece(100'000, 'x');
  while (::send(socket_->descriptor(), piece.data(), piece.size(), 0) > 0) {
  }
  run_what_is_ready();
  socket_->found_exhausted(Direction::write);
  begin_wait(Direction::write);
  run_what_is_ready();
  EXPECT_EQ(outcome_, std::nullopt);
  while (::recv(peer_.get(), piece.data(), piece.size(), 0) > 0) {
  }
  run_what_is_ready();
  EXPECT_EQ(outcome_, true);
}

TEST_F(SocketPollerTest, CancelAndCloseEndTheWait) {
  EXPECT_EQ(receive(10), "");
  begin_wait(Direction::read);
  run_what_is_ready();
  socket_->cancel();
  EXPECT_EQ(outcome_, std::nullopt) << "not under the caller's feet";
  run_what_is_ready();
  EXPECT_EQ(outcome_, false);
  begin_wait(Direction::read);
  run_what_is_ready();
  socket_->close();
  run_what_is_ready();
  EXPECT_EQ(outcome_, false);
  EXPECT_FALSE(socket_->is_open());
  EXPECT_TRUE(socket_->may_be_ready(Direction::read)) << "to fail, instead of waiting for ever";
}

Task<void> close_when_ready(PolledSocket* own, std::optional<PolledSocket>* other, int* closed) {
  bool ready = co_await own->wait(Direction::read);
  if (!ready) co_return;
  ++*closed;
  (*other)->cancel();
  (*other)->close();
}

TEST_F(SocketPollerTest, WhoIsReadyInTheSameTurnMayCloseTheOther) {
  auto [second_polled, second_peer] = connected();
  std::optional<PolledSocket> second(std::in_place, poller_, std::move(second_polled));
  socket_->found_exhausted(Direction::read);
  second->found_exhausted(Direction::read);
  int closed = 0;
  spawn(loop_, close_when_ready(&*socket_, &second, &closed));
  spawn(loop_, close_when_ready(&*second, &socket_, &closed));
  run_what_is_ready();
  peer_sends("a");
  ASSERT_EQ(::send(second_peer.get(), "b", 1, 0), 1);
  run_what_is_ready();
  EXPECT_EQ(closed, 1);
  EXPECT_NE(socket_->is_open(), second->is_open());
}

Task<void> note_turns(PolledSocket* socket, char name, std::string* turns) {
  bool ready = co_await socket->wait(Direction::read);
  if (!ready) co_return;
  *turns += name;
  if (socket->others_are_next()) {
    bool go_on = co_await after_others(*socket);
    if (!go_on) co_return;
  }
  *turns += static_cast<char>(name - 'a' + 'A');
}

TEST_F(SocketPollerTest, WhatIsPostponedComesAfterTheOthersOfTheTurn) {
  Connections connections(poller_, 40);
  std::string turns;
  for (auto& socket : connections.sockets) spawn(loop_, note_turns(socket.get(), 'a', &turns));
  run_what_is_ready();
  connections.all_peers_send();
  run_what_is_ready();
  std::string sixteen = std::string(16, 'a') + std::string(16, 'A');
  // The last one has nobody to wait for.
  EXPECT_EQ(turns, sixteen + sixteen + std::string(8, 'a') + std::string(8, 'A'));
}

/// The first one has work for the loop besides.
Task<void> note_and_post(PolledSocket* socket, EventLoop* loop, std::string* turns) {
  bool ready = co_await socket->wait(Direction::read);
  if (!ready) co_return;
  if (turns->empty()) loop->post([turns] { *turns += 'P'; });
  *turns += 'a';
}

TEST_F(SocketPollerTest, OtherWorkOfTheLoopDoesNotWaitForAllThatAreReady) {
  SocketPoller poller(loop_, std::chrono::nanoseconds(0));  // whatever they do takes longer
  Connections connections(poller, 12);
  std::string turns;
  for (auto& socket : connections.sockets) spawn(loop_, note_and_post(socket.get(), &loop_, &turns));
  run_what_is_ready();
  connections.all_peers_send();
  run_what_is_ready();
  EXPECT_EQ(turns, "aaaaPaaaaaaaa");
}

TEST_F(SocketPollerTest, WhatIsPostponedCanBeClosed) {
  auto [second_polled, second_peer] = connected();
  std::optional<PolledSocket> second(std::in_place, poller_, std::move(second_polled));
  socket_->found_exhausted(Direction::read);
  second->found_exhausted(Direction::read);
  std::string turns;
  int closed = 0;
  spawn(loop_, note_turns(&*socket_, 'a', &turns));
  spawn(loop_, close_when_ready(&*second, &socket_, &closed));
  run_what_is_ready();
  peer_sends("a");
  ASSERT_EQ(::send(second_peer.get(), "b", 1, 0), 1);
  run_what_is_ready();
  EXPECT_EQ(turns, "a");
  EXPECT_EQ(closed, 1);
}

TEST_F(SocketPollerTest, MoreSocketsThanOneCallTellsOf) {
  Connections connections(poller_, 300);
  connections.all_peers_send();
  run_what_is_ready();
  for (const auto& socket : connections.sockets) EXPECT_TRUE(socket->may_be_ready(Direction::read));
}

/// Notes that the coroutine was destroyed.
struct Note {
  ~Note() { *destroyed = true; }
  bool* destroyed;
};

Task<void> wait_for_ever(EventLoop* loop, FileDescriptor socket, bool* destroyed) {
  Note note{destroyed};
  SocketPoller poller(*loop);
  PolledSocket polled(poller, std::move(socket));
  polled.found_exhausted(Direction::read);
  (void)co_await polled.wait(Direction::read);
}

TEST(SocketPollerLoopTest, WhatWaitsIsDestroyedWithTheLoop) {
  bool destroyed = false;
  auto [polled, peer] = connected();
  {
    EventLoop loop;
    spawn(loop, wait_for_ever(&loop, std::move(polled), &destroyed));
    loop.context().poll();
    EXPECT_FALSE(destroyed);
  }
  EXPECT_TRUE(destroyed);
}

Task<void> postpone_between_two_parts_of_a_turn(EventLoop* loop, bool* postponed, bool* destroyed) {
  Note note{destroyed};
  SocketPoller poller(*loop, std::chrono::nanoseconds(0));
  Connections connections(poller, 6);
  connections.all_peers_send();
  PolledSocket& first = *connections.sockets.front();
  (void)co_await first.wait(Direction::read);
  co_await boost::asio::post(loop->executor(), boost::asio::deferred);
  *postponed = first.others_are_next();
  if (*postponed) (void)co_await after_others(first);
}

TEST(SocketPollerLoopTest, WhatIsPostponedBetweenTwoPartsOfATurnIsDestroyedWithTheLoop) {
  bool postponed = false;
  bool destroyed = false;
  {
    EventLoop loop;
    spawn(loop, postpone_between_two_parts_of_a_turn(&loop, &postponed, &destroyed));
    while (!postponed && !destroyed) loop.context().run_one();
    EXPECT_FALSE(destroyed);
  }
  EXPECT_TRUE(destroyed);
}

}  // namespace
}  // namespace shoal::io
