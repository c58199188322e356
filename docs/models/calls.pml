/*
 * Calls (docs/ordering.md; bus M7): each ends in exactly one way, whoever dies and whatever crosses.
 *
 *   K  calls S twice, one call after the other; it may stop waiting at any time (its deadline), which withdraws the call
 *   S  answers each call, or drops it, or gives the reply away to R, or dies
 *   R  answers what it was given, or drops it, or dies
 *
 * K names its calls by tags, and uses a place again for the next call with a new generation, as the library does.
 * A transaction is one step of the broker here (sequencer.pml shows why that may be done). The broker may die too.
 *
 * Variants that must fail, one at a time (-DNAME):
 *   SAME_TAG         the second call has the same tag as the first
 *   SILENT_DEATH     the death of who owes an answer is told to nobody
 *   SILENT_DROP      a reply that is dropped in a message that nobody will read is told to nobody
 *   TWICE            an answer does not use the reply up
 *   WITHDRAWN_KNOWN  the callee is told an error when it answers a call that was withdrawn (it would have to see the caller's clock)
 */

#define K 0
#define S 1
#define R 2

mtype = { call, reply, drop, giveAway, withdraw, died, answer, lost, message };

#ifdef SAME_TAG
#define tagOf(c) 1
#else
#define tagOf(c) (c)
#endif

chan requests[3] = [4] of { mtype, byte };         /* what; which call (its tag, of K's) */
chan items[3] = [6] of { mtype, byte, byte };      /* what; call; tag */

/* The broker: of each call, 1 and 2, who owes the answer (255: nobody) and whether K still waits. */
byte debtor[3];
bool waits[3];
byte tag[3];
bool peerDied[3], brokerDied;
bool refused;                                      /* WITHDRAWN_KNOWN: an honest callee was told an error */

/* The caller's library, and what is only observed. */
byte pending;                                      /* the call that it waits for; 0: none */
byte ended[3];                                     /* how often each call has ended */
bool called[3];
bool mortal[3], brokerMortal;                       /* who dies sooner or later: chosen at the start */
bool hasDeadline;                                  /* whether K gives up some day */

inline push(p, what, c) {
  if
  :: peerDied[p]
  :: else -> items[p]!what, c, tag[c]
  fi
}

inline end(c, what) {
  if
  :: debtor[c] != 255 ->
#ifndef TWICE
    debtor[c] = 255;
#endif
    if
    :: waits[c] ->
#ifndef TWICE
      waits[c] = false;
#endif
      push(K, what, c)
    :: else
#ifdef WITHDRAWN_KNOWN
      -> if :: what == answer -> refused = true :: else fi
#endif
    fi
  :: else
  fi
}

/* What is unread at a peer that ends is dropped, and the replies in it are lost. */
inline endPeer(p) {
  peerDied[p] = true;
  do
  :: items[p]?_, _, _
  :: empty(items[p]) -> break
  od;
#ifndef SILENT_DEATH
  if :: debtor[1] == p -> end(1, lost) :: else fi;
  if :: debtor[2] == p -> end(2, lost) :: else fi
#endif
}

inline carryOut(p) {
  if
  :: what == call ->
    tag[c] = tagOf(c);
    debtor[c] = S;
    waits[c] = true;
    if
    :: peerDied[S] -> end(c, lost)
    :: else -> items[S]!message, c, 0
    fi
  :: what == withdraw -> waits[c] = false
  :: what == reply -> end(c, answer)
  :: what == drop -> end(c, lost)
  :: what == giveAway ->
    if
    :: peerDied[R] ->
#ifndef SILENT_DROP
      end(c, lost)
#else
      debtor[c] = 255
#endif
    :: else -> debtor[c] = R; items[R]!message, c, 0
    fi
  :: what == died -> endPeer(p)
  fi
}

proctype Broker() {
  mtype what; byte c;
end_idle:
  do
  :: d_step { requests[K]?what, c -> carryOut(K) }
  :: d_step { requests[S]?what, c -> carryOut(S) }
  :: d_step { requests[R]?what, c -> carryOut(R) }
  :: brokerMortal -> brokerDied = true; break
  od
}

proctype Caller() {
  mtype what; byte c, t, next = 1;
end_idle:
  do
  :: pending == 0 && next < 3 && !brokerDied ->
    d_step { requests[K]!call, next; called[next] = true; pending = next; next++ }
  :: d_step { items[K]?what, c, t ->
      if
      :: pending != 0 && t == tagOf(pending) ->
        assert(c == pending);                      /* ITS OWN */
        ended[pending]++;
#ifndef TWICE
        pending = 0
#endif
      :: else                                      /* it has crossed with the withdrawal */
      fi
    }
  :: d_step { hasDeadline && pending != 0 && !brokerDied -> requests[K]!withdraw, pending; ended[pending]++; pending = 0 }
  :: d_step { pending != 0 && brokerDied && empty(items[K]) -> ended[pending]++; pending = 0 }     /* disconnected */
  od
}

proctype Callee(byte p) {
  mtype what; byte c, t;
end_idle:
  do
  :: items[p]?what, c, t ->
    if
    :: requests[p]!reply, c
#ifdef TWICE
      ; requests[p]!reply, c
#endif
    :: requests[p]!drop, c
    :: p == S -> requests[p]!giveAway, c
    fi
  :: mortal[p] -> requests[p]!died, 0; break
  od
}

init {
  debtor[1] = 255; debtor[2] = 255;
  if :: mortal[S] = true :: true fi;
  if :: mortal[R] = true :: true fi;
  if :: brokerMortal = true :: true fi;
  if :: hasDeadline = true :: true fi;
  atomic { run Broker(); run Caller(); run Callee(S); run Callee(R) };
  timeout;
  d_step {
    assert(ended[1] <= 1 && ended[2] <= 1);        /* ONCE */
    assert(!called[1] || ended[1] == 1);           /* ENDS */
    assert(!called[2] || ended[2] == 1);           /* ENDS */
    assert(!refused)                               /* HONEST */
  }
}
