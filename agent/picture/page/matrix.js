// The page of matrices. Only what is in sight stands in the document, so that thousands of pods open at once. Texts
// become text nodes, never markup.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = id => document.getElementById(id);
  const grid = byId('grid'), panel = byId('panel'), found = byId('found');
  const inputs = {port: byId('port'), from: byId('from'), to: byId('to'), order: byId('order'), group: byId('group')};
  const kSide = 24, kManyPods = 400;
  const looks = {'#': ['allow', 'passes'], '.': ['deny', 'is stopped'], '-': ['self', 'itself'],
    '?': ['none', 'no address family in common, or no such port']};

  function element(name, text, ...children) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  }

  // ---- Pods and namespaces: an item is a name and how many pods of each class it has.
  const spaceOf = name => name.includes('/') ? name.slice(0, name.indexOf('/')) : '(outside)';
  const isOpen = kind => data.why && data.why.lists[data.why.ingress[kind]].length === 0;
  const pods = data.pods.map((name, i) => ({name, pod: i, counts: new Map([[data.classes[i], 1]]), size: 1,
    open: isOpen(data.classes[i])}));
  const spaces = new Map();
  for (const pod of pods) {
    const ns = spaceOf(pod.name);
    if (!spaces.has(ns)) spaces.set(ns, {name: ns, counts: new Map(), size: 0, open: false, members: []});
    const space = spaces.get(ns), kind = data.classes[pod.pod];
    space.counts.set(kind, (space.counts.get(kind) || 0) + 1);
    space.size += 1;
    space.members.push(pod);
    space.open = space.open || pod.open;
  }
  const sizes = [];
  data.classes.forEach(kind => { sizes[kind] = (sizes[kind] || 0) + 1; });

  const port = () => data.ports[inputs.port.value];
  // {glyph, passing, pairs}
  function cellOf(from, to) {
    const cells = port().cells;
    if (from.pod !== undefined && to.pod !== undefined) {
      const glyph = from === to ? '-' : cells[data.classes[from.pod]][data.classes[to.pod]];
      return {glyph, passing: glyph === '#' ? 1 : 0, pairs: glyph === '#' || glyph === '.' ? 1 : 0};
    }
    let passing = 0, pairs = 0;
    for (const [a, many] of from.counts) {
      const row = cells[a];
      for (const [b, others] of to.counts) {
        const all = many * (a === b && from === to ? others - 1 : others);
        if (row[b] === '#') passing += all;
        if (row[b] === '#' || row[b] === '.') pairs += all;
      }
    }
    const glyph = pairs === 0 ? (from === to && from.size === 1 ? '-' : '?') : passing === pairs ? '#' :
      passing === 0 ? '.' : '%';
    return {glyph, passing, pairs};
  }
  function lookOf(cell) {
    if (cell.glyph !== '%') return [looks[cell.glyph][0], cell.glyph, looks[cell.glyph][1]];
    const percent = Math.min(99, Math.max(1, Math.round(100 * cell.passing / cell.pairs)));
    return ['some', String(percent), cell.passing + ' of ' + cell.pairs + ' pairs pass'];
  }

  // ---- Which items, in which order.
  let rows = [], columns = [];
  function sorted(items) {
    const order = inputs.order.value;
    if (order === 'name') return items;
    const cells = port().cells;
    const alike = item => [...item.counts.keys()].map(a => cells[a] + cells.map(row => row[a]).join('')).join();
    if (order === 'alike') {
      const looksOf = new Map();
      const key = item => {
        const kind = [...item.counts.keys()].join();
        if (!looksOf.has(kind)) looksOf.set(kind, alike(item));
        return looksOf.get(kind);
      };
      return items.map(item => [key(item), item]).sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)
        .map(pair => pair[1]);
    }
    const scores = new Map();
    const score = kind => {
      if (!scores.has(kind)) {
        let sum = 0;
        sizes.forEach((many, other) => {
          if ((order === 'reaches' ? cells[kind][other] : cells[other][kind]) === '#') sum += many;
        });
        scores.set(kind, sum);
      }
      return scores.get(kind);
    };
    const total = item => [...item.counts].reduce((sum, [kind, many]) => sum + many * score(kind), 0) / item.size;
    return items.map(item => [total(item), item]).sort((a, b) => b[0] - a[0]).map(pair => pair[1]);
  }
  function chooseItems() {
    const all = sorted(inputs.group.checked ? [...spaces.values()] : pods);
    const matching = text => {
      const wanted = text.trim().toLowerCase();
      return wanted ? all.filter(item => item.name.toLowerCase().includes(wanted) ||
        (item.members && wanted.startsWith(item.name.toLowerCase() + '/'))) : all;
    };
    rows = matching(inputs.from.value);
    columns = matching(inputs.to.value);
    found.textContent = rows.length + ' × ' + columns.length + (inputs.group.checked ? ' namespaces' : ' pods');
    cursor.row = Math.min(cursor.row, Math.max(0, rows.length - 1));
    cursor.column = Math.min(cursor.column, Math.max(0, columns.length - 1));
    const longest = items => items.reduce((most, item) => Math.max(most, item.name.length), 4);
    side = Math.min(300, 30 + 7.5 * longest(rows));
    headHeight = Math.min(230, 30 + 7 * longest(columns));
    grid.setAttribute('aria-rowcount', rows.length + 1);
    grid.setAttribute('aria-colcount', columns.length + 1);
    draw();
  }

  // ---- Drawing what is in sight.
  let side = 100, headHeight = 100, chosen = null;
  const cursor = {row: 0, column: 0};
  function seen(scroll, length, first, count) {
    const from = Math.max(0, Math.floor(scroll / kSide) - 2);
    return [Math.min(from, count), Math.min(count, from + Math.ceil((length - first) / kSide) + 6)];
  }
  const sizer = element('div');
  sizer.className = 'sizer';
  grid.append(sizer);
  function draw() {
    const width = side + columns.length * kSide, height = headHeight + rows.length * kSide;
    sizer.style.width = width + 'px';
    sizer.style.height = height + 'px';
    const room = {width: Math.max(grid.clientWidth, innerWidth), height: innerHeight * .8};
    const [left, right] = seen(grid.scrollLeft, room.width, side, columns.length);
    const [top, bottom] = seen(grid.scrollTop, room.height, headHeight, rows.length);
    const lines = [header(left, right, width)];
    for (let r = top; r < bottom; ++r) lines.push(line(r, left, right, width));
    const focused = grid.contains(document.activeElement);
    sizer.replaceChildren(...lines);
    if (focused) cellAt(cursor.row, cursor.column)?.focus({preventScroll: true});
  }
  function header(left, right, width) {
    const head = element('div');
    head.className = 'head';
    head.setAttribute('role', 'row');
    head.setAttribute('aria-rowindex', 1);
    head.style.width = width + 'px';
    head.style.height = headHeight + 'px';
    const corner = element('div', 'from \\ to');
    corner.className = 'corner';
    corner.setAttribute('role', 'columnheader');
    corner.style.width = side + 'px';
    head.append(corner);
    for (let c = left; c < right; ++c) {
      const name = element('div', columns[c].name);
      name.className = 'column' + (columns[c].open ? ' open' : '') + (c === cursor.column ? ' here' : '');
      name.setAttribute('role', 'columnheader');
      name.setAttribute('aria-colindex', c + 2);
      name.title = columns[c].name + (columns[c].open ? ': unprotected' : '');
      name.style.left = side + c * kSide + 'px';
      head.append(name);
    }
    return head;
  }
  function line(r, left, right, width) {
    const row = element('div'), from = rows[r];
    row.className = 'row';
    row.setAttribute('role', 'row');
    row.setAttribute('aria-rowindex', r + 2);
    row.style.top = headHeight + r * kSide + 'px';
    row.style.width = width + 'px';
    const name = element('div', from.name);
    name.className = 'name' + (from.open ? ' open' : '') + (r === cursor.row ? ' here' : '');
    name.setAttribute('role', 'rowheader');
    name.title = from.name + (from.open ? ': unprotected' : '');
    name.style.width = side + 'px';
    row.append(name);
    for (let c = left; c < right; ++c) row.append(cell(r, c));
    return row;
  }
  function cell(r, c) {
    const [look, text, meaning] = lookOf(cellOf(rows[r], columns[c]));
    const made = element('div', text);
    const is = chosen && chosen[0] === rows[r] && chosen[1] === columns[c];
    made.className = 'cell ' + look + (is ? ' chosen' : '');
    made.setAttribute('role', 'gridcell');
    made.setAttribute('aria-colindex', c + 2);
    made.setAttribute('aria-label', rows[r].name + ' to ' + columns[c].name + ': ' + meaning);
    made.tabIndex = r === cursor.row && c === cursor.column ? 0 : -1;
    made.dataset.row = r;
    made.dataset.column = c;
    made.style.left = side + c * kSide + 'px';
    return made;
  }
  const cellAt = (r, c) => grid.querySelector('[data-row="' + r + '"][data-column="' + c + '"]');

  // ---- Behind a cell.
  function names(all) {
    return element('ul', '', ...all.map(text => element('li', text)));
  }
  // `denies`: the rules are ClusterNetworkPolicies' that stop it.
  function sideOf(title, isolating, rules, denies) {
    const parts = [element('h3', title)], isolated = isolating.filter(name => !/^(Admin|Baseline)[/]/.test(name));
    if (rules && rules.length) parts.push(element('p', denies ? 'stopped by' : 'allowed by'), names(rules));
    else if (!isolating.length) parts.push(element('p', 'open: no policy isolates it'));
    else if (rules && !isolated.length) parts.push(element('p', 'open: no policy decides it'));
    else parts.push(element('p', rules ? 'stopped: isolated, and no rule allows it; isolated by' : 'restricted by'),
      names(rules ? isolated : isolating));
    return parts;
  }
  function show(from, to) {
    const [, , meaning] = lookOf(cellOf(from, to)), now = port();
    const parts = [element('h2', from.name + ' → ' + to.name), element('p', now.title + ': ' + meaning)];
    if (from.pod === undefined || to.pod === undefined) {
      parts.push(element('p', from.size + ' × ' + to.size + ' pods'));
      const more = element('button', 'show these pods');
      more.type = 'button';
      more.addEventListener('click', () => {
        inputs.group.checked = false;
        inputs.from.value = from.name + '/';
        inputs.to.value = to.name + '/';
        chooseItems();
      });
      parts.push(more);
    } else if (from !== to && data.why) {
      const a = data.classes[from.pod], b = data.classes[to.pod], {why} = data;
      const rules = why.rules ? why.rules[inputs.port.value][a] : null;
      const side = (title, restricting, number) => sideOf(title, why.lists[restricting],
        rules && why.lists[number], why.denies.includes(number));
      parts.push(...side('Egress of ' + from.name, why.egress[a], rules && rules[2 * b]),
        ...side('Ingress of ' + to.name, why.ingress[b], rules && rules[2 * b + 1]));
    }
    if (from.pod !== undefined && to.pod !== undefined && from !== to) {
      if (data.ports.length > 1)
        parts.push(element('h3', 'At each port'), names(data.ports.map(p =>
          p.title + ': ' + looks[p.cells[data.classes[from.pod]][data.classes[to.pod]]][1])));
      parts.push(element('h3', 'Why, in full'), element('pre', 'sluicectl check --manifests DIR --from ' + from.name +
        ' --to ' + to.name + ' --protocol ' + now.protocol + (now.port === '0' ? '' : ' --port ' + now.port)));
    }
    panel.replaceChildren(...parts);
  }
  function choose(r, c) {
    if (!rows[r] || !columns[c]) return;
    chosen = [rows[r], columns[c]];
    show(...chosen);
    draw();
  }

  // ---- Hands.
  function move(r, c) {
    cursor.row = Math.max(0, Math.min(rows.length - 1, r));
    cursor.column = Math.max(0, Math.min(columns.length - 1, c));
    const x = cursor.column * kSide, y = cursor.row * kSide;
    if (x < grid.scrollLeft) grid.scrollLeft = x;
    if (y < grid.scrollTop) grid.scrollTop = y;
    grid.scrollLeft = Math.max(grid.scrollLeft, x + kSide - (grid.clientWidth - side));
    grid.scrollTop = Math.max(grid.scrollTop, y + kSide - (grid.clientHeight - headHeight));
    draw();
    cellAt(cursor.row, cursor.column)?.focus({preventScroll: true});
  }
  grid.addEventListener('keydown', event => {
    const page = Math.max(1, Math.floor((grid.clientHeight - headHeight) / kSide) - 1);
    const steps = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0],
      PageDown: [page, 0], Home: [event.ctrlKey ? -Infinity : 0, -Infinity],
      End: [event.ctrlKey ? Infinity : 0, Infinity]};
    const step = steps[event.key];
    if (step) move(cursor.row + step[0], cursor.column + step[1]);
    else if (event.key === 'Enter' || event.key === ' ') choose(cursor.row, cursor.column);
    else return;
    event.preventDefault();
  });
  grid.addEventListener('click', event => {
    const target = event.target.closest('.cell');
    if (!target) return;
    move(Number(target.dataset.row), Number(target.dataset.column));
    choose(cursor.row, cursor.column);
  });
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
  grid.addEventListener('scroll', soon);
  addEventListener('resize', soon);

  data.ports.forEach((p, i) => inputs.port.append(new Option(p.title, i)));
  inputs.port.value = '0';
  inputs.group.checked = pods.length > kManyPods && spaces.size > 1;
  for (const name of ['from', 'to', 'order', 'group'])
    for (const event of ['input', 'change']) inputs[name].addEventListener(event, chooseItems);
  inputs.port.addEventListener('change', () => {
    chooseItems();
    if (chosen) show(...chosen);
  });
  panel.replaceChildren(element('h2', 'Choose a cell'), element('p', pods.length + ' pods in ' + spaces.size +
    ' namespaces' + (inputs.group.checked ? ': shown by namespace, since they are many' : '') + '.'));
  chooseItems();
  document.documentElement.dataset.ready = 'true';
})();
