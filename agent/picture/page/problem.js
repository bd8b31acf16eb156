// The page that says why there is no other: once the agent answers again, it is loaded anew.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const kPause = 2000;  // milliseconds
  async function ask() {
    let answers = false;
    try {
      const answer = await (await fetch('/flows?since=' + Date.now())).json();
      answers = !answer.problem;
    } catch (_) { /* sluicectl ui itself is away: so is this page's way back */ }
    if (answers) location.reload();
    else setTimeout(ask, kPause);
  }
  if (data.triesAgain) setTimeout(ask, kPause);
  document.documentElement.dataset.ready = 'true';
})();
