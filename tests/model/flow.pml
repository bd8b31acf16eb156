/* The flow table (bpf/flow_table.h): packets of CPUS processors on one pair of buckets, a word at a time, while the
 * agent flips to the next epoch. There are more keys than entries, so that they take each other's places.
 *
 * A connection is what a packet opened: of a key, by one end, because of an address or of a name that the address had.
 * An epoch says of each what is allowed. The laws that are held here:
 *  1 A look-up gives a key no other key's state, and a connection no other connection's judgement.
 *  2 A packet that passes by its flow alone passes only what the packet's epoch allows: the connection as it was opened,
 *    by the address, or by the name that the flow remembers, whatever names the address has by now.
 *  3 Whoever changes an entry finds under its lock that it is still what it was taken for; so an endpoint's `held` is
 *    the number of its entries once no packet is under way.
 *  4 Only an unanswered flow gives way: no pod is over its share here.
 *
 * Options: CPUS, PACKETS (of each), KEYS, ENTRIES. NAMES: addresses have a name. BOTH_ENDS: either end may open a key's
 * connection. BREAK_...: a step is left out. */
#ifndef CPUS
#define CPUS 2
#endif
#ifndef PACKETS
#define PACKETS 1
#endif
#ifndef KEYS
#define KEYS 2
#endif
#define FLIPS 1
#ifndef ENTRIES
#define ENTRIES 1
#endif

/* Words of an entry. A key is 1 to KEYS; 0: free. The mark in the state word (with `answered` and `by_pod`) and the tag in
 * the judged word (with `opener` and `name`) are the key's: two keys have the same with a probability of 2^-38, here never. */
byte state_mark[ENTRIES], word[ENTRIES], tag[ENTRIES], judged[ENTRIES], name[ENTRIES];
bit answered[ENTRIES], by_pod[ENTRIES], opener[ENTRIES];
bit lock;                /* of the buckets */
byte held[2];            /* sluice_flow_counts.held, by class: unanswered, answered */
byte epoch = 1;

/* What an epoch allows of a key: opened by which end, 1 for the pod; and by the name that the addresses may have. Drawn
 * at the beginning. */
bit allows[KEYS * (FLIPS + 1) * 2], allows_name[FLIPS + 2];
#define ALLOWS(key, of, end) allows[(((key) - 1) * (FLIPS + 1) + (of) - 1) * 2 + (end)]
bit learnt;              /* the address has its name, until it expires */

#define MISS ENTRIES

/* Marks first, then the key of the entry that bears it. */
inline sluice_find_entry() {
  at = 0;
  do
  :: at < ENTRIES && state_mark[at] != key -> at++
  :: else -> break
  od;
  if
  :: at < ENTRIES && word[at] != key -> at = MISS
  :: else
  fi
}
inline sluice_find_flow() {
  sluice_find_entry();
  if
  :: at < ENTRIES -> /* sluice_read_entry() */
    d_step { seen_mark = state_mark[at]; seen_answered = answered[at]; seen_by_pod = by_pod[at] }
    d_step { seen_tag = tag[at]; seen_opener = opener[at]; seen_judged = judged[at]; seen_name = name[at] }
    if /* sluice_flow_tag() */
#ifndef BREAK_TAG_NOT_READ
    :: seen_tag != key || seen_mark != key -> at = MISS
#endif
#ifndef BREAK_OPENER_NOT_READ
    :: seen_opener != seen_by_pod -> at = MISS
#endif
    :: else
    fi
  :: else
  fi
}

/* May the connection be opened, or go on? Sets `allowed`, and `because`: the name that did it. */
inline sluice_judge(asks, by) {
  d_step {
    because = by;
    allowed = ALLOWS(key, sees, asks);
    if
    :: !allowed && asks == 1 && allows_name[sees] && (by || learnt) -> allowed = 1; because = 1
    :: else
    fi
  }
}

inline sluice_lock() { atomic { lock == 0 -> lock = 1 } }

/* sluice_change_entry(): by now the entry may be another key's. */
inline sluice_change_entry(reopens) {
  sluice_lock();
  if
#ifndef BREAK_CHANGED_UNSEEN
  :: !(state_mark[at] == key && word[at] == key)
#endif
  :: else ->
    d_step { before_there = (state_mark[at] != 0); before = answered[at] }
    if
    :: reopens -> d_step { tag[at] = key; opener[at] = end; judged[at] = sees; name[at] = because }
    :: else
    fi;
    d_step {
      state_mark[at] = key;
      by_pod[at] = (reopens -> end : by_pod[at]);
      answered[at] = (answered[at] || (!reopens && end != by_pod[at])); /* a packet of the other end */
      after = answered[at]
    }
    held[before] = held[before] - before_there; /* sluice_count_change() */
    held[after]++
  fi;
  lock = 0
}

/* sluice_choose_place(), sluice_take_place() with sluice_fill_entry(), and once more where that found another's. */
inline model_place_entry() {
  attempt = 0;
  do
  :: attempt == 2 -> break /* sluice_count_refused() */
  :: else ->
    attempt++;
    d_step { /* a free one, else an unanswered one. What it is now: `found_mark` and its class */
      at = 0;
      do
      :: at < ENTRIES && state_mark[at] != 0 -> at++
      :: else -> break
      od;
      if
      :: at == MISS ->
        at = 0;
        do
        :: at < ENTRIES && answered[at] -> at++
        :: else -> break
        od
      :: else
      fi;
      if
      :: at < ENTRIES -> seen_mark = state_mark[at]; seen_answered = answered[at]; seen_by_pod = by_pod[at]
      :: else
      fi
    }
    if
    :: at == MISS -> break
    :: else
    fi;
    sluice_lock();
    if
#ifndef BREAK_PLACE_TAKEN_UNSEEN
    :: state_mark[at] != seen_mark || answered[at] != seen_answered || by_pod[at] != seen_by_pod -> lock = 0
#endif
    :: else ->
      assert(!(state_mark[at] != 0 && answered[at])); /* law 4 */
      state_mark[at] = 0;
      word[at] = key;
      d_step { tag[at] = key; opener[at] = end; judged[at] = sees; name[at] = because }
      d_step { state_mark[at] = key; by_pod[at] = end; answered[at] = 0 }
      lock = 0;
      held[seen_answered] = held[seen_answered] - (seen_mark != 0); /* sluice_count_gone() */
      held[0]++;                                                    /* sluice_count_held() */
      break
    fi
  od
}

/* Keeps the flow of what opens a connection; where the table has it, opens it anew. */
inline sluice_keep_entry() {
  sluice_find_entry();
  if
  :: at < ENTRIES -> sluice_change_entry(1)
  :: else -> model_place_entry()
  fi
}

inline model_forget() {
  d_step {
    at = 0; seen_mark = 0; seen_tag = 0; seen_judged = 0; attempt = 0; seen_answered = 0; seen_by_pod = 0;
    seen_opener = 0; seen_name = 0; allowed = 0; because = 0; before = 0; after = 0; before_there = 0;
    key = 0; sees = 0; end = 0; opens = 0
  }
}

proctype cpu() {
  byte key, sees, at, seen_mark, seen_tag, seen_judged, attempt, packets;
  bit end, opens, seen_answered, seen_by_pod, seen_opener, seen_name, allowed, because, before, after, before_there;
  do
  :: packets == PACKETS -> break
  :: else ->
    packets++;
    atomic {
      select (key : 1 .. KEYS);
      if :: end = 0 :: end = 1 fi;
      if :: opens = 0 :: opens = 1 fi; /* a SYN is judged whatever the table says */
      sees = epoch
    }
    at = MISS;
    if
    :: !opens -> sluice_find_flow()
    :: else
    fi;
    if
#ifdef BREAK_ANY_EPOCH
    :: at < ENTRIES ->
#else
    :: at < ENTRIES && seen_judged == sees -> /* sluice_flow_is_judged() */
#endif
      /* Law 2. It passes by its flow alone. */
#ifdef BOTH_ENDS
      assert(ALLOWS(key, sees, seen_by_pod) || (seen_by_pod && seen_name && allows_name[sees]));
#else
      assert(ALLOWS(key, sees, 1) || (seen_name && allows_name[sees]));
#endif
      sluice_change_entry(0) /* sluice_touch_flow() */
    :: at < ENTRIES && seen_judged != sees ->
#ifdef BREAK_NAME_NOT_REMEMBERED
      sluice_judge(seen_by_pod, 0);
#else
      sluice_judge(seen_by_pod, seen_name);
#endif
      assert(allowed || !(ALLOWS(key, sees, seen_by_pod) || (seen_by_pod && seen_name && allows_name[sees])));
      if
      :: allowed ->
        sluice_change_entry(0);
        /* sluice_set_judged(): without the lock */
#ifdef BREAK_JUDGED_WITHOUT_TAG
        d_step { opener[at] = seen_by_pod; judged[at] = sees; name[at] = because }
#else
        d_step { tag[at] = key; opener[at] = seen_by_pod; judged[at] = sees; name[at] = because }
#endif
      :: else
      fi
    :: at == MISS ->
      sluice_judge(end, 0);
      if
      :: allowed -> sluice_keep_entry() /* sluice_open_flow() */
      :: else
      fi
    fi;
    model_forget()
  od
}

proctype agent() {
  do
  :: epoch <= FLIPS -> epoch++ /* flip() */
  :: else -> break
  od
}

/* What was learnt of the address expires, or is learnt. */
proctype learner() { learnt = 1 - learnt }

init {
  byte i;
  atomic {
    /* The first epoch allows what the pod opens, or with NAMES what it opens to a name. */
    for (i : 1 .. KEYS) {
#ifdef NAMES
      if :: i == 1 -> ALLOWS(i, 1, 1) = 1 :: else fi;
#else
      ALLOWS(i, 1, 1) = 1;
#endif
#ifdef BOTH_ENDS
      ALLOWS(i, 1, 0) = 1;
      if :: ALLOWS(i, 2, 0) = 1 :: true fi;
#endif
      if :: ALLOWS(i, 2, 1) = 1 :: true fi
    }
#ifdef NAMES
    allows_name[1] = 1;
    if :: allows_name[2] = 1 :: true fi;
    if :: learnt = 1 :: true fi;
#endif
    /* An entry is a flow of the first epoch, or free. */
    if
    :: true
    :: i = 1; state_mark[0] = i; word[0] = i; tag[0] = i; judged[0] = 1; by_pod[0] = 1; opener[0] = 1;
      if :: answered[0] = 1 :: true fi;
      held[answered[0]] = 1
    fi;
    for (i : 0 .. CPUS - 1) { run cpu() }
#ifdef NAMES
    run learner();
#endif
    i = 0;
    run agent()
  }
  (_nr_pr == 1);
  /* Laws 3 and 2 of what stands there now. */
  for (i : 0 .. ENTRIES - 1) {
    if
    :: state_mark[i] != 0 ->
      assert(state_mark[i] == word[i]);
      assert(tag[i] != word[i] || opener[i] != by_pod[i] || ALLOWS(word[i], judged[i], by_pod[i]) ||
             (name[i] && allows_name[judged[i]]));
      held[answered[i]]--
    :: else
    fi
  }
  assert(held[0] == 0 && held[1] == 0)
}
