// The last messages in and out of one connection, as the server tells them: without keys, and only while one looks.

import { element } from '../drawing/dom.js';
import { Rows } from '../drawing/rows.js';

const LOOK_MS = 500;
const MOST = 100; // messages of one answer
const KEPT = 300;
const NOT_FOUND = 404;

/** @param {HTMLElement} root @param {Object} app */
export function mount(root, app) {
  const { admin } = app;
  let visible = false;
  let connection = null;
  let next = 0;
  let leftOut = 0;
  let closed = null;
  let messages = [];
  let problem = '';
  let drawn = {};
  let held = false;
  let gone = false; // there is nothing more to ask for
  let opened = null;

  const number = field('Number of the connection', '#', 'field num short');
  const begin = element('button', { type: 'submit', class: 'button', text: 'Watch' });
  const pick = element('form', { class: 'row' }, number, begin);
  const hold = element('button', { type: 'button', class: 'button', text: 'Hold', 'aria-pressed': 'false' });
  const filter = field('Show messages with this text', 'Filter', 'field');
  const said = element('span', { class: 'dim note-line', role: 'status' });
  const list = element('ol', { class: 'messages', 'aria-label': 'Messages, the newest first' });
  const whole = element('pre', { class: 'whole', tabindex: '0', 'aria-label': 'The chosen message' });
  const rows = new Rows(list, makeRow);
  root.append(
    element('div', { class: 'row wrap padded bar-line' }, pick, hold, filter, said),
    element('div', { class: 'watching' }, list, whole),
  );

  const look = admin.poll(path, LOOK_MS, took, () => visible && connection !== null && !held && !gone);
  admin.on(touched);
  app.on('watch', (what) => watch(what.connection));
  filter.oninput = touched;
  pick.onsubmit = (event) => {
    event.preventDefault();
    if (/^\d+$/.test(number.value.trim())) watch(Number(number.value));
  };
  hold.onclick = () => {
    held = !held;
    hold.setAttribute('aria-pressed', String(held));
    touched();
  };
  list.onclick = (event) => {
    const row = event.target.closest('button');
    opened = row ? Number(row.dataset.number) : null;
    touched();
  };

  function touched() {
    app.frame.touch('messages');
  }

  function path() {
    return `/admin/connections/messages?connection=${connection}&after=${next}&limit=${MOST}`;
  }

  function watch(one) {
    if (one === null || one === undefined) return;
    connection = one;
    number.value = String(one);
    [next, leftOut, closed, messages, problem, opened, gone] = [0, 0, null, [], '', null, false];
    look.now();
    touched();
  }

  function took(answer, wrong, status) {
    problem = wrong;
    gone = status === NOT_FOUND;
    if (answer && answer.connection === connection) {
      next = answer.next;
      leftOut += answer.left_out;
      closed = answer.closed;
      // Two answers may overlap where the second was asked for before the first had come.
      const last = messages.length ? messages[messages.length - 1].number : 0;
      messages = [...messages, ...answer.messages.filter((one) => one.number > last)].slice(-KEPT);
      if (answer.messages.length === MOST) look.now();
    }
    touched();
  }

  function makeRow() {
    const parts = ['side', 'time', 'bytes', 'words'].map((name) => element('span', { class: name }));
    const [side, time, size, words] = parts;
    const button = element('button', { type: 'button' }, ...parts);
    return {
      node: element('li', {}, button),
      fill(one) {
        button.dataset.number = String(one.number);
        button.className = `${one.direction}${one.number === opened ? ' chosen' : ''}`;
        write(side, one.direction);
        write(time, one.time.slice(11, 23));
        write(size, `${one.bytes} B`);
        write(words, text(one));
      },
    };
  }

  function found() {
    const wanted = filter.value.trim().toLowerCase();
    const fits = (one) => !wanted || text(one).toLowerCase().includes(wanted);
    return messages.filter(fits).reverse().slice(0, MOST);
  }

  return {
    draw() {
      const shown = found();
      rows.resize(shown.length);
      shown.forEach((one, at) => rows.all[at].fill(one));
      const one = messages.find((message) => message.number === opened);
      write(whole, one ? pretty(one) : '');
      whole.hidden = !one;
      const ended = closed ? `ended: ${closed.why}${closed.code ? ` (${closed.code})` : ''}` : '';
      const missed = leftOut ? `${leftOut} left out` : '';
      const watching = connection === null ? 'choose a connection' : [`connection ${connection}`, ended, missed];
      write(said, admin.why() || problem || [watching].flat().filter(Boolean).join(', '));
      said.classList.toggle('warn', Boolean(admin.why() || problem));
      drawn = { why: admin.why(), problem, connection, closed, leftOut, messages: shown };
    },
    visible(on) {
      visible = on;
    },
    shown: () => drawn,
  };
}

function field(label, placeholder, look) {
  return element('input', { class: look, 'aria-label': label, placeholder, spellcheck: 'false', autocomplete: 'off' });
}

function text(one) {
  if (one.message === null) return one.readable === false ? `(no text, ${one.bytes} bytes)` : '';
  return typeof one.message === 'string' ? one.message : JSON.stringify(one.message);
}

function pretty(one) {
  try {
    const value = typeof one.message === 'string' ? JSON.parse(one.message) : one.message;
    return JSON.stringify(value, null, 2);
  } catch {
    return text(one);
  }
}

function write(node, words) {
  if (node.textContent !== words) node.textContent = words;
}
