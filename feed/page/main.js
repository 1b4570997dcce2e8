// The page: makes the market's connection and the panels, and carries what one of them says to the others. Panels know
// `app` and nothing of each other.

import { makeAccounts } from './account/accounts.js';
import { openAdmin } from './admin/admin.js';
import { Frame } from './drawing/frame.js';
import { mountKeyboard } from './keyboard.js';
import { openKeys } from './account/keys.js';
import { mountLayout, mountTheme } from './layout.js';
import { open as openLiquidations } from './market/liquidations.js';
import { open as openMarket } from './market/market.js';
import * as account from './panels/account.js';
import * as chart from './panels/chart.js';
import * as clock from './panels/clock.js';
import * as connections from './panels/connections.js';
import * as depth from './panels/depth.js';
import * as events from './panels/events.js';
import * as instruments from './panels/instruments.js';
import * as ladder from './panels/ladder.js';
import * as messages from './panels/messages.js';
import * as quote from './panels/quote.js';
import * as status from './panels/status.js';
import * as tape from './panels/tape.js';
import * as ticket from './panels/ticket.js';
import * as timeline from './panels/timeline.js';
import * as venues from './panels/venues.js';

/** Panels by the name of their place in index.html, in the order in which they are drawn. */
const PANELS = {
  quote, clock, status, instruments, ladder, tape, chart, depth, venues, events, account, ticket, timeline, connections,
  messages,
};
/** Drawn in every frame in which they have changed; text is drawn less often. */
const CANVASES = new Set(['chart', 'depth']);
/** Shown first, where the market has it. */
const FIRST = 'BTC-USD';
const INTERVAL = '1m';

function makeApp() {
  const listeners = new Map();
  const watched = new Map();
  const server = { ...JSON.parse(document.body.dataset.server), page: randomHex() };
  const app = {
    server,
    /** Call `listener(value)` whenever `tell(kind, value)` is called. */
    on: (kind, listener) => listeners.set(kind, [...(listeners.get(kind) ?? []), listener]),
    tell: (kind, value) => (listeners.get(kind) ?? []).forEach((listener) => listener(value)),
    /** Ask for the tickers of `symbols`, for `owner`, in place of those it asked for before. */
    watch: (owner, symbols) => {
      watched.set(owner, symbols);
      show({});
    },
    title: (text) => { if (document.title !== text) document.title = text; },
  };
  const shown = { symbol: null, interval: INTERVAL };

  function show({ symbol, interval }) {
    shown.symbol = symbol ?? shown.symbol;
    shown.interval = interval ?? shown.interval;
    if (shown.symbol === null) return;
    app.market.show(shown.symbol, shown.interval, [...new Set([...watched.values()].flat())]);
    shown.interval = app.market.shown.interval; // as it was, where there is none of that name
    const hash = `#${encodeURIComponent(shown.symbol)}/${shown.interval}`;
    if (symbol || interval) history.replaceState(null, '', hash);
  }

  app.on('show', show);
  return app;
}

/** Names this page among the connections of the server; it is no secret. */
function randomHex() {
  return [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What the address asks for, such as `#BTC-USD/1m`; else what is shown already, or the first instrument. */
function begin(app) {
  const [symbol, interval] = location.hash.slice(1).split('/').map(decoded);
  const listed = (each) => app.market.instrument(each);
  const first = listed(symbol) ?? listed(app.market.shown.symbol) ?? listed(FIRST) ?? app.market.instruments()[0];
  if (first) app.tell('show', { symbol: first.symbol, interval: interval || INTERVAL });
  return Boolean(first);
}

/** A part of the address, which anybody may have typed. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function main() {
  const app = makeApp();
  app.settings = {};
  app.keys = openKeys(app.server);
  app.market = openMarket(app.server, app.keys);
  app.liquidations = openLiquidations(app.server, app.keys);
  app.frame = new Frame(() => app.market.state().seq ?? null);
  app.admin = openAdmin(app);
  app.accounts = makeAccounts(app);
  app.onTheme = mountTheme(() => app.frame.touchAll());
  const panels = new Map();
  for (const [name, module] of Object.entries(PANELS)) {
    const panel = module.mount(document.querySelector(`[data-panel="${name}"]`), app);
    panels.set(name, panel);
    app.frame.add(name, panel, { canvas: CANVASES.has(name) });
  }
  const layout = mountLayout(app, panels);
  mountKeyboard(app, panels, layout);
  const speak = document.getElementById('speak');
  app.on('speak', (text) => { speak.textContent = text; });
  let begun = begin(app);
  app.market.on('instruments', () => { begun ||= begin(app); });
  addEventListener('hashchange', () => begin(app));
  /** For tests: what is on the screen, and at which event. */
  window.feedPage = { shown: () => app.frame.shown(), app };
}

main();
