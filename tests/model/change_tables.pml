/* What the agent of change.pml does to its table of rules, and to facts (agent/table, agent/kernel/table_arrays.cc). */
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
inline model_settle(fact) {
  if
  :: fact_since[fact] <= epoch -> fact_since[fact] = 1; fact_value[2 * (fact) + 1 - fact_which[fact]] = 0
  :: else
  fi
}
inline note_grace() {
  d_step {
    model_settle(ADDRESS);
    for (way : 0 .. WAYS - 1) {
      if
      :: state[AT(shape, way)] == VALID -> model_settle(AT(shape, way))
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
