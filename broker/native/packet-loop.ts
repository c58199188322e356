/**
 * `PacketLoop` over the addon: the JavaScript half of the event loop. Its other half is `turn.c`, and both read and
 * write the same words, so that a packet costs neither an object nor a call.
 *
 * Receiving: C lists the events of a wake-up and calls `dispatch` once. The next event is noted before each handler
 * runs, so a handler that throws (a bug, raised as an uncaught exception) loses nobody else's events.
 *
 * Sending: `commit` links a record (where the bytes are, which descriptors) to its socket; C walks the records at the
 * end of the turn. Who closes a socket takes its records along.
 */

import { loadNative, type Native } from './addon.js';
import { HeaderWord, LoopMemory, slotWords } from './loop-memory.js';
import type {
  PacketHandler,
  PacketListener,
  PacketLoop,
  PacketLoopOptions,
  PacketSocket,
  Watch,
} from './packets.js';

// The kinds of events and slots; the same numbers stand in loop.h.
const eventWords = 9;
const eventPacket = 1;
const eventEnded = 2;
const eventDrained = 3;
const eventConnection = 4;
const kindSocket = 1;
const kindListener = 2;
const kindWatch = 3;

const noDescriptors: readonly number[] = Object.freeze([]);

/** A uid or gid out of a signed word: they have 32 bits without a sign, but for the -1 that is nobody's. */
function idOf(word: number): number {
  return word === -1 ? -1 : word >>> 0;
}

type Connection = (descriptor: number, pid: number, uid: number, gid: number) => void;

class Socket implements PacketSocket {
  readonly handler: PacketHandler;
  readonly #memory: LoopMemory;
  readonly #entries: Entry[];
  readonly #slot: number;
  #descriptor: number;

  constructor(
    memory: LoopMemory,
    entries: Entry[],
    slot: number,
    descriptor: number,
    handler: PacketHandler,
  ) {
    this.#memory = memory;
    this.#entries = entries;
    this.#slot = slot;
    this.#descriptor = descriptor;
    this.handler = handler;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  get isClosed(): boolean {
    return this.#descriptor < 0;
  }

  get queuedBytes(): number {
    return this.#descriptor < 0 ? 0 : (this.#memory.slots[this.#slot * slotWords + 2] ?? 0);
  }

  get queuedFrames(): number {
    return this.#descriptor < 0 ? 0 : (this.#memory.slots[this.#slot * slotWords + 3] ?? 0);
  }

  begin(length: number): number {
    return this.#memory.begin(this, length);
  }

  commit(descriptors: readonly number[] = noDescriptors): void {
    if (this.#descriptor < 0) this.#drop(descriptors);
    else this.#memory.link(this, this.#slot, 0, 0, descriptors);
  }

  commitNow(descriptors: readonly number[]): number {
    if (this.#descriptor < 0) {
      this.#drop(descriptors);
      return 0;
    }
    // What is committed already goes first; mostly there is nothing, and a call to be saved.
    if (this.#memory.slots[this.#slot * slotWords] !== 0) this.#memory.native.loopFlushSlot(this.#slot);
    this.#memory.link(this, this.#slot, 0, 0, descriptors);
    return this.#memory.native.loopSendNow(this.#slot);
  }

  commitShared(offset: number, length: number, descriptors: readonly number[] = noDescriptors): void {
    if (this.#descriptor < 0) this.#drop(descriptors);
    else this.#memory.link(this, this.#slot, offset, length, descriptors);
  }

  setCredentials(on: boolean): void {
    if (this.#descriptor >= 0) this.#memory.native.setPassCredentials(this.#descriptor, on);
  }

  setReading(on: boolean): void {
    if (this.#descriptor >= 0) this.#memory.native.loopSetReading(this.#slot, on);
  }

  end(lingerMs: number): void {
    if (this.#descriptor < 0) return;
    this.#forget();
    this.#memory.native.loopEnd(this.#slot, lingerMs);
  }

  close(): void {
    if (this.#descriptor < 0) return;
    this.#forget();
    this.#memory.native.loopRelease(this.#slot);
  }

  /** The loop is closed with everything in it: nothing is left to be released. */
  forgetLoop(): void {
    this.#forget();
  }

  #forget(): void {
    this.#descriptor = -1;
    this.#entries[this.#slot] = undefined;
    this.#memory.drop(this);
  }

  #drop(descriptors: readonly number[]): void {
    this.#memory.drop(this);
    for (const descriptor of descriptors) this.#memory.native.close(descriptor);
  }
}

class Listener implements PacketListener {
  readonly connection: Connection;
  readonly #release: () => void;
  #descriptor: number;

  constructor(descriptor: number, connection: Connection, release: () => void) {
    this.#descriptor = descriptor;
    this.connection = connection;
    this.#release = release;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  close(): void {
    if (this.#descriptor < 0) return;
    this.#descriptor = -1;
    this.#release();
  }

  forgetLoop(): void {
    this.#descriptor = -1;
  }
}

class DescriptorWatch implements Watch {
  readonly ready: () => void;
  readonly #release: () => void;
  #isStopped = false;

  constructor(ready: () => void, release: () => void) {
    this.ready = ready;
    this.#release = release;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#release();
  }

  forgetLoop(): void {
    this.#isStopped = true;
  }
}

type Entry = Socket | Listener | DescriptorWatch | undefined;

/** What became of the spins of a loop (`spinUs`); the counts start again at 2^32. */
export interface SpinCounts {
  /** Waits that began by looking again, and those of them that did not have to sleep for it. */
  readonly spins: number;
  readonly paid: number;
  /** Looks of all of them: what they cost, a system call each. */
  readonly looks: number;
}

/** The loop, with the use count that `openPacketLoop` began. */
export interface OpenPacketLoop extends PacketLoop {
  /** What it was opened with, in microseconds. */
  readonly spinUs: number;
  readonly spinCounts: SpinCounts;
  /**
   * Gives up one use. The last one closes everything that is still open, without a callback, drops what waits to be
   * sent, and frees the memory; nothing may be done with the loop afterwards.
   */
  release(): void;
}

class NativePacketLoop implements OpenPacketLoop {
  senderPid = 0;
  senderUid = -1;
  senderGid = -1;
  turns = 0;
  uses = 1;
  readonly options: PacketLoopOptions;
  readonly #memory: LoopMemory;
  readonly #native: Native;
  readonly #entries: Entry[] = [];
  #isClosed = false;

  constructor(native: Native, options: PacketLoopOptions) {
    const dispatch = (): void => this.#dispatch();
    const buffers = native.loopOpen(
      options.packetBytesMax,
      options.descriptorReserve,
      dispatch,
      options.spinUs ?? 0,
    );
    this.options = options;
    this.#native = native;
    this.#memory = new LoopMemory(native, buffers, options.packetBytesMax);
  }

  get receiveBytes(): Uint8Array {
    return this.#memory.receiveBytes;
  }

  get receiveView(): DataView {
    return this.#memory.receiveView;
  }

  get sendBytes(): Uint8Array {
    return this.#memory.sendBytes;
  }

  get sendView(): DataView {
    return this.#memory.sendView;
  }

  get epoch(): number {
    return this.#memory.word(HeaderWord.Epoch);
  }

  get open(): number {
    return this.#isClosed ? 0 : this.#memory.word(HeaderWord.Open);
  }

  get spinUs(): number {
    return this.options.spinUs ?? 0;
  }

  get spinCounts(): SpinCounts {
    const count = (word: number): number => (this.#isClosed ? 0 : this.#memory.word(word) >>> 0);
    return {
      spins: count(HeaderWord.Spins),
      paid: count(HeaderWord.SpinsPaid),
      looks: count(HeaderWord.Looks),
    };
  }

  adopt(descriptor: number, handler: PacketHandler): PacketSocket {
    let slot: number;
    try {
      slot = this.#native.loopAdd(kindSocket, descriptor);
    } catch (error) {
      this.#closeQuietly(descriptor);
      throw error;
    }
    const socket = new Socket(this.#memory, this.#entries, slot, descriptor, handler);
    this.#entries[slot] = socket;
    return socket;
  }

  accept(descriptor: number, connection: Connection): PacketListener {
    let slot: number;
    try {
      slot = this.#native.loopAdd(kindListener, descriptor);
    } catch (error) {
      this.#closeQuietly(descriptor);
      throw error;
    }
    const listener = new Listener(descriptor, connection, () => this.#release(slot));
    this.#entries[slot] = listener;
    return listener;
  }

  watch(descriptor: number, ready: () => void): Watch {
    const slot = this.#native.loopAdd(kindWatch, descriptor);
    const watch = new DescriptorWatch(ready, () => this.#release(slot));
    this.#entries[slot] = watch;
    return watch;
  }

  share(bytes: Uint8Array, offset: number, length: number): number {
    return this.#memory.share(bytes, offset, length);
  }

  flush(): void {
    this.#memory.flush();
  }

  setReference(on: boolean): void {
    this.#native.loopSetReference(on);
  }

  release(): void {
    if (this.#isClosed || --this.uses > 0) return;
    this.#isClosed = true;
    current = undefined;
    for (const entry of this.#entries) entry?.forgetLoop();
    this.#entries.length = 0;
    this.#native.loopClose();
  }

  #release(slot: number): void {
    this.#entries[slot] = undefined;
    this.#native.loopRelease(slot);
  }

  #closeQuietly(descriptor: number): void {
    try {
      this.#native.close(descriptor);
    } catch {
      // It was not open, which the caller is told by the error that brought us here.
    }
  }

  /** One turn: all events of a wake-up. */
  #dispatch(): void {
    const { header, events } = this.#memory;
    this.turns += 1;
    for (;;) {
      const index = header[HeaderWord.EventNext] ?? 0;
      if (this.#isClosed || index >= (header[HeaderWord.Events] ?? 0)) return;
      header[HeaderWord.EventNext] = index + 1;
      const at = index * eventWords;
      const entry = this.#entries[events[at + 1] ?? -1];
      if (events[at] === eventPacket) this.#packet(entry, at);
      else if (entry instanceof Socket) this.#socketEvent(entry, at);
      else if (events[at] === eventConnection) this.#connection(entry, at);
      else if (entry instanceof DescriptorWatch) entry.ready();
    }
  }

  #packet(entry: Entry, at: number): void {
    const { events } = this.#memory;
    const count = events[at + 5] ?? 0;
    const descriptors = count === 0 ? noDescriptors : this.#takeDescriptors(events[at + 4] ?? 0, count);
    if (!(entry instanceof Socket)) {
      // Closed by an earlier handler of this turn.
      for (const descriptor of descriptors) this.#native.close(descriptor);
      return;
    }
    this.senderPid = events[at + 6] ?? 0;
    this.senderUid = idOf(events[at + 7] ?? -1);
    this.senderGid = idOf(events[at + 8] ?? -1);
    entry.handler.packet(events[at + 2] ?? 0, events[at + 3] ?? 0, descriptors);
  }

  #takeDescriptors(start: number, count: number): readonly number[] {
    const { received } = this.#memory;
    const descriptors: number[] = [];
    for (let i = start; i < start + count; i++) descriptors.push(received[i] ?? -1);
    return descriptors;
  }

  #socketEvent(socket: Socket, at: number): void {
    const { events } = this.#memory;
    if (events[at] === eventEnded) {
      const errno = events[at + 3] ?? 0;
      socket.close();
      socket.handler.ended(errno);
    } else if (events[at] === eventDrained) {
      socket.handler.drained();
    }
  }

  #connection(entry: Entry, at: number): void {
    const { events } = this.#memory;
    const descriptor = events[at + 3] ?? -1;
    if (entry instanceof Listener) {
      const [uid, gid] = [idOf(events[at + 7] ?? -1), idOf(events[at + 8] ?? -1)];
      entry.connection(descriptor, events[at + 6] ?? 0, uid, gid);
    } else {
      this.#native.close(descriptor);
    }
  }
}

/** The loop of this process is open with another spin time than the one that was asked for. */
export class OtherSpinTime extends Error {
  /** The one that it is open with, in microseconds. */
  readonly spinUs: number;

  constructor(spinUs: number) {
    super(`the packet loop of this process is open with another spin time: ${spinUs}`);
    this.spinUs = spinUs;
  }
}

/** One per process, because it is the process's event loop. */
let current: NativePacketLoop | undefined;

/**
 * Opens the loop of this process, or adds a use to it; each use is given up by one `release`. Throws if it is open with
 * other options, `OtherSpinTime` if that is the difference; who names no `spinUs` takes the one that there is. With nothing open in it the loop does not keep the process alive.
 */
export function openPacketLoop(options: PacketLoopOptions): OpenPacketLoop {
  if (current === undefined) {
    current = new NativePacketLoop(loadNative(), options);
    return current;
  }
  const { packetBytesMax, descriptorReserve } = current.options;
  if (packetBytesMax !== options.packetBytesMax || descriptorReserve !== options.descriptorReserve) {
    throw new Error('the packet loop of this process is open with other sizes');
  }
  if (options.spinUs !== undefined && options.spinUs !== current.spinUs) {
    throw new OtherSpinTime(current.spinUs);
  }
  current.uses++;
  return current;
}
