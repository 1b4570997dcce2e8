// The market clock: time, speed and phase for everybody; pause, step, speed and seek with the admin key.

import { element } from '../drawing/dom.js';
import { adminForm } from './keys_form.js';
import { clockText, dayText } from '../common/times.js';

const PATH = '/admin/clock';
const LOOK_MS = 1000;
const SPEEDS = ['0.1', '0.5', '1', '2', '5', '10', '60', '1000', '0'];
const STEPS = ['1', '10', '100', '1000'];
const NANOSECONDS = 1000000n; // in a millisecond

/** @param {HTMLElement} root @param {Object} app */
export function mount(root, app) {
  const { admin, market } = app;
  let state = { state: '', speed: null, time: 0, seq: null };
  let problem = '';
  let busy = false;

  const phase = element('span', { class: 'badge' });
  const day = element('span', { class: 'dim' });
  const time = element('time', { class: 'strong clock-time' });
  const pause = button('Pause', 'Pause or resume the market (Space)', () => toggle());
  const step = button('Step', 'Give out the next events of a paused market (.)', () => stepped());
  const count = select('Events of a step', STEPS, (value) => value);
  const speed = select('Speed', SPEEDS, (value) => (value === '0' ? 'max' : `${value}×`));
  const moment = element('input', {
    class: 'field seek',
    'aria-label': 'Market time to go to, UTC',
    placeholder: 'hh:mm:ss',
    spellcheck: 'false',
  });
  const go = element('button', { type: 'submit', class: 'button', text: 'Seek' });
  const seek = element('form', { class: 'row' }, moment, go);
  const said = element('span', { class: 'warn note-line', role: 'status' });
  const controls = element('div', { class: 'row controls' }, pause, step, count, speed, seek);
  const form = adminForm(app);
  const shows = element('div', { class: 'row now' }, day, time, phase);
  root.append(element('div', { class: 'row clock' }, shows, controls, form, said));

  speed.onchange = () => act({ action: 'speed', speed: speed.value });
  seek.onsubmit = (event) => {
    event.preventDefault();
    const target = wanted(moment.value, now());
    if (target === null) {
      problem = 'a time such as 14:05:00 or 2026-11-23T14:05:00Z';
      touched();
    } else {
      act({ action: 'seek', time: String(BigInt(target) * NANOSECONDS) });
    }
  };

  function touched() {
    app.frame.touch('clock');
  }

  function now() {
    // The newest of both; where it stands still, the clock itself knows, and it may have been taken back.
    return state.state === 'paused' && !admin.why() ? state.time : Math.max(market.time ?? 0, state.time);
  }

  function took(found) {
    state = { state: found.state, speed: found.speed, time: Date.parse(found.ts), seq: found.seq };
    app.tell('clock-state', state);
    touched();
  }

  /** Fields beside `action` are whole numbers or decimals already written: none passes through a Number. */
  async function act(fields) {
    if (busy || admin.why()) return;
    busy = true;
    const { action, ...figures } = fields;
    const rest = Object.entries(figures).map(([name, value]) => `,"${name}":${value}`);
    try {
      took(await admin.ask(PATH, { body: `{"action":"${action}"${rest.join('')}}` }));
      problem = '';
    } catch (error) {
      problem = error.message;
    } finally {
      busy = false;
      touched();
    }
  }

  function toggle() {
    return act({ action: state.state === 'paused' ? 'resume' : 'pause' });
  }

  function stepped() {
    return act({ action: 'step', events: count.value });
  }

  admin.poll(() => PATH, LOOK_MS, (found) => found && took(found));
  admin.on(touched);
  for (const kind of ['book', 'trades', 'ticker', 'state']) market.on(kind, touched);
  app.on('clock', (what) => (what === 'step' ? stepped() : toggle()));

  function button(text, title, onclick) {
    return element('button', { type: 'button', class: 'button', text, title, onclick });
  }

  return {
    draw() {
      const shown = now();
      if (admin.why()) state = { state: market.state()?.phase ?? '', speed: null, time: 0, seq: null };
      write(day, shown ? dayText(shown) : '');
      write(time, shown ? clockText(shown, 3) : '–');
      const paused = state.state === 'paused';
      const pace = state.speed === null || paused ? '' : speedText(state.speed);
      write(phase, `${state.state} ${pace}`.trim());
      phase.classList.toggle('warn', Boolean(state.state) && state.state !== 'running');
      const why = admin.why();
      controls.hidden = Boolean(why);
      form.hidden = !why;
      write(pause, paused ? 'Resume' : 'Pause');
      pause.setAttribute('aria-pressed', String(paused));
      step.disabled = !paused;
      if (state.speed !== null && document.activeElement !== speed) follow(String(state.speed));
      write(said, problem || (why && !why.startsWith('no admin key') ? why : ''));
      said.title = said.textContent;
    },
    shown: () => ({ ...state, time: now(), problem, why: admin.why() }),
  };

  function follow(value) {
    if (![...speed.options].some((one) => one.value === value)) {
      speed.append(element('option', { value, text: speedText(Number(value)) }));
    }
    if (speed.value !== value) speed.value = value;
  }
}

function speedText(speed) {
  return speed === 0 ? 'max' : `${speed}×`;
}

function select(label, values, text) {
  const node = element('select', { class: 'field', 'aria-label': label, title: label });
  node.append(...values.map((value) => element('option', { value, text: text(value) })));
  if (values.includes('0')) node.value = '1';
  return node;
}

/** A moment that was typed, ms: a whole one, or a time of the day that the market is in. */
function wanted(typed, now) {
  const text = typed.trim();
  const found = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text);
  if (found) {
    const [hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
    const start = new Date(now);
    return Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate(), hours, minutes, seconds);
  }
  const moment = Date.parse(/[zZ]$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(moment) ? null : moment;
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
