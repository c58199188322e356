# The interfaces of the Cap'n Proto contender (capnp-peer.c++): a call that returns its payload, one-way messages with the streaming that
# the library has for them, and a capability given to a third party (grant.h).
@0xd0f8fc87e5764724;

interface Echo {
  echo @0 (payload :Data) -> (payload :Data);
  take @1 (payload :Data) -> stream;
  # How many messages have come in the order of their numbers.
  count @2 () -> (counted :UInt32);
}

interface Thing {
  ask @0 (payload :Data) -> (number :UInt32, index :UInt32);
}

interface Owner {
  things @0 (count :UInt32) -> (things :List(Thing));
}

interface Taker {
  take @0 (payload :Data, things :List(Thing))
      -> (number :UInt32, index :UInt32, handles :UInt32, answeredNs :UInt64);
}
