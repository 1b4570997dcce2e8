// The admin API: what is asked of it, how often, and what went wrong as one line.
//
// Whatever is asked again and again is asked while somebody looks, and less often where the server says it is too much.

import { ADMIN } from '../account/keys.js';

const ASKED_MS = 10000;
const LOOK_MS = 100;
const SLOWEST_MS = 16000;
const NO_KEY = 'no admin key: feed serve prints it once, or keeps it in --admin-key FILE';

/** A request that was refused; `status` is HTTP's, 0 where there was no answer. */
export class AdminError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Open it; nothing is asked before somebody looks.
 *
 * @param {Object} app with keys.
 */
export function openAdmin(app) {
  const { keys } = app;
  const listeners = new Set();
  const polls = new Set();
  let refusal = '';

  function changed() {
    for (const listener of listeners) listener();
  }

  function why() {
    return keys.get(ADMIN) ? refusal : NO_KEY;
  }

  /**
   * Ask for something.
   *
   * @param {string} path
   * @param {{method?: string, body?: string|null}} [how] `body` is JSON as text: nanoseconds are no JS Numbers.
   * @returns {Promise<Object>} rejects with an {@link AdminError}.
   */
  async function ask(path, { method, body = null } = {}) {
    const key = keys.get(ADMIN);
    if (!key) throw new AdminError(401, NO_KEY);
    let answer;
    let text;
    try {
      answer = await fetch(path, {
        method: method ?? (body === null ? 'GET' : 'POST'),
        headers: { 'X-API-Key': key.key, ...(body === null ? {} : { 'Content-Type': 'application/json' }) },
        body,
        cache: 'no-store',
        signal: AbortSignal.timeout(ASKED_MS),
      });
      text = await answer.text();
    } catch {
      throw new AdminError(0, 'the server has not answered');
    }
    if (answer.status === 401 || answer.status === 403) refuse(worded(text) || `refused (${answer.status})`, key);
    else if (refusal) refuse('', key);
    if (!answer.ok) throw new AdminError(answer.status, worded(text) || `the server answered ${answer.status}`);
    try {
      return JSON.parse(text);
    } catch {
      throw new AdminError(answer.status, 'the answer is no JSON');
    }
  }

  function refuse(reason, key) {
    if (key !== keys.get(ADMIN) || reason === refusal) return;
    refusal = reason;
    changed();
  }

  async function due(poll, now) {
    if (poll.asking || now < poll.next || why() || !poll.wanted()) return;
    poll.asking = true;
    try {
      const found = await ask(poll.path());
      poll.every = poll.usual;
      if (!poll.ended) poll.tell(found, '');
    } catch (problem) {
      // Too many requests, or a server in trouble: each time half as often, until it answers again.
      if (!(problem instanceof AdminError)) throw problem;
      const often = problem.status === 429 || problem.status === 0 || problem.status >= 500;
      if (often) poll.every = Math.min(2 * poll.every, SLOWEST_MS);
      if (!poll.ended) poll.tell(null, problem.message, problem.status);
    } finally {
      poll.asking = false;
      poll.next = Date.now() + poll.every;
    }
  }

  keys.on((protocol) => {
    if (protocol !== ADMIN) return;
    refusal = '';
    for (const poll of polls) poll.next = 0;
    changed();
  });
  setInterval(() => {
    if (document.hidden) return;
    for (const poll of polls) due(poll, Date.now());
  }, LOOK_MS);

  return {
    ask,

    /** Why nothing can be asked; '' where it can. */
    why,

    /**
     * Ask again and again, while the tab can be seen and there is a key.
     *
     * @param {() => string} path what is asked next.
     * @param {number} usual every so many milliseconds.
     * @param {(found: Object|null, problem: string, status?: number) => void} tell
     * @param {() => boolean} [wanted] whether somebody looks.
     * @returns {{end: () => void, now: () => void}}
     */
    poll(path, usual, tell, wanted = () => true) {
      const poll = { path, usual, every: usual, tell, wanted, next: 0, asking: false, ended: false };
      polls.add(poll);
      return {
        end() {
          poll.ended = true;
          polls.delete(poll);
        },
        now() {
          poll.next = 0;
        },
      };
    },

    /** Hear that a key was taken, refused, or is good again. */
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function worded(text) {
  try {
    const said = JSON.parse(text);
    return said.error?.message ?? said.message ?? said.error ?? '';
  } catch {
    return '';
  }
}
