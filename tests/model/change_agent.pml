/* The agent of change.pml: node::Applier, image::Placement and Plan, and how it starts. */

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
inline model_forget() {
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
  d_step { model_forget(); for (way : 0 .. CPUS - 1) { awaited[way] = 0 } way = 0 }
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

