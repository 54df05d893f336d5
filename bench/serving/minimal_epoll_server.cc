// The least that an epoll server can do, as the ceiling for all others: no signatures, no look at more of a request
// than its method, the number at the end of its path and its Content-Length; answers from memory with one gather write.
//
//   minimal_epoll_server [--files DIR] [--bucket B] [--prefix P] [--objects N] [--size BYTES] [--seed S]
//
// GET of an object answers its body, GET of the bucket the list after `start-after`. PUT writes the body into a file of
// its own below DIR, with one fdatasync before the answer, as simple durable servers do. Prints its port.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench_objects.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace shoal::bench {
namespace {

constexpr std::size_t list_keys = 1'000;

/// What is sent for one object, whole.
struct Answer {
  std::string head;
  std::string body;
};

std::string head_of(std::size_t body_bytes, std::string_view type = "binary/octet-stream") {
  return "HTTP/1.1 200 OK\r\nServer: minimal\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n\r\n";
}

std::vector<Answer> object_answers(const BenchObjects& objects) {
  std::vector<Answer> answers;
  for (std::uint64_t number = 0; number < objects.count(); ++number) {
    std::string body = objects.body_of(number);
    std::string head = head_of(body.size());
    answers.push_back({std::move(head), std::move(body)});
  }
  return answers;
}

/// The elements of each object, made beforehand, and where each begins.
struct ListText {
  std::string text;
  std::vector<std::size_t> starts;
};

ListText list_text(const BenchObjects& objects) {
  ListText list;
  for (std::uint64_t number = 0; number < objects.count(); ++number) {
    list.starts.push_back(list.text.size());
    list.text += "<Contents><Key>" + objects.names().name_of(number) +
                 "</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                 "<ETag>&quot;00000000000000000000000000000000&quot;</ETag><Size>4096</Size>"
                 "<StorageClass>STANDARD</StorageClass></Contents>";
  }
  list.starts.push_back(list.text.size());
  return list;
}

struct Client {
  int socket;
  std::string received;  // a request that came in part
  std::vector<iovec> unsent;
  std::size_t next_unsent = 0;
  std::string head;  // of a list
};

class Server {
 public:
  Server(const BenchObjects& objects, std::string directory)
      : answers_(object_answers(objects)),
        list_(list_text(objects)),
        directory_(std::move(directory)),
        input_(1 << 20) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes) != 0 || ::listen(listener_, 4'096) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
      std::cerr << "minimal_epoll_server: cannot listen\n";
      std::exit(1);
    }
    poller_ = ::epoll_create1(0);
    watch(listener_, nullptr, EPOLLIN);
    std::cout << "minimal: http://127.0.0.1:" << ntohs(address.sin_port) << std::endl;
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      int count = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (client == nullptr) {
          accept_all();
        } else if (!flush(*client) || !read(*client)) {
          ::close(client->socket);
          delete client;
        }
      }
    }
  }

 private:
  void watch(int socket, Client* client, unsigned events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = client;
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, socket, &event);
  }

  void accept_all() const {
    for (;;) {
      int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
      if (socket < 0) return;
      int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(socket, std::make_unique<Client>(Client{socket, {}, {}, 0, {}}).release(),
            EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP);
    }
  }

  /// False when the client is gone.
  bool read(Client& client) {
    for (;;) {
      ssize_t got = ::recv(client.socket, input_.data(), input_.size(), 0);
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      std::string_view bytes(input_.data(), static_cast<std::size_t>(got));
      if (!client.received.empty()) {
        client.received += bytes;
        bytes = client.received;
      }
      std::size_t used = serve_requests(client, bytes);
      if (used == bytes.size()) {
        client.received.clear();
      } else {
        client.received = std::string(bytes.substr(used));
      }
      if (!flush(client)) return false;
      if (static_cast<std::size_t>(got) < input_.size()) return true;
    }
  }

  std::size_t serve_requests(Client& client, std::string_view bytes) {
    std::size_t used = 0;
    for (;;) {
      std::string_view rest = bytes.substr(used);
      std::size_t head_end = rest.find("\r\n\r\n");
      if (head_end == std::string_view::npos) return used;
      std::string_view head = rest.substr(0, head_end + 4);
      std::size_t length = content_length(head);
      if (rest.size() < head.size() + length) return used;
      serve(client, head, rest.substr(head.size(), length));
      used += head.size() + length;
    }
  }

  static std::size_t content_length(std::string_view head) {
    if (!head.starts_with("PUT")) return 0;
    std::size_t at = head.find("\r\nContent-Length: ");
    return at == std::string_view::npos ? 0 : std::strtoul(head.data() + at + 18, nullptr, 10);
  }

  void serve(Client& client, std::string_view head, std::string_view body) {
    std::string_view path = head.substr(0, head.find(" HTTP/1.1"));
    std::size_t list_after = path.find("start-after=");
    std::size_t query = path.find('?');
    if (list_after == std::string_view::npos) path = path.substr(0, query);
    // The last ten characters of a path, or of what to start after, are the number of the object.
    std::uint64_t number = path.size() < 10 ? 0 : parse_decimal(path.substr(path.size() - 10)).value_or(0);
    if (list_after != std::string_view::npos) {
      serve_list(client, number + 1);
    } else if (head.starts_with("PUT")) {
      store(number, body);
      send(client, ok_, {});
    } else if (head.starts_with("GET") && number < answers_.size()) {
      send(client, answers_[number].head, answers_[number].body);
    } else {
      send(client, ok_, {});
    }
  }

  void serve_list(Client& client, std::uint64_t first) {
    std::size_t from = std::min<std::size_t>(first, list_.starts.size() - 1);
    std::size_t to = std::min(from + list_keys, list_.starts.size() - 1);
    std::string_view contents =
        std::string_view(list_.text).substr(list_.starts[from], list_.starts[to] - list_.starts[from]);
    static constexpr std::string_view start = "<ListBucketResult>", end = "</ListBucketResult>";
    client.head = head_of(start.size() + contents.size() + end.size(), "application/xml");
    client.head += start;
    send(client, client.head, contents);
    client.unsent.push_back({const_cast<char*>(end.data()), end.size()});
  }

  void store(std::uint64_t number, std::string_view body) const {
    std::string name = directory_ + "/" + std::to_string(number);
    std::string unfinished = name + ".new";
    int file = ::open(unfinished.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    bool good = file >= 0 && ::write(file, body.data(), body.size()) == static_cast<ssize_t>(body.size()) &&
                ::fdatasync(file) == 0 && ::rename(unfinished.c_str(), name.c_str()) == 0;
    if (file >= 0) ::close(file);
    if (!good) {
      std::cerr << "minimal_epoll_server: cannot store " << name << "\n";
      std::exit(1);
    }
  }

  static void send(Client& client, std::string_view head, std::string_view body) {
    client.unsent.push_back({const_cast<char*>(head.data()), head.size()});
    if (!body.empty()) client.unsent.push_back({const_cast<char*>(body.data()), body.size()});
  }

  /// Sends what it can; false when the client is gone.
  static bool flush(Client& client) {
    while (client.next_unsent < client.unsent.size()) {
      msghdr message{};
      message.msg_iov = client.unsent.data() + client.next_unsent;
      message.msg_iovlen = client.unsent.size() - client.next_unsent;
      ssize_t sent = ::sendmsg(client.socket, &message, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      for (auto left = static_cast<std::size_t>(sent); left > 0;) {
        iovec& part = client.unsent[client.next_unsent];
        std::size_t taken = std::min(left, part.iov_len);
        part.iov_base = static_cast<char*>(part.iov_base) + taken;
        part.iov_len -= taken;
        left -= taken;
        if (part.iov_len == 0) ++client.next_unsent;
      }
    }
    client.unsent.clear();
    client.next_unsent = 0;
    return true;
  }

  std::vector<Answer> answers_;
  ListText list_;
  std::string directory_;
  std::vector<char> input_;
  const std::string ok_ = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  int listener_;
  int poller_;
};

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  shoal::bench::BenchObjects::Options options;
  std::string directory = shoal::bench::read_options(argc, argv, options, "--files");
  shoal::bench::BenchObjects objects(options);
  shoal::bench::Server(objects, directory).run();
}
