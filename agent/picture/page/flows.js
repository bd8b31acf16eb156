// The page of flow records: what is new is asked for each second. Texts become text nodes, never markup.
'use strict';
(() => {
  const byId = id => document.getElementById(id);
  const rows = byId('rows'), panel = byId('panel'), found = byId('found'), problem = byId('problem');
  const search = byId('search'), verdict = byId('verdict'), hold = byId('hold');
  const kPause = 1000, kMostRows = 1000;
  const kOverlap = 5000;  // milliseconds: a burst's last record may come later than one that is younger

  function element(name, text, ...children) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  }

  // ---- Records.
  const known = new Map();  // id -> {flow, row, text}, oldest first
  let since = 0, lost = 0;
  const portOf = end => end.port === undefined ? '' : ':' + end.port;
  const nameOf = end => end.pod ? end.namespace + '/' + end.pod : end.service ? end.service + ' (service)' :
    end.node ? 'node ' + end.node : end.ip || 'no readable address';
  const clock = time => time.toLocaleTimeString(undefined, {hour12: false}) + '.' +
    String(time.getMilliseconds()).padStart(3, '0');
  function whyOf(flow) {
    const names = flow.no_name_learnt ? ', no name learnt for ' + flow.destination.ip : '';
    if (flow.rule) return flow.verdict === 'allowed' ? flow.rule : flow.reason + ', denied by ' + flow.rule + names;
    return flow.reason + (flow.isolated_by.length ? ', isolated by ' + flow.isolated_by.join(', ') : '') + names;
  }
  function endCell(end) {
    const cell = element('td', nameOf(end) + portOf(end));
    if (end.pod && end.ip) cell.title = end.ip + (end.workload ? ', ' + end.workload : '');
    return cell;
  }
  function rowOf(flow) {
    const mark = element('span', flow.verdict + (flow.direction === 'ingress' ? ' ←' : ' →'));
    mark.className = 'verdict ' + flow.verdict;
    mark.title = flow.direction + ', as the pod sees it';
    const row = element('tr', '', element('td', clock(new Date(flow.time))), element('td', '', mark), endCell(flow.source),
      endCell(flow.destination), element('td', (flow.protocol + ' ' + flow.flags).trim()), element('td', whyOf(flow)),
      element('td', String(flow.count)));
    row.tabIndex = 0;
    row.dataset.id = flow.id;
    row.addEventListener('click', () => explain(flow.id));
    return row;
  }
  function add(flow) {
    if (known.has(flow.id)) return;
    const record = {flow, row: rowOf(flow), text: [nameOf(flow.source) + portOf(flow.source), flow.source.ip,
      flow.source.workload, nameOf(flow.destination) + portOf(flow.destination), flow.destination.ip,
      flow.destination.workload, flow.protocol, whyOf(flow)].join('\n').toLowerCase()};
    known.set(flow.id, record);
    since = Math.max(since, Date.parse(flow.time));
    lost += Number(flow.lost);
    rows.prepend(record.row);
    if (known.size > kMostRows) {
      const [oldest, gone] = known.entries().next().value;
      gone.row.remove();
      known.delete(oldest);
    }
  }

  // ---- Filter.
  function filter() {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const {flow, row, text} of known.values()) {
      row.hidden = (verdict.value && flow.verdict !== verdict.value) || !text.includes(wanted);
      if (!row.hidden) ++shown;
    }
    found.textContent = shown + ' of ' + known.size + ' records' + (lost ? ', ' + lost + ' lost before they were read' : '');
    byId('none').hidden = known.size > 0;
  }
  for (const input of [search, verdict])
    for (const event of ['input', 'change']) input.addEventListener(event, filter);

  // ---- Why.
  let asked = '';
  async function explain(id) {
    const {flow, row} = known.get(id);
    asked = id;
    rows.querySelector('.chosen')?.classList.remove('chosen');
    row.classList.add('chosen');
    const title = element('h2', nameOf(flow.source) + ' → ' + nameOf(flow.destination) + portOf(flow.destination));
    const head = [title, element('p', flow.verdict + ', ' + flow.direction + ': ' + whyOf(flow))];
    panel.replaceChildren(...head, element('p', 'Asking the agent …'));
    let answer;
    try {
      answer = await (await fetch('/why?event=' + encodeURIComponent(id))).json();
    } catch (_) {
      answer = {problem: 'sluicectl ui does not answer'};
    }
    if (asked !== id) return;  // another row was chosen meanwhile
    if (answer.problem) return panel.replaceChildren(...head, element('p', answer.problem));
    panel.replaceChildren(...head, element('h3', 'By the policies as they are now'), element('pre', answer.text));
    if (answer.fix) panel.append(element('h3', 'What would allow it'), element('pre', answer.fix));
  }

  // ---- Keys.
  const visible = () => [...rows.children].filter(row => !row.hidden);
  rows.addEventListener('keydown', event => {
    const row = event.target.closest('tr');
    if (event.key === 'Enter' || event.key === ' ') explain(row.dataset.id);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      visible()[visible().indexOf(row) + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || document.activeElement === search) return;
    event.preventDefault();
    search.focus();
  });

  // ---- What is new.
  function tell(text) {
    problem.textContent = text;
    problem.hidden = !text;
  }
  async function ask() {
    try {
      const answer = await (await fetch('/flows?since=' + Math.max(0, since - kOverlap))).json();
      tell(answer.problem ? answer.problem + '. Trying again.' : '');
      answer.flows.forEach(add);
      filter();
    } catch (_) {
      tell('sluicectl ui does not answer: it was ended, or this page was moved. Trying again.');
    }
    document.documentElement.dataset.ready = 'true';
  }
  async function follow() {
    if (!hold.checked && !document.hidden) await ask();
    setTimeout(follow, kPause);
  }
  follow();
})();
