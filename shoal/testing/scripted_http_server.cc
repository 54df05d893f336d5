#include "shoal/testing/scripted_http_server.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shoal/base/text.h"

namespace shoal::testing {
namespace {

std::size_t content_length(const std::string& head) {
  std::string lower = to_lower_ascii(head);
  constexpr std::string_view name = "\r\ncontent-length: ";
  std::size_t at = lower.find(name);
  return at == std::string::npos ? 0 : std::stoul(lower.substr(at + name.size()));
}

/// False at the end of the connection.
bool receive_more(int socket, std::string& received) {
  char buffer[65'536];
  ssize_t bytes = ::recv(socket, buffer, sizeof buffer, 0);
  if (bytes <= 0) return false;
  received.append(buffer, static_cast<std::size_t>(bytes));
  return true;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client has had enough
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

ScriptedHttpServer::ScriptedHttpServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  default_ = {response("500 Internal Server Error", "", "")};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, bytes) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, generic, &bytes) != 0) {
    throw std::runtime_error("no socket to listen on");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

ScriptedHttpServer::~ScriptedHttpServer() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    for (int socket : sockets_) {
      if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
    }
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : serving_) thread.join();
  ::close(listener_);
}

void ScriptedHttpServer::accept() {
  for (;;) {
    int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    std::lock_guard lock(mutex_);
    if (ended_) {
      ::close(socket);
      return;
    }
    std::size_t number = sockets_.size();
    sockets_.push_back(socket);
    serving_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void ScriptedHttpServer::serve(int socket, std::size_t number) {
  std::string received;
  Act act;
  do {
    std::size_t head_end = std::string::npos;
    while ((head_end = received.find("\r\n\r\n")) == std::string::npos) {
      if (!receive_more(socket, received)) break;
    }
    if (head_end == std::string::npos) break;
    Request request{received.substr(0, head_end + 4), "", number};
    received.erase(0, head_end + 4);
    act = next_act();
    std::size_t wanted = act.body_bytes_read.value_or(content_length(request.head));
    while (received.size() < wanted && receive_more(socket, received)) {
    }
    std::size_t taken = std::min(wanted, received.size());
    request.body = received.substr(0, taken);
    received.erase(0, taken);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    send_all(socket, act.bytes);
  } while (act.end == Act::End::keep);
  if (act.end == Act::End::stall) {
    while (receive_more(socket, received)) {
    }
  }
  if (act.end == Act::End::reset) {
    linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  std::lock_guard lock(mutex_);
  ::close(socket);
  sockets_[number] = -1;
}

ScriptedHttpServer::Act ScriptedHttpServer::next_act() {
  std::lock_guard lock(mutex_);
  if (acts_.empty()) return default_;
  Act act = std::move(acts_.front());
  acts_.pop_front();
  return act;
}

void ScriptedHttpServer::add(Act act) {
  std::lock_guard lock(mutex_);
  acts_.push_back(std::move(act));
}

void ScriptedHttpServer::default_act(Act act) {
  std::lock_guard lock(mutex_);
  default_ = std::move(act);
}

std::vector<ScriptedHttpServer::Request> ScriptedHttpServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedHttpServer::connections() const {
  std::lock_guard lock(mutex_);
  return sockets_.size();
}

std::string ScriptedHttpServer::response(std::string_view status, std::string_view headers, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace shoal::testing
