// Which panels can be seen: tabs, the views of a phone, the list of instruments over the others, and the theme.

const THEMES = ['system', 'light', 'dark'];
const SIGNS = { system: '◐', light: '☀', dark: '☾' };
const STORED = 'feed.theme';
/** Colours that canvases draw with. */
const TOKENS = [
  'panel', 'raised', 'line', 'edge', 'grid', 'text', 'dim', 'accent', 'buy', 'sell', 'buy-bar', 'sell-bar', 'warn',
  'volume-buy', 'volume-sell',
];
/** What gets the focus when a panel is chosen by its number: the first of these that is there. */
const FIRST_FOCUS = ['[role="tab"][aria-selected="true"]', '.panel-body [tabindex="0"]', 'input, select, button'];
/** Views of the number keys 1 to 6. */
export const VIEWS = ['chart', 'book', 'trades', 'account', 'market', 'control'];

/**
 * Wire what is in `index.html`.
 *
 * @param {object} app With `frame`, `on`, `tell`.
 * @param {Map<string, object>} panels Those that are there, by name.
 * @returns {{view: (name: string) => void, tab: (name: string) => void, onTheme: (listener) => void}}
 */
export function mountLayout(app, panels) {
  const tabs = [...document.querySelectorAll('[role="tab"]')].filter((tab) => {
    tab.hidden = !panels.has(panelOf(tab));
    return !tab.hidden;
  });
  const views = [...document.querySelectorAll('.views button')];
  const lastTab = { market: 'depth', control: 'connections' };
  const narrow = matchMedia('(max-width: 799px)');
  let tabShown = 'depth';

  function panelOf(tab) {
    return tab.id.slice(2);
  }

  function tab(name, focus = false) {
    const chosen = tabs.find((each) => panelOf(each) === name);
    if (!chosen) return;
    tabShown = name;
    lastTab[chosen.dataset.group] = name;
    for (const each of tabs) {
      const on = each === chosen;
      each.setAttribute('aria-selected', String(on));
      each.tabIndex = on ? 0 : -1;
      document.getElementById(each.getAttribute('aria-controls')).hidden = !on;
    }
    if (focus) chosen.focus();
  }

  function view(name, focus = false) {
    document.body.dataset.view = name;
    for (const each of views) {
      if (each.dataset.view === name) each.setAttribute('aria-current', 'page');
      else each.removeAttribute('aria-current');
    }
    const group = { market: 'market', control: 'control' }[name];
    const inGroup = tabs.some((each) => each.dataset.group === group && panelOf(each) === tabShown);
    if (group && !inGroup) tab(lastTab[group]);
    pick(false);
    if (focus) focusOn(name);
  }

  function focusOn(name) {
    const section = document.querySelector(`[data-in~="${name}"]`);
    const found = FIRST_FOCUS.flatMap((selector) => [...section.querySelectorAll(selector)]);
    found.find((each) => each.offsetParent !== null)?.focus();
  }

  function pick(on) {
    if (on) document.body.dataset.picking = '';
    else delete document.body.dataset.picking;
    app.tell('picking', on);
    if (on) app.tell('search');
  }

  for (const each of tabs) each.onclick = () => tab(panelOf(each));
  document.querySelector('[role="tablist"]').onkeydown = (event) => {
    const seen = tabs.filter((each) => each.offsetParent !== null);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const at = seen.findIndex((each) => panelOf(each) === tabShown);
    tab(panelOf(seen[(at + by + seen.length) % seen.length]), true);
  };
  for (const each of views) each.onclick = () => view(each.dataset.view);
  document.getElementById('help-open').onclick = () => app.tell('help');
  app.on('help', () => document.getElementById('help').showModal());
  app.on('pick-instrument', () => pick(!('picking' in document.body.dataset)));
  app.on('picking-ends', () => pick(false));
  app.on('watch', () => {
    tab('messages');
    if (narrow.matches) view('control');
  });
  app.on('pick', () => narrow.matches && view('account'));
  document.addEventListener('pointerdown', (event) => {
    if ('picking' in document.body.dataset && !event.target.closest('.at-list, .quote-name')) pick(false);
  });
  view('chart');
  tab('depth');
  for (const name of panels.keys()) {
    const root = document.querySelector(`[data-panel="${name}"]`);
    app.frame.setVisible(name, root.offsetParent !== null);
    new IntersectionObserver((entries) => {
      app.frame.setVisible(name, entries[entries.length - 1].isIntersecting);
    }).observe(root);
  }
  app.frame.drawNow(); // before the first paint, so that what panels hide at first is never seen
  return { view, tab };
}

/**
 * Light, dark or as the system has it; `listen(colours, font)` is called now and at every change.
 *
 * @param {() => void} changed Called after all listeners.
 * @returns {(listen: (colours: object, font: string) => void) => void}
 */
export function mountTheme(changed) {
  const button = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const listeners = [];
  let chosen = THEMES.includes(stored()) ? stored() : 'system';

  function stored() {
    try {
      return localStorage.getItem(STORED);
    } catch {
      return null; // storage is forbidden: the system's theme, and nothing is kept
    }
  }

  function colours() {
    const style = getComputedStyle(probe);
    return Object.fromEntries(TOKENS.map((token) => {
      probe.style.color = `var(--${token})`;
      return [token, style.color];
    }));
  }

  function apply() {
    if (chosen === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    button.textContent = SIGNS[chosen];
    button.title = `Theme: ${chosen}`;
    button.setAttribute('aria-label', `Theme: ${chosen}`);
    const now = colours();
    for (const listen of listeners) listen(now, font());
    changed();
  }

  function font() {
    const { fontFamily } = getComputedStyle(document.body);
    return `11px ${fontFamily}`;
  }

  button.onclick = () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    try {
      localStorage.setItem(STORED, chosen);
    } catch {
      // as above
    }
    apply();
  };
  system.addEventListener('change', apply);
  apply();
  return (listen) => {
    listeners.push(listen);
    listen(colours(), font());
  };
}
