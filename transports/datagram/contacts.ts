/**
 * All addresses that one peer deals with, and its outbox.
 *
 * Every `livenessProbeMs` it looks whether somebody still receives at the addresses that something depends on, and forgets those
 * that nothing does. Paths of peers are never used twice, so an address that was dead once is dead for good.
 *
 * Notices of one turn go together, at its end. They never overtake what was sent before them.
 */
import {
  closeLingerMs,
  contactsMax,
  datagramBytesMax,
  livenessProbeMs,
} from '../../broker/contract/limits.js';
import type { Time, Timer } from '../../broker/contract/platform.js';
import { Contact, type ContactEvents } from './contact.js';
import { createLanePatience, Outbox, posted, queued } from './outbox.js';
import { type DatagramSystem, saysNobody } from './system.js';
import {
  entriesMax,
  FrameKind,
  headerBytes,
  type NoticeKind,
  noticeEntryBytes,
  readAddress,
  writeAddress,
  writeHeader,
  writeNoticeEntry,
} from './wire.js';

/** What contacts tell their peer. */
export interface ContactsEvents {
  /** Hands over what has arrived and was not read: it was sent before an end that is noticed now (C6). */
  readArrived(): void;
  /** Nobody is at this address any more. It may send. */
  buried(contact: Contact): void;
  /** Everything has been sent, or given up, after `end`. */
  finished(): void;
}

/** A notice frame: everything that one contact is told at once fits into the largest datagram. */
const noticeFrameBytes = 8 * 1024;

export class Contacts implements ContactEvents {
  /** The peer's own address, which it can send to like any other. */
  readonly self: Contact;
  readonly outbox: Outbox;
  readonly #system: DatagramSystem;
  readonly #time: Time;
  readonly #events: ContactsEvents;
  readonly #byPath = new Map<string, Contact>();
  readonly #scratch = Buffer.alloc(noticeFrameBytes);
  readonly #looks: Timer;
  readonly #linger: Timer;
  readonly #noticed = new Set<Contact>();
  readonly #waiting = new Set<Contact>();
  /** Those with a socket, the longest unused first, roughly. */
  readonly #open = new Set<Contact>();
  readonly #openMax: number;
  #dead: Contact[] = [];
  #look = 0;
  #isFlushDue = false;
  #isEnding = false;
  #isFinished = false;

  constructor(system: DatagramSystem, time: Time, path: string, events: ContactsEvents) {
    this.#system = system;
    this.#openMax = system.socketsMax;
    this.#time = time;
    this.#events = events;
    this.outbox = new Outbox(time, Buffer.allocUnsafeSlow(datagramBytesMax), () => this.#drained());
    this.#looks = time.createTimer(() => this.#lookAround());
    this.#linger = time.createTimer(() => this.#finish());
    this.self = new Contact(path, system, createLanePatience(time), this);
    this.#byPath.set(path, this.self);
  }

  /** The contact at a path; made if there is none. `undefined` if there are too many. */
  at(path: string): Contact | undefined {
    const known = this.#byPath.get(path);
    if (known !== undefined) {
      known.lastLook = this.#look;
      return known;
    }
    if (this.#byPath.size >= contactsMax) return undefined;
    const contact = new Contact(path, this.#system, createLanePatience(this.#time), this);
    contact.lastLook = this.#look;
    this.#byPath.set(path, contact);
    if (!this.#looks.isArmed && !this.#isEnding) this.#looks.arm(livenessProbeMs);
    return contact;
  }

  /** The contact at the address that stands here in a datagram. */
  read(bytes: Buffer, at: number): Contact | undefined {
    return this.at(readAddress(bytes, at));
  }

  /** Contacts that something depends on. */
  *needed(): Iterable<Contact> {
    for (const contact of this.#byPath.values()) if (contact.isNeeded) yield contact;
  }

  /** Tells a contact something at the end of the turn. `key` is kept. */
  notify(contact: Contact, kind: NoticeKind, number: number, key: Uint8Array): void {
    if (contact.isDead) return;
    if (!contact.add({ kind, number, key })) {
      contact.die();
      return;
    }
    this.#noticed.add(contact);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends all notices now, those of stalled contacts excepted. */
  flush(): void {
    this.#isFlushDue = false;
    for (const contact of this.#noticed) {
      if (this.#sendNotices(contact)) this.#noticed.delete(contact);
    }
    if (this.#isEnding) this.#finishIfQuiet();
  }

  /** Resolves when this contact is worth another try. */
  room(contact: Contact): Promise<void> {
    if (this.#isEnding || contact.isDead || (!contact.isStalled && this.outbox.hasRoom))
      return Promise.resolve();
    this.#waiting.add(contact);
    return contact.room();
  }

  /** Sends what is left, for a bounded time, and closes everything then; `finished` says when. */
  end(): void {
    this.#isEnding = true;
    this.#looks.disarm();
    for (const contact of this.#waiting) contact.offerRoom();
    this.#waiting.clear();
    this.#linger.arm(closeLingerMs);
    this.flush();
  }

  writable(contact: Contact): void {
    this.outbox.writable(contact);
    if (contact.isStalled) return;
    if (contact.notices.length > 0 && this.#sendNotices(contact)) this.#noticed.delete(contact);
    if (!contact.isStalled && this.outbox.hasRoom && this.#waiting.delete(contact)) contact.offerRoom();
    if (this.#isEnding) this.#finishIfQuiet();
  }

  died(contact: Contact): void {
    if (this.#byPath.get(contact.path) === contact) this.#byPath.delete(contact.path);
    this.#noticed.delete(contact);
    contact.notices = [];
    this.#dead.push(contact);
    if (this.#dead.length > 1) return;
    // Not within the send that has found out.
    queueMicrotask(() => this.#bury());
  }

  kept(contact: Contact): void {
    this.#noticed.add(contact);
  }

  /** There is room for another socket, if one can be spared; preferably one of somebody who takes what he is sent. */
  opening(): void {
    if (this.#open.size < this.#openMax) return;
    let blocked: Contact | undefined;
    for (const contact of this.#open) {
      if (contact.isBlocked) {
        if (contact.isStalled) blocked ??= contact;
      } else if (contact.wasUsed) {
        contact.wasUsed = false;
        this.#open.delete(contact);
        this.#open.add(contact);
      } else {
        contact.closeSocket();
        return;
      }
    }
    blocked?.closeSocket();
  }

  opened(contact: Contact): void {
    this.#open.add(contact);
  }

  closed(contact: Contact): void {
    this.#open.delete(contact);
  }

  #bury(): void {
    if (!this.#isEnding) this.#events.readArrived();
    const dead = this.#dead;
    this.#dead = [];
    for (const contact of dead) {
      contact.closeSocket();
      this.outbox.died(contact);
      if (!this.#isEnding) this.#events.buried(contact);
      this.#waiting.delete(contact);
      contact.offerRoom();
    }
    if (this.#isEnding) this.#finishIfQuiet();
  }

  /** True if nothing is left to be told. */
  #sendNotices(contact: Contact): boolean {
    while (contact.notices.length > 0 && !contact.isDead) {
      const start = writeAddress(this.#scratch, headerBytes, this.self.address);
      const count = Math.min(contact.notices.length, entriesMax);
      const batch = contact.notices.slice(0, count);
      for (const [index, { kind, number, key }] of batch.entries()) {
        writeNoticeEntry(this.#scratch, start, index, kind, number, key);
      }
      const length = start + count * noticeEntryBytes;
      writeHeader(this.#scratch, 0, FrameKind.Notice, count, length);
      const rest = contact.notices.slice(count);
      contact.notices = rest;
      const result = this.outbox.post(contact, this.#scratch, length, true);
      if (result === posted || result === queued || contact.isDead) continue;
      contact.notices = [...batch, ...contact.notices];
      return false;
    }
    return true;
  }

  /** There is room in the outbox. */
  #drained(): void {
    for (const contact of this.#waiting) {
      if (contact.isStalled) continue;
      this.#waiting.delete(contact);
      contact.offerRoom();
    }
    if (this.#noticed.size > 0 && !this.#isFlushDue) {
      this.#isFlushDue = true;
      queueMicrotask(() => this.flush());
    }
    if (this.#isEnding) this.#finishIfQuiet();
  }

  #lookAround(): void {
    this.#look += 1;
    for (const contact of [...this.#byPath.values()]) {
      if (contact === this.self) continue;
      if (contact.isUnwatched) this.writable(contact);
      if (contact.isNeeded) {
        if (saysNobody(this.#system.probe(contact.path))) contact.die();
      } else if (contact.isIdle && contact.lastLook < this.#look - 1 && this.outbox.isEmpty) {
        this.#byPath.delete(contact.path);
        contact.isDead = true;
        contact.closeSocket();
      }
    }
    if (this.#byPath.size > 1) this.#looks.arm(livenessProbeMs);
  }

  #finishIfQuiet(): void {
    if (this.outbox.isEmpty && this.#noticed.size === 0 && !this.#isFlushDue) this.#finish();
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#linger.disarm();
    this.outbox.close();
    for (const contact of this.#byPath.values()) {
      contact.isDead = true;
      contact.closeSocket();
    }
    this.#byPath.clear();
    this.#noticed.clear();
    this.#events.finished();
  }
}
