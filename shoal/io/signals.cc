#include "shoal/io/signals.h"

#include <utility>

namespace shoal::io {

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals) : set_(loop.executor()) {
  for (int signal : signals) set_.add(signal);
}

Task<int> Signals::next() {
  co_return co_await suspend<int>([this](Resume<int> resume) {
    set_.async_wait([resume = std::move(resume)](boost::system::error_code error, int signal) mutable {
      std::move(resume)(error ? 0 : signal);
    });
  });
}

}  // namespace shoal::io
