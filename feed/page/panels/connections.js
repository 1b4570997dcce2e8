// Who is connected, what each takes and how far it is behind; and faults on one of them by a button.

import { makeTable } from '../drawing/cells.js';
import { FAULTS, Looks, bytes, faultName } from '../admin/connections.js';
import { element } from '../drawing/dom.js';

const LOOK_MS = 1000;
const MOST = 200; // rows of one answer
const COLUMNS = [
  { name: 'number', title: '#', kind: 'num' },
  { name: 'protocol', title: 'Protocol' },
  { name: 'key', title: 'Key' },
  { name: 'subscribed', title: 'Topics', kind: 'num' },
  { name: 'rate', title: 'Rate', kind: 'num' },
  { name: 'backlog', title: 'Backlog', kind: 'num' },
  { name: 'behind', title: 'Behind', kind: 'num' },
  { name: 'rtt', title: 'RTT', kind: 'num' },
  { name: 'faults', title: 'Faults' },
];
const PATH = '/admin/faults';
const ELSEWHERE = 'clients of this server itself are not listed: another one, or process, has the market';

/** @param {HTMLElement} root @param {Object} app */
export function mount(root, app) {
  const { admin } = app;
  const looks = new Looks();
  let visible = false;
  let found = [];
  let asked = false;
  let open = 0;
  let after = 0;
  let chosen = null;
  let atWork = new Map();
  let problem = '';
  let drawn = {};

  const buttons = new Map(
    FAULTS.map((fault) => [fault.act, button(fault.text, () => strike(fault), fault.about)]),
  );
  const watch = button('Messages', () => app.tell('watch', { connection: chosen }));
  watch.classList.add('primary');
  const who = element('span', { class: 'strong' });
  const further = button('Next 200', () => {
    after = found.length === MOST ? found[MOST - 1].connection : 0;
    look.now();
  });
  const said = element('span', { class: 'warn note-line', role: 'status' });
  const bar = element('div', { class: 'row wrap padded bar-line' }, who, watch, ...buttons.values(), further, said);
  const table = makeTable('Connections of this server', COLUMNS, { empty: 'Nobody is connected.', onchoose: choose });
  root.append(bar, table.node);

  const look = admin.poll(() => `/admin/connections?after=${after}&limit=${MOST}`, LOOK_MS, took, () => visible);
  const faults = admin.poll(() => PATH, LOOK_MS, tookFaults, () => visible);
  admin.on(() => app.frame.touch('connections'));

  function took(answer, wrong) {
    problem = wrong;
    if (answer) {
      asked = true;
      found = looks.take(answer.connections, performance.now());
      open = answer.open;
      if (!found.length && after) after = 0;
    }
    app.frame.touch('connections');
  }

  function tookFaults(answer) {
    if (!answer) return;
    atWork = new Map(answer.faults.filter((one) => !one.over).map((one) => [one.name, one]));
    app.frame.touch('connections');
  }

  function choose(id) {
    chosen = Number(id);
    problem = '';
    app.frame.touch('connections');
  }

  /** Let a fault begin; the same button ends one that is at work. */
  async function strike({ act, settings }) {
    const name = faultName(act, chosen);
    try {
      if (atWork.has(name)) {
        await admin.ask(`${PATH}?name=${encodeURIComponent(name)}`, { method: 'DELETE' });
        atWork.delete(name);
      } else {
        await admin.ask(PATH, { body: JSON.stringify({ name, aim: { connection: chosen }, ...settings }) });
      }
      problem = '';
    } catch (error) {
      problem = error.message;
    }
    faults.now();
    look.now();
    app.frame.touch('connections');
  }

  function button(text, onclick, title) {
    return element('button', { type: 'button', class: 'button', text, title, onclick });
  }

  return {
    draw() {
      const why = admin.why() || problem;
      const row = found.find((one) => one.connection === chosen);
      table.node.hidden = Boolean(why) && !found.length;
      table.fill(found.map((one) => shownRow(one, one.connection === chosen, app.server.page)));
      write(who, chosen === null ? `${open} open: choose one` : `Connection ${chosen}${row ? '' : ' (ended)'}`);
      watch.disabled = chosen === null;
      for (const { act, text } of FAULTS) {
        const left = atWork.get(faultName(act, chosen));
        const node = buttons.get(act);
        node.disabled = !row;
        node.setAttribute('aria-pressed', String(Boolean(left)));
        write(node, left ? `End ${text.toLowerCase()}` : text);
      }
      further.hidden = open <= MOST;
      // Of an edge and of workers the list is that of whoever has the market: this page is not in it.
      const elsewhere = asked && open <= MOST && !found.some((one) => isOwn(one, app.server.page));
      const told = why || (elsewhere ? ELSEWHERE : '');
      write(said, told);
      said.hidden = !told;
      const now = { problem, said: told, open, chosen, atWork: [...atWork.keys()], connections: found };
      drawn = { why: admin.why(), ...now };
    },
    visible(on) {
      visible = on;
    },
    shown: () => drawn,
  };
}

function isOwn(one, page) {
  return one.target.includes(`page=${page}`);
}

function shownRow(one, chosen, page) {
  const own = isOwn(one, page);
  const behind = one.seq_behind;
  return {
    id: String(one.connection),
    class: chosen ? 'chosen' : '',
    number: { text: String(one.connection), title: `${one.peer} since ${one.opened}` },
    protocol: { text: own ? `${one.protocol} (this page)` : one.protocol, title: one.target },
    key: one.key || '–',
    subscribed: { text: String(one.subscribed), title: one.subscriptions.join('\n') },
    rate: one.rate === null ? '–' : `${bytes(one.rate)}/s`,
    backlog: {
      text: bytes(one.backlog_bytes),
      title: `${bytes(one.unsent_bytes)} more in the kernel`,
      class: one.backlog_bytes ? 'warn' : '',
    },
    behind: { text: one.replaying ? `replay ${behind ?? ''}` : String(behind ?? '–'), class: behind ? 'warn' : '' },
    rtt: one.rtt_us === null || one.rtt_us === undefined ? '–' : `${(one.rtt_us / 1000).toFixed(2)} ms`,
    faults: { text: one.faults.join(', '), class: 'warn' },
  };
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
