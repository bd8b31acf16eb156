// The page of what opens and what closes: search and filter.
'use strict';
(() => {
  const search = document.getElementById('search'), kind = document.getElementById('kind');
  const found = document.getElementById('found');
  const rows = [...document.querySelectorAll('.changes tbody tr')].map(row => ({row,
    kind: row.closest('.changes').classList.contains('opened') ? 'opened' : 'closed',
    text: [...row.cells].map(cell => cell.textContent).join('\n').toLowerCase()}));
  function filter() {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const change of rows) {
      change.row.hidden = (kind.value && change.kind !== kind.value) || !change.text.includes(wanted);
      if (!change.row.hidden) ++shown;
    }
    for (const section of document.querySelectorAll('.changes'))
      section.hidden = Boolean(kind.value) && !section.classList.contains(kind.value);
    found.textContent = wanted || kind.value ? shown + ' of ' + rows.length + ' changes' : '';
  }
  for (const input of [search, kind])
    for (const event of ['input', 'change']) input.addEventListener(event, filter);
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || document.activeElement === search) return;
    event.preventDefault();
    search.focus();
  });
  document.documentElement.dataset.ready = 'true';
})();
