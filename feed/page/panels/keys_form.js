// The form in which keys are given to this tab, and taken away again. What is typed is shown nowhere.

import { element } from '../drawing/dom.js';
import { ADMIN } from '../account/keys.js';

const SCOPES = [
  ['', 'All protocols'],
  ['binance', 'Binance'],
  ['marketai', 'Market.ai'],
  [ADMIN, 'Admin'],
];

/**
 * A form for all keys of the page.
 *
 * @param {Object} app with keys.
 * @returns {{node: HTMLElement}}
 */
export function keysForm(app) {
  const { keys } = app;
  const scope = element('select', { class: 'field', 'aria-label': 'Which protocol the key is for' });
  scope.append(...SCOPES.map(([value, text]) => element('option', { value, text })));
  const key = secretField('Key');
  const secret = secretField('Secret (where requests are signed)');
  const said = element('p', { class: 'note', role: 'status' });
  const demo = element('button', {
    type: 'button',
    class: 'button primary',
    'data-act': 'demo',
    text: 'Use the demo key',
    onclick: () => keys.useDemo(),
  });
  const onclick = () => keys.set(scope.value, null);
  const forget = element('button', { type: 'button', class: 'button', text: 'Forget', onclick });
  const use = element('button', { type: 'submit', class: 'button', text: 'Use' });
  const form = element('form', { class: 'row wrap', autocomplete: 'off' }, scope, key, secret, use, forget);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!key.value.trim()) return;
    keys.set(scope.value, { key: key.value.trim(), secret: secret.value.trim() || undefined });
    key.value = secret.value = '';
  };
  const kept = element('p', { class: 'note', text: 'Keys stay in this tab: they are gone when it is closed.' });
  const offered = keys.demo ? [element('div', { class: 'row' }, demo)] : [];
  const node = element('div', { class: 'stack padded' }, ...offered, form, said, kept);

  function show() {
    const own = SCOPES.filter(([name]) => keys.get(name) && (name === '' || keys.get(name) !== keys.get('')));
    said.textContent = own.length ? `Kept: ${own.map(([, title]) => title).join(', ')}` : 'No key yet.';
  }

  keys.on(show);
  show();
  return { node };
}

/**
 * The form for the admin key alone, where a panel needs it.
 *
 * @param {Object} app with keys.
 */
export function adminForm(app) {
  const key = secretField('Admin key');
  const use = element('button', { type: 'submit', class: 'button', text: 'Use' });
  const node = element('form', { class: 'row', autocomplete: 'off' }, key, use);
  node.onsubmit = (event) => {
    event.preventDefault();
    if (key.value.trim()) app.keys.set(ADMIN, { key: key.value.trim() });
    key.value = '';
  };
  return node;
}

function secretField(label) {
  return element('input', {
    class: 'field',
    type: 'password',
    placeholder: label,
    'aria-label': label,
    autocomplete: 'off',
    spellcheck: 'false',
  });
}
