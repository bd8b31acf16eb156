/* An action that the code does not have, for names.sh. */
inline sluice_judge() { skip }
inline sluice_guess_verdict() { sluice_judge() }
init { sluice_guess_verdict() }
