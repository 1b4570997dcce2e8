// The script of the market: what it does, what goes wrong on purpose, and how long until then.

import { makeTable } from '../drawing/cells.js';
import { element } from '../drawing/dom.js';
import { clockText } from '../common/times.js';
import { next, rows, span, words } from '../admin/timeline.js';

const ASK_MS = 5000;
const DRAW_MS = 200; // a countdown needs no more
const BEFORE = 5; // rows that are over stand before the next one
const AFTER = 200;
const NS_IN_MS = 1e6;
const COLUMNS = [
  { name: 'state', title: '' },
  { name: 'at', title: 'At (UTC)', kind: 'num' },
  { name: 'wait', title: 'In', kind: 'num' },
  { name: 'group', title: 'Group' },
  { name: 'kind', title: 'What' },
  { name: 'instruments', title: 'Instruments' },
  { name: 'settings', title: 'Settings' },
];
const STATES = { over: 'over', active: 'now', ahead: 'ahead' };
const GROUPS = { market: 'market', fault: 'fault', truth: 'signal' };

/** @param {HTMLElement} root @param {Object} app */
export function mount(root, app) {
  const { admin, market } = app;
  let script = null;
  let problem = '';
  let visible = false;
  let drawn = 0;
  let seq = 0;
  let found = [];

  const head = element('p', { class: 'note note-line' });
  const table = makeTable('Events and faults of the script', COLUMNS, { empty: 'This market follows no script.' });
  root.append(head, table.node);

  admin.poll(() => '/admin/scenario', ASK_MS, took, () => visible);
  app.on('clock-state', (state) => {
    seq = state.seq;
    touched();
  });
  admin.on(() => app.frame.touch('timeline'));
  for (const kind of ['ticker', 'trades', 'book', 'state']) market.on(kind, touched);

  function took(answer, wrong) {
    problem = wrong;
    if (answer) script = read(answer.data);
    app.frame.touch('timeline');
  }

  function touched() {
    if (Date.now() - drawn > DRAW_MS) app.frame.touch('timeline');
  }

  return {
    draw() {
      drawn = Date.now();
      const why = admin.why() || problem;
      found = script ? rows(script.entries, script, { time: market.time ?? 0, seq }) : [];
      const at = next(found);
      const from = Math.max(0, at - BEFORE);
      table.fill(found.slice(from, at + AFTER).map(row));
      const active = found.filter((one) => one.state === 'active').length;
      const ahead = found.filter((one) => one.state === 'ahead').length;
      const over = found.length - active - ahead;
      const counts = `${over} over, ${active} at work, ${ahead} ahead`;
      const told = script ? `${script.name}, seed ${script.seed}: ${counts}` : '';
      const more = script?.leftOut ? `, ${script.leftOut} more are not shown` : '';
      write(head, why && !script ? why : told + more);
      head.title = script?.about ?? '';
    },
    visible(on) {
      visible = on;
    },
    shown: () => ({
      why: admin.why() || problem,
      name: script?.name ?? null,
      rows: found.map(({ entry, state, wait }) => ({ kind: entry.kind, group: entry.group, state, wait })),
    }),
  };
}

function read(data) {
  return {
    name: data.name,
    about: data.about ?? '',
    seed: data.seed,
    start: data.start / NS_IN_MS, // for people: a fraction of a microsecond is lost
    duration: data.duration === null ? null : data.duration / NS_IN_MS,
    entries: data.timeline ?? [],
    leftOut: data.left_out ?? 0,
  };
}

function row({ entry, state, start, wait }, at) {
  return {
    id: String(at),
    class: state === 'over' ? 'dim' : state === 'active' ? 'active' : '',
    state: { text: STATES[state], class: state === 'active' ? 'strong' : 'dim' },
    at: start === null ? `seq ${entry.seq}` : clockText(start),
    wait: wait ? span(wait) : '',
    group: { text: GROUPS[entry.group] ?? entry.group, class: entry.group === 'fault' ? 'warn' : '' },
    kind: entry.kind,
    instruments: { text: short(entry.instruments ?? []), title: (entry.instruments ?? []).join(', ') },
    settings: { text: words(entry.settings), title: words(entry.settings) },
  };
}

function short(names) {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} +${names.length - 3}` : names.join(', ');
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
