// How far one subscription of the guide's protocol has come, over all connections, and where it can go on.
// The rules are those of feed/client/progress.py.

const POSITION = /^(\d{1,15})-[0-9a-f]{8}$/;
const WITH_SNAPSHOT = /^(ticker|candles_\w+?)_/; // channels that begin with one; a book can be asked for at any time

/** Sequence number of a position such as "123456-a1b2c3d4"; null for what is none. */
export function seqOf(position) {
  const found = typeof position === 'string' ? POSITION.exec(position) : null;
  return found ? Number(found[1]) : null;
}

/**
 * One subscription: what one message asks for.
 *
 * Of the event at the newest position more messages may have been on their way, to other channels of it. All of the
 * position before it have come: a resume begins there.
 */
export class Progress {
  /** @param {{channels: string[], resumes: boolean, premium: boolean}} wanted premium: only with a key */
  constructor({ channels, resumes = true, premium = false }) {
    this.channels = channels;
    this.resumes = resumes;
    this.premium = premium;
    this.isBook = channels.some((channel) => channel.startsWith('book_'));
    this.forget();
  }

  /** The next subscription begins with the present. */
  forget() {
    this.whole = false; // of a book: the last part of a snapshot has come, and nothing since was lost
    this.seq = 0; // of the newest position
    this._done = '';
    this._newest = '';
    this._begun = new Set();
    this.left();
  }

  /** The connection is gone. */
  left() {
    this.sent = false; // asked for on this connection
    this.confirmed = false; // and begun
    this.asked = ''; // the position that it was asked from
    this.askedAt = 0; // when a snapshot was asked for, ms
  }

  /** A message, of a channel or of none, stands at this position. */
  reached(position, channel = '') {
    if (WITH_SNAPSHOT.test(channel)) this._begun.add(channel);
    const seq = seqOf(position);
    if (seq === null || position === this._newest || (seq <= this.seq && this._newest)) return;
    this._done = this._newest;
    this._newest = position;
    this.seq = seq;
  }

  /** Where it can go on; empty to begin with the present. */
  since() {
    if (!this.resumes || (this.isBook && !this.whole)) return '';
    const snapshots = this.channels.filter((channel) => WITH_SNAPSHOT.test(channel)).length;
    return this._done || (this._begun.size >= snapshots ? this._newest : '');
  }
}
