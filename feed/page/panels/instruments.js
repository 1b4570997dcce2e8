// The list of instruments: thirty rows are made for however many there are, and only those seen ask for tickers.

import { element } from '../drawing/dom.js';
import { screen, text } from '../common/numbers.js';
import { Figure, Flag, Rows, Text } from '../drawing/rows.js';

/** Rows beyond the visible ones, so that scrolling finds them filled. */
const BEYOND = 3;
/** Tickers are asked for when scrolling has rested so long. Milliseconds. */
const REST = 150;

/** @param {HTMLElement} root @param {object} app */
export function mount(root, app) {
  const { market } = app;
  const search = element('input', {
    type: 'search', class: 'field list-search', placeholder: 'Search  /', autocomplete: 'off', spellcheck: 'false',
    role: 'combobox', 'aria-label': 'Search instruments by symbol, venue, kind', 'aria-expanded': 'true',
    'aria-controls': 'instrument-list', oninput: filter, onkeydown: onSearchKey,
  });
  const space = element('div', { class: 'list-space' });
  const list = element('div', {
    class: 'list-scroll', id: 'instrument-list', role: 'listbox', tabindex: '0', 'aria-label': 'Instruments',
    onscroll: () => app.frame.touch('instruments'), onkeydown: onListKey,
  }, space);
  const none = element('p', { class: 'empty', hidden: true });
  root.append(element('div', { class: 'list-head' }, search), list, none);

  const rows = new Rows(space, makeRow);
  let found = [];
  let chosen = 0;
  let rowHeight = 24;
  let watched = '';
  let timer = 0;
  new ResizeObserver(() => app.frame.touch('instruments')).observe(list);
  market.on('instruments', filter);
  market.on('shown', () => app.frame.touch('instruments'));
  market.on('ticker', () => app.frame.touch('instruments'));
  market.on('state', () => found.length === 0 && filter());
  app.on('search', () => {
    search.focus();
    search.select();
  });

  function makeRow(index) {
    const symbol = new Text(element('span', { class: 'list-symbol' }));
    const about = new Text(element('span', { class: 'list-about dim' }));
    const price = new Figure(element('span', { class: 'list-price num' }));
    const given = { class: 'list-row', role: 'option', id: `instrument-${index}` };
    const node = element('div', given, symbol.node, about.node, price.node);
    const flags = { current: new Flag(node, 'current'), marked: new Flag(node, 'marked') };
    const row = { node, symbol, about, price, ...flags, instrument: null, at: -1 };
    node.onclick = () => row.instrument && show(row.instrument);
    return row;
  }

  function filter() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ symbol, base, quote, venue, contract, assetClass }) => {
      const said = `${symbol} ${base}/${quote} ${venue} ${contract} ${assetClass ?? ''}`.toLowerCase();
      return words.every((word) => said.includes(word));
    };
    found = market.instruments().filter(fits);
    chosen = Math.max(0, found.findIndex((each) => each.symbol === market.shown.symbol));
    if (words.length) chosen = 0;
    list.scrollTop = 0;
    app.frame.touch('instruments');
  }

  function show(instrument) {
    app.tell('show', { symbol: instrument.symbol });
    app.tell('picking-ends');
  }

  function move(by) {
    if (found.length === 0) return;
    chosen = Math.min(Math.max(chosen + by, 0), found.length - 1);
    const top = chosen * rowHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
    app.frame.touch('instruments');
  }

  function onKey(event) {
    const page = Math.max(1, Math.floor(list.clientHeight / rowHeight) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    if (by) move(by);
    else if (event.key === 'Enter' && found[chosen]) show(found[chosen]);
    else return false;
    event.preventDefault();
    return true;
  }

  function onListKey(event) {
    if (event.key === 'Home') move(-found.length);
    else if (event.key === 'End') move(found.length);
    else onKey(event);
  }

  function onSearchKey(event) {
    if (onKey(event)) return;
    if (event.key !== 'Escape') return;
    if (search.value) {
      search.value = '';
      filter();
      event.stopPropagation();
    } else search.blur();
  }

  function watch(first, last) {
    const symbols = found.slice(first, last).map((each) => each.symbol);
    const now = symbols.join(' ');
    if (now === watched) return;
    watched = now;
    clearTimeout(timer);
    timer = setTimeout(() => app.watch('instruments', symbols), REST);
  }

  function draw() {
    rowHeight = parseFloat(getComputedStyle(root).getPropertyValue('--list-row')) || 24;
    none.hidden = found.length > 0;
    const why = market.instruments().length ? 'No instrument fits.' : `Instruments: ${market.state().instruments}`;
    if (none.textContent !== why) none.textContent = why;
    space.style.height = `${found.length * rowHeight}px`;
    const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - BEYOND);
    const last = Math.min(found.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + BEYOND);
    rows.resize(Math.max(0, last - first));
    for (let at = 0; at < rows.count; at += 1) fill(rows.all[at], first + at);
    const active = rows.all.findIndex((row, at) => at < rows.count && row.at === chosen);
    const id = active < 0 ? '' : `instrument-${active}`;
    for (const node of [list, search]) attribute(node, 'aria-activedescendant', id);
    watch(first, last);
  }

  function fill(row, at) {
    const instrument = found[at];
    if (row.at !== at) {
      row.at = at;
      row.node.style.transform = `translateY(${at * rowHeight}px)`;
      row.node.setAttribute('aria-posinset', String(at + 1));
      row.node.setAttribute('aria-setsize', String(found.length));
    }
    if (row.instrument !== instrument) {
      row.instrument = instrument;
      row.symbol.set(instrument.symbol);
      const { symbol, base, quote, venue, contract } = instrument;
      row.node.title = [symbol, `${base}/${quote}`, venue, contract].filter(Boolean).join(', ');
    }
    const ticker = market.ticker(instrument.symbol);
    const halted = instrument.status && instrument.status !== 'trading' ? ` · ${instrument.status}` : '';
    const kind = instrument.contract === 'spot' ? '' : instrument.contract;
    row.about.set([instrument.venue, kind].filter(Boolean).join(' ') + halted);
    row.price.set(ticker ? screen(text(ticker.price, instrument.priceDecimals)) : '–');
    const current = instrument.symbol === market.shown.symbol;
    attribute(row.node, 'aria-selected', String(current));
    row.current.set(current);
    row.marked.set(at === chosen);
  }

  function attribute(node, name, value) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }

  return {
    draw,
    visible: (on) => { if (!on) app.watch('instruments', []); else watched = ''; },
    shown: () => ({
      count: found.length,
      rows: rows.all.slice(0, rows.count).map((row) => [row.symbol.value, row.price.value]),
    }),
  };
}
