/* A pod goes and another one comes: its entry of sluice_endpoints, its port set and its rule are given back and taken by
 * the other (agent/image/plan.cc, placement.cc). The order in which these are written; their words are change.pml's.
 *
 * In the first epoch pod 1 may what port set 1 has; in the second it is gone, and in the third there is pod 2, which
 * may what port set 2 has. The law: a packet of a pod is judged by that pod's own policies or, in an epoch that does not
 * know the pod, perhaps by none. What pod 1 may may hold a while after it is gone, what pod 2 may never.
 * That agents die is in change.pml. BREAK_...: a step is left out. */
#define NEVER 15
#define NONE 0
#define FREE 0
#define TAKEN 1
#define VALID 2
#define WAYS 2

byte epoch = 1;
bit interface[2];                   /* sluice_interfaces: does the pod's lead to the endpoint? */
byte pod, since[2], ruleset[2];     /* the entry of sluice_endpoints */
byte portset;                       /* the slot that both take */
byte state[WAYS], rule[WAYS], rule_since[WAYS]; /* a rule for each pod's rule set: the port set, from an epoch on */
bit under_way[2], awaited[2];

/* A packet at the interface of pod 1 or 2. */
proctype packet(byte whose) {
  byte at, slot, asks, seen, way, may, seen_state[WAYS];
  atomic { at = epoch; under_way[whose - 1] = 1 }
  /* sluice_find_pod() */
  if :: !interface[whose - 1] -> goto unknown :: else fi;
  if :: pod == 0 -> goto unknown :: else fi;
  slot = NEVER;
  d_step { /* sluice_policy_at() */
    if
    :: since[0] <= at && (since[1] > at || since[0] >= since[1]) -> slot = 0
    :: since[1] <= at && (since[0] > at || since[1] > since[0]) -> slot = 1
    :: else
    fi
  }
  if :: slot == NEVER -> goto unknown :: else fi;
  asks = ruleset[slot];
  /* sluice_find_rule() */
  d_step { for (way : 0 .. WAYS - 1) { seen_state[way] = state[way] } }
  d_step {
    way = 0;
    do
    :: way < WAYS && !(seen_state[way] == VALID && rule[way] == asks) -> way++
    :: else -> break
    od
  }
  seen = NONE;
  if
  :: way < WAYS -> seen = (rule_since[way] <= at)
  :: else
  fi;
  may = 0;
  if
  :: seen != NONE -> may = portset /* sluice_portset_holds() */
  :: else
  fi;
  assert(may == 0 || may == whose);
  assert(!(whose == 1 && at == 1) || may == 1);
  assert(!(whose == 2 && at == 3) || may == 2);
  goto done;
unknown:
  assert(!(whose == 1 && at == 1) && !(whose == 2 && at == 3));
done:
  true;
  d_step { under_way[whose - 1] = 0; awaited[whose - 1] = 0 }
}

inline wait_grace() {
  d_step { awaited[0] = under_way[0]; awaited[1] = under_way[1] }
  (!awaited[0] && !awaited[1]);
  d_step { for (way : 0 .. WAYS - 1) { if :: state[way] == TAKEN -> state[way] = FREE :: else fi } way = 0 }
}
inline place_of(wanted) {
  way = 0;
  do
  :: way < WAYS && !(state[way] == VALID && rule[way] == wanted) -> way++
  :: else -> break
  od
}
inline remove(wanted) {
  d_step {
    place_of(wanted);
    if :: way < WAYS -> state[way] = TAKEN :: else fi;
    way = 0
  }
}
/* KernelMaps::store(); a pod that is another one's first has none of its policies. */
inline store(which, whose, from, rules) {
  if
  :: pod != (whose) -> since[0] = NEVER; since[1] = NEVER /* forget_policies() */
  :: else
  fi;
  pod = whose;
  since[which] = NEVER; /* store_policy() */
  ruleset[which] = rules;
  since[which] = from
}
/* From the interface on: nothing of the pod that is gone. */
inline clean_up() {
#ifdef BREAK_NO_GRACE
  true;
#else
  wait_grace();
#endif
  interface[0] = 0; /* interfaces_after */
#ifndef BREAK_NO_GRACE_AFTER_INTERFACES
  wait_grace();
#endif
  remove(1);
  store(0, 0, NEVER, 0); /* endpoints_after */
  store(1, 0, NEVER, 0)
}

proctype agent() {
  byte way;
  epoch = 2; /* flip() */
  clean_up();
  /* release_freed(), and the next change: it takes what was given back. */
  portset = 2;
  d_step {
    do
    :: way < WAYS && state[way] != FREE -> way++
    :: else -> break
    od;
    assert(way < WAYS)
  }
  state[way] = TAKEN;
  d_step { rule[way] = 2; rule_since[way] = 3 }
  d_step { state[way] = VALID; way = 0 }
  store(0, 0, NEVER, 0); /* cleared() */
  store(1, 0, NEVER, 0);
  store(0, 2, 3, 2);
  interface[1] = 1;
  epoch = 3 /* flip() */
}

init {
  atomic {
    interface[0] = 1; pod = 1; since[0] = 1; since[1] = NEVER; ruleset[0] = 1; portset = 1;
    state[0] = VALID; rule[0] = 1; rule_since[0] = 1;
    run packet(1); run packet(2); run agent()
  }
}
