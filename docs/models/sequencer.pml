/*
 * The order of the bus: one sequencer, and peers that send, receive, tell each other things beside the bus, and die, as may the
 * broker (docs/ordering.md has the properties and what they mean).
 *
 *   C  multicasts M to X and Y
 *
 * and, with -DCOMPLETION:
 *   A  sends T to X; when that send has completed, A tells B beside the bus
 *   B  sends U to Y when it was told, or by itself
 *
 * or else (a cause by receipt):
 *   A  multicasts T to X and Y
 *   B  multicasts U to X and Y when X has told it beside the bus that M was received, or by itself
 *
 * With -DDEATHS each of them may die at any step. Everything else is concurrent. The broker's steps are not atomic: what makes the order is only that it finishes one transaction
 * before it begins the next.
 *
 * Variants that must fail, one at a time (-DNAME):
 *   ACK_AT_WRITE  a send is complete when its bytes are written
 *   NO_SEQUENCER  two workers take requests and fill the queues, each at its own pace
 *   STAGED        a multicast is put into one queue, and other requests are taken before it is put into the next
 *   TWO_STREAMS   multicasts come to a receiver beside its other items, on a stream of their own
 *   HALF_SENT     a multicast may be accepted although one of its receivers was left out
 */

#define T 0
#define U 1
#define M 2

#define A 0
#define B 1
#define C 2

#define X 0
#define Y 1

#ifdef COMPLETION
#define toX(t) ((t) != U)
#define toY(t) ((t) != T)
#else
#define toX(t) true
#define toY(t) true
#endif

chan requests[3] = [1] of { byte };        /* what the kernel holds of each sender's connection */
chan accepted[3] = [1] of { byte };        /* the acknowledgement, with its number */
chan items[2] = [3] of { byte, byte };     /* transaction and number */
#ifdef TWO_STREAMS
chan casts[2] = [3] of { byte, byte };
#define drained(r) (empty(items[r]) && empty(casts[r]))
#else
#define drained(r) empty(items[r])
#endif
#ifdef NO_SEQUENCER
#define brokers 2
#else
#define brokers 1
#endif
chan beside = [1] of { bit };              /* what B is told */

bool brokerDied;
byte brokersDone, sendersDone;
bool receiverDied[2];
byte order;                                /* the sequencer's number */
byte staged = 255;                         /* STAGED: what is still to be put into Y's queue */
byte stagedNumber;

/* What is only observed: nobody in the model acts on it. */
byte number[3];                            /* of each transaction; 0: none yet */
byte seen[6];                              /* at which place each receiver saw each transaction, from 1; 0: not */
byte places[2];
bool acknowledged[3];
bool caused;                               /* T completed (or M was received) before U was sent */
bool before[9];

#define place(r, t) seen[(r) * 3 + (t)]
#define precedes(t, u) before[(t) * 3 + (u)]

/* ------------------------------------------------------------------------------------------------------------- senders */

inline send(s, t) {
  requests[s]!t;
#ifdef ACK_AT_WRITE
  completed = true
#else
  if
  :: d_step {
    accepted[s]?n ->
      completed = true;
      acknowledged[t] = true;
      assert(n == number[t])               /* ANSWER */
    }
  :: brokerDied && empty(accepted[s])
  fi
#endif
}

/* A, and C: it sends, or dies before, or between sending and learning. */
proctype Sender(byte s; byte t) {
  byte n; bool completed;
  if
  :: send(s, t)
#ifdef DEATHS
  :: requests[s]!t
  :: true
#endif
  fi;
#ifdef COMPLETION
  if
  :: s == A && completed -> beside!1
  :: else
  fi;
#endif
  sendersDone++
}

proctype Told() {
  byte n; bool completed;
  if
  :: d_step { beside?1 -> caused = true }
  :: true
  fi;
  send(B, U);
  sendersDone++
}

/* -------------------------------------------------------------------------------------------------------------- broker */

inline put(r) {
  if
  :: receiverDied[r]
#ifdef TWO_STREAMS
  :: !receiverDied[r] && toX(t) && toY(t) && t == M -> casts[r]!t, n
  :: !receiverDied[r] && t != M -> items[r]!t, n
#else
  :: !receiverDied[r] -> items[r]!t, n
#endif
  fi
}

inline mayDie() {
#ifdef DEATHS
  if
  :: true
  :: brokerDied = true; goto end
  fi
#else
  skip
#endif
}

inline sequence(s) {
  if :: toX(t) -> put(X) :: else fi;
#ifdef STAGED
  if
  :: toX(t) && toY(t) && staged == 255 -> d_step { staged = t; stagedNumber = n }
  :: else -> if :: toY(t) -> put(Y) :: else fi
  fi;
#else
#ifdef HALF_SENT
  if
  :: toY(t) -> put(Y)
  :: toX(t)
  fi;
#else
  mayDie();                                /* in the middle of a transaction */
  if :: toY(t) -> put(Y) :: else fi;
#endif
#endif
  mayDie();                                /* nobody will learn that it was accepted */
  accepted[s]!n
}

inline take(s) {
  requests[s]?t; order++; number[t] = order; n = order
}

proctype Broker() {
  byte t, n;
  do
  :: d_step { take(A) } -> sequence(A)
  :: d_step { take(B) } -> sequence(B)
  :: d_step { take(C) } -> sequence(C)
#ifdef STAGED
  :: staged != 255 -> t = staged; n = stagedNumber; staged = 255; put(Y)
#endif
#ifdef DEATHS
  :: brokerDied = true; break
#endif
  :: sendersDone == 3 && staged == 255 && empty(requests[A]) && empty(requests[B]) && empty(requests[C]) -> break
  od;
end:
  brokersDone++
}

/* ----------------------------------------------------------------------------------------------------------- receivers */

inline deliver() {
  assert(place(r, t) == 0);                /* ONCE */
  assert(number[t] == n);                  /* ONE NUMBER */
  places[r]++;
  place(r, t) = places[r]
}

inline tell() {
#ifndef COMPLETION
  if
  :: r == X && t == M -> beside!1
  :: else
  fi
#else
  skip
#endif
}

proctype Receiver(byte r) {
  byte t, n;
  do
  :: d_step { items[r]?t, n -> deliver() } -> tell()
#ifdef TWO_STREAMS
  :: d_step { casts[r]?t, n -> deliver() } -> tell()
#endif
#ifdef DEATHS
  :: receiverDied[r] = true; break
#endif
  :: brokerDied -> break                   /* and what the broker had not written is lost */
  :: brokersDone == brokers && drained(r) -> break
  od
}

/* ------------------------------------------------------------------------------------------------------------ the check */

inline observe(r) {
  for (i : 0 .. 2) {
    for (j : 0 .. 2) {
      if
      :: place(r, i) != 0 && place(r, j) != 0 && place(r, i) < place(r, j) ->
        precedes(i, j) = true;
        rising = rising && number[i] < number[j]
      :: else
      fi
    }
  }
}

init {
  byte i, j, k;
  bool rising = true;
  atomic {
    run Sender(A, T); run Told(); run Sender(C, M);
    run Broker();
#ifdef NO_SEQUENCER
    run Broker();
#endif
    run Receiver(X); run Receiver(Y)
  };
  _nr_pr == 1;                             /* END: whoever waits for ever shows up as an invalid end state */
  d_step {
    observe(X);
    observe(Y);
#ifdef COMPLETION
    if :: caused -> precedes(T, U) = true :: else fi;
#else
    if :: caused -> precedes(M, U) = true :: else fi;
#endif
    for (k : 0 .. 2) {
      for (i : 0 .. 2) {
        for (j : 0 .. 2) {
          if
          :: precedes(i, k) && precedes(k, j) -> precedes(i, j) = true
          :: else
          fi
        }
      }
    }
    assert(!precedes(T, T) && !precedes(U, U) && !precedes(M, M));    /* ONE ORDER */
#if !defined(STAGED) && !defined(NO_SEQUENCER) && !defined(TWO_STREAMS)
    assert(rising);                        /* INCREASING; left out where ONE ORDER has to find it by itself */
#endif
#ifndef COMPLETION
    /* Who got the effect got the cause before it. */
    assert(!caused || place(X, U) == 0 || (place(X, M) != 0 && place(X, M) < place(X, U)));    /* NO GAP */
    assert(!caused || place(Y, U) == 0 || (place(Y, M) != 0 && place(Y, M) < place(Y, U)));    /* NO GAP */
#endif
    if
    :: !brokerDied && !receiverDied[X] && !receiverDied[Y] ->
      /* Nobody has died: nothing is lost. */
      assert((place(X, M) == 0) == (place(Y, M) == 0));        /* ALL OR NONE */
      assert(!acknowledged[T] || place(X, T) != 0);            /* NOT LOST */
      assert(!acknowledged[U] || place(Y, U) != 0);            /* NOT LOST */
      assert(!acknowledged[M] || place(Y, M) != 0)             /* NOT LOST */
    :: else
    fi
  }
}
