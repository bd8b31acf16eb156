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
  byte at, seen_since[2], slot, seen_rule, seen, way, seen_state[WAYS];
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
    FUNCTION { /* sluice_policy_at() is the end of it: each `since` is loaded once, whichever first */
      SAY1("> cpu%d sluice_find_pod\n", me);
      if
      :: seen_since[0] = since[0]; seen_since[1] = since[1]
      :: seen_since[1] = since[1]; seen_since[0] = since[0]
      fi;
      if
      :: seen_since[0] > at -> slot = 1
#ifdef BREAK_SINCE_LOADED_TWICE
      :: else -> slot = (seen_since[1] <= at && since[1] > seen_since[0] -> 1 : 0)
#else
      :: else -> slot = (seen_since[1] <= at && seen_since[1] > seen_since[0] -> 1 : 0)
#endif
      fi;
      d_step { seen_since[0] = 0; seen_since[1] = 0 }
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
      at = 0; slot = 0; seen_rule = 0; seen = 0; way = 0; side = 0; array = 0;
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

#include "change_tables.pml"
#include "change_agent.pml"

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
