// Keys by protocol: in memory and in the storage of this tab, never in a URL, a log or what panels show.

const STORED = 'feed.keys';
/** Under this name goes the key that steers the market; no other key stands in for it. */
export const ADMIN = 'admin';

/**
 * A key and what goes with it.
 *
 * @typedef {Object} Key
 * @property {string} key
 * @property {string} [secret] with what requests are signed.
 * @property {string} [passphrase]
 */

/**
 * The keys of this tab.
 *
 * @param {{demo?: Object<string, Key>}} server what the page was told of its server.
 */
export function openKeys(server) {
  const demo = server.demo ?? {};
  const kept = stored();
  const listeners = new Set();

  function tell(protocol) {
    try {
      sessionStorage.setItem(STORED, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // A browser that keeps nothing for pages: they are asked for again after a reload.
    }
    for (const listener of listeners) listener(protocol);
  }

  return {
    /** Whether there are keys that everybody knows. */
    demo: Object.keys(demo).length > 0,

    /**
     * The key for a protocol, or the one for all of them.
     *
     * @param {string} protocol '' for the one for all.
     * @returns {Key|null}
     */
    get(protocol) {
      return kept.get(protocol) ?? (protocol === ADMIN ? null : kept.get('')) ?? null;
    },

    /**
     * Take a key, or forget it.
     *
     * @param {string} protocol
     * @param {Key|null} key
     */
    set(protocol, key) {
      if (key) kept.set(protocol, key);
      else kept.delete(protocol);
      tell(protocol);
    },

    /** Take all keys that everybody knows. */
    useDemo() {
      for (const [protocol, key] of Object.entries(demo)) kept.set(protocol, key);
      tell('');
    },

    /**
     * Hear of changes.
     *
     * @param {(protocol: string) => void} listener
     * @returns {() => void} ends it.
     */
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function stored() {
  try {
    return new Map(Object.entries(JSON.parse(sessionStorage.getItem(STORED) ?? '{}')));
  } catch {
    return new Map();
  }
}
