// The WebSocket under a session: opens it, opens it again, and looks once a second at what is due.

const LOOK_MS = 1_000;

/**
 * Keep a session connected until it is closed.
 * @param {import('./session.js').Session} session
 * @param {object} tell
 * @param {(items: object[]) => void} tell.items what a message has said
 * @param {(link: {connection: string, text: string}) => void} tell.link how the connection is: 'connecting', 'live'
 *   or 'waiting', and why
 * @param {() => void} tell.look once a second
 * @returns {{flush: () => void, again: (reason: string) => void, close: () => void}}
 */
export function connect(session, tell) {
  let socket = null;
  let timer = null;
  let closed = false;

  function open() {
    clearTimeout(timer);
    timer = null;
    tell.link({ connection: 'connecting', text: '' });
    const url = new URL(session.url(), location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const mine = new WebSocket(url);
    socket = mine;
    mine.onopen = () => {
      session.connected(performance.now());
      flush();
      tell.link({ connection: 'live', text: '' });
    };
    mine.onmessage = ({ data }) => {
      const now = performance.now();
      tell.items(typeof data === 'string' ? session.receive(data, now) : [session.refuse('binary', now)]);
      flush();
    };
    mine.onclose = ({ code, reason }) => ended(code, reason);
  }

  function flush() {
    const texts = session.outgoing;
    if (!texts.length || socket?.readyState !== WebSocket.OPEN) return;
    session.outgoing = [];
    for (const text of texts) socket.send(text);
  }

  function ended(code, reason) {
    const stood = session.open;
    leave();
    const wait = session.closed(code, reason, performance.now());
    if (closed) return;
    timer = setTimeout(open, wait);
    tell.link({ connection: 'waiting', text: reason || (code === 1006 ? 'the connection was lost' : `close ${code}`) });
    if (!stood) explain();
  }

  /** A browser does not say why a handshake was refused; the server does, to who asks. */
  async function explain() {
    try {
      const answer = await fetch('/readyz', { signal: AbortSignal.timeout(LOOK_MS) });
      if (answer.ok || session.open) return;
      tell.link({ connection: 'waiting', text: (await answer.text()).slice(0, 200) });
    } catch {
      if (!session.open) tell.link({ connection: 'waiting', text: 'the server does not answer' });
    }
  }

  /** Have nothing to do any more with the connection that there was, whether or not its end was told. */
  function leave() {
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function look() {
    const reason = session.due(performance.now());
    if (reason) ended(0, reason);
    else flush();
    tell.look();
  }

  /** The page was asleep, or the network away: do not wait for a timer. */
  function wake() {
    if (document.hidden) return;
    if (timer !== null) open();
    session.probe(performance.now());
    flush();
  }

  const looking = setInterval(look, LOOK_MS);
  document.addEventListener('visibilitychange', wake);
  addEventListener('online', wake);
  open();

  return {
    flush,
    again(reason) {
      ended(0, reason);
      open();
    },
    close() {
      closed = true;
      clearInterval(looking);
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
      removeEventListener('online', wake);
      ended(1000, '');
    },
  };
}
