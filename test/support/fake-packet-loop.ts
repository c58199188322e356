/**
 * A packet loop without a kernel: connected pairs of sockets in one process, moved on by hand. Frames of one socket that were
 * committed before a turn are one packet, as in the real loop; a receiver can be blocked, so that its sender's frames queue.
 */
import { closeSync } from 'node:fs';
import { packetBytesMax } from '../../broker/contract/limits.js';
import type {
  PacketHandler,
  PacketListener,
  PacketLoop,
  PacketSocket,
  Watch,
} from '../../broker/native/packets.js';

const arenaBytes = 1 << 20;

export class FakePacketLoop implements PacketLoop {
  /** Just the packet that is being handed over: whoever reads outside of it throws, or gets nothing. */
  receiveBytes = new Uint8Array(0);
  receiveView = new DataView(this.receiveBytes.buffer);
  readonly sendBytes = new Uint8Array(arenaBytes);
  readonly sendView = new DataView(this.sendBytes.buffer);
  epoch = 0;
  senderPid = 0;
  senderUid = 0;
  senderGid = 0;
  turns = 0;
  /** Called with each packet before it is delivered. */
  onPacket: ((from: FakePacketSocket, packet: Uint8Array) => void) | undefined;
  readonly #sockets = new Map<number, FakePacketSocket>();
  #next = 1_000_000;
  #end = 0;

  /** Two numbers to adopt; what one sends reaches the other. */
  pair(): [number, number] {
    this.#next += 2;
    return [this.#next, this.#next + 1];
  }

  get open(): number {
    return this.#sockets.size;
  }

  adopt(descriptor: number, handler: PacketHandler): FakePacketSocket {
    const socket = new FakePacketSocket(this, descriptor, handler);
    this.#sockets.set(descriptor, socket);
    return socket;
  }

  /** The socket that has this number. */
  socket(descriptor: number): FakePacketSocket | undefined {
    return this.#sockets.get(descriptor);
  }

  /** Delivers everything that was committed, and what that causes, until nothing moves. */
  turn(): void {
    let hasMoved = true;
    while (hasMoved) {
      this.flush();
      this.turns += 1;
      hasMoved = false;
      for (const socket of [...this.#sockets.values()]) hasMoved = this.#move(socket) || hasMoved;
    }
  }

  /** Hands bytes to a socket's handler as one packet. */
  deliver(descriptor: number, packet: Uint8Array, descriptors: readonly number[] = []): void {
    const bytes = Uint8Array.from(packet);
    this.receiveBytes = bytes;
    this.receiveView = new DataView(bytes.buffer);
    this.#sockets.get(descriptor)?.handler.packet(0, bytes.length, descriptors);
    // What the handler did not copy is not there any more.
    bytes.fill(0xee);
  }

  room(length: number): number {
    const at = this.#end;
    this.#end += length;
    if (this.#end > arenaBytes) throw new Error('the fake arena is full: take a turn more often');
    return at;
  }

  forget(descriptor: number): void {
    this.#sockets.delete(descriptor);
  }

  share(bytes: Uint8Array, offset: number, length: number): number {
    const at = this.room((length + 7) & ~7);
    this.sendBytes.fill(0, at, at + ((length + 7) & ~7));
    this.sendBytes.set(bytes.subarray(offset, offset + length), at);
    return at;
  }

  flush(): void {
    for (const socket of this.#sockets.values()) socket.flush();
    // Frames were copied when they were committed, so their room is free.
    this.#end = 0;
    this.epoch += 1;
  }

  accept(): PacketListener {
    throw new Error('the fake loop has no listeners');
  }

  watch(): Watch {
    throw new Error('the fake loop has no watches');
  }

  setReference(): void {}

  #move(socket: FakePacketSocket): boolean {
    const other = this.#sockets.get(socket.descriptor ^ 1);
    if (other === undefined) {
      // The other end is closed: the end comes after what was sent before.
      if (!socket.hadPeer) return false;
      socket.close();
      socket.handler.ended(0);
      return true;
    }
    socket.hadPeer = true;
    const frames = socket.take();
    if (frames.length === 0) {
      if (socket.isEnding) this.forget(socket.descriptor);
      return socket.isEnding;
    }
    const packet = Buffer.concat(frames.map(({ bytes }) => bytes));
    this.onPacket?.(socket, packet);
    this.deliver(
      other.descriptor,
      packet,
      frames.flatMap(({ descriptors }) => [...descriptors]),
    );
    return true;
  }
}

interface FakeFrame {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly number[];
}

export class FakePacketSocket implements PacketSocket {
  readonly handler: PacketHandler;
  readonly #loop: FakePacketLoop;
  #descriptor: number;
  #committed: FakeFrame[] = [];
  #queue: FakeFrame[] = [];
  #isBlocked = false;
  hadPeer = false;
  isEnding = false;
  #at = 0;
  #length = 0;

  constructor(loop: FakePacketLoop, descriptor: number, handler: PacketHandler) {
    this.#loop = loop;
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
    return this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get queuedFrames(): number {
    return this.#queue.length;
  }

  /** From now on the other side takes nothing; `unblock` lets it go on. */
  block(): void {
    this.#isBlocked = true;
  }

  unblock(): void {
    this.#isBlocked = false;
    this.#committed.unshift(...this.#queue);
    this.#queue = [];
    this.handler.drained();
  }

  flush(): void {
    if (!this.#isBlocked) return;
    this.#queue.push(...this.#committed);
    this.#committed = [];
  }

  /** The frames of the next packet. */
  take(): FakeFrame[] {
    this.flush();
    let bytes = 0;
    const over = this.#committed.findIndex((frame) => {
      bytes += frame.bytes.length;
      return bytes > packetBytesMax;
    });
    return this.#committed.splice(0, over < 0 ? this.#committed.length : over);
  }

  begin(length: number): number {
    this.#at = this.#loop.room(length);
    this.#length = length;
    return this.#at;
  }

  commit(descriptors: readonly number[] = []): void {
    this.#push(this.#loop.sendBytes.slice(this.#at, this.#at + this.#length), descriptors);
  }

  commitNow(descriptors: readonly number[]): number {
    this.commit(descriptors);
    return 0;
  }

  commitShared(offset: number, length: number, descriptors: readonly number[] = []): void {
    const { sendBytes } = this.#loop;
    const head = sendBytes.subarray(this.#at, this.#at + this.#length);
    this.#push(Buffer.concat([head, sendBytes.subarray(offset, offset + length)]), descriptors);
  }

  setCredentials(): void {}

  setReading(): void {}

  end(): void {
    if (this.isClosed) return;
    this.isEnding = true;
  }

  close(): void {
    if (this.isClosed) return;
    this.#loop.forget(this.#descriptor);
    this.#descriptor = -1;
  }

  #push(bytes: Uint8Array, descriptors: readonly number[]): void {
    if (this.isClosed) for (const descriptor of descriptors) closeSync(descriptor);
    else this.#committed.push({ bytes, descriptors });
  }
}
