// Keys: one handler for the page. The panel that has the focus is asked first, then those that hold everywhere.

import { VIEWS } from './layout.js';

/** Keys that press the element which has the focus, and which elements can be pressed. */
const OWN_KEYS = new Set(['Enter', ' ']);
const PRESSED = 'button, a, summary, [role="option"], [role="tab"], [role="radio"]';

/**
 * @param {object} app
 * @param {Map<string, {key?: (event: KeyboardEvent) => boolean}>} panels
 * @param {{view: (name: string, focus?: boolean) => void}} layout
 */
export function mountKeyboard(app, panels, layout) {
  const everywhere = {
    '/': () => app.tell(matchMedia('(max-width: 1199px)').matches ? 'pick-instrument' : 'search'),
    '?': () => app.tell('help'),
    b: () => app.tell('pick', { side: 'buy', price: null, focus: true }),
    s: () => app.tell('pick', { side: 'sell', price: null, focus: true }),
    ' ': () => app.tell('clock', 'toggle'),
    '.': () => app.tell('clock', 'step'),
  };
  VIEWS.forEach((name, at) => { everywhere[at + 1] = () => layout.view(name, true); });

  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') {
      app.tell('picking-ends');
      if (target !== document.body) target.blur?.();
      return;
    }
    if (target.matches('input, select, textarea, [contenteditable]')) return;
    const name = target.closest('[data-panel]')?.dataset.panel;
    if (name && panels.get(name)?.key?.(event)) {
      event.preventDefault();
      return;
    }
    if (OWN_KEYS.has(event.key) && target.matches(PRESSED)) return;
    const act = everywhere[event.key];
    if (!act || event.repeat) return;
    event.preventDefault();
    act();
  });
}
