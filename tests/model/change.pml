/* The law of change (docs/design.md): one agent that brings a node from one policy state to the next, dies anywhere and
 * starts again, and packets on CPUS processors, each a step at a time.
 *
 * A policy state is what packets meet of a pod and an address: the pod's rule set, the address's identity, and the port
 * set that the rule of both allows (0: there is no rule). A packet has to see all three of the state of the epoch that
 * it read, whatever is written meanwhile.
 *
 * Options: CPUS, CHANGES (flips), DEATHS, FAILURES (writes that fail). GROWS: the table of rules may grow.
 * RECENT: a CPU remembers its last verdict. WHOLE: a function is one step, and says its name: what replay_test.cc
 * replays on the code. BREAK_...: a step of the law is left out: each has to lead to a counterexample. */
#ifndef CPUS
#define CPUS 1
#endif
#ifndef CHANGES
#define CHANGES 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef FAILURES
#define FAILURES 0
#endif

#if defined(WHOLE) || defined(COARSE)
#define FUNCTION atomic
#else
#define FUNCTION
#endif
#ifdef WHOLE
#define SAY(text) printf(text)
#define SAY1(text, a) printf(text, a)
#define SAY2(text, a, b) printf(text, a, b)
#define SAY3(text, a, b, c) printf(text, a, b, c)
#else
#define SAY(text) skip
#define SAY1(text, a) skip
#define SAY2(text, a, b) skip
#define SAY3(text, a, b, c) skip
#endif

#define NEVER 15     /* SLUICE_NEVER */
#define NONE 0       /* SLUICE_REF_NONE: no rule. Else a port set's slot + 1 */
#define FREE 0       /* SLUICE_WAY_... */
#define TAKEN 1
#define VALID 2
#define WAYS 3
#define RULE(ruleset, identity) ((ruleset) * 2 + (identity))

/* ---- the maps. They outlive the agent. */

byte epoch = 1;                 /* sluice_config.epoch */
byte portset[2];                /* sluice_portsets: what a slot holds */
byte since[2], ruleset[2];      /* sluice_endpoint.policy */
#ifdef GROWS
#define ARRAYS 2
bit shape;                      /* sluice_config.table: which array packets read */
bit there[2];                   /* sluice_policy_tables has it */
#else
#define ARRAYS 1
#define shape 0
#endif
#define AT(array, way) (1 + (array) * WAYS + (way))
byte state[1 + WAYS * ARRAYS], rule[1 + WAYS * ARRAYS];
/* Facts: from which epoch on which of two values holds, in one word, and the values. The first is the address's. */
#define ADDRESS 0
byte fact_since[1 + WAYS * ARRAYS], fact_value[2 + 2 * WAYS * ARRAYS];
bit fact_which[1 + WAYS * ARRAYS];

/* ---- what only the model knows */

#if !defined(RECENT) && !defined(WHOLE)
#define ONE_PACKET /* at any time: each is any one */
#else
bit over;
#endif

typedef Image { byte ruleset, identity, ports };
Image image_of[2];              /* by an epoch's last bit: what its packets have to see */
bit under_way[CPUS], awaited[CPUS];



#define SIDE(fact, of) ((of) >= fact_since[fact] -> fact_which[fact] : 1 - fact_which[fact]) /* sluice_fact_side() */

/* ---- a packet */

proctype cpu(byte me) {
  byte at, seen_since, slot, seen_rule, seen, way, seen_state[WAYS];
  bit array, side;
#ifdef RECENT
  byte recent_epoch[2], recent_ports[2];
#endif
#ifdef WHOLE
  bit protocol;
#else
#define protocol 0
#endif
  Image sees;
  do
#ifdef ONE_PACKET
  :: true ->
#else
  :: over -> break
  :: !over ->
#endif
    FUNCTION {
#ifdef WHOLE
      if :: protocol = 0 :: protocol = 1 fi;
#endif
      atomic { at = epoch; under_way[me] = 1 }
      SAY2("> cpu%d sluice_path %d\n", me, protocol)
    }
    FUNCTION { /* sluice_policy_at() is the end of it */
      SAY1("> cpu%d sluice_find_pod\n", me);
      seen_since = since[0];
      if
      :: seen_since > at -> slot = 1
      :: else -> slot = (since[1] <= at && since[1] > seen_since -> 1 : 0)
      fi
    }
#ifdef RECENT
    FUNCTION {
      SAY1("> cpu%d sluice_judge_cached\n", me);
#ifdef BREAK_RECENT_OF_ANY_EPOCH
      if :: recent_epoch[protocol] != 0 -> sees.ports = recent_ports[protocol]; goto verdict
#else
      if :: recent_epoch[protocol] == at -> sees.ports = recent_ports[protocol]; goto verdict
#endif
      :: else
      fi
    }
#endif
    FUNCTION {
      SAY1("> cpu%d sluice_identify\n", me);
#ifdef BREAK_EPOCH_READ_TWICE
      at = epoch
#endif
    }
    FUNCTION {
      SAY1("> cpu%d sluice_fact_at\n", me);
      side = SIDE(ADDRESS, at);
      sees.identity = fact_value[side]
    }
    FUNCTION { /* sluice_table_value2() is the most of it */
      SAY1("> cpu%d sluice_find_rule\n", me);
      sees.ruleset = ruleset[slot];
      seen_rule = RULE(sees.ruleset, sees.identity);
      array = shape;
#ifdef GROWS
      if :: !there[array] -> way = WAYS; goto found :: else fi;
#endif
      d_step { /* all states of a bucket stand in one word */
        for (way : 0 .. WAYS - 1) { seen_state[way] = state[AT(array, way)] }
      }
      d_step {
        way = 0;
        do
        :: way < WAYS && !(seen_state[way] == VALID && rule[AT(array, way)] == seen_rule) -> way++
        :: else -> break
        od
      }
    }
#ifdef GROWS
found:
#endif
    seen = NONE;
    if
    :: way < WAYS ->
      FUNCTION {
        SAY1("> cpu%d sluice_fact_at\n", me);
        side = SIDE(AT(array, way), at);
        seen = fact_value[2 * AT(array, way) + side]
      }
    :: else
    fi;
    sees.ports = 0;
    if
    :: seen != NONE ->
      FUNCTION { SAY1("> cpu%d sluice_portset_holds\n", me); sees.ports = portset[seen - 1] }
    :: else
    fi;
    assert(sees.ruleset == image_of[at & 1].ruleset);
    assert(sees.identity == image_of[at & 1].identity);
#ifdef RECENT
    d_step { recent_epoch[protocol] = at; recent_ports[protocol] = sees.ports }
verdict:
#endif
    assert(sees.ports == image_of[at & 1].ports);
    d_step {
      SAY2("> cpu%d verdict %d\n", me, (sees.ports == protocol + 1));
      under_way[me] = 0; awaited[me] = 0;
      at = 0; seen_since = 0; slot = 0; seen_rule = 0; seen = 0; way = 0; side = 0; array = 0;
      sees.ruleset = 0; sees.identity = 0; sees.ports = 0;
      for (way : 0 .. WAYS - 1) { seen_state[way] = 0 }
      way = 0
    }
#ifdef ONE_PACKET
    ;
    break
#endif
  od
}

/* ---- the agent */

#define MAY_DIE if :: deaths < DEATHS -> deaths++; SAY("> agent dies\n"); goto start :: true fi
#define MAY_FAIL if :: failures < FAILURES -> failures++; SAY("> agent fails\n"); goto undo :: true fi
#if defined(WHOLE) || defined(COARSE)
#define NEXT_STORE
#else
#define NEXT_STORE MAY_DIE;
#endif
#define NEXT_WRITE MAY_DIE; MAY_FAIL

/* agent/table/table.cc: a cell {from, before, now} of an entry that is there. */
inline change(fact, from, before, now) {
  atomic {
#ifdef BREAK_VALUE_IN_PLACE
    side = 1 - SIDE(fact, epoch);
#else
    side = SIDE(fact, epoch);
#endif
    holds = (from <= epoch);
    if
    :: fact_value[2 * (fact) + side] != (holds -> now : before) ->
      fact_value[2 * (fact) + side] = (holds -> now : before)
    :: else
    fi
  }
  NEXT_STORE
  fact_value[2 * (fact) + 1 - side] = (holds -> before : now);
  NEXT_STORE
  d_step { fact_since[fact] = from; fact_which[fact] = (holds -> side : 1 - side); side = 0; holds = 0; way = 0 }
}
/* `way`, or WAYS. */
inline place_of(key) {
  way = 0;
  do
  :: way < WAYS && !(state[AT(shape, way)] == VALID && rule[AT(shape, way)] == (key)) -> way++
  :: else -> break
  od
}
inline free_place() {
  d_step {
    way = 0;
    do
    :: way < WAYS && state[AT(shape, way)] != FREE -> way++
    :: else -> break
    od;
    assert(way < WAYS)
  }
}
inline write(key, from, before, now) { /* Table::write(), and publish() */
#ifdef BREAK_PUBLISHED_FIRST
  state[AT(shape, way)] = VALID;
#else
  state[AT(shape, way)] = TAKEN;
#endif
  NEXT_STORE
  d_step {
    fact_since[AT(shape, way)] = from;
    fact_which[AT(shape, way)] = 1;
    fact_value[2 * AT(shape, way)] = before;
    fact_value[2 * AT(shape, way) + 1] = now
  }
  NEXT_STORE
  rule[AT(shape, way)] = ((key) & 6) + (rule[AT(shape, way)] & 1); /* its first word */
  NEXT_STORE
  rule[AT(shape, way)] = key;
  NEXT_STORE
  d_step { state[AT(shape, way)] = VALID; way = 0 }
}
inline displace(array) {
  d_step {
    there[array] = 0;
    for (way : 0 .. WAYS - 1) {
      state[AT(array, way)] = FREE; rule[AT(array, way)] = 0; fact_since[AT(array, way)] = 0;
      fact_which[AT(array, way)] = 0; fact_value[2 * AT(array, way)] = 0; fact_value[2 * AT(array, way) + 1] = 0
    }
    way = 0
  }
}
inline grow() { /* copy_larger(), and TableArrays::show() */
  d_step {
    for (way : 0 .. WAYS - 1) {
      if
      :: state[AT(shape, way)] == VALID ->
        state[AT(1 - shape, way)] = VALID;
        rule[AT(1 - shape, way)] = rule[AT(shape, way)];
        fact_since[AT(1 - shape, way)] = fact_since[AT(shape, way)];
        fact_which[AT(1 - shape, way)] = fact_which[AT(shape, way)];
        fact_value[2 * AT(1 - shape, way)] = fact_value[2 * AT(shape, way)];
        fact_value[2 * AT(1 - shape, way) + 1] = fact_value[2 * AT(shape, way) + 1]
      :: else
      fi
    }
    there[1 - shape] = 1
  }
  MAY_DIE;
  shape = 1 - shape;
  MAY_DIE;
#ifndef BREAK_NO_GRACE_AFTER_GROWTH
  wait();
#endif
  displace(1 - shape)
}
inline put(key, from, before, now) { /* Tables::put() */
  d_step { place_of(key) }
  if
  :: way < WAYS -> change(AT(shape, way), from, before, now)
  :: else ->
#ifdef GROWS
    if :: !grown -> grown = 1; grow() :: true fi;
#endif
    free_place();
    write(key, from, before, now)
  fi
}
inline remove(key) {
  d_step {
    place_of(key);
    if
#ifdef BREAK_FREE_AT_ONCE
    :: way < WAYS -> state[AT(shape, way)] = FREE
#else
    :: way < WAYS -> state[AT(shape, way)] = TAKEN
#endif
    :: else
    fi;
    way = 0
  }
}
/* Until every packet that began before has ended. */
inline wait() {
  d_step { for (way : 0 .. CPUS - 1) { awaited[way] = under_way[way] } way = 0 }
#if CPUS == 1
  (awaited[0] == 0)
#else
  (awaited[0] == 0 && awaited[1] == 0)
#endif
}
/* What no packet can see any more is made alike, so that there are fewer states: a fact's value of before, the slots
 * that are not in force. The code leaves them as they are. */
inline settle(fact) {
  if
  :: fact_since[fact] <= epoch -> fact_since[fact] = 1; fact_value[2 * (fact) + 1 - fact_which[fact]] = 0
  :: else
  fi
}
inline note_grace() {
  d_step {
    settle(ADDRESS);
    for (way : 0 .. WAYS - 1) {
      if
      :: state[AT(shape, way)] == VALID -> settle(AT(shape, way))
      :: else ->
        state[AT(shape, way)] = FREE;
        rule[AT(shape, way)] = 0; fact_since[AT(shape, way)] = 0; fact_which[AT(shape, way)] = 0;
        fact_value[2 * AT(shape, way)] = 0; fact_value[2 * AT(shape, way) + 1] = 0
      fi
    }
    if
    :: since[0] < since[1] && since[1] <= epoch -> since[0] = 0; ruleset[0] = 0
    :: since[1] < since[0] && since[0] <= epoch -> since[1] = 0; ruleset[1] = 0
    :: else
    fi;
    image_of[1 - (epoch & 1)].ruleset = image_of[epoch & 1].ruleset;
    image_of[1 - (epoch & 1)].identity = image_of[epoch & 1].identity;
    image_of[1 - (epoch & 1)].ports = image_of[epoch & 1].ports;
    way = 0
  }
}
inline wait_grace() {
  MAY_DIE;
  FUNCTION { wait(); note_grace(); SAY("> agent wait_grace\n") }
}
/* Placement::read(): what is in force, and whether there is anything else. */
inline read() {
  d_step {
    SAY("> agent read\n");
    has.identity = fact_value[SIDE(ADDRESS, epoch)];
    policy = (since[0] > epoch || (since[1] <= epoch && since[1] > since[0]) -> 1 : 0); /* slot_in_force() */
    has.ruleset = ruleset[policy];
    slot = NONE;
    leftovers = fact_since[ADDRESS] > epoch || (since[1 - policy] > epoch && since[1 - policy] != NEVER);
    for (way : 0 .. WAYS - 1) {
      if
      :: state[AT(shape, way)] == VALID ->
        other = fact_value[2 * AT(shape, way) + SIDE(AT(shape, way), epoch)];
        if
        :: rule[AT(shape, way)] == RULE(has.ruleset, has.identity) && other != NONE ->
          slot = other;
          if :: fact_since[AT(shape, way)] > epoch -> leftovers = 1 :: else fi
        :: else -> leftovers = 1
        fi
      :: else
      fi
    }
    has.ports = (slot == NONE -> 0 : portset[slot - 1]);
    for (way : 0 .. 1) { if :: way + 1 != slot -> portset[way] = 0 :: else fi }
    to.ruleset = 0; to.identity = 0; to.ports = 0; new_slot = 0;
    other = 0; way = 0
  }
}
/* Reader's leftovers, in the order of clear_leftovers(): written over or removed by the next plan. */
inline clear_leftovers() {
  atomic { other = (fact_since[ADDRESS] > epoch) }
  if
  :: other ->
    NEXT_WRITE;
    FUNCTION { SAY("> agent write addresses4\n"); change(ADDRESS, 0, has.identity, has.identity) }
  :: else
  fi;
  atomic {
    other = 0;
    if
    :: slot != NONE ->
      place_of(RULE(has.ruleset, has.identity));
      other = (fact_since[AT(shape, way)] > epoch);
      way = 0
    :: else
    fi
  }
  if
  :: other ->
    NEXT_WRITE;
    FUNCTION { SAY("> agent write rules\n"); put(RULE(has.ruleset, has.identity), 0, slot, slot) }
  :: else
  fi;
  do
  :: true ->
    d_step { /* the next one to be removed, by key */
      other = RULE(1, 0);
      do
      :: other > RULE(2, 1) -> break
      :: else ->
        place_of(other);
        if
        :: way < WAYS && (other != RULE(has.ruleset, has.identity) || slot == NONE) -> break
        :: else -> other++
        fi
      od;
      way = 0
    }
    if
    :: other <= RULE(2, 1) ->
      NEXT_WRITE;
      FUNCTION { SAY("> agent remove rules\n"); remove(other) }
    :: else -> break
    fi
  od;
  other = 0
}
inline forget() {
  way = 0; side = 0; holds = 0; slot = 0; new_slot = 0; other = 0; policy = 0; leftovers = 0;
  has.ruleset = 0; has.identity = 0; has.ports = 0; to.ruleset = 0; to.identity = 0; to.ports = 0;
}
inline flip() {
  MAY_DIE;
  d_step {
    SAY("> agent flip\n");
    epoch++;
    image_of[epoch & 1].ruleset = to.ruleset;
    image_of[epoch & 1].identity = to.identity;
    image_of[epoch & 1].ports = to.ports
  }
}

proctype agent() {
  byte way, slot, new_slot, other; /* slots: + 1, as NONE is 0 */
  byte deaths, failures;
#ifdef GROWS
  bit grown;
#endif
  bit side, holds, policy, leftovers;
  Image has, to;
start:
  true;
  d_step { forget(); for (way : 0 .. CPUS - 1) { awaited[way] = 0 } way = 0 }
#ifdef GROWS
  /* TableArrays::open() */
  if
  :: there[1 - shape] ->
#ifndef BREAK_NO_GRACE_BEFORE_DISPLACED
    wait();
#endif
    displace(1 - shape)
  :: else
  fi;
#endif
#ifdef BREAK_NO_GRACE_AT_START
  note_grace();
#else
  wait_grace(); /* KernelMaps::open() */
#endif
  read();
more:
  true;
  if
  :: epoch > CHANGES -> goto end
  :: else
  fi;
  /* Placement::plan() */
  if :: to.ruleset = 1 :: to.ruleset = 2 fi;
  if :: to.identity = 0 :: to.identity = 1 fi;
#ifdef EMPTY
  if :: to.ports = 0 :: to.ports = 1 :: to.ports = 2 fi;
#else
  if :: to.ports = 1 :: to.ports = 2 fi;
#endif
  if
  :: to.ruleset == has.ruleset && to.identity == has.identity && to.ports == has.ports && !leftovers -> goto more
  :: else
  fi;
  SAY3("> agent plan %d %d %d\n", to.ruleset, to.identity, to.ports);
  new_slot = (to.ports == has.ports -> slot : (to.ports == 0 -> NONE : (slot == 1 -> 2 : 1)));

  /* put_in_force() */
#ifdef BREAK_FLIP_FIRST
  flip();
#endif
#ifndef BREAK_LEFTOVERS_STAY
  if :: leftovers -> clear_leftovers() :: else fi;
#endif
  if
  :: to.ports != has.ports && to.ports != 0 ->
    NEXT_WRITE;
    FUNCTION { SAY("> agent write portsets\n"); portset[new_slot - 1] = to.ports }
  :: else
  fi;
  if
  :: RULE(to.ruleset, to.identity) == RULE(has.ruleset, has.identity) && to.ports != has.ports ->
    NEXT_WRITE;
    FUNCTION {
      SAY("> agent write rules\n");
      put(RULE(to.ruleset, to.identity), epoch + 1, slot, new_slot)
    }
  :: RULE(to.ruleset, to.identity) != RULE(has.ruleset, has.identity) && to.ports != 0 ->
    NEXT_WRITE;
    FUNCTION {
      SAY("> agent write rules\n");
      put(RULE(to.ruleset, to.identity), epoch + 1, NONE, new_slot)
    }
  :: else
  fi;
  if
  :: to.identity != has.identity ->
    NEXT_WRITE;
    FUNCTION { SAY("> agent write addresses4\n"); change(ADDRESS, epoch + 1, has.identity, to.identity) }
  :: else
  fi;
#ifndef BREAK_LEFTOVERS_STAY
  if
  :: leftovers && since[1 - policy] > epoch && since[1 - policy] != NEVER ->
    NEXT_WRITE;
    FUNCTION { SAY("> agent store endpoint\n"); since[1 - policy] = NEVER }
  :: else
  fi;
#endif
  if
  :: to.ruleset != has.ruleset ->
    NEXT_WRITE;
#ifndef BREAK_POLICY_IN_PLACE
    policy = 1 - policy;
#endif
    FUNCTION { /* store_policy() */
      SAY("> agent store endpoint\n");
      since[policy] = NEVER;
      NEXT_STORE
      ruleset[policy] = to.ruleset;
      NEXT_STORE
      since[policy] = epoch + 1
    }
  :: else
  fi;
#ifndef BREAK_FLIP_FIRST
  flip();
#endif

  /* clean_up(). */
#ifdef BREAK_NO_GRACE_AFTER_FLIP
  note_grace();
#else
  wait_grace();
#endif
  if
  :: slot != NONE && (RULE(to.ruleset, to.identity) != RULE(has.ruleset, has.identity) || to.ports == 0) ->
    MAY_DIE;
    FUNCTION { SAY("> agent remove rules\n"); remove(RULE(has.ruleset, has.identity)) }
  :: else
  fi;
  d_step { /* release_freed() */
    slot = new_slot;
    has.ruleset = to.ruleset; has.identity = to.identity; has.ports = to.ports;
    to.ruleset = 0; to.identity = 0; to.ports = 0;
    leftovers = 0; new_slot = 0;
    for (way : 0 .. 1) { if :: way + 1 != slot -> portset[way] = 0 :: else fi }
    way = 0
  }
  goto more;

undo:
  if
  :: RULE(to.ruleset, to.identity) == RULE(has.ruleset, has.identity) && to.ports != has.ports && slot != NONE ->
    MAY_DIE;
    FUNCTION { SAY("> agent write rules\n"); put(RULE(has.ruleset, has.identity), 0, slot, slot) }
  :: RULE(to.ruleset, to.identity) != RULE(has.ruleset, has.identity) && to.ports != 0 ||
     (RULE(to.ruleset, to.identity) == RULE(has.ruleset, has.identity) && to.ports != has.ports && slot == NONE) ->
    MAY_DIE;
    FUNCTION { SAY("> agent remove rules\n"); remove(RULE(to.ruleset, to.identity)) }
  :: else
  fi;
  if
  :: to.identity != has.identity ->
    MAY_DIE;
    FUNCTION { SAY("> agent write addresses4\n"); change(ADDRESS, 0, has.identity, has.identity) }
  :: else
  fi;
  wait_grace();
  read(); /* Applier::put() */
  goto more;
end:
#ifdef WHOLE
  over = 1
#endif
}

init {
  atomic {
    byte c;
    for (c : 0 .. 1) { image_of[c].ruleset = 1; image_of[c].identity = 1; image_of[c].ports = 1 }
    since[0] = 1; since[1] = NEVER; ruleset[0] = 1;
    fact_since[ADDRESS] = 1; fact_which[ADDRESS] = 1; fact_value[1] = 1;
    state[1] = VALID; rule[1] = RULE(1, 1);
    fact_since[1] = 1; fact_which[1] = 1; fact_value[3] = 1;
    portset[0] = 1;
#ifdef GROWS
    there[0] = 1;
#endif
    for (c : 0 .. CPUS - 1) { run cpu(c) }
    run agent()
  }
}
