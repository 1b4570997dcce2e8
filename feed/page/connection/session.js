// The guide's protocol from the browser's end, without its socket: what messages mean over all the connections of a
// page. Sans-I/O; the rules of feed/client/core.py. Times are arguments, milliseconds of any clock that only goes on.

import { Progress, seqOf } from './progress.js';
import { Liveness, Retries } from './liveness.js';
import { channelOf, plainChannel, readMessage } from './messages.js';

const BOOK_KEPT_MS = 10_000; // away for longer than that a snapshot of a book costs less than what was missed
const SNAPSHOT_MS = 5_000; // a snapshot that has not come by then was lost
const ANEW = 'a new connection begins with the present';
const BAD_KEY = /Invalid API key|Too many invalid keys|Token expired/;
const POLICY = 1008;
const TOO_SLOW = 1013;

/** See the module. */
export class Session {
  /**
   * @param {object} options
   * @param {string} options.page 8 hexadecimal digits that tell this page from others in lists of connections
   * @param {() => number} options.random jitter of reconnects: draws from [0, 1)
   */
  constructor({ page = '', random = Math.random } = {}) {
    this.outgoing = []; // texts to send; whoever drives this empties it
    this.counts = { resumed: 0, outOfStep: 0, unreadable: 0, duplicates: 0, madeUp: 0, connections: 0 };
    this.open = false;
    this.seq = 0; // the highest that was heard of
    this.ts = 0; // market time of the newest message, ms
    this.unreadable = ''; // the beginning of the last message that was
    this._page = page;
    this._groups = new Map();
    this._owners = new Map(); // of each channel its group
    this._asked = []; // subscriptions that are still to be answered: {name, names, since, anew}
    this._key = '';
    this._authenticated = false;
    this._liveness = new Liveness();
    this._retries = new Retries(random);
    this._closedAt = null;
    this._streams = new Map(); // of each channel of an instrument the last [seq, ts]
  }

  /** Where to connect: path and query. A key never stands in it. */
  url() {
    return `/guide?ext=seq&conflate=250&observer=1${this._page ? `&page=${this._page}` : ''}`;
  }

  /** Messages per second. */
  get rate() {
    return this._liveness.rate;
  }

  /** Milliseconds to the server and back. */
  get roundTrip() {
    return this._liveness.roundTrip;
  }

  /** Whether what is shown may be out of date: nothing came although it was asked for. */
  stale(now) {
    return !this.open || this._liveness.stale(now);
  }

  // -- what is wanted ----------------------------------------------------------------------------

  /**
   * Subscribe to exactly this from now on, on every connection.
   * @param {Map<string, {channels: string[], resumes?: boolean, premium?: boolean}>} groups each is one message;
   *   channels are spelled "book_BTC-USD", at most 400 of a group
   */
  want(groups, now) {
    const gone = [];
    const added = [];
    for (const [name, before] of this._groups) {
      const kept = new Set(groups.get(name)?.channels);
      const ended = before.channels.filter((channel) => !kept.has(channel));
      if (before.sent) gone.push(...ended);
      if (!groups.has(name)) this._groups.delete(name);
      else if (ended.length === before.channels.length) this._groups.set(name, new Progress(groups.get(name)));
    }
    for (const [name, wanted] of groups) {
      const group = this._groups.get(name) ?? new Progress(wanted);
      this._groups.set(name, group);
      const held = new Set(group.sent ? group.channels : []);
      group.channels = wanted.channels;
      const fresh = wanted.channels.filter((channel) => !held.has(channel));
      if (fresh.length) added.push([name, group, fresh]);
    }
    this._owners.clear();
    for (const group of this._groups.values()) for (const channel of group.channels) this._owners.set(channel, group);
    for (const channel of gone) this._streams.delete(channel);
    if (!this.open) return;
    if (gone.length) this._send({ type: 'unsubscribe', channels: gone });
    for (const [name, group, fresh] of added) this._subscribe(name, group, fresh, '', now);
  }

  /** The key that is shown; empty for none, and once it was refused. */
  get key() {
    return this._key;
  }

  /**
   * Show this key from now on; empty to show none.
   * @returns {boolean} whether that takes a new connection: one that has shown a key cannot show another
   */
  setKey(key) {
    if (key === this._key) return false;
    this._key = key;
    if (this.open && key && !this._authenticated) this._send({ type: 'auth', key });
    return this._authenticated;
  }

  /** A book is not the server's any more: away and back again, a new subscription begins with a snapshot. */
  renew(name, now) {
    const group = this._groups.get(name);
    if (!group) return;
    group.whole = false;
    if (!this.open || !group.sent) return;
    this._send({ type: 'unsubscribe', channels: group.channels });
    this._subscribe(name, group, group.channels, '', now);
  }

  // -- a connection's life -----------------------------------------------------------------------

  /** The handshake is done: say what is wanted, and where it goes on. */
  connected(now) {
    this.open = true;
    this.counts.connections += 1;
    this._authenticated = false;
    this._asked = [];
    this.outgoing = [];
    this._liveness.connected(now);
    if (this._key) this._send({ type: 'auth', key: this._key });
    const away = this._closedAt === null ? 0 : now - this._closedAt;
    for (const [name, group] of this._groups) {
      group.left();
      if (group.isBook && away > BOOK_KEPT_MS) group.whole = false;
      if (!group.premium) this._goOn(name, group, now);
    }
  }

  /**
   * The connection has ended, or could not be made.
   * @returns {number} milliseconds until the next attempt
   */
  closed(code, reason, now) {
    if (this.open) this._closedAt = now;
    this.open = false;
    this.outgoing = [];
    if (code === POLICY && this._key) this._key = ''; // it would only be refused again
    for (const group of this._groups.values()) group.left();
    return this._retries.wait(this._liveness.stood(now), code === POLICY || code === TOO_SLOW);
  }

  /**
   * What is due: asks whether the server is still there.
   * @returns {string} "" or why this connection is to be given up
   */
  due(now) {
    if (!this.open) return '';
    if (this._liveness.due(now)) this._send({ type: 'ping' });
    for (const [name, group] of this._groups) {
      if (group.isBook && group.askedAt && now - group.askedAt > SNAPSHOT_MS) this.renew(name, now);
    }
    return this._liveness.over(now) ? 'nothing came' : '';
  }

  /** Ask at once whether the server is still there: the page was asleep, or could not read something. */
  probe(now) {
    if (!this.open) return;
    this._liveness.probed(now);
    this._send({ type: 'ping' });
  }

  // -- what comes --------------------------------------------------------------------------------

  /**
   * What one message says.
   * @param {string} text
   * @returns {object[]} {kind, message} of data, {kind: 'state', state, ...} of what happens to the session
   */
  receive(text, now) {
    this._liveness.heard(now);
    const message = readMessage(text);
    if (!message) return [this.refuse(text, now)];
    switch (message.type) {
      case 'subscribed':
        return this._confirmed(message);
      case 'pong':
        this._liveness.answered(now);
        for (const group of this._groups.values()) if (group.confirmed) group.reached(message.pos);
        this.seq = Math.max(this.seq, seqOf(message.pos) ?? 0);
        return [];
      case 'authenticated':
        return this._admitted(now);
      case 'error':
        return this._failed(message.message, now);
      case 'unsubscribed':
      case 'subscriptions':
        return [];
      default:
        return this._data(message);
    }
  }

  /** A message that says nothing we can read: it is counted, and nothing of it is applied. */
  refuse(text, now) {
    this.counts.unreadable += 1;
    this.unreadable = text.slice(0, 80);
    this.probe(now);
    return { kind: 'state', state: 'unreadable', text: this.unreadable };
  }

  _data(message) {
    const name = channelOf(message);
    const group = this._owners.get(name);
    group?.reached(message.pos, name);
    if (group?.isBook && message.action === 'snapshot') {
      group.askedAt = 0;
      group.whole = message.part === message.parts;
    }
    const item = { kind: message.type, message };
    const [seq, ts] = this._streams.get(name) ?? [0, 0];
    if (message.seq <= seq) return [item];
    this._streams.set(name, [message.seq, message.ts]);
    if (message.seq >= this.seq) [this.seq, this.ts] = [message.seq, message.ts];
    return message.ts < ts ? [{ kind: 'state', state: 'back', ts: message.ts, seq: message.seq }, item] : [item];
  }

  _confirmed(message) {
    const names = new Set(message.channels);
    const at = this._asked.findIndex((asked) => asked.names.some((name) => names.has(name)));
    if (at < 0) return [];
    const [{ name, since, anew }] = this._asked.splice(at, 1);
    const group = this._groups.get(name);
    if (!group) return [];
    const lost = anew ? [this._lose(name, group, ANEW)] : [];
    group.confirmed = true;
    if (!since) {
      group.reached(message.pos);
      return [...lost, { kind: 'state', state: 'begun', group: name }];
    }
    if (message.pos !== since) return [this._lose(name, group, 'the server does not say that it resumes')];
    this.counts.resumed += 1;
    return [{ kind: 'state', state: 'resumed', group: name, after: seqOf(since) }];
  }

  _admitted(now) {
    this._authenticated = true;
    for (const [name, group] of this._groups) {
      if (group.premium && !group.sent) this._goOn(name, group, now);
    }
    return [{ kind: 'state', state: 'authenticated' }];
  }

  _failed(text, now) {
    if (text.startsWith('since=')) {
      const at = this._asked.findIndex((asked) => asked.since && text.includes(asked.since));
      if (at >= 0) {
        const [{ name }] = this._asked.splice(at, 1);
        const group = this._groups.get(name);
        if (!group) return [];
        const lost = this._lose(name, group, text);
        this._subscribe(name, group, group.channels, '', now);
        return [lost];
      }
    }
    if (BAD_KEY.test(text)) {
      this._key = '';
      return [{ kind: 'state', state: 'keyRefused', text }];
    }
    return [{ kind: 'state', state: 'error', text }];
  }

  _lose(name, group, reason) {
    const after = group.seq;
    group.forget();
    group.sent = true;
    if (!/too old/.test(reason)) this.seq = 0;
    return { kind: 'state', state: 'lost', group: name, reason, after };
  }

  /** Subscribe on a new connection: where it was; or else what came since it began, by request too, is the past. */
  _goOn(name, group, now) {
    const since = group.since();
    this._subscribe(name, group, group.channels, since, now, group.resumes && group.seq > 0 && !since);
  }

  _subscribe(name, group, channels, since, now, anew = false) {
    if (group.premium && !this._authenticated) return;
    group.sent = true;
    group.asked = since;
    if (group.isBook && !since) [group.whole, group.askedAt] = [false, now];
    // Where numbers begin anew, those of before say nothing about the order of messages.
    if (!since) for (const channel of channels) this._streams.delete(channel);
    this._asked = [...this._asked, { name, names: channels.map(plainChannel), since, anew }].slice(-100);
    this._send({ type: 'subscribe', channels, ...(since ? { since } : {}) });
  }

  _send(message) {
    this.outgoing.push(JSON.stringify(message));
  }
}
