// The connection of the page itself: a word in the bar, and below all panels what was received, lost and made up for.

import { element } from '../drawing/dom.js';
import { grouped } from '../common/numbers.js';
import { Flag, Text } from '../drawing/rows.js';

const WORDS = {
  connecting: 'connecting',
  live: 'live',
  stale: 'no answer',
  waiting: 'reconnecting',
  refused: 'refused',
  ended: 'market ended',
};
const COUNTS = ['resumed', 'madeUp', 'outOfStep', 'duplicates', 'unreadable'];

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const word = new Text(element('span'));
  word.set(WORDS.connecting);
  const badge = element('span', { class: 'connection-badge' }, element('i', { 'aria-hidden': 'true' }), word.node);
  const flags = { live: new Flag(badge, 'live'), bad: new Flag(badge, 'bad'), wait: new Flag(badge, 'wait') };
  root.append(badge);
  const footer = document.querySelector('.counters');
  const counters = Object.fromEntries([
    ['seq', 'seq', 'Number of the newest event that the page has applied'],
    ['rate', 'messages/s', 'Messages that the page receives, mean of the last seconds'],
    ['rtt', 'round trip', 'Time of the last ping and its pong'],
    ['resumed', 'resumed', 'Connections that went on after a position, without a gap'],
    ['madeUp', 'trades made up for', 'Lost trades that were asked for again'],
    ['outOfStep', 'books out of step', 'Books that were loaded anew because checksum or order did not fit'],
    ['duplicates', 'duplicates', 'Messages that came twice and were dropped'],
    ['unreadable', 'unreadable', 'Messages that were no JSON or did not fit, and were not applied'],
  ].map(([name, label, title]) => {
    const value = new Text(element('span', { class: 'counter-value' }));
    footer.append(element('span', { title, class: `counter-${name.toLowerCase()}` }, `${label} `, value.node));
    return [name, value];
  }));
  const told = new Text(element('span', { class: 'counter-text warn' }));
  footer.append(told.node);
  let before = null;
  market.on('state', () => app.frame.touch('status'));
  for (const kind of ['book', 'trades']) market.on(kind, () => app.frame.touch('status'));

  function draw() {
    const state = market.state();
    const tooFast = state.tooFast && state.connection === 'live';
    word.set(tooFast ? 'too fast to draw all' : WORDS[state.connection] ?? state.connection);
    flags.live.set(state.connection === 'live' && !tooFast);
    flags.bad.set(state.connection === 'refused' || state.connection === 'ended');
    flags.wait.set(['waiting', 'stale', 'connecting'].includes(state.connection) || Boolean(tooFast));
    document.body.classList.toggle('stale', state.connection !== 'live');
    counters.seq.set(grouped(String(state.seq ?? 0)));
    counters.rate.set(String(Math.round(state.rate ?? 0)));
    counters.rtt.set(state.rtt === null || state.rtt === undefined ? '–' : `${Math.round(state.rtt)} ms`);
    for (const name of COUNTS) counters[name].set(String(state.counts?.[name] ?? state[name] ?? 0));
    told.set(state.text ?? '');
    if (root.title !== (state.text ?? '')) root.title = state.text ?? '';
    if (before !== null && before !== state.connection) {
      app.tell('speak', `Connection: ${word.value}. ${state.text ?? ''}`);
    }
    before = state.connection;
  }

  return {
    draw,
    shown: () => ({
      connection: market.state().connection,
      word: word.value,
      text: told.value,
      ...Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, value.value])),
    }),
  };
}
