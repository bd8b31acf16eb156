/* A machine that shows stores in another order than the agent made them, and does a packet's loads in any (Armv8: B2.3):
 * what the law of change rests on there (docs/design.md, "Weak memory").
 *
 * Stores wait in a queue; any of them may be seen next, but a release after what stands before it, and two of one word in
 * their order. A packet loads each word once, at any time between its begin and its end; one whose address another load
 * gives comes after that. A wait (RCU, visits of all CPUs) ends when all stores are seen and no packet is under way that
 * began before it. -DORDERED: stores and loads in the program's order (x86), and no wait that kOrdered leaves out.
 *
 * The law: in epoch 1 a packet meets rule set 1 and no entry, in epoch 2 rule set 2 and value 2, in epoch 3 both are 3;
 * what was there before any of it (9) it never meets.
 * -DRELAXED: no store is a release, and no fence is made: for tables and policies the waits alone are enough.
 * -DREUSED: an endpoint's entry that another pod gets: closed in epoch 1, rule set 2 in epoch 2.
 * -DGROWN: a table that gets another array: its value in both.
 * BREAK_...: a step is left out. */
#define NEVER 15
#define ABSENT 0
#define BAD 9
#define TAKEN 1
#define VALID 3
#define KEY_OF_PACKET 2

/* Words. */
#define EPOCH 0
#define SINCE0 1
#define SINCE1 2
#define RULESET0 3
#define RULESET1 4
#define STATE 5
#define KEY 6
#define LAST 7
#define VALUE0 8
#define VALUE1 9
#define INTERFACE 10
#define SHAPE 11
#define ARRAY0 12
#define ARRAY1 13
#define WORDS 14
#define QUEUE 10

byte memory[WORDS];
byte queued_at[QUEUE], queued[QUEUE], queue;
bit released[QUEUE];
bit under_way, awaited;

/* The next store that is seen: the one at `i`. */
inline model_show() {
  d_step {
    memory[queued_at[i]] = queued[i];
    queue--;
    do
    :: i < queue -> queued_at[i] = queued_at[i + 1]; queued[i] = queued[i + 1]; released[i] = released[i + 1]; i++
    :: else -> break
    od;
    queued_at[queue] = 0; queued[queue] = 0; released[queue] = 0;
    i = 0; before = 0; held = 0
  }
}

proctype machine() {
  byte i, before;
  bit held;
end:
  do
  :: atomic {
       queue > 0 ->
#ifndef ORDERED
       do
       :: i + 1 < queue -> i++
       :: break
       od;
#endif
       true;
       d_step {
         held = released[i] && i > 0;
         before = 0;
         do
         :: before < i -> held = held || queued_at[before] == queued_at[i]; before++
         :: else -> break
         od
       }
       if
       :: !held -> model_show()
       :: else -> i = 0; before = 0; held = 0
       fi
     }
  od
}

#ifdef RELAXED
#define RELEASE 0
#else
#define RELEASE release
#endif
inline model_store(where, what, release) {
  d_step { queued_at[queue] = where; queued[queue] = what; released[queue] = RELEASE; queue++ }
}
inline model_drain() {
  (queue == 0)
}
inline model_fence() {
#ifndef RELAXED
  model_drain();
#endif
  true
}
/* Every CPU passes a barrier, and what is under way ends. */
inline wait_grace() {
  atomic { model_drain(); awaited = under_way }
  (!awaited)
}

#define LOADED(word) (loaded >> (word) & 1)
inline model_load(word) {
  d_step { got[word] = memory[word]; loaded = loaded | (1 << (word)) }
}
#ifdef ORDERED
#define MAY_LOAD(word) (loaded == (1 << (word)) - 1)
#else
#define MAY_LOAD(word) (!LOADED(word))
#endif
#ifdef BREAK_NO_DEPENDENCY
#define AFTER_INTERFACE true
#else
#define AFTER_INTERFACE LOADED(INTERFACE)
#endif

proctype packet() {
  byte got[WORDS];
  short loaded;
  byte slot, seen, at;
  atomic { under_way = 1; got[0] = 0 }
#if defined(REUSED)
  do
  :: !LOADED(EPOCH) -> model_load(EPOCH)
  :: !LOADED(INTERFACE) -> model_load(INTERFACE)
  :: !LOADED(SINCE0) && AFTER_INTERFACE -> model_load(SINCE0)
  :: !LOADED(SINCE1) && AFTER_INTERFACE -> model_load(SINCE1)
  :: !LOADED(RULESET0) && AFTER_INTERFACE -> model_load(RULESET0)
  :: LOADED(EPOCH) && LOADED(INTERFACE) && LOADED(SINCE0) && LOADED(SINCE1) && LOADED(RULESET0) -> break
  od;
#elif defined(GROWN)
  do
  :: MAY_LOAD(SHAPE - SHAPE) -> d_step { got[SHAPE] = memory[SHAPE]; loaded = loaded | 1 }
  :: MAY_LOAD(ARRAY0 - SHAPE) -> d_step { got[ARRAY0] = memory[ARRAY0]; loaded = loaded | 2 }
  :: MAY_LOAD(ARRAY1 - SHAPE) -> d_step { got[ARRAY1] = memory[ARRAY1]; loaded = loaded | 4 }
  :: loaded == 7 -> break
  od;
#else
  do
  :: MAY_LOAD(EPOCH) -> model_load(EPOCH)
  :: MAY_LOAD(SINCE0) -> model_load(SINCE0)
  :: MAY_LOAD(SINCE1) -> model_load(SINCE1)
  :: MAY_LOAD(RULESET0) -> model_load(RULESET0)
  :: MAY_LOAD(RULESET1) -> model_load(RULESET1)
  :: MAY_LOAD(STATE) -> model_load(STATE)
  :: MAY_LOAD(KEY) -> model_load(KEY)
  :: MAY_LOAD(LAST) -> model_load(LAST)
  :: MAY_LOAD(VALUE0) -> model_load(VALUE0)
  :: MAY_LOAD(VALUE1) -> model_load(VALUE1)
  :: loaded == (1 << (VALUE1 + 1)) - 1 -> break
  od;
#endif
  true;
  d_step {
    at = got[EPOCH];
    slot = NEVER; /* sluice_policy_at() */
    if
    :: got[SINCE0] <= at && (got[SINCE1] > at || got[SINCE0] >= got[SINCE1]) -> slot = RULESET0
    :: got[SINCE1] <= at && (got[SINCE0] > at || got[SINCE1] > got[SINCE0]) -> slot = RULESET1
    :: else
    fi;
    seen = ABSENT; /* sluice_table_value2(), sluice_fact_at() */
    if
    :: got[STATE] == VALID && got[KEY] == KEY_OF_PACKET ->
       seen = got[VALUE0 + ((got[LAST] & 1) ^ ((got[LAST] >> 1) > at))]
    :: else
    fi
  }
#if defined(REUSED)
  if
  :: got[INTERFACE] == 0
  :: got[INTERFACE] == 1 && slot == NEVER -> assert(at == 1)
  :: got[INTERFACE] == 1 && slot != NEVER -> assert(got[slot] == 2 && at == 2)
  fi;
#elif defined(GROWN)
  assert(got[ARRAY0 + got[SHAPE]] == 2);
#else
  assert(slot != NEVER && got[slot] == at);
  assert(seen == (at == 1 -> ABSENT : at));
#endif
  true;
  d_step { under_way = 0; awaited = 0 }
}

/* KernelMaps::store() */
inline store_policy(since, ruleset, number, from) {
  model_store(since, NEVER, 1);
  model_fence();
  model_store(ruleset, number, 0);
  model_store(since, from, 1)
}
inline wait_until_seen() {
#if !defined(ORDERED) && !defined(BREAK_NO_WAIT_BEFORE_PUBLISHED)
  wait_grace();
#endif
  true
}
inline flip(to) {
#if !defined(ORDERED) && !defined(BREAK_NO_WAIT_BEFORE_FLIP)
  wait_grace();
#endif
  model_store(EPOCH, to, 1)
}
inline clean_up() {
#ifndef BREAK_NO_GRACE
  wait_grace();
#endif
  true
}

proctype agent() {
#if defined(REUSED)
  /* What clean_up() of the pod before does last, and at once the next change. */
#ifdef BREAK_INTERFACE_FIRST
  model_store(INTERFACE, 1, 1);
#endif
  model_store(SINCE0, NEVER, 1); /* forget_policies() */
  model_store(SINCE1, NEVER, 1);
  model_fence();
  store_policy(SINCE0, RULESET0, 2, 2);
#ifndef BREAK_INTERFACE_FIRST
  model_store(INTERFACE, 1, 1);
#endif
  flip(2);
  clean_up()
#elif defined(GROWN)
  model_store(ARRAY1, 2, 1); /* copy_larger() */
  wait_until_seen();
  model_store(SHAPE, 1, 1); /* show() */
#ifndef BREAK_NO_GRACE
  wait_grace();
#endif
  model_store(ARRAY0, 0, 1) /* displace() */
#else
  model_store(STATE, TAKEN, 1); /* add() */
  model_store(LAST, 5, 1);
  model_store(VALUE0, ABSENT, 1);
  model_store(VALUE1, 2, 1);
  model_store(KEY, KEY_OF_PACKET, 1);
  wait_until_seen();
  model_store(STATE, VALID, 1); /* publish() */
  store_policy(SINCE1, RULESET1, 2, 2);
  flip(2);
  clean_up();
  model_store(VALUE0, 3, 1); /* change() */
  model_store(LAST, 6, 1);
  store_policy(SINCE0, RULESET0, 3, 3);
  flip(3);
  clean_up()
#endif
}

init {
  atomic {
    memory[EPOCH] = 1; memory[SINCE0] = 1; memory[SINCE1] = NEVER; memory[RULESET0] = 1; memory[RULESET1] = BAD;
    memory[KEY] = KEY_OF_PACKET; memory[LAST] = 1; memory[VALUE0] = BAD; memory[VALUE1] = BAD;
    memory[ARRAY0] = 2; memory[ARRAY1] = BAD;
#ifdef REUSED
    memory[RULESET0] = BAD;
#endif
    run machine(); run packet(); run agent()
  }
}
