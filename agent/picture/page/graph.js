// The page of a graph: filter, search, and what stands behind a node or an edge. Texts become text nodes, never markup.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const picture = document.getElementById('picture'), panel = document.getElementById('panel');
  const search = document.getElementById('search'), space = document.getElementById('namespace');
  const state = document.getElementById('state'), found = document.getElementById('found');
  const svg = picture.querySelector('svg');
  const gates = {open: 'open: no policy restricts it', rules: 'by rules', closed: 'closed: no rule allows anything',
    mixed: 'its pods differ'};

  function element(name, text, ...children) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  }
  function button(text, act) {
    const made = element('button', text);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }
  const edgeTitle = e => data.nodes[e.from].title + ' → ' + data.nodes[e.to].title;

  // ---- What the picture's elements stand for.
  const things = [];
  function bind(kind, index, value, label) {
    const group = document.getElementById(kind[0] + index);
    if (!group) return;
    const thing = {kind, index, value, group};
    const title = group.querySelector('title');
    if (title) title.textContent = label;
    group.setAttribute('tabindex', '0');
    group.setAttribute('role', 'button');
    group.setAttribute('aria-label', label);
    group.addEventListener('click', event => { event.stopPropagation(); choose(thing); });
    group.addEventListener('keydown', event => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose(thing);
    });
    if (kind === 'edge') {  // a line is thin: something wider to click on
      const path = group.querySelector('path');
      if (path) {
        const touch = path.cloneNode(false);
        touch.setAttribute('class', 'touch');
        touch.removeAttribute('stroke-dasharray');
        path.after(touch);
      }
    }
    things.push(thing);
  }
  const audited = n => Boolean(n.in) && n.inAudit.length + n.outAudit.length > 0;
  const gateText = n => n.in ? ', ingress ' + n.in + ', egress ' + n.out + (audited(n) ? ', policies in audit' : '') : '';
  data.nodes.forEach((n, i) => bind('node', i, n, n.title + gateText(n)));
  data.edges.forEach((e, i) => bind('edge', i, e, edgeTitle(e) + ': ' + e.what.join(', ')));
  const nodeThings = new Map(things.filter(t => t.kind === 'node').map(t => [t.index, t]));

  // ---- The panel.
  const policyOf = rule => rule.slice(0, rule.lastIndexOf(':') < 0 ? rule.length : rule.lastIndexOf(':'));
  function policyItem(text) {
    const yaml = data.policies[policyOf(text)];
    if (!yaml) return element('li', text);
    const details = element('details', '', element('summary', text), element('pre', yaml));
    return element('li', '', details);
  }
  const shown = 100;
  function list(items, make) {
    const all = element('ul', '', ...items.slice(0, shown).map(make));
    if (items.length > shown) all.append(element('li', 'and ' + (items.length - shown) + ' more'));
    return all;
  }
  function section(title, items, make, none) {
    return [element('h3', title), items.length ? list(items, make) : element('p', none)];
  }
  function edgeItem(e) {
    return element('li', '', button(edgeTitle(e) + ': ' + e.what.join(', '), () =>
      choose(things.find(t => t.kind === 'edge' && t.value === e))));
  }
  function showEdge(e) {
    panel.replaceChildren(element('h2', edgeTitle(e)), ...section('What', e.what, w => element('li', w), ''),
      ...section('Rules', e.rules, policyItem, 'none: no policy decides it'));
  }
  function showNode(n, index) {
    const parts = [element('h2', n.title)];
    if (n.in) {
      parts.push(element('p', 'Ingress: ' + gates[n.in] + '. Egress: ' + gates[n.out] + '.'));
      if (n.inBy.length) parts.push(...section('Ingress is restricted by', n.inBy, policyItem, ''));
      if (n.outBy.length) parts.push(...section('Egress is restricted by', n.outBy, policyItem, ''));
      if (n.inAudit.length) parts.push(...section('In audit, would restrict ingress', n.inAudit, policyItem, ''));
      if (n.outAudit.length) parts.push(...section('In audit, would restrict egress', n.outAudit, policyItem, ''));
    } else if (n.kind !== 'outside') {
      parts.push(element('p', 'Named by a rule as a whole: its members’ own policies still decide.'));
    } else {
      parts.push(element('p', 'Its addresses that are no pod’s and in no smaller CIDR that a policy names.'));
    }
    parts.push(...section('Reached by', data.edges.filter(e => e.to === index), edgeItem,
      n.in === 'open' ? 'everybody' : 'nobody'));
    parts.push(...section('Reaches', data.edges.filter(e => e.from === index), edgeItem,
      n.out === 'open' ? 'everybody who lets it in' : 'nobody'));
    if (n.names.length > 1 || n.pods > 1)
      parts.push(...section(n.names.length + ' names, ' + n.pods + ' pods', n.names, x => element('li', x), ''));
    panel.replaceChildren(...parts);
  }
  function overview() {
    const open = data.nodes.filter(n => n.in === 'open'), closed = data.nodes.filter(n => n.in === 'closed');
    const item = n => element('li', '', button(n.title + (n.names.length > 1 ? ' +' + (n.names.length - 1) : ''),
      () => choose(nodeThings.get(data.nodes.indexOf(n)))));
    panel.replaceChildren(element('h2', 'Choose a box or an arrow'),
      element('p', data.nodes.filter(n => n.in).length + ' boxes, ' + data.edges.length + ' arrows.'),
      ...section('Unprotected', open, item, 'none'), ...section('Closed', closed, item, 'none'));
  }

  let chosen = null;
  function choose(thing) {
    if (!thing) return;
    things.forEach(t => t.group.classList.remove('chosen', 'near'));
    chosen = thing;
    thing.group.classList.add('chosen');
    if (thing.kind === 'edge') {
      nodeThings.get(thing.value.from)?.group.classList.add('near');
      nodeThings.get(thing.value.to)?.group.classList.add('near');
      showEdge(thing.value);
    } else {
      things.filter(t => t.kind === 'edge' && (t.value.from === thing.index || t.value.to === thing.index))
        .forEach(t => t.group.classList.add('near'));
      showNode(thing.value, thing.index);
    }
  }
  function letGo() {
    things.forEach(t => t.group.classList.remove('chosen', 'near'));
    chosen = null;
    overview();
  }

  // ---- Filter and search: what does not match is dimmed, so that nothing moves.
  const spacesOf = n => n.kind === 'namespaces' ? n.names : n.ns ? [n.ns] : [];
  [...new Set(data.nodes.flatMap(spacesOf))].sort().forEach(ns => space.append(new Option(ns, ns)));
  const textOf = new Map(things.map(t => [t, (t.kind === 'node' ?
    [t.value.title, ...t.value.names, ...(t.value.inBy || []), ...(t.value.outBy || []), ...(t.value.inAudit || []),
      ...(t.value.outAudit || [])] :
    [...t.value.what, ...t.value.rules]).join('\n').toLowerCase()]));
  const inState = n => !state.value || (state.value === 'audit' ? audited(n) :
    n.in === (state.value === 'unprotected' ? 'open' : 'closed'));
  function filter() {
    const wanted = search.value.trim().toLowerCase(), ns = space.value;
    const hits = new Set();
    for (const thing of things) {
      if (wanted && !textOf.get(thing).includes(wanted)) continue;
      if (thing.kind === 'node') {
        if ((!ns || spacesOf(thing.value).includes(ns)) && inState(thing.value)) hits.add(thing);
      } else if (!state.value && (!ns || [thing.value.from, thing.value.to].some(i =>
        spacesOf(data.nodes[i]).includes(ns)))) {
        hits.add(thing);
      }
    }
    const all = !wanted && !ns && !state.value, lit = new Set(hits);
    for (const hit of hits) {  // what a hit is joined to stays in sight
      if (hit.kind === 'edge') [hit.value.from, hit.value.to].forEach(i => lit.add(nodeThings.get(i)));
    }
    const touched = t => t.kind === 'edge' && hits.has(nodeThings.get(t.value.from)) &&
      hits.has(nodeThings.get(t.value.to));
    things.forEach(t => t.group.classList.toggle('dim', !all && !lit.has(t) && !touched(t)));
    found.textContent = all ? '' : [...hits].filter(t => t.kind === 'node').length + ' boxes, ' +
      [...hits].filter(t => t.kind === 'edge').length + ' arrows';
  }
  for (const input of [search, space, state])
    for (const event of ['input', 'change']) input.addEventListener(event, filter);

  // ---- Size.
  const natural = svg ? svg.viewBox.baseVal : null;
  let scale = 1;
  function resize(to) {
    if (!natural) return;
    scale = Math.min(8, Math.max(.05, to));
    svg.setAttribute('width', natural.width * scale + 'px');
    svg.setAttribute('height', natural.height * scale + 'px');
  }
  const fitting = () => Math.min((picture.clientWidth - 8) / natural.width, (innerHeight * .82 - 8) /
    natural.height, 1.6);
  document.getElementById('smaller').addEventListener('click', () => resize(scale / 1.25));
  document.getElementById('larger').addEventListener('click', () => resize(scale * 1.25));
  document.getElementById('fit').addEventListener('click', () => resize(fitting()));
  picture.addEventListener('wheel', event => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    resize(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  }, {passive: false});
  picture.addEventListener('click', letGo);
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && chosen) letGo();
    if (event.key === '/' && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  if (natural) resize(Math.max(fitting(), .45));
  picture.scrollTo((picture.scrollWidth - picture.clientWidth) / 2, (picture.scrollHeight - picture.clientHeight) / 2);
  overview();
  document.documentElement.dataset.ready = 'true';
})();
