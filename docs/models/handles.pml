/*
 * The life of handles to one node (docs/ordering.md; bus N3, N5, M4, M5, T1, T2, T3).
 *
 *   O  owns the node, gives it to P up to twice, and may destroy it
 *   P  may give it to Q up to twice, may send to it, and may release what it has; it may die at any step
 *   Q  may send to it and release what it has
 *
 * A transaction is one step of the broker here: that transactions may be taken for that is what sequencer.pml shows. What is in the
 * channels is under way, so that everything can cross with everything.
 *
 * Variants that must fail, one at a time (-DNAME):
 *   RELEASE_ALL     a release takes everything away, an arrival that crosses with it too, instead of what was counted
 *   RELEASE_FIRST   releases overtake what was sent on the handle before
 *   GONE_FIRST      `node gone` overtakes the messages before it
 *   DEAD_AS_VALID   a handle whose node is gone arrives as if it were alive, at a peer that gets no `node gone`
 *   GONE_TWICE      `node gone` is also told to a holder each time a handle to the dead node arrives
 *   UNUSED_BLIND    the owner believes each `node unused`, without looking whether it has given the node away meanwhile
 *   UNUSED_ONCE     `node unused` is told only the first time
 */

#define O 0
#define P 1
#define Q 2

mtype = { give, send, release, destroy, died, handle, invalid, gone, unused };

chan requests[3] = [4] of { mtype, byte, byte };   /* what; to whom; how many */
chan items[3] = [6] of { mtype, byte };            /* what; transfers seen, of `unused` */
#ifdef RELEASE_FIRST
chan releases[3] = [2] of { byte };
#endif
#ifdef GONE_FIRST
chan urgent[3] = [3] of { mtype, byte };
#endif

/* The broker. */
bool alive = true;
bool peerDied[3];
byte held[3];
byte transfers;                                    /* by the owner */
bool toldUnused;

/* The libraries. */
byte has[3];                                     /* what each peer believes to hold */
bool knowsGone[3];
byte given;                                        /* transfers by the owner, as it counts them */
bool believesUnused = true;

/* -------------------------------------------------------------------------------------------------------------- broker */

inline push(p, what, number) {
  if
  :: peerDied[p]
  :: else -> items[p]!what, number
  fi
}

inline pushGone(p) {
#ifdef GONE_FIRST
  if
  :: peerDied[p]
  :: else -> urgent[p]!gone, 0
  fi
#else
  push(p, gone, 0)
#endif
}

inline checkUnused() {
  if
  :: alive && held[P] == 0 && held[Q] == 0 ->
#ifdef UNUSED_ONCE
    if :: !toldUnused -> push(O, unused, transfers) :: else fi;
#else
    push(O, unused, transfers);
#endif
    toldUnused = true
  :: else
  fi
}

inline carryOut(p) {
  if
  :: what == give ->
    assert(p == O || held[p] > 0 || !alive);       /* KNOWN: nobody is refused what it has got and not given back */
    if :: p == O && alive -> transfers++ :: else fi;
    if
    :: peerDied[whom] -> checkUnused()             /* the message is dropped, and the handle in it */
    :: !peerDied[whom] && alive -> held[whom]++; items[whom]!handle, 0
    :: !peerDied[whom] && !alive ->
#ifdef DEAD_AS_VALID
      items[whom]!handle, 0
#else
#ifdef GONE_TWICE
      items[whom]!invalid, 0; items[whom]!gone, 0
#else
      items[whom]!invalid, 0
#endif
#endif
    fi
  :: what == send ->
    assert(held[p] > 0 || !alive)                  /* KNOWN */
  :: what == release ->
    if
    :: alive ->
#ifdef RELEASE_ALL
      held[p] = 0;
#else
      assert(many <= held[p]);                     /* COUNTED */
      held[p] = held[p] - many;
#endif
      checkUnused()
    :: else
    fi
  :: what == destroy ->
    alive = false;
    if :: held[P] > 0 -> pushGone(P) :: else fi;
    if :: held[Q] > 0 -> pushGone(Q) :: else fi
  fi
}

inline end(p) {
  d_step {
    peerDied[p] = true;
    held[p] = 0;
    do
    :: items[p]?what, many                         /* what it had not read is dropped */
    :: empty(items[p]) -> break
    od;
    checkUnused()
  }
}

proctype Broker() {
  mtype what; byte whom, many;
end_idle:
  do
  :: d_step { requests[O]?what, whom, many -> carryOut(O) }
  :: d_step { requests[P]?what, whom, many -> if :: what == died -> skip :: else -> carryOut(P) fi };
    if :: what == died -> end(P) :: else fi
  :: d_step { requests[Q]?what, whom, many -> carryOut(Q) }
#ifdef RELEASE_FIRST
  :: d_step { releases[P]?many -> what = release; carryOut(P) }
  :: d_step { releases[Q]?many -> what = release; carryOut(Q) }
#endif
  od
}

/* ----------------------------------------------------------------------------------------------------------- libraries */

inline learnGone(p) {
  if
  :: has[p] > 0 -> assert(!knowsGone[p]); knowsGone[p] = true      /* GONE ONCE */
  :: else                                          /* it was released meanwhile: nobody is interested */
  fi
}

inline receive(p) {
  if
  :: what == handle -> assert(!knowsGone[p]); has[p]++             /* NOTHING AFTER */
  :: what == invalid
  :: what == gone -> learnGone(p)
  fi
}

#define canUse(p) (has[p] > 0 && !knowsGone[p])

inline giveBack(p) {
#ifdef RELEASE_FIRST
  releases[p]!has[p];
#else
  requests[p]!release, 0, has[p];
#endif
  has[p] = 0
}

proctype Owner() {
  mtype what; byte seen, gifts = 2;
  bool resting;
end_idle:
  do
  :: d_step { items[O]?what, seen ->
      assert(what == unused);
#ifdef UNUSED_BLIND
      believesUnused = true
#else
      if :: seen == given -> believesUnused = true :: else fi
#endif
    }
  :: !resting && gifts > 0 ->
    d_step { requests[O]!give, P, 0; gifts--; given++; believesUnused = false }
  :: !resting -> resting = true
  :: !resting -> d_step { requests[O]!destroy, 0, 0; resting = true }
  od
}

proctype Holder(byte p) {
  mtype what; byte number, sends = 1, gifts = 2, releasings = 2;
  bool resting;
end_idle:
  do
  :: d_step { items[p]?what, number -> receive(p) }
#ifdef GONE_FIRST
  :: d_step { urgent[p]?what, number -> receive(p) }
#endif
  :: !resting && p == P && gifts > 0 && canUse(p) -> d_step { requests[p]!give, Q, 0; gifts-- }
  :: !resting && sends > 0 && canUse(p) -> d_step { requests[p]!send, 0, 0; sends-- }
  :: !resting && releasings > 0 && canUse(p) -> d_step { giveBack(p); releasings-- }
  :: !resting -> resting = true
  :: !resting && p == P -> requests[p]!died, 0, 0; has[p] = 0; break
  od
}

init {
  atomic { run Broker(); run Owner(); run Holder(P); run Holder(Q) };
  timeout;                                         /* everything that was under way has arrived */
  d_step {
    assert(alive || has[P] == 0 || knowsGone[P]);                  /* NOT SILENT */
    assert(alive || has[Q] == 0 || knowsGone[Q]);                      /* NOT SILENT */
    assert(!alive || has[P] == held[P]);                           /* COUNTS */
    assert(!alive || has[Q] == held[Q]);                               /* COUNTS */
    assert(!alive || believesUnused == (held[P] == 0 && held[Q] == 0))    /* UNUSED */
  }
}
