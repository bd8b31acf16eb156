/* The old layout of the maps beside the new one (docs/design.md, "Ten minutes: a restart"): agents of two versions, of
 * which one works at a time and dies anywhere, whichever comes next; packets on two interfaces, a step at a time.
 *
 * A program has its maps from when it was loaded, so a packet asks those of one layout, from its first look-up to its
 * last; and a change of one layout's maps is one step here, which is what change.pml shows. Laws:
 *  1 No packet of a pod meets maps that do not know it: programs go to an interface when the state is in force.
 *  2 Whoever waits for a change is answered when every interface has it.
 *  3 An agent finds the maps that the programs of its version ask, as long as there are any; so its first change is one
 *    from what is in force.
 *
 * Options: DEATHS, CHANGES (of what is asked for). BREAK_...: a step is left out. */
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef CHANGES
#define CHANGES 1
#endif
#define NOWHERE 7
#define MAPS 4 /* sets of maps that may come to be */

byte holds[MAPS];       /* the state that is in force in them; 0: none, no pod is known */
byte asked_by[2];       /* by interface: the maps that its program asks */
byte version_of[MAPS];
byte pinned[2];         /* by version: the maps that are pinned */
byte wanted = 1, made = 1, deaths;
bit locked;

inline lock_bpffs() {
#ifdef BREAK_NOT_LOCKED
  true
#else
  atomic { !locked -> locked = 1 }
#endif
}
#define MAY_DIE if :: deaths < DEATHS -> atomic { deaths++; locked = 0; goto gone } :: true fi

proctype agent(bit version) {
  byte mine, at, target;
  lock_bpffs();
  /* load() */
  atomic {
    if
    :: pinned[version] != NOWHERE -> mine = pinned[version]
    :: pinned[version] == NOWHERE && made < MAPS -> mine = made; made++; version_of[mine] = version; pinned[version] = mine
    :: else -> locked = 0; goto gone
    fi;
    for (at : 0 .. 1) { /* law 3 */
      assert(version_of[asked_by[at]] != version || asked_by[at] == mine)
    }
    at = 0
  }
again:
  MAY_DIE;
  target = wanted;
#ifndef BREAK_ATTACHED_FIRST
  holds[mine] = target; /* put_in_force() */
  MAY_DIE;
#endif
  asked_by[0] = mine; /* attach_missing() */
  MAY_DIE;
#ifdef BREAK_REMOVED_EARLY
  pinned[1 - version] = NOWHERE;
  MAY_DIE;
#endif
#ifndef BREAK_ANSWERED_EARLY
  asked_by[1] = mine;
  MAY_DIE;
#endif
#ifdef BREAK_ATTACHED_FIRST
  holds[mine] = target;
#endif
  /* answer_syncs(): law 2 */
  atomic { for (at : 0 .. 1) { assert(holds[asked_by[at]] == target) } at = 0 }
#ifdef BREAK_ANSWERED_EARLY
  asked_by[1] = mine;
#endif
  pinned[1 - version] = NOWHERE; /* remove_other_versions() */
  MAY_DIE;
  atomic { if :: target != wanted -> goto again :: else fi }
  locked = 0; /* it is stopped, and the next one may be of the other version */
gone:
  true
}

/* Who decides which version comes next. */
proctype operator() {
  byte starts;
  do
  :: starts < DEATHS + 2 ->
    starts++;
    if :: run agent(0) :: run agent(1) fi
  :: break
  od
}

/* What is asked for changes. */
proctype cluster() { do :: wanted <= CHANGES -> wanted++ :: break od }

proctype packet(bit interface) { assert(holds[asked_by[interface]] != 0) } /* law 1 */

init {
  atomic {
    holds[0] = 1; pinned[0] = 0; pinned[1] = NOWHERE;
    run operator(); run cluster(); run packet(0); run packet(1)
  }
}
