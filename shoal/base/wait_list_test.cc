#include "shoal/base/wait_list.h"

#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

namespace shoal {
namespace {

Task<void> wait_and_note(WaitList* list, std::string* notes, char name) {
  bool woken = co_await list->wait();
  *notes += name;
  if (!woken) *notes += " gave up ";
}

class WaitListTest : public ::testing::Test {
 protected:
  void start(char name) {
    boost::asio::co_spawn(loop_, wait_and_note(&list_, &notes_, name), boost::asio::detached);
    run();
  }
  void run() {
    loop_.restart();
    loop_.poll();
  }

  boost::asio::io_context loop_;
  WaitList list_;
  std::string notes_;
};

TEST_F(WaitListTest, WakesInTheOrderOfArrivalAndNeverInsideTheCall) {
  for (char name : {'a', 'b', 'c'}) start(name);
  EXPECT_TRUE(list_.wake_one());
  EXPECT_EQ(notes_, "");
  run();
  EXPECT_EQ(notes_, "a");
  list_.wake_all();
  run();
  EXPECT_EQ(notes_, "abc");
  EXPECT_FALSE(list_.wake_one());
}

TEST_F(WaitListTest, CancelledOneLeavesTheOthersWaiting) {
  boost::asio::cancellation_signal signal;
  start('a');
  boost::asio::co_spawn(loop_, wait_and_note(&list_, &notes_, 'b'),
                        boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::detached));
  run();
  start('c');
  signal.emit(boost::asio::cancellation_type::terminal);
  signal.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(notes_, "b gave up ");
  list_.wake_all();
  run();
  EXPECT_EQ(notes_, "b gave up ac");
}

TEST_F(WaitListTest, CancellationAfterTheWakeComesTooLate) {
  boost::asio::cancellation_signal signal;
  boost::asio::co_spawn(loop_, wait_and_note(&list_, &notes_, 'a'),
                        boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::detached));
  run();
  list_.wake_all();
  signal.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(notes_, "a");
}

TEST_F(WaitListTest, WaitersAreDestroyedWithTheList) {
  auto list = std::make_unique<WaitList>();
  boost::asio::co_spawn(loop_, wait_and_note(list.get(), &notes_, 'a'), boost::asio::detached);
  run();
  list.reset();
  run();
  EXPECT_EQ(notes_, "");
}

}  // namespace
}  // namespace shoal
