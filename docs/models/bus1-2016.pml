/*
 * The ordering algorithm of Bus1 in its version of 2016, in the scenario that breaks its own sentence (docs/ordering.md, bus O4).
 *
 * Each queue has a clock. A transaction is staged in the queue of each destination, one after the other, with an odd key; then it
 * takes its time stamp from the clock of its origin; then the clocks of the destinations are raised to the stamp; then the items get
 * the stamp, which is even, as their key. A receiver takes the item with the smallest key if that key is even. Each step is done under
 * the lock of one queue, so others come between any two steps.
 *
 *   A sends T to X; when that send has returned, A tells B; B sends U to Y.    C multicasts M to X and Y, meanwhile.
 *
 * Fails as it is. Passes with
 *   -DWAITS   a send returns only when none of its items stands behind a staged one
 *   -DRECEIPT X tells B when it has received T, instead of A when its send has returned
 */

#define T 0
#define U 1
#define M 2

#define X 0
#define Y 1
#define A 2
#define B 3
#define C 4

byte clock[5];
bool queued[6];
byte key[6];
byte seen[6];
byte places[2];
byte delivered;
chan beside = [1] of { bit };
bool before[9];

#define at(q, t) ((q) * 3 + (t))
#define precedes(t, u) before[(t) * 3 + (u)]
#define behind(q, t, u) (!queued[at(q, u)] || key[at(q, u)] > key[at(q, t)] || (key[at(q, u)] == key[at(q, t)] && (u) > (t)))
#define isFirst(q, t) (queued[at(q, t)] && key[at(q, t)] % 2 == 0 && ((t) == T || behind(q, t, T)) && ((t) == U || behind(q, t, U)) && ((t) == M || behind(q, t, M)))
#define noneStaged(q, t) (!(queued[at(q, M)] && key[at(q, M)] % 2 == 1 && key[at(q, M)] < key[at(q, t)]))

inline stage(q, t) {
  d_step {
    if :: clock[q] < stamp -> clock[q] = stamp :: else -> stamp = clock[q] fi;
    queued[at(q, t)] = true;
    key[at(q, t)] = stamp + 1
  }
}

inline tick(origin) {
  d_step {
    if :: clock[origin] < stamp -> clock[origin] = stamp :: else fi;
    clock[origin] = clock[origin] + 2;
    stamp = clock[origin]
  }
}

inline synchronise(q) {
  d_step { if :: clock[q] < stamp -> clock[q] = stamp :: else fi }
}

inline commit(q, t) {
  key[at(q, t)] = stamp
}

proctype SenderA() {
  byte stamp;
  stage(X, T); tick(A); synchronise(X); commit(X, T);
#ifdef WAITS
  !queued[at(X, T)] || noneStaged(X, T);
#endif
#ifndef RECEIPT
  beside!1
#endif
}

proctype SenderB() {
  byte stamp;
  beside?1;
  stage(Y, U); tick(B); synchronise(Y); commit(Y, U)
}

proctype SenderC() {
  byte stamp;
  stage(X, M); stage(Y, M); tick(C);
  synchronise(X); synchronise(Y);
  commit(X, M); commit(Y, M)
}

inline take(q, t) {
  queued[at(q, t)] = false; places[q]++; seen[at(q, t)] = places[q]; delivered++
}

proctype Receiver(byte q) {
  do
  :: d_step { isFirst(q, T) -> take(q, T) }
#ifdef RECEIPT
    beside!1
#endif
  :: d_step { isFirst(q, U) -> take(q, U) }
  :: d_step { isFirst(q, M) -> take(q, M) }
  :: delivered == 4 -> break
  od
}

init {
  byte i, j, k, q;
  atomic {
    clock[A] = 6;                          /* A has been busy: its stamps are ahead of those of the others */
    run SenderA(); run SenderB(); run SenderC(); run Receiver(X); run Receiver(Y)
  };
  _nr_pr == 1;
  d_step {
    for (q : 0 .. 1) {
      for (i : 0 .. 2) {
        for (j : 0 .. 2) {
          if
          :: seen[at(q, i)] != 0 && seen[at(q, i)] < seen[at(q, j)] -> precedes(i, j) = true
          :: else
          fi
        }
      }
    }
    precedes(T, U) = true;                 /* B was told of T before it sent U */
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
    assert(!precedes(T, T) && !precedes(U, U) && !precedes(M, M))     /* ONE ORDER */
  }
}
