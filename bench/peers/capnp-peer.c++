/*
 * The Cap'n Proto contender: its C++ library, two processes over a Unix socket.
 *
 * Configuration and reason: two-party RPC (capnp/rpc-twoparty.h) on the library's own event loop, with default limits, as its manual has
 * it; one-way messages are streaming calls, which is what the library has for them. A capability that is given on is used through the
 * giver: this version of the library makes no connection between two parties that have none, so the giver's process is on the way.
 *
 * usage: capnp-peer PATH service | owner | taker
 *        capnp-peer PATH client PAYLOAD_BYTES call|stream
 *        capnp-peer TAKER_PATH give OWNER_PATH PAYLOAD_BYTES HANDLES
 * Samples are those of seqpacket-pingpong.c and fd-grant.c, commands those of client-port.h. The first line printed is "ready PID".
 */
extern "C" {
#include "client-port.h"
#include "grant.h"
}
#include "build/peer.capnp.h"
#include <capnp/rpc-twoparty.h>
#include <cstdio>
#include <cstring>
#include <deque>
#include <kj/async-io.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

uint32_t numberOf(capnp::Data::Reader payload) {
  return read_number(payload.begin(), payload.size());
}

/* Runs what may throw on behalf of the driver in C. Returns 0 or -EPROTO, with the reason on standard error. */
template <typename Function> int guarded(Function &&function) {
  KJ_IF_MAYBE (exception, kj::runCatchingExceptions(function)) {
    fprintf(stderr, "capnp-peer: %s\n", exception->getDescription().cStr());
    return -EPROTO;
  }
  return 0;
}

class EchoService final : public Echo::Server {
public:
  kj::Promise<void> echo(EchoContext context) override {
    auto payload = context.getParams().getPayload();
    auto answer = context.getResults(capnp::MessageSize{payload.size() / 8 + 8, 0}).initPayload(payload.size());
    memcpy(answer.begin(), payload.begin(), payload.size());
    answer[0] ^= 1;
    return kj::READY_NOW;
  }

  kj::Promise<void> take(TakeContext context) override {
    auto payload = context.getParams().getPayload();
    counted += is_message(payload.begin(), payload.size(), counted);
    return kj::READY_NOW;
  }

  kj::Promise<void> count(CountContext context) override {
    context.getResults().setCounted(counted);
    return kj::READY_NOW;
  }

private:
  uint32_t counted = 0;
};

class ThingService final : public Thing::Server {
public:
  explicit ThingService(uint32_t index) : index(index) {}

  kj::Promise<void> ask(AskContext context) override {
    auto results = context.getResults();
    results.setNumber(numberOf(context.getParams().getPayload()) ^ 1u);
    results.setIndex(index);
    return kj::READY_NOW;
  }

private:
  const uint32_t index;
};

class OwnerService final : public Owner::Server {
public:
  kj::Promise<void> things(ThingsContext context) override {
    auto list = context.getResults().initThings(context.getParams().getCount());
    for (uint32_t at = 0; at < list.size(); at++) list.set(at, kj::heap<ThingService>(at));
    return kj::READY_NOW;
  }
};

class TakerService final : public Taker::Server {
public:
  kj::Promise<void> take(TakeContext context) override {
    auto params = context.getParams();
    auto given = params.getThings();
    uint32_t count = given.size();
    KJ_REQUIRE(count > 0, "the taker was given nothing");
    auto request = given[numberOf(params.getPayload()) % count].askRequest();
    request.setPayload(params.getPayload());
    return request.send().then([context, count](auto &&answer) mutable {
      uint64_t answeredNs = monotonic_ns();
      // With the parameters go the capabilities.
      context.releaseParams();
      auto results = context.getResults();
      results.setNumber(answer.getNumber());
      results.setIndex(answer.getIndex());
      results.setHandles(count);
      results.setAnsweredNs(answeredNs);
    });
  }
};

/* A connected socket; the library would make one as well, but an open loop has to wait for it with a timer of nanoseconds. */
int connectTo(const char *path) {
  struct sockaddr_un address = {};
  int fd;

  address.sun_family = AF_UNIX;
  KJ_REQUIRE(strlen(path) < sizeof address.sun_path, "the path is too long", path);
  strcpy(address.sun_path, path);
  KJ_SYSCALL(fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  KJ_SYSCALL(connect(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof address));
  return fd;
}

/* One connection and what is offered at its other end. */
struct Connection {
  Connection(kj::AsyncIoContext &io, const char *path)
      : fd(connectTo(path)), stream(io.lowLevelProvider->wrapSocketFd(fd, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP)), client(*stream) {}

  const int fd;
  kj::Own<kj::AsyncIoStream> stream;
  capnp::TwoPartyClient client;
};

class Client final : private kj::TaskSet::ErrorHandler {
public:
  Client(kj::AsyncIoContext &io, const char *path, size_t bytes)
      : io(io), connection(io, path), echo(connection.client.bootstrap().castAs<Echo>()), bytes(bytes), tasks(*this) {}

  /* The connection is made when it has carried something. */
  void connect() { echo.countRequest().send().wait(io.waitScope); }

  void submit(uint32_t number) {
    auto request = echo.echoRequest(requestSize());
    fill(request.initPayload(bytes), number);
    tasks.add(request.send().then(
        [this, number](auto &&answer) {
          auto payload = answer.getPayload();
          end(number, is_answer(payload.begin(), payload.size(), bytes, number) ? ANSWERED : WRONG);
        },
        [this, number](kj::Exception &&) { end(number, FAILED); }));
  }

  void collect(uint64_t untilNs, struct completions *ended) {
    if (untilNs == UNTIL_ANSWERED) {
      while (done.size() == 0) {
        auto some = kj::newPromiseAndFulfiller<void>();
        fulfiller = kj::mv(some.fulfiller);
        some.promise.wait(io.waitScope);
      }
    }
    // The library's timers know milliseconds only.
    io.waitScope.poll();
    while (done.size() == 0 && untilNs != 0 && wait_readable(connection.fd, untilNs) == 1) io.waitScope.poll();
    size_t count = kj::min(done.size(), size_t(COMPLETIONS_MAX));
    for (size_t at = 0; at < count; at++) complete(ended, done[at].number, done[at].outcome);
    if (count == done.size()) {
      done.clear();
    } else {
      kj::Vector<End> rest;
      rest.addAll(done.slice(count, done.size()));
      done = kj::mv(rest);
    }
  }

  /* Parts of a stream, each with a question behind it. */
  void sendPart() {
    for (uint32_t left = stream_part(bytes); left > 0; left--) sendOne(sentMessages++);
    answers.push_back(echo.countRequest().send());
  }

  uint32_t awaitPart() {
    uint32_t counted = answers.front().wait(io.waitScope).getCounted();
    answers.pop_front();
    return counted;
  }

private:
  struct End {
    uint32_t number;
    enum outcome outcome;
  };

  capnp::MessageSize requestSize() const { return {bytes / 8 + 16, 0}; }

  void fill(capnp::Data::Builder payload, uint32_t number) { stamp(payload.begin(), payload.size(), number); }

  void sendOne(uint32_t number) {
    auto request = echo.takeRequest(requestSize());
    fill(request.initPayload(bytes), number);
    // The library says when the next may go.
    request.send().wait(io.waitScope);
  }

  void end(uint32_t number, enum outcome outcome) {
    done.add(End{number, outcome});
    if (fulfiller.get() != nullptr) fulfiller->fulfill();
  }

  void taskFailed(kj::Exception &&exception) override { kj::throwFatalException(kj::mv(exception)); }

  kj::AsyncIoContext &io;
  Connection connection;
  Echo::Client echo;
  const size_t bytes;
  kj::Vector<End> done;
  kj::Own<kj::PromiseFulfiller<void>> fulfiller;
  uint32_t sentMessages = 0;
  /* To the questions of a stream that have not been waited for. */
  std::deque<kj::Promise<capnp::Response<Echo::CountResults>>> answers;
  kj::TaskSet tasks;
};

class Giver {
public:
  Giver(kj::AsyncIoContext &io, const char *takerPath, const char *ownerPath, size_t bytes, uint32_t count)
      : io(io), toTaker(io, takerPath), toOwner(io, ownerPath), taker(toTaker.client.bootstrap().castAs<Taker>()), bytes(bytes) {
    auto request = toOwner.client.bootstrap().castAs<Owner>().thingsRequest();
    request.setCount(count);
    auto response = request.send().wait(io.waitScope);
    for (auto thing : response.getThings()) things.add(thing);
  }

  void run(uint64_t endNs, struct samples *samples) {
    for (uint64_t start = monotonic_ns(); block_goes_on(samples, start, endNs); start = monotonic_ns()) {
      uint32_t sent = ++number;
      auto answer = give(sent);
      bool isRight = answer.getNumber() == (sent ^ 1u) && answer.getIndex() == sent % things.size() &&
                     answer.getHandles() == things.size();
      samples->violations += !isRight;
      add_sample(samples, answer.getAnsweredNs() - start);
    }
  }

private:
  capnp::Response<Taker::TakeResults> give(uint32_t sent) {
    auto request = taker.takeRequest();
    memcpy(request.initPayload(bytes).begin(), &sent, sizeof sent);
    auto list = request.initThings(things.size());
    for (size_t at = 0; at < things.size(); at++) list.set(at, things[at]);
    return request.send().wait(io.waitScope);
  }

  kj::AsyncIoContext &io;
  Connection toTaker;
  Connection toOwner;
  Taker::Client taker;
  const size_t bytes;
  kj::Vector<Thing::Client> things;
  uint32_t number = 0;
};

int submitCall(void *context, uint32_t number) {
  return guarded([&]() { static_cast<Client *>(context)->submit(number); });
}

int collectCalls(void *context, uint64_t untilNs, struct completions *ended) {
  return guarded([&]() { static_cast<Client *>(context)->collect(untilNs, ended); });
}

int sendPart(void *context) {
  return guarded([&]() { static_cast<Client *>(context)->sendPart(); });
}

int awaitPart(void *context, uint32_t *counted) {
  return guarded([&]() { *counted = static_cast<Client *>(context)->awaitPart(); });
}

int giveThings(void *context, uint64_t endNs, struct samples *samples) {
  return guarded([&]() { static_cast<Giver *>(context)->run(endNs, samples); });
}

int runClient(const char *path, const char *bytes, bool isStream) {
  static const struct pipelined calls = {submitCall, collectCalls};
  static const struct batches batches = {sendPart, awaitPart};
  size_t payloadBytes = isStream ? message_bytes(bytes) : payload_bytes(bytes);
  KJ_REQUIRE(payloadBytes != 0, "the payload is too large");
  auto io = kj::setupAsyncIo();
  Client client(io, path, payloadBytes);
  client.connect();
  say_ready_alone();
  return isStream ? serve_stream(&batches, &client, payloadBytes) : serve_pipelined(&calls, &client);
}

int runGiver(const char *takerPath, const char *ownerPath, const char *bytes, const char *handles) {
  size_t payloadBytes = payload_bytes(bytes);
  KJ_REQUIRE(payloadBytes != 0, "the payload is too large");
  auto io = kj::setupAsyncIo();
  Giver giver(io, takerPath, ownerPath, payloadBytes, strtoul(handles, NULL, 10));
  say_ready_alone();
  return serve_commands(giveThings, &giver);
}

int runService(const char *path, capnp::Capability::Client offered) {
  if (end_with_input() != 0) return 1;
  auto io = kj::setupAsyncIo();
  capnp::TwoPartyServer server(kj::mv(offered));
  auto address = io.provider->getNetwork().parseAddress(kj::str("unix:", path)).wait(io.waitScope);
  auto listener = address->listen();
  say_ready_alone();
  server.listen(*listener).wait(io.waitScope);
  return 0;
}

int run(int argc, char **argv) {
  std::string role = argc >= 3 ? argv[2] : "";
  if (argc == 3 && role == "service") return runService(argv[1], kj::heap<EchoService>());
  if (argc == 3 && role == "owner") return runService(argv[1], kj::heap<OwnerService>());
  if (argc == 3 && role == "taker") return runService(argv[1], kj::heap<TakerService>());
  if (argc == 5 && role == "client") return runClient(argv[1], argv[3], std::string(argv[4]) == "stream");
  if (argc == 6 && role == "give") return runGiver(argv[1], argv[3], argv[4], argv[5]);
  fprintf(stderr,
          "usage: %s PATH service|owner|taker | PATH client PAYLOAD_BYTES call|stream | TAKER_PATH give OWNER_PATH PAYLOAD_BYTES HANDLES\n",
          argv[0]);
  return 2;
}

} // namespace

int main(int argc, char **argv) {
  int r = 0;
  die_with_parent(getppid());
  KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&]() { r = run(argc, argv); })) {
    fprintf(stderr, "capnp-peer: %s\n", exception->getDescription().cStr());
    return 1;
  }
  return r < 0 ? 1 : r;
}
