// A WebSocket of an account that comes back by itself: what was told meanwhile is asked for by its owner.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const PING_MS = 10000;
const KEPT_MS = 5000; // a connection that lives so long has been good

/**
 * Connect, and again whenever that ends.
 *
 * @param {string} path path and query on this server.
 * @param {Object} owner
 * @param {() => void} owner.opened the socket is open.
 * @param {(text: string) => void} owner.received one message.
 * @param {(reason: string) => void} owner.lost it is not open any more; it will be tried again.
 * @param {() => string} owner.ping a message that is answered.
 * @returns {{send: (text: string) => boolean, renew: (reason: string) => void, close: () => void}} `send` is false
 *   where nothing is open; `renew` gives this connection up for another one.
 */
export function openLink(path, owner) {
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
  let socket = null;
  let wait = FIRST_WAIT_MS;
  let timer = 0;
  let opened = 0;
  let heard = 0;
  let pinged = 0;
  let closed = false;

  function connect() {
    timer = 0;
    const mine = new WebSocket(url);
    socket = mine;
    opened = heard = Date.now();
    mine.onopen = () => {
      if (mine !== socket) return;
      opened = heard = Date.now();
      pinged = 0;
      owner.opened();
    };
    mine.onmessage = (event) => {
      if (mine !== socket) return;
      heard = Date.now();
      pinged = 0;
      owner.received(String(event.data));
    };
    mine.onclose = (event) => {
      if (mine === socket) lost(event.reason || `connection lost (${event.code})`);
    };
  }

  function lost(reason) {
    const old = socket;
    socket = null;
    old?.close();
    if (closed) return;
    wait = Date.now() - opened > KEPT_MS ? FIRST_WAIT_MS : Math.min(2 * wait, LONGEST_WAIT_MS);
    // Jitter: clients that a server lost at once must not come back at once.
    timer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
    owner.lost(reason);
  }

  function again() {
    if (closed || socket || !timer || document.hidden) return;
    clearTimeout(timer);
    connect();
  }

  const beat = setInterval(() => {
    const now = Date.now();
    if (socket?.readyState !== WebSocket.OPEN) {
      if (socket && now - opened > 2 * PING_MS) lost('no answer to the handshake');
    } else if (pinged && now - pinged > PING_MS) {
      lost('the connection is mute');
    } else if (!pinged && now - heard > PING_MS) {
      pinged = now;
      socket.send(owner.ping());
    }
  }, 1000);
  addEventListener('online', again);
  document.addEventListener('visibilitychange', again);
  connect();

  return {
    send(text) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    renew(reason) {
      if (socket) lost(reason);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(beat);
      removeEventListener('online', again);
      document.removeEventListener('visibilitychange', again);
      const old = socket;
      socket = null;
      old?.close();
    },
  };
}

/**
 * Path and query of a socket of this page, which no market waits for.
 *
 * @param {{page?: string}} server
 * @param {string} path
 * @param {string} [query]
 */
export function socketPath(server, path, query = '') {
  const own = `observer=1&page=${server.page ?? ''}`;
  return `${path}?${query ? `${query}&` : ''}${own}`;
}

/** An id for an order, so that an answer that was lost can be looked up. */
export function newClientId() {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return `page-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
